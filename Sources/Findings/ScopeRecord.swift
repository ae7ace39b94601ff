// What lay inside and outside the warrant, and what was withheld.

import JSON
import Terms

/// Packets and their bytes.
public struct Tally: FieldObject, Equatable, BitwiseCopyable {
  public var packets: UInt64 = 0
  public var bytes: UInt64 = 0
  public init() {}

  @inlinable
  public mutating func add(bytes count: Int) {
    packets &+= 1
    bytes &+= UInt64(clamping: count)
  }
  public mutating func add(_ other: Tally) {
    packets &+= other.packets
    bytes &+= other.bytes
  }

  static let packetsField = Field<Count>("packets", "packets")
  static let bytesField = Field<Count>("bytes", "bytes of the IP packets by their headers")
  public static var fields: [FieldDeclaration] { [packetsField.declaration, bytesField.declaration] }
  public func write(to record: inout FieldWriter) {
    record.put(Self.packetsField, Count(packets))
    record.put(Self.bytesField, Count(bytes))
  }
}

/// The scope's result: packets are addressed layers, so a tunnelled frame counts several times.
public struct ScopeRecord: FieldObject, Equatable {
  public var covered = Tally()
  public var outOfScope = Tally()
  public var outOfTime = Tally()
  public var excluded = Tally()
  public var noTime = Tally()
  /// Packets whose inside the warrant does not let be read.
  public var insideNotRead = Tally()
  public var withheld = Withheld()

  public init() {}

  public mutating func add(_ other: ScopeRecord) {
    covered.add(other.covered)
    outOfScope.add(other.outOfScope)
    outOfTime.add(other.outOfTime)
    excluded.add(other.excluded)
    noTime.add(other.noTime)
    insideNotRead.add(other.insideNotRead)
    withheld.add(other.withheld)
  }

  static let coveredField = ObjectField<Tally>("in", "packets that the warrant covers")
  static let outField = ObjectField<Tally>("out", "packets of no target: counted and forgotten")
  static let timeField = ObjectField<Tally>(
    "out_of_time", "packets outside the data window, or of a target outside its own time: counted and forgotten")
  static let excludedField = ObjectField<Tally>("excluded", "packets that the warrant excludes: counted and forgotten")
  static let noTimeField = ObjectField<Tally>("no_time", "packets without a time under a warrant that sets one")
  static let insideField = ObjectField<Tally>(
    "inside_not_read", "tunnel packets whose inside the warrant does not cover")
  static let withheldField = ObjectField<WithheldRecord>(
    "withheld", "values withheld, by category that was not allowed")
  public static var fields: [FieldDeclaration] {
    [
      coveredField.declaration, outField.declaration, timeField.declaration, excludedField.declaration,
      noTimeField.declaration, insideField.declaration, withheldField.declaration,
    ]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.coveredField, covered)
    record.put(Self.outField, outOfScope)
    record.put(Self.timeField, outOfTime)
    record.put(Self.excludedField, excluded)
    record.put(Self.noTimeField, noTime)
    record.put(Self.insideField, insideNotRead)
    record.put(Self.withheldField, WithheldRecord(withheld: withheld))
  }
}

/// Values withheld by category; those at zero are left out.
public struct WithheldRecord: FieldObject {
  let withheld: Withheld
  public static var fields: [FieldDeclaration] {
    Category.allCases.map {
      FieldDeclaration($0.name, .integer(minimum: 1), nil, "values of this category", when: "any was withheld")
    }
  }
  public func write(to record: inout FieldWriter) {
    for category in Category.allCases where withheld[category] > 0 {
      record.json.key(category.name)
      record.json.integer(withheld[category])
    }
  }
}

/// A sum over one host and tool of a timeline.
public struct HostSummary: FieldObject {
  public let host: ShownAddress
  public let family: String
  public let tool: String
  public let certainty: Certainty
  public var flows: UInt64
  public var first: Timestamp?
  public var last: Timestamp?
  /// Contacts, the earliest first, at most `mostContacts`.
  public var contacts: [Contact]

  public static let mostContacts = 16

  /// One flow of a summary: what a request to a provider needs (RFC 6302 section 2).
  public struct Contact: FieldObject {
    public let sourcePort: UInt16?
    public let peer: ShownEndpoint
    public let time: Timestamp?
    public let displayFilter: DisplayFilterText
    public let evidence: EvidenceName

    public init(
      sourcePort: UInt16?, peer: ShownEndpoint, time: Timestamp?, displayFilter: DisplayFilterText,
      evidence: EvidenceName
    ) {
      self.sourcePort = sourcePort
      self.peer = peer
      self.time = time
      self.displayFilter = displayFilter
      self.evidence = evidence
    }

    static let portField = Field<Count>("source_port", "the host's port", when: "the transport has ports")
    static let peerField = ObjectField<ShownEndpoint>("peer", "the other end")
    static let timeField = Field<PacketTime>("time", "first packet of the flow", when: "the capture gives times")
    static let filterField = Field<DisplayFilterText>(
      "display_filter", "Wireshark display filter that shows its frames")
    public static var fields: [FieldDeclaration] {
      [
        portField.declaration, peerField.declaration, timeField.declaration, filterField.declaration,
        EvidenceName.field.declaration,
      ]
    }
    public func write(to record: inout FieldWriter) {
      record.put(Self.portField, sourcePort.map { Count($0) })
      record.put(Self.peerField, peer)
      record.put(Self.timeField, time.map { PacketTime($0) })
      record.put(Self.filterField, displayFilter)
      record.put(EvidenceName.field, evidence)
    }
  }

  public init(
    host: ShownAddress, family: String, tool: String, certainty: Certainty, flows: UInt64, first: Timestamp?,
    last: Timestamp?, contacts: [Contact]
  ) {
    self.host = host
    self.family = family
    self.tool = tool
    self.certainty = certainty
    self.flows = flows
    self.first = first
    self.last = last
    self.contacts = contacts
  }

  static let hostField = Field<ShownAddress>("host", "an address in this evidence: never a person, nor a device")
  static let familyField = Field<Label>("family", "family of the tool")
  static let toolField = Field<Label>("tool", "tool, as `labels.md` spells it")
  static let certaintyField = Field<CertaintyText>("certainty", "the certainty of these findings")
  static let flowsField = Field<Count>("flows", "flows that this host began and that indicate the tool")
  static let firstField = Field<PacketTime>("first", "first packet of the earliest", when: "the capture gives times")
  static let lastField = Field<PacketTime>("last", "last packet of the latest", when: "the capture gives times")
  static let contactsField = ObjectListField<Contact>("contacts", "the earliest flows, at most sixteen")
  public static var fields: [FieldDeclaration] {
    [
      hostField.declaration, familyField.declaration, toolField.declaration, certaintyField.declaration,
      flowsField.declaration, firstField.declaration, lastField.declaration, contactsField.declaration,
    ]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.hostField, host)
    record.put(Self.familyField, Label(family))
    record.put(Self.toolField, Label(tool))
    record.put(Self.certaintyField, CertaintyText(certainty))
    record.put(Self.flowsField, Count(flows))
    record.put(Self.firstField, first.map { PacketTime($0) })
    record.put(Self.lastField, last.map { PacketTime($0) })
    record.put(Self.contactsField, contacts)
  }
}
