// The Internet Protocol, version 6 (RFC 8200 section 3).
//
//     0  version 4 bits, traffic class 8, flow label 20   4
//     4  payload length, extension headers included       2    0 for a jumbogram, or where left to the network card
//     6  next header  1 · 7 hop limit  1
//     8  source  16 · 24 destination  16 · 40 extension headers

import Bytes
import Terms

extension LayerDecoder {
  static let ipv6Length = 40

  mutating func readIPv6(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep {
    let start = offset
    guard let head = head(bytes, Self.ipv6Length) else { return shortage(Self.ipv6Length) }
    guard depth < Self.maximumDepth else { return .tooDeep }
    guard head.u8(0) >> 4 == 6 else { return .malformed }
    let lengthToHops = head.u32(4)
    let payloadLength = Int(lengthToHops >> 16)
    let next = UInt8(truncatingIfNeeded: lengthToHops >> 8)
    let payloadStart = start &+ Self.ipv6Length
    let ipEnd =
      payloadLength == 0
      ? endOfUnstated(bytes, next: next, payloadStart: payloadStart) : min(limit, payloadStart &+ payloadLength)
    guard ipEnd >= payloadStart else { return .malformed }

    packet.source = Address(v6: head.u64(8), head.u64(16))
    packet.destination = Address(v6: head.u64(24), head.u64(32))
    packet.timeToLive = UInt8(truncatingIfNeeded: lengthToHops)
    packet.networkOffset = Int32(truncatingIfNeeded: start)
    packet.ipLength = Int32(truncatingIfNeeded: ipEnd &- start)

    if IPv6Extension.isSkipped(next) {
      let after = walkExtensions(bytes, next, from: payloadStart, to: ipEnd, &packet)
      finish(bytes, &packet, protocol: after.number, family: .v6, from: after.offset, to: ipEnd, isCut: after.isCut)
    } else {
      finish(bytes, &packet, protocol: next, family: .v6, from: payloadStart, to: ipEnd)
    }
    return .packet
  }

  /// Where a packet whose length field is zero ends: a jumbogram by its option, one without a payload at once, any
  /// other where the layer around it ends.
  @inline(never)
  private mutating func endOfUnstated(_ bytes: RawSpan, next: UInt8, payloadStart: Int) -> Int {
    if next == IPv6Extension.noNext { return min(limit, payloadStart) }
    let around = min(limit, wireEnd)
    guard next == IPv6Extension.hopByHop, let jumbo = jumboLength(bytes, payloadStart) else { return around }
    return min(limit, payloadStart &+ min(jumbo, Self.longest))
  }

  /// RFC 2675 section 2: option type 0xc2, length 4, payload length 4, in the hop-by-hop header at `start`.
  private mutating func jumboLength(_ bytes: RawSpan, _ start: Int) -> Int? {
    guard start &+ 8 <= end, let first = bytes.window(start, 8) else { return nil }
    let length = (Int(first.u8(1)) &+ 1) &* 8
    guard start &+ length <= end, let options = bytes.window(start, length) else { return nil }
    var at = 2
    while at < length {
      let type = options.u8(at)
      if type == 0 {  // Pad1 has no length
        at &+= 1
        continue
      }
      guard at &+ 1 < length else { return nil }
      let size = options.u8(at &+ 1)
      if type == 0xc2, size == 4 { return at &+ 6 <= length ? Int(options.u32(at &+ 2)) : nil }
      at &+= 2 &+ Int(size)
    }
    return nil
  }
}
