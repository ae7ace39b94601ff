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
    case .address: "out_address"
    case .time: "out_time"
    case .excluded: "excluded"
    case .noTime: "no_time"
    case .undecided: "undecided"
    }
  }
}

/// The decision on one packet.
public struct ScopeVerdict: Hashable, Sendable, BitwiseCopyable {
  /// Whether anything of the packet beyond its count may be kept.
  public let covered: Bool
  /// Whether the next layer inside it may be read, should it carry one. An uncovered carrier may be looked into: a packet
  /// inside is covered by its own ends.
  public let lookInside: Bool
  /// Whether the packet would be covered with the right ports, which it does not show: a later fragment follows its
  /// first one, anything else stays out.
  public let needsPorts: Bool
  public let reason: ScopeReason

  @inlinable
  init(covered: Bool, lookInside: Bool, needsPorts: Bool = false, reason: ScopeReason) {
    self.covered = covered
    self.lookInside = lookInside
    self.needsPorts = needsPorts
    self.reason = reason
  }

  /// The carrier's verdict for a packet that came in no tunnel.
  public static let outermost = ScopeVerdict(covered: false, lookInside: true, reason: .address)

  static func stop(_ reason: ScopeReason) -> ScopeVerdict {
    ScopeVerdict(covered: false, lookInside: false, reason: reason)
  }
}

/// Packets and bytes by reason: all that is kept of what is not covered.
public struct ScopeCounts: Hashable, Sendable {
  public struct Count: Hashable, Sendable {
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
  }

  private var covered = Count()
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
  public mutating func add(_ reason: ScopeReason, packets: UInt64 = 1, bytes: UInt64) {
    self[reason].packets &+= packets
    self[reason].bytes &+= bytes
  }

  /// Adds the counts of another part of the same evidence.
  public mutating func add(_ other: ScopeCounts) {
    for reason in ScopeReason.allCases { add(reason, packets: other[reason].packets, bytes: other[reason].bytes) }
  }
}
