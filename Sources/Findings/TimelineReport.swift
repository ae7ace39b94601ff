// What a timeline gives beside flows and findings: facts of its evidence, the scope's result, notices, sums a host.

import JSON
import Terms

/// The report that closes a timeline. The supervisor puts the reports of a run together.
public struct TimelineReport: FieldObject {
  public var evidence: [EvidenceRecord] = []
  public var scope = ScopeRecord()
  public var flows: UInt64 = 0
  public var notices: [Notice] = []
  public var hosts: [HostSummary] = []
  /// Flows that something could not be told of, by reason, the most frequent first.
  public var notAssessable: [NotAssessableCount] = []

  public init() {}

  static let evidenceField = ObjectListField<EvidenceRecord>("evidence", "the evidence items of the timeline")
  public static let scopeField = ObjectField<ScopeRecord>("scope", "what lay inside and outside the warrant")
  static let flowsField = Field<Count>("flows", "flows that the warrant covers")
  public static let noticesField = ObjectListField<NoticeRecord>(
    "notices", "what the user must know and is no finding: gaps, faults, information")
  public static let limitsField = ObjectListField<NoticeRecord>("limits", "bounds of the settings that were reached")
  public static let hostsField = ObjectListField<HostSummary>("hosts", "sums a host and tool of each timeline")
  public static let notAssessableField = ObjectListField<NotAssessableCount>(
    "not_assessable", "what could not be told, by reason, so that silence is not read as absence")

  public static var fields: [FieldDeclaration] {
    [
      evidenceField.declaration, scopeField.declaration, flowsField.declaration, limitsField.declaration,
      noticesField.declaration, hostsField.declaration, notAssessableField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.evidenceField, evidence)
    record.put(Self.scopeField, scope)
    record.put(Self.flowsField, Count(flows))
    record.put(Self.limitsField, notices.filter { $0.kind == .limit }.map { NoticeRecord($0) })
    record.put(Self.noticesField, notices.filter { $0.kind != .limit && $0.kind != .damage }.map { NoticeRecord($0) })
    record.put(Self.hostsField, hosts)
    record.put(Self.notAssessableField, notAssessable)
  }
}

/// How many flows a reason stands in.
public struct NotAssessableCount: FieldObject, Equatable {
  public let reason: String
  public let flows: UInt64

  public init(reason: String, flows: UInt64) {
    self.reason = reason
    self.flows = flows
  }

  static let reasonField = Field<Label>("reason", "what cannot be told, and why")
  static let flowsField = Field<Count>("flows", "flows of which this is so")
  public static var fields: [FieldDeclaration] { [reasonField.declaration, flowsField.declaration] }
  public func write(to record: inout FieldWriter) {
    record.put(Self.reasonField, Label(reason))
    record.put(Self.flowsField, Count(flows))
  }
}
