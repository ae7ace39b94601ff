// A finding as it is written: what is indicated, how certain, by which marks, on which frames.

import JSON
import Terms

/// One mark of a finding.
public struct MarkRecord: FieldObject {
  public let name: StaticString
  public let value: [UInt8]?
  public let category: Category
  public let frames: [ShownFrame]

  public init(name: StaticString, value: [UInt8]?, category: Category, frames: [ShownFrame]) {
    self.name = name
    self.value = value
    self.category = category
    self.frames = frames
  }

  static let nameField = Field<Label>("name", "what was observed")
  static let framesField = ObjectListField<ShownFrame>("frames", "the frames it was seen on")
  public static var fields: [FieldDeclaration] {
    [
      nameField.declaration,
      FieldDeclaration(
        "value", .either([.text(), .integer(minimum: nil), .boolean]), nil,
        "the value observed; its category follows its kind",
        when: "the mark has one and the warrant allows its category"),
      framesField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.nameField, Label(name.description))
    if let value, record.permits(category),
      record.allowed.holds(.addressesOfThirdParties) || !Address.stands(in: String(decoding: value, as: UTF8.self))
        || record.permits(.addressesOfThirdParties)
    {
      record.json.key("value")
      record.json.fragment(value)
    }
    record.put(Self.framesField, frames)
  }
}

/// What a finding indicates.
public struct Indicates: FieldObject {
  public let family: String
  public let tool: StaticString
  public let variant: StaticString

  public init(_ rule: Rule, variant: StaticString) {
    family = rule.family.rawValue
    tool = rule.tool
    self.variant = variant
  }

  static let familyField = Field<Label>("family", "family of the tool")
  static let toolField = Field<Label>("tool", "tool, as `labels.md` spells it")
  static let variantField = Field<Label>("variant", "variant of the tool", when: "known")
  public static var fields: [FieldDeclaration] {
    [familyField.declaration, toolField.declaration, variantField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.familyField, Label(family))
    record.put(Self.toolField, Label(tool.description))
    record.put(Self.variantField, variant.utf8CodeUnitCount == 0 ? nil : Label(variant.description))
  }
  static let field = ObjectField<Indicates>("indicates", "what is indicated: never a person, nor what was inside")
}

/// The plugin that made a finding.
public struct PluginName: FieldObject {
  public let identifier: StaticString
  public let version: Int

  public init(identifier: StaticString, version: Int) {
    self.identifier = identifier
    self.version = version
  }

  static let identifierField = Field<Label>("name", "the plugin")
  static let versionField = Field<Count>("version", "its version")
  public static var fields: [FieldDeclaration] { [identifierField.declaration, versionField.declaration] }
  public func write(to record: inout FieldWriter) {
    record.put(Self.identifierField, Label(identifier.description))
    record.put(Self.versionField, Count(version))
  }
}

/// A finding, ready to be written.
public struct FindingRecord: FieldObject {
  public let rule: Rule
  public let plugin: PluginName
  public let certainty: Certainty
  public let variant: StaticString
  public let marks: [MarkRecord]
  /// Another conclusive finding on the same stream names another tool.
  public let conflicts: Bool
  /// Bytes that it rests on came twice with other contents; its certainty is what is left then.
  public let isContradicted: Bool
  public let flow: FlowIdentity
  public let flowID: UInt64
  public let communityID: String?
  public let first: Timestamp?
  public let last: Timestamp?
  public let evidence: EvidenceName
  public let warrant: String
  public let displayFilter: DisplayFilterText

  public init(
    rule: Rule, plugin: PluginName, certainty: Certainty, variant: StaticString, marks: [MarkRecord], conflicts: Bool,
    isContradicted: Bool = false, flow: FlowIdentity, flowID: UInt64, communityID: String?, first: Timestamp?,
    last: Timestamp?,
    evidence: EvidenceName, warrant: String, displayFilter: DisplayFilterText
  ) {
    self.rule = rule
    self.plugin = plugin
    self.certainty = certainty
    self.variant = variant
    self.marks = marks
    self.conflicts = conflicts
    self.isContradicted = isContradicted
    self.flow = flow
    self.flowID = flowID
    self.communityID = communityID
    self.first = first
    self.last = last
    self.evidence = evidence
    self.warrant = warrant
    self.displayFilter = displayFilter
  }

  static let ruleField = Field<Label>("rule", "the rule that was met; `veilscope explain` tells more")
  static let ruleVersionField = Field<Count>("rule_version", "version of the rule, to which its error figures belong")
  static let certaintyField = Field<CertaintyText>("certainty", "how certain: never more than a lead if `indicative`")
  static let conflictField = Field<FlowFlag>(
    "conflict", "true: another conclusive finding on this stream names another tool, which is a defect", when: "true")
  static let contradictedField = Field<FlowFlag>(
    "contradicted",
    """
    true: bytes that it rests on came twice with other contents, so that the two ends may have seen others than those \
    that were read; it is `indicative` at most
    """, when: "true")
  static let meaningField = Field<Label>("meaning", "what the finding says, and no more")
  static let marksField = ObjectListField<MarkRecord>("marks", "what was observed")
  static let lookAlikesField = ListField<Label>("look_alikes", "what else looks like this")
  static let blindSpotsField = ListField<Label>("cannot_see", "what the rule cannot see")
  static let errorsField = ObjectField<ErrorFigures>(
    "errors", "how often this version of the rule was wrong where that was measured")
  static let flowIDField = Field<Count>("flow_id", "`id` of the flow's record")
  static let pluginField = ObjectField<PluginName>("plugin", "the plugin that made it")
  static let attackField = Field<Label>("attack", "MITRE ATT&CK technique", when: "one fits")
  static let warrantField = Field<Label>("warrant", "id of the warrant")
  static let filterField = Field<DisplayFilterText>(
    "display_filter", "Wireshark display filter that shows its frames; over a set of files: of the first mark's file")
  static let firstField = Field<PacketTime>("first", "time of the flow's first packet", when: "the capture gives times")
  static let lastField = Field<PacketTime>("last", "time of the flow's last packet", when: "the capture gives times")

  public static var fields: [FieldDeclaration] {
    [
      Indicates.field.declaration, certaintyField.declaration, ruleField.declaration, ruleVersionField.declaration,
      meaningField.declaration, conflictField.declaration, contradictedField.declaration, marksField.declaration,
      lookAlikesField.declaration,
      blindSpotsField.declaration, errorsField.declaration, FlowIdentity.field.declaration, flowIDField.declaration,
      FlowFields.communityID.declaration, firstField.declaration, lastField.declaration,
      EvidenceName.field.declaration, filterField.declaration, attackField.declaration, pluginField.declaration,
      warrantField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Indicates.field, Indicates(rule, variant: variant))
    record.put(Self.certaintyField, CertaintyText(certainty))
    record.put(Self.ruleField, Label(rule.identifier.description))
    record.put(Self.ruleVersionField, Count(rule.version))
    record.put(Self.meaningField, Label(rule.meaning.description))
    record.put(Self.conflictField, conflicts ? FlowFlag(true) : nil)
    record.put(Self.contradictedField, isContradicted ? FlowFlag(true) : nil)
    record.put(Self.marksField, marks)
    record.put(Self.lookAlikesField, rule.lookAlikes.map { Label($0.description) })
    record.put(Self.blindSpotsField, rule.blindSpots.map { Label($0.description) })
    record.put(Self.errorsField, ErrorFigures.of(rule))
    record.put(FlowIdentity.field, flow)
    record.put(Self.flowIDField, Count(flowID))
    record.put(FlowFields.communityID, communityID.map { CommunityIDText($0) })
    record.put(Self.firstField, first.map { PacketTime($0) })
    record.put(Self.lastField, last.map { PacketTime($0) })
    record.put(EvidenceName.field, evidence)
    record.put(Self.filterField, displayFilter)
    record.put(Self.attackField, rule.attack.utf8CodeUnitCount == 0 ? nil : Label(rule.attack.description))
    record.put(Self.pluginField, plugin)
    record.put(Self.warrantField, Label(warrant))
  }
}

/// A certainty's name.
public struct CertaintyText: FieldType {
  public static let category = Category.flow
  public static var isAlwaysAllowed: Bool { true }
  public static let shape = Shape.text(values: Certainty.allCases.map(\.name))
  let certainty: Certainty
  public init(_ certainty: Certainty) { self.certainty = certainty }
  public func write(to json: inout JSONWriter) { json.string(certainty.name) }
}
