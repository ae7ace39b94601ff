// What the scope says of one packet, and the counts of it.

/// Why a packet is in or out.
public enum ScopeReason: UInt8, CaseIterable, Hashable, Sendable, BitwiseCopyable {
  /// An end, or its carrier's, is a target, and nothing speaks against it.
  case covered
  /// No end is a target.
  case address
  /// Outside the data window, or only targets match whose own time does not hold.
  case time
  /// An end is excluded, or its carrier's is.
  case excluded
  /// The frame has no time, and the warrant has a time window.
  case noTime
  /// The evidence does not say what a target or an exclusion asks for: an error for that evidence.
  case undecided

  /// The name in output.
  public var name: String {
    switch self {
    case .covered: "in"
    case .address: "out"
    case .time: "out_of_time"
    case .excluded: "excluded"
    case .noTime: "no_time"
    case .undecided: "undecided"
    }
  }
}

/// The decision on one packet, in one byte: it is made and passed on at each packet.
public struct ScopeVerdict: Hashable, Sendable, BitwiseCopyable {
  /// The reason in the low three bits, then the flags below.
  @usableFromInline let bits: UInt8

  @usableFromInline static let coveredBit: UInt8 = 0x08
  @usableFromInline static let lookInsideBit: UInt8 = 0x10
  @usableFromInline static let needsPortsBit: UInt8 = 0x20

  @inlinable
  init(_ reason: ScopeReason, lookInside: Bool = false, needsPorts: Bool = false) {
    bits =
      reason.rawValue | (reason == .covered ? ScopeVerdict.coveredBit : 0)
      | (lookInside ? ScopeVerdict.lookInsideBit : 0) | (needsPorts ? ScopeVerdict.needsPortsBit : 0)
  }

  /// Whether anything of the packet beyond its count may be kept.
  @inlinable public var covered: Bool { bits & ScopeVerdict.coveredBit != 0 }

  /// Whether the next layer inside it may be read, should it carry one. An uncovered carrier may be looked into: a packet
  /// inside is covered by its own ends.
  @inlinable public var lookInside: Bool { bits & ScopeVerdict.lookInsideBit != 0 }

  /// Whether the packet would be covered with the right ports, which it does not show: a later fragment follows its
  /// first one, anything else stays out.
  @inlinable public var needsPorts: Bool { bits & ScopeVerdict.needsPortsBit != 0 }

  @inlinable public var reason: ScopeReason { ScopeReason(rawValue: bits & 0x07) ?? .undecided }

  /// The carrier's verdict for a packet that came in no tunnel.
  @inlinable public static var outermost: ScopeVerdict { ScopeVerdict(.address, lookInside: true) }

  /// The verdict of a carrier that is looked into, as far as what is inside depends on it.
  public static func carrier(covered: Bool) -> ScopeVerdict {
    ScopeVerdict(covered ? .covered : .address, lookInside: true)
  }
}

/// Packets and bytes by reason: all that is kept of what is not covered.
public struct ScopeCounts: Hashable, Sendable {
  public struct Count: Hashable, Sendable {
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
  }

  @usableFromInline var covered = Count()
  private var address = Count()
  private var time = Count()
  private var excluded = Count()
  private var noTime = Count()
  private var undecided = Count()

  public init() {}

  public private(set) subscript(_ reason: ScopeReason) -> Count {
    get {
      switch reason {
      case .covered: covered
      case .address: address
      case .time: time
      case .excluded: excluded
      case .noTime: noTime
      case .undecided: undecided
      }
    }
    set {
      switch reason {
      case .covered: covered = newValue
      case .address: address = newValue
      case .time: time = newValue
      case .excluded: excluded = newValue
      case .noTime: noTime = newValue
      case .undecided: undecided = newValue
      }
    }
  }

  /// Counts packets of `bytes` bytes together.
  @inlinable @inline(__always)
  public mutating func add(_ reason: ScopeReason, packets: UInt64 = 1, bytes: UInt64) {
    guard reason == .covered else { return addElse(reason, packets: packets, bytes: bytes) }
    covered.packets &+= packets
    covered.bytes &+= bytes
  }

  @usableFromInline @inline(never)
  mutating func addElse(_ reason: ScopeReason, packets: UInt64, bytes: UInt64) {
    self[reason].packets &+= packets
    self[reason].bytes &+= bytes
  }

  /// Adds the counts of another part of the same evidence.
  public mutating func add(_ other: ScopeCounts) {
    for reason in ScopeReason.allCases { add(reason, packets: other[reason].packets, bytes: other[reason].bytes) }
  }
}
