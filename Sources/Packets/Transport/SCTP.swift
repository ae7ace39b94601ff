// The Stream Control Transmission Protocol (RFC 9260 section 3.1): the common header.
//
//     0  source port  2 · 2 destination port  2 · 4 verification tag  4 · 8 checksum  4 · 12 chunks

import Bytes

extension LayerDecoder {
  static let sctpLength: Int32 = 12

  mutating func readSCTP(_ bytes: RawSpan, _ packet: inout Packet) {
    packet.hasTransportHeader = head(bytes, Int(Self.sctpLength)) != nil
    readPorts(bytes, &packet, header: Self.sctpLength)
  }
}
