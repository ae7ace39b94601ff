// What a warrant is for, and what it leaves out: one entry of `targets` or `excluded`.

import Terms

/// One alternative of what the warrant covers. All that it names must hold; a field that is nil narrows nothing.
public struct Target: Hashable, Sendable {
  public var address: Address?
  public var prefix: Prefix?
  public var mac: LinkAddress?
  /// Name of a capture interface.
  public var interface: String?
  /// 1 to 4094.
  public var vlan: UInt16?
  public var tunnelID: TunnelID?
  public var ports: Ports?
  /// When this entry holds.
  public var window = Interval.always
  /// Why all of the evidence is covered: set in the entry `{"everything": true, …}` only.
  public var everything: String?

  public init() {}

  /// A range of ports of one transport, both ends included.
  public struct Ports: Hashable, Sendable {
    public enum Transport: String, CaseIterable, Sendable {
      case tcp, udp, sctp

      /// IP protocol number (IANA).
      var number: UInt8 {
        switch self {
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        }
      }
    }
    public let transport: Transport
    public let from: UInt16
    public let to: UInt16
  }

  /// A number that a tunnel carries.
  public struct TunnelID: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
      case vxlan, geneve
      case greKey = "gre_key"
      case gtpTEID = "gtp_teid"
      case l2tp

      /// Greatest value: 24 bits for a VNI (RFC 7348 section 5, RFC 8926 section 3.4), else 32.
      public var maximum: Int64 {
        switch self {
        case .vxlan, .geneve: 0xff_ffff
        case .greKey, .gtpTEID, .l2tp: 0xffff_ffff
        }
      }
    }
    public let kind: Kind
    public let value: UInt32
  }
}

/// What is never read: exactly one of the three is set.
public struct Exclusion: Hashable, Sendable {
  public var address: Address?
  public var prefix: Prefix?
  public var mac: LinkAddress?
  public var reason: String

  public init(reason: String) { self.reason = reason }
}

/// A 48-bit link address.
public struct LinkAddress: Hashable, Sendable, BitwiseCopyable {
  /// In the low 48 bits.
  public let value: UInt64

  public init(_ value: UInt64) { self.value = value & 0xffff_ffff_ffff }

  /// Six octets of two hexadecimal digits with colons between; nil for anything else.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: 0x3a, omittingEmptySubsequences: false)
    guard parts.count == 6 else { return nil }
    var value: UInt64 = 0
    for part in parts {
      guard part.count == 2, part.first != 0x2b, part.first != 0x2d,
        let octet = UInt8(String(decoding: part, as: UTF8.self), radix: 16)
      else { return nil }
      value = value << 8 | UInt64(octet)
    }
    self.value = value
  }

  /// Lower case, with colons.
  public var text: String {
    let digits = Array("0123456789abcdef")
    return stride(from: 40, through: 0, by: -8).map { shift in
      let octet = Int(value >> UInt64(shift) & 0xff)
      return "\(digits[octet >> 4])\(digits[octet & 15])"
    }.joined(separator: ":")
  }
}
