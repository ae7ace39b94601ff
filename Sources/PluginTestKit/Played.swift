// What came out of a play: findings and flow records, as values.

import Bytes
import JSON
import Terms

/// What an analysis gave.
public struct Played: Sendable {
  public let findings: [Finding]
  public let flows: [Flow]
  /// Counts, notices and summaries of the analysis, as it hands them over.
  public let report: JSONValue

  /// A finding.
  public struct Finding: Sendable {
    public let rule: String
    public let certainty: Certainty
    public let family: String
    public let tool: String
    /// Empty where there is none.
    public let variant: String
    public let marks: [Mark]
    /// Another conclusive finding on the stream names another tool.
    public let isConflict: Bool
    /// `id` of the flow.
    public let flow: Int64
    /// The whole record.
    public let record: JSONValue
  }

  /// A mark of a finding.
  public struct Mark: Equatable, Sendable {
    public let name: String
    public let value: JSONValue?
    /// Frame numbers, from 1.
    public let frames: [Int64]
  }

  /// A flow's record.
  public struct Flow: Sendable {
    public let id: Int64
    /// What was recognised, in order.
    public let protocols: [String]
    /// What cannot be told, and why; the engine's reasons too.
    public let notAssessable: [String]
    /// Why it ended: `fin`, `end-of-evidence`.
    public let end: String
    /// The whole record.
    public let record: JSONValue

    /// The observations under this key of the record, `tls`: several where it was read more than once.
    public func observations(_ key: String) -> [JSONValue] {
      guard let found = record[key] else { return [] }
      return found.array ?? [found]
    }
  }

  /// The observations of all flows under this key of their records.
  public func observations(_ key: String) -> [JSONValue] { flows.flatMap { $0.observations(key) } }
  /// What cannot be told of any flow.
  public var notAssessable: [String] { flows.flatMap(\.notAssessable) }
  /// What was recognised.
  public var protocols: [String] { flows.flatMap(\.protocols) }
}

extension Played {
  init(flows: [UInt8], findings: [UInt8], report: [UInt8]) throws(JSONError) {
    self.flows = try Self.lines(flows).map { Flow($0) }
    self.findings = try Self.lines(findings).map { Finding($0) }
    self.report = try JSONReader.read(report, limits: .output)
  }

  static func lines(_ bytes: [UInt8]) throws(JSONError) -> [JSONValue] {
    var values: [JSONValue] = []
    for line in bytes.split(separator: 0x0a) { values.append(try JSONReader.read(Array(line), limits: .output)) }
    return values
  }
}

extension Played.Finding {
  init(_ record: JSONValue) {
    rule = record["rule"]?.string ?? ""
    let name = record["certainty"]?.string
    certainty = Certainty.allCases.first { $0.name == name } ?? .indicative
    family = record["indicates"]?["family"]?.string ?? ""
    tool = record["indicates"]?["tool"]?.string ?? ""
    variant = record["indicates"]?["variant"]?.string ?? ""
    marks = (record["marks"]?.array ?? []).map { mark in
      Played.Mark(
        name: mark["name"]?.string ?? "", value: mark["value"],
        frames: (mark["frames"]?.array ?? []).compactMap { $0["number"]?.integer })
    }
    isConflict = record["conflict"]?.boolean ?? false
    flow = record["flow_id"]?.integer ?? 0
    self.record = record
  }
}

extension Played.Flow {
  init(_ record: JSONValue) {
    id = record["id"]?.integer ?? 0
    protocols = (record["protocols"]?.array ?? []).compactMap(\.string)
    notAssessable = (record["not_assessable"]?.array ?? []).compactMap(\.string)
    end = record["end"]?.string ?? ""
    self.record = record
  }
}
