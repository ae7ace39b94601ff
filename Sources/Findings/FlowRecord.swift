// The core fields of a flow record: one line of `--flows`. Observations add an object each.

import JSON
import Terms

/// The declared fields of a flow record, before those of observations.
public enum FlowFields {
  public static let ordinal = Field<Count>("id", "number of the flow in its timeline, from 1, in order of first packet")
  public static let communityID = Field<CommunityIDText>(
    "community_id", "Community ID version 1, seed 0", when: "third parties' addresses are allowed")
  public static let part = Field<Count>(
    "part", "which part of the flow this record is, from 1", when: "a limit cut the flow")
  public static let continues = Field<FlowFlag>(
    "continues", "true: a later record holds the rest of the flow", when: "a limit cut the flow here")
  public static let endReason = Field<EndReasonText>("end", "why the record ends here")
  public static let beginsMidStream = Field<FlowFlag>(
    "begins_mid_stream", "true: the TCP flow's first packet seen is not its SYN", when: "true")
  public static let directionsSeen = Field<DirectionsText>(
    "directions_seen", "which directions the evidence holds")
  public static let first = Field<PacketTime>("first", "time of the first packet", when: "the capture gives times")
  public static let last = Field<PacketTime>("last", "time of the last packet", when: "the capture gives times")
  public static let carrier = Field<Label>(
    "carrier", "the tunnel that this flow came in", when: "the flow came in a tunnel")
  public static let carrierFlow = Field<Count>(
    "carrier_flow", "`id` of the tunnel's flow", when: "the flow came in a tunnel that is covered itself")
  public static let tunnelID = Field<Count>(
    "tunnel_id", "VNI, GRE key or TEID of the tunnel", when: "the tunnel has one")
  public static let tunnel = Field<Label>(
    "tunnel", "what this flow carries as a tunnel of addressed packets", when: "it is a tunnel")
  public static let vlans = ListField<Count>("vlans", "VLAN ids seen, at most four", when: "tags were seen")
  public static let mpls = ListField<Count>("mpls", "MPLS labels seen, at most three", when: "labels were seen")
  public static let duplicates = Field<Count>(
    "duplicates", "packets seen twice (two tap points), in no other count", when: "not zero")
  public static let badChecksums = Field<Count>(
    "bad_checksums", "packets whose IPv4 header checksum does not hold", when: "not zero")
  public static let badTransportChecksums = Field<Count>(
    "bad_transport_checksums",
    """
    packets whose TCP, UDP, ICMP or ICMPv6 checksum does not hold, verified and to be understood as in \
    `evidence[].bad_transport_checksums`
    """, when: "not zero")
  public static let retransmissions = Field<Count>(
    "retransmissions", "TCP segments that repeat bytes seen before", when: "not zero")
  public static let aboveMTU = Field<Count>(
    "above_mtu", "packets above 1,514 bytes of frame: joined by the capturing host, sizes are not those of the wire",
    when: "not zero")
  public static let protocols = ListField<Label>(
    "protocols", "protocols recognised, in order", when: "any was")
  public static let notAssessable = ListField<Label>(
    "not_assessable", "what cannot be told of this flow, and why", when: "anything cannot")
}

/// A yes or no about a flow itself.
public struct FlowFlag: FieldType {
  public static let category = Category.flow
  public static let shape = Shape.boolean
  let value: Bool
  public init(_ value: Bool) { self.value = value }
  public func write(to json: inout JSONWriter) { json.boolean(value) }
}

/// Why a flow record ends.
public struct EndReasonText: FieldType {
  public static let category = Category.flow
  public static let values = [
    "fin", "rst", "idle-timeout", "active-timeout", "table-full", "port-reuse", "end-of-evidence", "fault",
  ]
  public static let shape = Shape.text(values: values)
  let text: StaticString
  public init(_ text: StaticString) { self.text = text }
  @inlinable public func write(to json: inout JSONWriter) { writePlain(&json) }
  @usableFromInline func writePlain(_ json: inout JSONWriter) { json.plain(text) }
}

/// Which directions were seen.
public struct DirectionsText: FieldType {
  public static let category = Category.flow
  public static let shape = Shape.text(values: ["both", "initiator", "responder"])
  public let text: StaticString
  public init(fromInitiator: Bool, fromResponder: Bool) {
    text = fromInitiator ? (fromResponder ? "both" : "initiator") : "responder"
  }
  public func write(to json: inout JSONWriter) { json.plain(text) }
}

/// The transport, addresses and ports of a flow.
public struct FlowIdentity: FieldObject {
  /// `tcp udp icmp icmpv6 sctp esp ah gre`, else `ip/N`.
  public let transport: Label
  public let initiator: ShownEndpoint
  public let responder: ShownEndpoint

  public init(transport: Label, initiator: ShownEndpoint, responder: ShownEndpoint) {
    self.transport = transport
    self.initiator = initiator
    self.responder = responder
  }

  public static let transportField = Field<Label>(
    "transport", "`tcp udp icmp icmpv6 sctp esp ah gre`, else `ip/` and the protocol's number")
  public static let initiatorField = ObjectField<ShownEndpoint>(
    "initiator", "the end that began: the sender of the SYN, else of the first packet seen")
  public static let responderField = ObjectField<ShownEndpoint>("responder", "the other end")
  public static var fields: [FieldDeclaration] {
    [transportField.declaration, initiatorField.declaration, responderField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.transportField, transport)
    record.put(Self.initiatorField, initiator)
    record.put(Self.responderField, responder)
  }

  /// The field of this object in flow records, findings and summaries.
  public static let field = ObjectField<FlowIdentity>("flow", "the two ends")

  /// The name of a transport by IP protocol number.
  public static func transportName(protocolNumber: UInt8) -> String {
    switch protocolNumber {
    case 6: "tcp"
    case 17: "udp"
    case 1: "icmp"
    case 58: "icmpv6"
    case 132: "sctp"
    case 50: "esp"
    case 51: "ah"
    case 47: "gre"
    default: "ip/\(protocolNumber)"
    }
  }
}

/// The evidence that a flow, finding or notice was read from.
public struct EvidenceName: FieldObject {
  public let name: String
  /// Told apart from another file of the same base name by digest, or by place where digests are skipped.
  public let sha256: String?
  public let place: Int?

  public init(name: String, sha256: String? = nil, place: Int? = nil) {
    self.name = name
    self.sha256 = sha256
    self.place = place
  }

  static let nameField = Field<Label>("name", "base name of the file")
  static let digestField = Field<Label>(
    "sha256", "SHA-256 of the file", when: "another file of this run has the same base name")
  static let placeField = Field<Count>(
    "place", "place on the command line, from 1",
    when: "another file of this run has the same base name and digests are skipped")
  public static var fields: [FieldDeclaration] {
    [nameField.declaration, digestField.declaration, placeField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.nameField, Label(name))
    record.put(Self.digestField, sha256.map { Label($0) })
    record.put(Self.placeField, place.map { Count($0) })
  }
  public static let field = ObjectField<EvidenceName>("evidence", "the file it was read from")
}

/// Counters of one direction. Flow records are written in one piece: nothing is made of this type.
public enum DirectionCounts: FieldGroup {
  public static let packetsField = Field<Count>("packets", "packets")
  public static let bytesField = Field<Count>("bytes", "bytes of IP packets, headers included")
  public static let payloadField = Field<Count>("payload", "bytes of transport payload")
  public static var fields: [FieldDeclaration] {
    [packetsField.declaration, bytesField.declaration, payloadField.declaration]
  }
  public static let fromInitiator = ObjectField<DirectionCounts>(
    "from_initiator", "counters of the initiator's direction")
  public static let fromResponder = ObjectField<DirectionCounts>(
    "from_responder", "counters of the responder's direction")
}

/// A frame of the evidence.
public struct ShownFrame: FieldObject {
  public let number: UInt64
  public let offset: Int64
  /// Index into the timeline's evidence items; only where a timeline has several.
  public let evidence: UInt32?

  public init(_ reference: FrameReference, showsEvidence: Bool) {
    number = reference.number
    offset = reference.offset
    evidence = showsEvidence ? reference.evidence : nil
  }

  public static let numberField = Field<Count>("number", "frame number, from 1, as Wireshark counts")
  public static let offsetField = Field<Count>(
    "offset", "byte offset of the record in the file (of the unpacked stream in a compressed file)",
    when: "the frame was read from a file")
  public static let evidenceField = Field<Count>(
    "evidence", "index into the document's `evidence`, from 0", when: "several files are one timeline")
  public static var fields: [FieldDeclaration] {
    [numberField.declaration, offsetField.declaration, evidenceField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.numberField, Count(number))
    record.put(Self.offsetField, offset < 0 ? nil : Count(offset))
    record.put(Self.evidenceField, evidence.map { Count($0) })
  }
  public static let first = ObjectField<ShownFrame>("first_frame", "the frame of the first packet")
  public static let last = ObjectField<ShownFrame>("last_frame", "the frame of the last packet")
}

/// What a flow indicates, in its record; the finding has the evidence.
public struct Indication: FieldObject {
  public let indicates: Indicates
  public let rule: StaticString
  public let certainty: Certainty
  public let inherited: Bool

  public init(_ indicates: Indicates, rule: StaticString, certainty: Certainty, inherited: Bool) {
    self.indicates = indicates
    self.rule = rule
    self.certainty = certainty
    self.inherited = inherited
  }

  /// What a later part of the flow has of it.
  public var asInherited: Indication { Indication(indicates, rule: rule, certainty: certainty, inherited: true) }

  static let certaintyField = Field<Label>("certainty", "`indicative`, `strong` or `conclusive`")
  static let ruleField = Field<Label>("rule", "the rule that says so")
  static let inheritedField = Field<FlowFlag>(
    "inherited", "true: found in an earlier part of this flow", when: "true")
  public static var fields: [FieldDeclaration] {
    Indicates.fields + [certaintyField.declaration, ruleField.declaration, inheritedField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    indicates.write(to: &record)
    record.put(Self.certaintyField, Label(certainty.name))
    record.put(Self.ruleField, Label(rule.description))
    record.put(Self.inheritedField, inherited ? FlowFlag(true) : nil)
  }
  public static let field = ObjectListField<Indication>(
    "indications", "what the flow indicates, one a rule", when: "any rule says so")
}

/// How the stream that an observation was read from came about. The engine adds it to every observation's object.
public enum StreamWay {
  public static let field = ListField<Label>(
    "way", "the plugins that led to the stream it was read from, outermost first",
    when: "it was not read from the flow's own stream")
}
