// IEEE 802.2 logical link control with the Subnetwork Access Protocol (IEEE 802-2014 section 9.2.4; RFC 1042).
//
//     0  destination service access point  1
//     1  source service access point       1
//     2  control                           1
//     3  organisation  3    with SNAP (aa aa 03)
//     6  protocol      2

import Bytes

extension LayerDecoder {
  /// Organisations whose protocol field is an EtherType: RFC 1042, and bridged frames (IEEE 802.1H).
  private static let encapsulatedEthernet: UInt32 = 0x00_0000
  private static let bridgeTunnel: UInt32 = 0x00_00f8
  /// Unnumbered information: the only control value before a network protocol.
  private static let unnumbered: UInt8 = 0x03

  mutating func readLLC(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 3) else { return shortage(3) }
    guard head.u8(2) == Self.unnumbered else { return .notIP }
    switch head.u16(0) {
    case 0xaaaa:  // SNAP
      offset &+= 3
      return readSNAP(bytes, &packet)
    case 0x0606:  // the service access point of IPv4
      return advance(3, to: .ipv4)
    case 0xfefe:  // ISO network layer protocols: an identifier byte follows
      offset &+= 3
      return readNetworkLayerProtocol(bytes, &packet)
    default:
      return .notIP
    }
  }

  /// Organisation and protocol.
  mutating func readSNAP(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 5) else { return shortage(5) }
    let organisation = head.u32(0) >> 8
    guard organisation == Self.encapsulatedEthernet || organisation == Self.bridgeTunnel else { return .notIP }
    return enter(head.u16(3), after: 5, bytes, &packet)
  }

  /// A network layer protocol identifier (ISO/IEC TR 9577; RFC 2427 section 4 for its use on frame relay).
  mutating func readNetworkLayerProtocol(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let identifier = peek(bytes) else { return shortage(1) }
    offset &+= 1
    switch identifier {
    case 0xcc: header = .ipv4
    case 0x8e: header = .ipv6
    case 0x80: return readSNAP(bytes, &packet)
    case 0xcf: header = .ppp
    default: return .notIP
    }
    return nil
  }
}
