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

  /// Appends the text, `1:` and 28 characters of base64.
  public mutating func append(_ flow: FlowEntry, to out: inout [UInt8]) {
    let low = flow.key.endpoint(0)
    let high = flow.key.endpoint(1)
    message.removeAll(keepingCapacity: true)
    append16(0)
    append(low.address)
    append(high.address)
    message.append(flow.protocolNumber)
    message.append(0)
    if Self.hasPorts(flow.protocolNumber) {
      append16(low.port)
      append16(high.port)
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

  private mutating func append16(_ value: UInt16) {
    message.append(UInt8(truncatingIfNeeded: value >> 8))
    message.append(UInt8(truncatingIfNeeded: value))
  }

  private mutating func append(_ address: Address) {
    if address.family == .v6 {
      for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
        message.append(UInt8(truncatingIfNeeded: address.upper >> shift))
      }
      for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
        message.append(UInt8(truncatingIfNeeded: address.lower >> shift))
      }
    } else {
      for shift in stride(from: 24 as UInt64, through: 0, by: -8) {
        message.append(UInt8(truncatingIfNeeded: address.lower >> shift))
      }
    }
  }
}
