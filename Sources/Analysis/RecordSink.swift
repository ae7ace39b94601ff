// Where records go: over a channel to the supervisor, or into memory in a test.

import Bytes

/// What the records of a timeline are.
public enum TimelineRecord: UInt8, Sendable, CaseIterable {
  /// One or more flow records: JSON objects, a line each.
  case flows = 1
  /// One or more findings: JSON objects, a line each.
  case findings = 2
  /// What else the timeline gives: one JSON object (`TimelineReport`). The last record but one.
  case report = 3
  /// The timeline is whole. Holds nothing.
  case end = 4
  /// The capture's headers, in hexadecimal: what a reader needs to go on in the middle of evidence that cannot be read
  /// twice. Of a compressed capture the compression's name and a space stand before them.
  case preamble = 5
  /// How many flows have been handed over whole, by the last one's id, as a decimal number: of evidence that cannot be read
  /// twice.
  case mark = 6
}

/// Takes records in order.
public protocol RecordSink: AnyObject {
  func take(_ kind: TimelineRecord, _ payload: RawSpan) throws(SinkError)
}

/// Records can no longer be taken.
public struct SinkError: Error, Equatable, Sendable {
  public let message: String
  public init(message: String) { self.message = message }
}

/// Keeps records in memory: for tests and the plugin test kit.
public final class MemorySink: RecordSink {
  public private(set) var flows: [UInt8] = []
  public private(set) var findings: [UInt8] = []
  public private(set) var report: [UInt8] = []
  public private(set) var isWhole = false

  public init() {}

  public func take(_ kind: TimelineRecord, _ payload: RawSpan) throws(SinkError) {
    switch kind {
    case .flows: flows.append(payload)
    case .findings: findings.append(payload)
    case .report: report.append(payload)
    case .end: isWhole = true
    case .preamble, .mark: break
    }
  }
}
