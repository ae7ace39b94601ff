// Linux "cooked" captures: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 (https://www.tcpdump.org/linktypes/).
//
//   SLL:   0 packet type 2 · 2 ARPHRD 2 · 4 address length 2 · 6 address 8 · 14 protocol 2 · 16 payload
//   SLL2:  0 protocol 2 · 2 reserved 2 · 4 interface 4 · 8 ARPHRD 2 · 10 packet type 1 · 11 address length 1
//          12 address 8 · 20 payload
//
// The header names the sender's link address only, so the packet has none.

import Bytes

extension LayerDecoder {
  mutating func readLinuxCooked(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 16) else { return shortage(16) }
    return enterCooked(hardware: head.u16(2), protocol: head.u16(14), after: 16, bytes, &packet)
  }

  mutating func readLinuxCooked2(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 20) else { return shortage(20) }
    return enterCooked(hardware: head.u16(8), protocol: head.u16(0), after: 20, bytes, &packet)
  }

  /// By the interface's hardware type (ARPHRD_ values of Linux's if_arp.h), then the protocol.
  private mutating func enterCooked(
    hardware: UInt16, protocol type: UInt16, after count: Int, _ bytes: RawSpan, _ packet: inout Packet
  ) -> LayerStep? {
    switch hardware {
    case 803: return advance(count, to: .radiotap)
    case 824: return .notIP  // netlink: the protocol is a netlink family
    default: break
    }
    switch type {
    case 0x0004: return advance(count, to: .llc)  // ETH_P_802_2
    case 0x0000..<EtherType.smallest: return .notIP  // Linux's own numbers: raw 802.3, CAN and others
    default: return enter(type, after: count, bytes, &packet)
    }
  }
}
