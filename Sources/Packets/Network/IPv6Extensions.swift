// The extension headers of IPv6 (RFC 8200 section 4; numbers: https://www.iana.org/assignments/ipv6-parameters).
//
//     0  next header                                                    1
//     1  length in 8-byte units, the first not counted (fragment: 0)    1
//   fragment: 2 offset in 8-byte units 13 bits, reserved 2, more 1 · 4 identification 4

import Bytes

enum IPv6Extension {
  static let hopByHop: UInt8 = 0
  static let routing: UInt8 = 43
  static let fragment: UInt8 = 44
  static let noNext: UInt8 = 59
  static let destination: UInt8 = 60
  static let mobility: UInt8 = 135
  static let hostIdentity: UInt8 = 139
  static let shim6: UInt8 = 140

  /// Each header may stand once, destination options twice (RFC 8200 section 4.1): this is generous.
  static let most = 16

  /// Headers that are passed over on the way to the payload. Authentication (51) and ESP (50) are payloads here.
  @inline(__always)
  static func isSkipped(_ number: UInt8) -> Bool {
    if number < 64 {
      return (1 << UInt64(hopByHop) | 1 << UInt64(routing) | 1 << UInt64(fragment) | 1 << UInt64(destination) as UInt64)
        & (1 << UInt64(number)) != 0
    }
    return number == mobility || number == hostIdentity || number == shim6
  }
}

extension LayerDecoder {
  /// What stands after the extension headers: its number and offset, and whether a header on the way is not there.
  struct AfterExtensions {
    var number: UInt8
    var offset: Int
    var isCut = false
  }

  /// Passes over extension headers from `start` on. Stops after a fragment header, whose payload is a piece of the rest,
  /// and before a header that the capture or the packet cuts; then `isCut` is set.
  @inline(never)
  mutating func walkExtensions(
    _ bytes: RawSpan, _ first: UInt8, from start: Int, to ipEnd: Int, _ packet: inout Packet
  ) -> AfterExtensions {
    var number = first
    var at = start
    let captured = min(ipEnd, end)
    for _ in 0..<IPv6Extension.most where IPv6Extension.isSkipped(number) {
      guard at &+ 8 <= captured, let head = bytes.window(at, 8) else {
        return AfterExtensions(number: number, offset: at, isCut: true)
      }
      let next = head.u8(0)
      if number == IPv6Extension.fragment {
        let fragment = head.u16(2)
        packet.identification = head.u32(4)
        at &+= 8
        number = next
        // RFC 6946: offset 0 and nothing to follow is a whole packet.
        if fragment & 0xfff9 == 0 { continue }
        packet.isFragment = true
        packet.moreFragments = fragment & 1 != 0
        packet.fragmentOffset = Int32(fragment & 0xfff8)
        return AfterExtensions(number: number, offset: at)
      }
      // RFC 6275 section 6.1.1 and RFC 7401 section 5.1: nothing follows; the header is the message.
      if next == IPv6Extension.noNext, number == IPv6Extension.mobility || number == IPv6Extension.hostIdentity {
        break
      }
      let length = (Int(head.u8(1)) &+ 1) &* 8
      guard length <= ipEnd &- at else { return AfterExtensions(number: number, offset: at, isCut: true) }
      at &+= length
      number = next
    }
    return AfterExtensions(number: number, offset: at, isCut: IPv6Extension.isSkipped(number))
  }
}
