// Community ID version 1, seed 0 (https://github.com/corelight/community-id-spec): a flow's name that other tools share.
//
// SHA-1 over   0 seed, 2 bytes   2 lower address, 4 or 16   higher address   protocol, 1   0, 1   lower port, 2   higher
// port, 2; the ports are left out where the protocol has none. For ICMP they are the type and its counterpart or code.

import Bytes
import Cryptography
import Packets
import Terms

/// Writes Community IDs.
public struct CommunityIDWriter: Sendable {
  /// Characters of an ID: `1:` and 28 of base64.
  public static let length = 30
  private let digest: NameDigest

  /// Throws where libcrypto does not offer SHA-1.
  public init() throws(CryptographyError) { digest = try NameDigest() }

  /// Appends the ID of a flow to a span with room for `length`.
  @_lifetime(out: copy out)
  public func append(_ key: FlowKey, to out: inout OutputSpan<UInt8>) {
    out.append(0x31)
    out.append(0x3a)
    let digest = digest(of: key)
    Base64.append(digest.bytes, to: &out)
  }

  /// The ID of a flow.
  public func text(_ key: FlowKey) -> String {
    var text: [UInt8] = []
    text.append(addingCapacity: Self.length) { (out: inout OutputSpan<UInt8>) in append(key, to: &out) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The message's two zeros in front put every other part across two words.
  private func digest(of key: FlowKey) -> InlineArray<20, UInt8> {
    let number = key.protocolNumber
    let hasPorts = Self.hasPorts(number)
    let ports = hasPorts ? UInt64(key.lowPort) << 16 | UInt64(key.highPort) : 0
    let end = UInt64(number) << 40 | ports
    var words = InlineArray<5, UInt64>(repeating: 0)
    var count = 40
    if key.isIPv6 {
      words[0] = (key.lowUpper >> 16).bigEndian
      words[1] = (key.lowUpper << 48 | key.lowLower >> 16).bigEndian
      words[2] = (key.lowLower << 48 | key.highUpper >> 16).bigEndian
      words[3] = (key.highUpper << 48 | key.highLower >> 16).bigEndian
      words[4] = (key.highLower << 48 | end).bigEndian
    } else {
      words[0] = (key.lowLower << 16 | key.highLower >> 16).bigEndian
      words[1] = (key.highLower << 48 | end).bigEndian
      count = 16
    }
    return digest.digest(of: words.bytes.slice(0, hasPorts ? count : count &- 4))
  }

  /// ICMP, TCP, UDP, ICMPv6 and SCTP: the protocols for which the specification hashes ports.
  private static func hasPorts(_ number: UInt8) -> Bool {
    switch number {
    case 1, 6, 17, 58, 132: true
    default: false
    }
  }
}
