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

/// The warrant that a document was made under. All texts are the warrant's own.
public struct WarrantRecord: FieldObject {
  public var id = ""
  public var generation: Int64 = 1
  public var reference = ""
  public var sha256 = ""
  public var liid: String?
  public var jurisdiction: String?
  public var executingAgency = ""
  public var authorityFrom = ""
  public var authorityUntil = ""
  public var dataFrom: String?
  public var dataUntil: String?
  public var covers: [String] = []
  public var categories: [String] = []
  public var insideTunnels = false
  public var exhibits: [String] = []
  public var marking: String?
  public var isTraining = false
  public var isAfterExpiry = false
  /// Plugins that were not started, since the warrant does not allow what they need.
  public var pluginsNotStarted: [String] = []

  public init() {}

  static let idField = Field<Label>("id", "UUID of the warrant")
  static let generationField = Field<Count>("generation", "its generation, from 1")
  static let referenceField = Field<Label>("reference", "the authority's reference")
  static let sha256Field = Field<Label>("sha256", "SHA-256 of the warrant's file")
  static let liidField = Field<Label>("liid", "lawful interception identifier", when: "the warrant has one")
  static let jurisdictionField = Field<Label>("jurisdiction", "jurisdiction", when: "the warrant names one")
  static let agencyField = Field<Label>("executing_agency", "the agency that executes it")
  static let authorityFromField = Field<Label>("authority_from", "first instant of the authority, RFC 3339, UTC")
  static let authorityUntilField = Field<Label>("authority_until", "first instant after it")
  static let dataFromField = Field<Label>(
    "data_from", "first packet time that may be read", when: "the warrant sets one")
  static let dataUntilField = Field<Label>("data_until", "first packet time after it", when: "the warrant sets one")
  static let coversField = ListField<Label>("covers", "`recorded`, `live`")
  static let categoriesField = ListField<Label>("categories", "data categories that it allows")
  static let insideField = Field<FlowFlag>("inside_tunnels", "whether packets inside tunnels may be read")
  static let exhibitsField = ListField<Label>("exhibits", "ids of the exhibits listed")
  static let markingField = Field<Label>("marking", "handling marking", when: "the warrant has one")
  static let trainingField = Field<Label>(
    "training", "`TRAINING`: made under a warrant for exercises, which need not be signed", when: "it is one")
  static let expiryField = Field<Label>("after_expiry", "`re-run after expiry`", when: "the authority had ended")
  static let notStartedField = ListField<Label>(
    "plugins_not_started", "plugins that need a category the warrant does not allow")

  public static var fields: [FieldDeclaration] {
    [
      trainingField.declaration, idField.declaration, generationField.declaration, referenceField.declaration,
      sha256Field.declaration, liidField.declaration, jurisdictionField.declaration, agencyField.declaration,
      authorityFromField.declaration, authorityUntilField.declaration, dataFromField.declaration,
      dataUntilField.declaration, coversField.declaration, categoriesField.declaration, insideField.declaration,
      exhibitsField.declaration, markingField.declaration, expiryField.declaration, notStartedField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.trainingField, isTraining ? Label("TRAINING") : nil)
    record.put(Self.idField, Label(id))
    record.put(Self.generationField, Count(generation))
    record.put(Self.referenceField, Label(reference))
    record.put(Self.sha256Field, Label(sha256))
    record.put(Self.liidField, liid.map { Label($0) })
    record.put(Self.jurisdictionField, jurisdiction.map { Label($0) })
    record.put(Self.agencyField, Label(executingAgency))
    record.put(Self.authorityFromField, Label(authorityFrom))
    record.put(Self.authorityUntilField, Label(authorityUntil))
    record.put(Self.dataFromField, dataFrom.map { Label($0) })
    record.put(Self.dataUntilField, dataUntil.map { Label($0) })
    record.put(Self.coversField, covers.map { Label($0) })
    record.put(Self.categoriesField, categories.map { Label($0) })
    record.put(Self.insideField, FlowFlag(insideTunnels))
    record.put(Self.exhibitsField, exhibits.map { Label($0) })
    record.put(Self.markingField, marking.map { Label($0) })
    record.put(Self.expiryField, isAfterExpiry ? Label("re-run after expiry") : nil)
    record.put(Self.notStartedField, pluginsNotStarted.map { Label($0) })
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
    return core + objects + [Indication.field.declaration, FlowFields.notAssessable.declaration]
  }
}
