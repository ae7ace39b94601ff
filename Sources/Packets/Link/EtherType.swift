// What follows a link header, by EtherType (IEEE 802 numbers, https://www.iana.org/assignments/ieee-802-numbers).

import Bytes

enum EtherType {
  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86dd
  static let vlan: UInt16 = 0x8100
  static let serviceVLAN: UInt16 = 0x88a8
  /// QinQ before IEEE 802.1ad.
  static let oldServiceVLAN: UInt16 = 0x9100
  /// A bridge port extender's tag.
  static let extensionTag: UInt16 = 0x893f
  static let mpls: UInt16 = 0x8847
  static let mplsUpstream: UInt16 = 0x8848
  static let pppoeSession: UInt16 = 0x8864
  static let ppp: UInt16 = 0x880b
  static let transparentEthernet: UInt16 = 0x6558
  static let erspan: UInt16 = 0x88be
  static let erspan3: UInt16 = 0x22eb
  /// Smaller values are lengths (IEEE 802.3 section 3.2.6).
  static let smallest: UInt16 = 0x0600
}

extension LayerDecoder {
  /// Moves `count` bytes on to what `type` says stands there. VLAN tags on the way are read and kept in `packet`.
  @inline(__always)
  mutating func enter(_ type: UInt16, after count: Int, _ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    if type == EtherType.ipv4 { return advance(count, to: .ipv4) }
    if type == EtherType.ipv6 { return advance(count, to: .ipv6) }
    return enterOther(type, after: count, bytes, &packet)
  }

  @inline(never)
  mutating func enterOther(_ first: UInt16, after count: Int, _ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    var type = first
    offset &+= count
    while true {
      if type == EtherType.vlan || type == EtherType.serviceVLAN || type == EtherType.oldServiceVLAN {
        // IEEE 802.1Q section 9.6: priority 3 bits, drop eligible 1, VLAN id 12; then the next type.
        guard let tag = head(bytes, 4) else { return shortage(4) }
        packet.tags.add(vlan: tag.u16(0) & 0x0fff)
        type = tag.u16(2)
        offset &+= 4
      } else if type == EtherType.extensionTag {
        // IEEE 802.1BR-2012 section 7.5: priority 3 bits, drop eligible 1, ingress port 12; reserved 2, group 2, port 12;
        // extensions of both ports, 8 each; then the next type. The port is an extender's, no VLAN: it is not kept.
        guard let tag = head(bytes, 8) else { return shortage(8) }
        type = tag.u16(6)
        offset &+= 8
      } else {
        break
      }
    }
    switch type {
    case EtherType.ipv4: header = .ipv4
    case EtherType.ipv6: header = .ipv6
    case EtherType.mpls, EtherType.mplsUpstream: header = .mpls
    case EtherType.pppoeSession: header = .pppoe
    case EtherType.ppp: header = .ppp
    case EtherType.transparentEthernet: header = .ethernet
    case 0..<EtherType.smallest:
      bound(Int(type))
      header = .llc
    default: return .notIP
    }
    return nil
  }
}

extension LinkTags {
  mutating func add(vlan: UInt16) {
    if vlanCount < 4 { vlans |= UInt64(vlan) << UInt64(16 * vlanCount) }
    if vlanCount < .max { vlanCount &+= 1 }
  }

  mutating func add(mpls label: UInt32) {
    if mplsCount < 3 { mpls |= UInt64(label) << UInt64(20 * mplsCount) }
    if mplsCount < .max { mplsCount &+= 1 }
  }
}
