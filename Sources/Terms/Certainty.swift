// How sure a finding is.

/// The three certainties, used the same way everywhere.
public enum Certainty: UInt8, Comparable, CaseIterable, Hashable, Sendable {
  /// A heuristic or one mark: never more than a lead.
  case indicative
  /// Several independent marks agree.
  case strong
  /// A complete exchange that agrees in both directions and that no known ordinary protocol produces.
  case conclusive

  public static func < (left: Certainty, right: Certainty) -> Bool { left.rawValue < right.rawValue }

  public var name: String {
    switch self {
    case .indicative: "indicative"
    case .strong: "strong"
    case .conclusive: "conclusive"
    }
  }
}
