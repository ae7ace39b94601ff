// ICMP (RFC 792) and ICMPv6 (RFC 4443 section 2.1).
//
//     0  type  1 · 1 code  1 · 2 checksum  2 · 4 rest of the header, by type  4 · 8 body

import Bytes

extension LayerDecoder {
  static let icmpLength: Int32 = 8

  mutating func readICMP(_ bytes: RawSpan, _ packet: inout Packet) {
    if let head = head(bytes, 4) {
      packet.icmpType = head.u8(0)
      packet.icmpCode = head.u8(1)
      packet.hasTransportHeader = true
    }
    packet.setPayload(after: min(Self.icmpLength, packet.ipPayloadLength))
  }
}
