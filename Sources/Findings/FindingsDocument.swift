// The findings document: its fields, and the object that each run writes around the findings.

import JSON
import Terms

/// The program that wrote a document.
public struct ToolRecord: FieldObject {
  public let name: String
  public let version: String
  public let commit: String
  public let plugins: [PluginName]

  public init(name: String, version: String, commit: String, plugins: [PluginName]) {
    self.name = name
    self.version = version
    self.commit = commit
    self.plugins = plugins
  }

  static let nameField = Field<Label>("name", "the program")
  static let versionField = Field<Label>("version", "its version")
  static let commitField = Field<Label>("commit", "the commit it was built from", when: "known")
  static let pluginsField = ObjectListField<PluginName>("plugins", "plugins and their versions; those not started too")
  public static var fields: [FieldDeclaration] {
    [nameField.declaration, versionField.declaration, commitField.declaration, pluginsField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.nameField, Label(name))
    record.put(Self.versionField, Label(version))
    record.put(Self.commitField, commit.isEmpty ? nil : Label(commit))
    record.put(Self.pluginsField, plugins)
  }
}

/// What the supervisor knows of an evidence item; the analysis' `EvidenceRecord` stands beside it in one object.
public enum SourceFields {
  public static let name = Field<Label>("name", "base name of the file; `-` for standard input")
  public static let size = Field<Count>("size", "bytes of the file", when: "it was read to its end")
  public static let sha256 = Field<Label>("sha256", "SHA-256 of the file as it is, compressed or not", when: "computed")
  public static let digest = Field<Label>("digest", "`skipped`", when: "no digest was asked for")
  public static let problem = Field<Label>("problem", "why it was not analysed", when: "it was not")
  public static var fields: [FieldDeclaration] {
    [name.declaration, size.declaration, sha256.declaration, digest.declaration, problem.declaration]
  }
}

/// The document's own fields.
public enum DocumentFields {
  /// Identifier of the schema; its major version changes when a field changes its meaning.
  public static let schemaIdentifier = "https://veilscope.invalid/schema/findings-1.json"
  public static let flowSchemaIdentifier = "https://veilscope.invalid/schema/flow-1.json"

  public static let schema = Field<Label>("schema", "identifier of this document's schema")
  public static let tool = ObjectField<ToolRecord>("tool", "the program that wrote it")
  public static let warrant = ObjectField<WarrantRecord>("warrant", "the warrant it was made under")
  public static let findings = ObjectListField<FindingRecord>(
    "findings", "what the evidence indicates, in order of evidence and of the flows' first frames")

  /// Evidence objects: the supervisor's fields, then the analysis'. Items that were not analysed have the first alone.
  public static var evidence: FieldDeclaration {
    let analysed = EvidenceRecord.fields.map {
      FieldDeclaration(
        $0.name, $0.shape, $0.category, $0.note, when: $0.presence.isEmpty ? "the item was analysed" : $0.presence)
    }
    return FieldDeclaration(
      "evidence", .list(.object(SourceFields.fields + analysed)), nil,
      "the evidence items, in order of the command line")
  }

  public static var fields: [FieldDeclaration] {
    [schema.declaration, tool.declaration, warrant.declaration, evidence]
      + TimelineReport.fields.filter { $0.name != "evidence" } + [findings.declaration]
  }

  /// A flow record's fields: the core, and an object for each kind of observation, or an array of them.
  public static func flowFields(_ observations: [ObservationDeclaration]) -> [FieldDeclaration] {
    let core = [
      FlowFields.ordinal.declaration, FlowIdentity.field.declaration, FlowFields.communityID.declaration,
      EvidenceName.field.declaration, FlowFields.first.declaration, FlowFields.last.declaration,
      ShownFrame.first.declaration, ShownFrame.last.declaration, DirectionCounts.fromInitiator.declaration,
      DirectionCounts.fromResponder.declaration, FlowFields.directionsSeen.declaration,
      FlowFields.endReason.declaration, FlowFields.beginsMidStream.declaration, FlowFields.tunnel.declaration,
      FlowFields.carrier.declaration, FlowFields.continues.declaration, FlowFields.part.declaration,
      FlowFields.carrierFlow.declaration, FlowFields.tunnelID.declaration, FlowFields.vlans.declaration,
      FlowFields.mpls.declaration, FlowFields.duplicates.declaration, FlowFields.badChecksums.declaration,
      FlowFields.badTransportChecksums.declaration, FlowFields.retransmissions.declaration,
      FlowFields.aboveMTU.declaration, FlowFields.protocols.declaration,
    ]
    var records: [String] = []
    var merged: [String: [FieldDeclaration]] = [:]
    for observation in observations where !observation.record.isEmpty {
      if merged[observation.record] == nil { records.append(observation.record) }
      for field in observation.fields
      where !(merged[observation.record, default: []].contains { $0.name == field.name }) {
        // An object holds some of the observations that share it: no field of it is there always.
        merged[observation.record, default: []].append(
          FieldDeclaration(
            field.name, field.shape, field.category, field.note,
            when: field.presence.isEmpty ? "that message was read" : field.presence))
      }
    }
    let objects = records.sorted().map { record in
      let object = Shape.object((merged[record] ?? []) + [StreamWay.field.declaration])
      return FieldDeclaration(
        record, .either([object, .list(object)]), nil, "observations of \(record); an array where seen more than once",
        when: "any was made")
    }
    return core + objects + [
      InferredName.field.declaration, Indication.field.declaration, FlowFields.notAssessable.declaration,
    ]
  }
}
