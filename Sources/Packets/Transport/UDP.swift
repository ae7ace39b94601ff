// The User Datagram Protocol (RFC 768).
//
//     0  source port  2 · 2 destination port  2
//     4  length, header included  2    0 for a jumbogram (RFC 2675 section 4): all that IP carries
//     6  checksum  2 · 8 payload

import Bytes

extension LayerDecoder {
  static let udpLength: Int32 = 8

  @inline(__always)
  mutating func readUDP(_ bytes: RawSpan, _ packet: inout Packet) {
    packet.transport = .udp
    guard let head = head(bytes, Int(Self.udpLength)) else { return readPorts(bytes, &packet, header: Self.udpLength) }
    packet.sourcePort = head.u16(0)
    packet.destinationPort = head.u16(2)
    let stated = Int32(head.u16(4))
    packet.hasTransportHeader = stated >= Self.udpLength || stated == 0
    // A length that contradicts IP's is cut to it; a shorter one leaves bytes that belong to nothing (RFC 9868).
    packet.setPayload(after: Self.udpLength)
    if stated != 0 {
      packet.payloadLength = min(packet.payloadLength, max(0, stated &- Self.udpLength))
      packet.payloadCaptured = min(packet.payloadCaptured, packet.payloadLength)
    }
    if UDPTunnels.mayBe(packet.sourcePort, packet.destinationPort), !packet.isFragment {
      enterDatagramTunnel(&packet)
    }
  }
}
