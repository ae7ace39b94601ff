// Community ID version 1, seed 0 (https://github.com/corelight/community-id-spec): a flow's name that other tools share.
//
// SHA-1 over   0 seed, 2 bytes   2 lower address, 4 or 16   higher address   protocol, 1   0, 1   lower port, 2   higher
// port, 2; the ports are left out where the protocol has none. For ICMP they are the type and its counterpart or code.

import Bytes
import Cryptography
import Packets
import Terms

/// Writes Community IDs, with one digest context for all of them.
public struct CommunityIDWriter: ~Copyable {
  private var context: DigestContext
  private var message: [UInt8] = []

  public init() throws(CryptographyError) {
    context = try DigestContext(.sha1)
    message.reserveCapacity(40)
  }

  /// Appends the text, `1:` and 28 characters of base64. The flow is not changed: `inout` spares a copy.
  public mutating func append(_ flow: inout FlowEntry, to out: inout [UInt8]) {
    let low = flow.key.endpoint(0)
    let high = flow.key.endpoint(1)
    let number = flow.protocolNumber
    message.removeAll(keepingCapacity: true)
    message.append(addingCapacity: 40) { (message: inout OutputSpan<UInt8>) in
      Self.append(0, 2, to: &message)
      Self.append(low.address, to: &message)
      Self.append(high.address, to: &message)
      message.append(number)
      message.append(0)
      if Self.hasPorts(number) {
        Self.append(UInt64(low.port), 2, to: &message)
        Self.append(UInt64(high.port), 2, to: &message)
      }
    }
    message.withRawSpan { context.update($0) }
    context.finish()
    out.append(UInt8(ascii: "1"))
    out.append(UInt8(ascii: ":"))
    Base64.append(context.digest, to: &out)
  }

  /// ICMP, TCP, UDP, ICMPv6 and SCTP: the protocols for which the specification hashes ports.
  private static func hasPorts(_ number: UInt8) -> Bool {
    switch number {
    case 1, 6, 17, 58, 132: true
    default: false
    }
  }

  @inline(__always)
  @_lifetime(message: copy message)
  private static func append(_ address: Address, to message: inout OutputSpan<UInt8>) {
    guard address.family == .v6 else {
      append(address.lower, 4, to: &message)
      return
    }
    append(address.upper, 8, to: &message)
    append(address.lower, 8, to: &message)
  }

  /// The `count` low bytes of a number, the highest first.
  @inline(__always)
  @_lifetime(message: copy message)
  private static func append(_ value: UInt64, _ count: UInt64, to message: inout OutputSpan<UInt8>) {
    var left = count
    while left > 0 {
      left &-= 1
      message.append(UInt8(truncatingIfNeeded: value >> (8 &* left)))
    }
  }
}
