// IP addresses and what is made of them.

public enum AddressFamily: UInt8, Hashable, Sendable, BitwiseCopyable {
  case v4 = 4
  case v6 = 6
}

/// An IPv4 or IPv6 address. An IPv4 address stands in the low 32 bits of `lower`.
public struct Address: Hashable, Comparable, Sendable, BitwiseCopyable {
  public let upper: UInt64
  public let lower: UInt64
  public let family: AddressFamily

  @inlinable
  public init(v4 value: UInt32) {
    upper = 0
    lower = UInt64(value)
    family = .v4
  }

  @inlinable
  public init(v6 upper: UInt64, _ lower: UInt64) {
    self.upper = upper
    self.lower = lower
    family = .v6
  }

  /// Number of bits: 32 or 128.
  @inlinable public var width: Int { family == .v4 ? 32 : 128 }

  /// IPv4 before IPv6, then by value.
  @inlinable
  public static func < (left: Address, right: Address) -> Bool {
    if left.family != right.family { return left.family == .v4 }
    return left.upper != right.upper ? left.upper < right.upper : left.lower < right.lower
  }

  /// Network-order bytes: 4 or 16.
  public var bytes: [UInt8] {
    family == .v4
      ? (0..<4).map { UInt8(truncatingIfNeeded: lower >> UInt64(24 - 8 * $0)) }
      : (0..<8).map { UInt8(truncatingIfNeeded: upper >> UInt64(56 - 8 * $0)) }
        + (0..<8).map { UInt8(truncatingIfNeeded: lower >> UInt64(56 - 8 * $0)) }
  }
}

/// An address and a port (0 where the transport has none).
public struct Endpoint: Hashable, Sendable, BitwiseCopyable {
  public let address: Address
  public let port: UInt16

  @inlinable
  public init(_ address: Address, port: UInt16 = 0) {
    self.address = address
    self.port = port
  }
}

/// An address range given by its leading bits; host bits are zero.
public struct Prefix: Hashable, Sendable, BitwiseCopyable {
  public let address: Address
  /// Leading bits that count: 0 to 32 or 128.
  public let length: Int

  /// Nil where `length` does not fit the family or a host bit is set.
  public init?(_ address: Address, length: Int) {
    guard (0...address.width).contains(length) else { return nil }
    self.address = address
    self.length = length
    let mask = Prefix.mask(address.family, length)
    guard address.upper & ~mask.upper == 0, Prefix.low(address) & ~mask.lower == 0 else { return nil }
  }

  public func contains(_ other: Address) -> Bool {
    guard other.family == address.family else { return false }
    let mask = Prefix.mask(address.family, length)
    return other.upper & mask.upper == address.upper && Prefix.low(other) & mask.lower == address.lower
  }

  private static func low(_ address: Address) -> UInt64 { address.lower }

  private static func mask(_ family: AddressFamily, _ length: Int) -> (upper: UInt64, lower: UInt64) {
    if family == .v4 {
      return (0, length == 0 ? 0 : UInt64(UInt32.max << UInt32(32 - length)))
    }
    let upper = length == 0 ? 0 : length >= 64 ? UInt64.max : UInt64.max << UInt64(64 - length)
    let lower = length <= 64 ? 0 : UInt64.max << UInt64(128 - length)
    return (upper, lower)
  }
}
