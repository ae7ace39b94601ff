// Points in time as captures give them.

/// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  @inlinable
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Nanoseconds from `earlier` to this; saturates at the ends of Int64.
  @inlinable
  public func since(_ earlier: Timestamp) -> Int64 {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return overflow ? (nanoseconds < 0 ? .min : .max) : difference
  }

  /// This time moved by `nanoseconds`; saturates at the ends of Int64.
  @inlinable
  public func advanced(by nanoseconds: Int64) -> Timestamp {
    let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return Timestamp(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
  }
}

/// A half-open stretch of time, `[from, until)`. A missing end is open.
///
/// `contains` is the only comparison of a time with a window in the whole code base.
public struct Interval: Hashable, Sendable, BitwiseCopyable {
  /// First instant inside; nil where there is no beginning.
  public let from: Timestamp?
  /// First instant after; nil where there is no end.
  public let until: Timestamp?

  public init(from: Timestamp?, until: Timestamp?) {
    self.from = from
    self.until = until
  }

  /// All of time.
  public static let always = Interval(from: nil, until: nil)

  @inlinable
  public func contains(_ time: Timestamp) -> Bool {
    if let from, time < from { return false }
    if let until, !(time < until) { return false }
    return true
  }

  /// What both hold; nil where they share no instant.
  public func intersection(_ other: Interval) -> Interval? {
    let start = [from, other.from].compactMap { $0 }.max()
    let end = [until, other.until].compactMap { $0 }.min()
    if let start, let end, !(start < end) { return nil }
    return Interval(from: start, until: end)
  }
}
