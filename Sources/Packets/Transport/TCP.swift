// The Transmission Control Protocol (RFC 9293 section 3.1).
//
//     0  source port  2 · 2 destination port  2
//     4  sequence number  4 · 8 acknowledgment number  4
//    12  data offset in 32-bit words 4 bits, reserved 4   1
//    13  flags  1 · 14 window  2 · 16 checksum  2 · 18 urgent pointer  2 · 20 options

import Bytes

extension LayerDecoder {
  static let tcpLength: Int32 = 20

  /// Reads the header at the offset. Where the capture cut it, what is there: the ports, if those.
  @inline(__always)
  mutating func readTCP(_ bytes: RawSpan, _ packet: inout Packet) {
    packet.transport = .tcp
    guard let head = head(bytes, Int(Self.tcpLength)) else { return readPorts(bytes, &packet, header: Self.tcpLength) }
    let ports = head.u32(0)
    let offsetToWindow = head.u32(12)
    packet.sourcePort = UInt16(truncatingIfNeeded: ports >> 16)
    packet.destinationPort = UInt16(truncatingIfNeeded: ports)
    packet.tcpSequence = head.u32(4)
    packet.tcpAcknowledgment = head.u32(8)
    packet.tcpFlags = TCPFlags(rawValue: UInt8(truncatingIfNeeded: offsetToWindow >> 16))
    packet.tcpWindow = UInt16(truncatingIfNeeded: offsetToWindow)
    let headerLength = Int32(truncatingIfNeeded: offsetToWindow >> 26) & 0x3c
    packet.hasTransportHeader = headerLength >= Self.tcpLength && headerLength <= packet.ipPayloadLength
    packet.setPayload(after: packet.hasTransportHeader ? headerLength : packet.ipPayloadLength)
  }

  /// The ports alone, where a transport header is cut after them; no payload then.
  @inline(never)
  mutating func readPorts(_ bytes: RawSpan, _ packet: inout Packet, header length: Int32) {
    if let ports = head(bytes, 4) {
      packet.sourcePort = ports.u16(0)
      packet.destinationPort = ports.u16(2)
    }
    packet.setPayload(after: min(length, packet.ipPayloadLength))
  }
}
