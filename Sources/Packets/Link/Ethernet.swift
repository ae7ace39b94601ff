// Ethernet (IEEE 802.3 section 3.1.1): LINKTYPE_ETHERNET, and wherever a tunnel carries whole frames.
//
//     0  destination  6
//     6  source       6
//    12  EtherType, or the length of an LLC frame  2
//    14  payload, padded to 46 bytes; the padding is never part of what the layer inside declares

import Bytes

extension LayerDecoder {
  static let ethernetLength = 14

  @inline(__always)
  mutating func readEthernet(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, Self.ethernetLength) else { return shortage(Self.ethernetLength) }
    let sourceAndType = head.u64(6)
    packet.linkDestination = head.u64(0) >> 16
    packet.linkSource = sourceAndType >> 16
    packet.hasLinkAddresses = true
    return enter(UInt16(truncatingIfNeeded: sourceAndType), after: Self.ethernetLength, bytes, &packet)
  }
}
