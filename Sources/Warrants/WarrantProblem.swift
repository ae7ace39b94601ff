// What is wrong with a warrant: every problem names the field, what was found there and what was expected.

/// One problem of a warrant.
public struct WarrantProblem: Hashable, Sendable, CustomStringConvertible {
  /// The field: `targets[2].ports.from`; empty for the document as a whole.
  public let path: String
  /// What stands there.
  public let found: String
  /// What should.
  public let expected: String

  public init(_ path: String, found: String, expected: String) {
    self.path = path
    self.found = found
    self.expected = expected
  }

  public var description: String {
    "\(path.isEmpty ? "the document" : path): found \(found); expected \(expected)"
  }
}

/// All that is wrong with a document, in its order.
public struct WarrantProblems: Error, Equatable, Sendable, CustomStringConvertible {
  public let problems: [WarrantProblem]

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
