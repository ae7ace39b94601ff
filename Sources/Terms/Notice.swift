// What a user must know that is no finding: damage, a limit reached, a gap, a fault.

/// A notice: a code that documentation explains, the place, how often, and values that pass the categories like any field.
public struct Notice: Hashable, Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// Evidence that could not be read whole.
    case damage
    /// A bound of the settings was reached.
    case limit
    /// Something the evidence lacks or cannot decide.
    case gap
    /// A part of the program failed and was kept off.
    case fault
    /// Worth knowing, with no loss.
    case information
  }

  public let kind: Kind
  /// Stable identifier, e.g. `capture.truncated`.
  public let code: String
  /// One sentence: what was wrong, what was expected, what to do. Holds no value of the evidence but numbers.
  public let message: String
  public var evidence: UInt32?
  public var frame: UInt64?
  public var offset: Int64?
  /// How often; notices of one code in one evidence item are counted together.
  public var count: UInt64

  public init(
    _ kind: Kind, _ code: String, _ message: String, evidence: UInt32? = nil, frame: UInt64? = nil,
    offset: Int64? = nil, count: UInt64 = 1
  ) {
    self.kind = kind
    self.code = code
    self.message = message
    self.evidence = evidence
    self.frame = frame
    self.offset = offset
    self.count = count
  }

  /// Damage, limits and faults are reported by exit status 3.
  public var changesStatus: Bool { kind == .damage || kind == .limit || kind == .fault }
}
