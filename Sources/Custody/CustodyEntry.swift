// What the lines of a custody record say. Their members stand in Documentation/custody-record.md.

import JSON

/// An entry of the record.
public struct CustodyEntry: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// The first line: format, a random id, the warrant's digest, how durable the entries are.
    case log
    /// Who runs what on which computer.
    case start
    /// The warrant as it was read, and what is known of its signature.
    case warrant
    /// Every setting in force, with where it came from.
    case settings
    case evidenceOpened = "evidence_opened"
    case evidenceFinished = "evidence_finished"
    /// What the warrant's scope let in and kept out, in numbers.
    case scope
    case damage
    case limit
    /// A fault of a plugin or of the analysis, or another notice that changes the exit status.
    case fault
    /// A file that was written: name, size, digest.
    case output
    /// How the run ended.
    case end
    /// A statement over everything before it, signed where the examiner signs.
    case checkpoint
    /// The last line of a run.
    case closed
    /// What somebody put down afterwards.
    case note
    /// A time-stamp authority's reply over the seal.
    case timestamp
    /// That somebody verified the run afterwards, and the answer.
    case verification

    /// Whether such an entry may come after a run's end.
    var mayFollow: Bool { [.note, .timestamp, .verification, .checkpoint].contains(self) }
  }

  public let kind: Kind
  public private(set) var members: [JSONObject.Member] = []

  public init(_ kind: Kind) { self.kind = kind }

  public mutating func put(_ key: String, _ value: JSONValue) {
    members.append(JSONObject.Member(key: key, value: value))
  }
  public mutating func put(_ key: String, _ text: String?) { put(key, text.map(JSONValue.string) ?? .null) }
  public mutating func put(_ key: String, _ flag: Bool) { put(key, .boolean(flag)) }
  public mutating func put(_ key: String, _ number: some FixedWidthInteger) {
    put(key, .integer(Int64(clamping: number)))
  }
}
