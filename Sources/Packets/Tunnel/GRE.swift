// Generic Routing Encapsulation (RFC 2784, RFC 2890; routing: RFC 1701) and PPTP's enhanced form (RFC 2637 section 4.1).
//
//     0  flags: checksum 8000, routing 4000, key 2000, sequence 1000, acknowledgment 0080 (version 1); version 3 bits  2
//     2  EtherType of what is carried  2
//     .  checksum 2, offset 2    with checksum or routing
//     .  key 4                   version 1: payload length 2, call id 2
//     .  sequence number 4       version 1: where there is a payload
//     .  acknowledgment 4        version 1
//     .  routing: entries of address family 2, offset 1, length 1, content, until one of length 0

import Bytes

extension LayerDecoder {
  private enum GREFlags {
    static let checksum: UInt16 = 0x8000
    static let routing: UInt16 = 0x4000
    static let key: UInt16 = 0x2000
    static let sequence: UInt16 = 0x1000
    static let acknowledgment: UInt16 = 0x0080
    static let version: UInt16 = 0x0007
  }

  mutating func readGRE(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 4) else { return shortage(4) }
    let flags = head.u16(0)
    let type = head.u16(2)
    carrier = .gre
    hasTunnelID = false
    tunnelID = 0
    switch flags & GREFlags.version {
    case 0: break
    case 1: return advance(0, to: .enhancedGRE)
    default: return .malformed
    }
    var length = 4
    if flags & (GREFlags.checksum | GREFlags.routing) != 0 { length &+= 4 }
    if flags & GREFlags.key != 0 {
      guard let key = self.head(bytes, length &+ 4)?.u32(length) else { return shortage(length &+ 4) }
      tunnelID = UInt64(key)
      hasTunnelID = true
      length &+= 4
    }
    if flags & GREFlags.sequence != 0 { length &+= 4 }
    if flags & GREFlags.routing != 0 {
      while true {
        guard let entry = self.head(bytes, length &+ 4) else { return shortage(length &+ 4) }
        let size = Int(entry.u8(length &+ 3))
        length &+= 4 &+ size
        if size == 0 { break }
      }
    }
    offset &+= length
    return enterGRE(type, hasSequence: flags & GREFlags.sequence != 0, bytes, &packet)
  }

  private mutating func enterGRE(
    _ type: UInt16, hasSequence: Bool, _ bytes: RawSpan, _ packet: inout Packet
  ) -> LayerStep? {
    switch type {
    case EtherType.erspan:
      carrier = .erspan
      // Type I has no header of its own, and no sequence number before it.
      header = hasSequence ? .erspan2 : .erspan1
    case EtherType.erspan3:
      carrier = .erspan
      header = .erspan3
    case EtherType.ipv4: header = .ipv4
    case EtherType.ipv6: header = .ipv6
    case EtherType.transparentEthernet: header = .ethernet
    case EtherType.mpls, EtherType.mplsUpstream: header = .mpls
    case EtherType.ppp: header = .ppp
    case EtherType.vlan, EtherType.serviceVLAN, EtherType.oldServiceVLAN:
      return enterOther(type, after: 0, bytes, &packet)
    default: return .notIP
    }
    return nil
  }

  mutating func readEnhancedGRE(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 8) else { return shortage(8) }
    let flags = head.u16(0)
    guard head.u16(2) == EtherType.ppp, flags & GREFlags.key != 0 else { return .malformed }
    let payloadLength = Int(head.u16(4))
    tunnelID = UInt64(head.u16(6))
    hasTunnelID = true
    var length = 8
    if flags & GREFlags.sequence != 0 { length &+= 4 }
    if flags & GREFlags.acknowledgment != 0 { length &+= 4 }
    // Without a sequence number it acknowledges, and carries nothing.
    if flags & GREFlags.sequence == 0 || payloadLength == 0 { return .end }
    offset &+= length
    bound(payloadLength)
    header = .ppp
    return nil
  }
}
