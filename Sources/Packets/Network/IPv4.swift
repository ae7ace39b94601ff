// The Internet Protocol, version 4 (RFC 791 section 3.1).
//
//     0  version 4 bits, header length in 32-bit words 4 bits   1
//     1  type of service          1
//     2  total length             2    0 where the sender left segmentation to its network card
//     4  identification           2
//     6  flags 3 bits, fragment offset in 8-byte units 13 bits  2
//     8  time to live  1 · 9 protocol  1 · 10 header checksum  2
//    12  source  4 · 16 destination  4 · 20 options

import Bytes
import Terms

extension LayerDecoder {
  static let ipv4Length = 20

  @inline(__always)
  mutating func readIPv4(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep {
    let start = offset
    guard let head = head(bytes, Self.ipv4Length) else { return shortage(Self.ipv4Length) }
    guard depth < Self.maximumDepth else { return .tooDeep }
    let versionToLength = head.u32(0)
    let idToFragment = head.u32(4)
    let ttlToChecksum = head.u32(8)
    let source = head.u32(12)
    let destination = head.u32(16)

    let headerLength = Int(versionToLength >> 22) & 0x3c
    guard versionToLength >> 28 == 4, headerLength >= Self.ipv4Length else { return .malformed }
    let totalLength = Int(versionToLength & 0xffff)
    let ipEnd = totalLength == 0 ? min(limit, wireEnd) : min(limit, start &+ totalLength)
    let payloadStart = start &+ headerLength
    guard ipEnd >= payloadStart else { return .malformed }

    packet.source = Address(v4: source)
    packet.destination = Address(v4: destination)
    packet.timeToLive = UInt8(truncatingIfNeeded: ttlToChecksum >> 24)
    packet.identification = idToFragment >> 16
    packet.networkOffset = Int32(truncatingIfNeeded: start)
    packet.ipLength = Int32(truncatingIfNeeded: ipEnd &- start)

    // RFC 1071: the ones' complement sum over a header that holds is all ones. A field of zero was left to the network
    // card, and says nothing.
    var sum = UInt64(versionToLength) &+ UInt64(idToFragment) &+ UInt64(ttlToChecksum)
    sum &+= UInt64(source) &+ UInt64(destination)
    if headerLength > Self.ipv4Length { sum &+= optionSum(bytes, start, headerLength) }
    sum = (sum & 0xffff_ffff) &+ (sum >> 32)
    sum = (sum & 0xffff) &+ (sum >> 16)
    sum = (sum & 0xffff) &+ (sum >> 16)
    packet.badNetworkChecksum = sum & 0xffff != 0xffff && ttlToChecksum & 0xffff != 0 && payloadStart <= end

    let fragment = idToFragment & 0x3fff
    if fragment != 0 {
      packet.isFragment = true
      packet.moreFragments = fragment & 0x2000 != 0
      packet.fragmentOffset = Int32(truncatingIfNeeded: (fragment & 0x1fff) &* 8)
    }
    finish(
      bytes, &packet, protocol: UInt8(truncatingIfNeeded: ttlToChecksum >> 16), family: .v4, from: payloadStart,
      to: ipEnd)
    return .packet
  }

  /// The sum of the option words; where they are not captured whole, nothing that is used.
  @inline(never)
  private mutating func optionSum(_ bytes: RawSpan, _ start: Int, _ headerLength: Int) -> UInt64 {
    guard start &+ headerLength <= end, let whole = bytes.window(start, headerLength) else { return 0 }
    var sum: UInt64 = 0
    var at = Self.ipv4Length
    while at < headerLength {
      sum &+= UInt64(whole.u32(at))
      at &+= 4
    }
    return sum
  }
}
