// What IPsec puts into the flow record: objects `ike`, `esp` and `ah`.

import Bytes
import Findings
import Wire

/// An association of two ends, when its first message is seen.
public struct IKEAssociation: Observation {
  let header: IKEHeader
  let carriage: IPsecCarriage

  public static let record: StaticString = "ike"
  private static let version = Field<ProtocolNumber>("version", "version of IKE: 1 or 2")
  private static let exchange = Field<ProtocolText>(
    "exchange", "exchange type of the first message in view: `main`, `aggressive`, `IKE_SA_INIT`, `IKE_AUTH`")
  private static let carriedBy = Field<ProtocolText>(
    "carried_by", "`udp`; `udp-encapsulation`: behind the marker of RFC 3948; `tcp`: RFC 9329")
  private static let spi = Field<ProtocolText>("initiator_spi", "the initiator's SPI or cookie, in hexadecimal digits")

  public static var fields: [FieldDeclaration] {
    [version.declaration, exchange.declaration, carriedBy.declaration, spi.declaration]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.version, ProtocolNumber(header.version))
    record.put(Self.exchange, ProtocolText(header.exchangeName))
    record.put(Self.carriedBy, ProtocolText(carriage.rawValue))
    record.put(Self.spi, ProtocolText(hex(header.initiatorSPI)))
  }
}

/// What the initiator offers.
public struct IKEInitiation: Observation {
  let message: IKEMessage

  public static let record: StaticString = "ike"
  private static let offers = ListField<ProtocolText>(
    "proposals_offered", "what the initiator offers, in its order, 32 at most", when: "it stands in clear")
  private static let group = Field<ProtocolText>(
    "group_offered", "group of the initiator's key share", when: "version 2")
  private static let postQuantum = Field<ProtocolFlag>(
    "post_quantum_offered", "true: a key exchange against quantum computers is offered", when: "true")
  private static let vendors = ListField<SoftwareVersion>(
    "initiator_vendors", "vendor ids by their names, unknown ones in hexadecimal digits", when: "there are any")
  private static let notifications = ListField<ProtocolText>(
    "initiator_notifications", "notifications by their registered names", when: "there are any")
  private static let identity = Field<ProtocolText>(
    "initiator_identity_type", "type of the initiator's identity, which is not shown",
    when: "it stands in clear (aggressive mode)")
  private static let nat = Field<ProtocolFlag>(
    "initiator_detects_nat", "true: the initiator looks for address translation", when: "true")
  private static let fragments = Field<ProtocolFlag>(
    "initiator_takes_fragments", "true: the initiator takes messages in fragments", when: "true")

  public static var fields: [FieldDeclaration] {
    [
      offers.declaration, group.declaration, postQuantum.declaration, vendors.declaration, notifications.declaration,
      identity.declaration, nat.declaration, fragments.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.offers, message.hasSA ? message.proposals.map { ProtocolText($0) } : nil)
    record.put(Self.group, message.group.map { ProtocolText($0) })
    record.put(Self.postQuantum, ProtocolFlag(ifTrue: message.offersPostQuantum))
    record.put(Self.vendors, list(message.vendors.map { SoftwareVersion($0) }))
    record.put(Self.notifications, list(message.notificationNames))
    record.put(Self.identity, message.identityType.map { ProtocolText($0) })
    record.put(Self.nat, ProtocolFlag(ifTrue: message.detectsNAT))
    record.put(Self.fragments, ProtocolFlag(ifTrue: message.supportsFragments))
  }
}

/// The answer to it.
public struct IKEAnswer: Observation {
  let message: IKEMessage

  public static let record: StaticString = "ike"
  private static let spi = Field<ProtocolText>("responder_spi", "the responder's SPI or cookie, in hexadecimal digits")
  private static let chosen = ListField<ProtocolText>(
    "proposal_chosen", "what the responder chose of the offers", when: "it chose")
  private static let group = Field<ProtocolText>("group", "group of the responder's key share", when: "version 2")
  private static let refused = Field<ProtocolText>(
    "refused", "why the responder refuses, by its registered name", when: "it does")
  private static let vendors = ListField<SoftwareVersion>(
    "responder_vendors", "vendor ids by their names, unknown ones in hexadecimal digits", when: "there are any")
  private static let notifications = ListField<ProtocolText>(
    "responder_notifications", "notifications by their registered names", when: "there are any")
  private static let identity = Field<ProtocolText>(
    "responder_identity_type", "type of the responder's identity, which is not shown",
    when: "it stands in clear (aggressive mode)")
  private static let nat = Field<ProtocolFlag>(
    "responder_detects_nat", "true: the responder looks for address translation", when: "true")
  private static let fragments = Field<ProtocolFlag>(
    "responder_takes_fragments", "true: the responder takes messages in fragments", when: "true")

  public static var fields: [FieldDeclaration] {
    [
      spi.declaration, chosen.declaration, group.declaration, refused.declaration, vendors.declaration,
      notifications.declaration, identity.declaration, nat.declaration, fragments.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.spi, ProtocolText(hex(message.header.responderSPI)))
    record.put(Self.chosen, message.hasSA ? message.proposals.map { ProtocolText($0) } : nil)
    record.put(Self.group, message.group.map { ProtocolText($0) })
    record.put(
      Self.refused,
      message.refusal.map { ProtocolText(IKERegistry.notification($0, version: message.header.version)) })
    record.put(Self.vendors, list(message.vendors.map { SoftwareVersion($0) }))
    record.put(Self.notifications, list(message.notificationNames))
    record.put(Self.identity, message.identityType.map { ProtocolText($0) })
    record.put(Self.nat, ProtocolFlag(ifTrue: message.detectsNAT))
    record.put(Self.fragments, ProtocolFlag(ifTrue: message.supportsFragments))
  }
}

/// Messages that come in fragments.
public struct IKEFragments: Observation {
  /// Fragments of the first such message; nil in version 1, whose pieces do not say it.
  let total: Int?

  public static let record: StaticString = "ike"
  private static let fragmented = Field<ProtocolFlag>(
    "fragmented", "true: messages come in fragments (RFC 7383; version 1 by its vendors' extension)", when: "true")
  private static let count = Field<ProtocolNumber>(
    "fragments", "fragments of the first such message", when: "messages of version 2 come in fragments")

  public static var fields: [FieldDeclaration] { [fragmented.declaration, count.declaration] }

  public func write(to record: inout FieldWriter) {
    record.put(Self.fragmented, ProtocolFlag(true))
    record.put(Self.count, total.map { ProtocolNumber($0) })
  }
}

/// Certificates that stand in clear: in main and aggressive mode of version 1 with signatures, hardly elsewhere.
public struct IKECertificates: Observation {
  let message: IKEMessage
  let isFromInitiator: Bool

  public static let record: StaticString = "ike"
  private static let fromInitiator = Field<ProtocolFlag>(
    "certificates_of_initiator", "whether the certificates are those of the flow's initiator",
    when: "certificates stand in clear")
  private static let certificates = ObjectListField<ShownCertificate>(
    "certificates", "the side's certificates, in its order", when: "they stand in clear")
  private static let leftOut = Field<ProtocolNumber>(
    "certificates_left_out", "certificates after the first 16", when: "there are any")

  public static var fields: [FieldDeclaration] {
    [fromInitiator.declaration, certificates.declaration, leftOut.declaration]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.fromInitiator, ProtocolFlag(isFromInitiator))
    record.put(Self.certificates, message.certificates.map(ShownCertificate.init))
    let more = message.certificatesLeftOut
    record.put(Self.leftOut, more > 0 ? ProtocolNumber(more) : nil)
  }
}

/// The SPIs of both directions of ESP.
public struct ESPAssociations: Observation {
  let flow: ProtectedFlow
  let keepalives: Int

  public static let record: StaticString = "esp"
  private static let initiator = ListField<ProtocolText>(
    "spis_from_initiator", "SPIs of what the flow's initiator sends, in their order, 8 at most")
  private static let responder = ListField<ProtocolText>(
    "spis_from_responder", "SPIs of what the flow's responder sends, in their order, 8 at most")
  private static let keepalivesField = Field<ProtocolNumber>(
    "nat_keepalives", "keepalives of RFC 3948 among the packets looked at", when: "there are any")

  public static var fields: [FieldDeclaration] {
    [initiator.declaration, responder.declaration, keepalivesField.declaration]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.initiator, flow.client.all.map { ProtocolText(hex($0)) })
    record.put(Self.responder, flow.server.all.map { ProtocolText(hex($0)) })
    record.put(Self.keepalivesField, keepalives > 0 ? ProtocolNumber(keepalives) : nil)
  }
}

/// The SPIs of both directions of AH.
public struct AHAssociations: Observation {
  let flow: ProtectedFlow

  public static let record: StaticString = "ah"
  private static let initiator = ListField<ProtocolText>(
    "spis_from_initiator", "SPIs of what the flow's initiator sends, in their order, 8 at most")
  private static let responder = ListField<ProtocolText>(
    "spis_from_responder", "SPIs of what the flow's responder sends, in their order, 8 at most")

  public static var fields: [FieldDeclaration] { [initiator.declaration, responder.declaration] }

  public func write(to record: inout FieldWriter) {
    record.put(Self.initiator, flow.client.all.map { ProtocolText(hex($0)) })
    record.put(Self.responder, flow.server.all.map { ProtocolText(hex($0)) })
  }
}

/// What carries IKE.
enum IPsecCarriage: String, Sendable {
  case udp
  case encapsulated = "udp-encapsulation"
  case tcp
}

extension IKEMessage {
  fileprivate var notificationNames: [ProtocolText] {
    notifications.map { ProtocolText(IKERegistry.notification($0, version: header.version)) }
  }
}

/// As many digits as the number has bytes.
func hex(_ number: some FixedWidthInteger & UnsignedInteger) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: number.bitWidth / 4 - digits.count) + digits
}

private func list<Value>(_ values: [Value]) -> [Value]? { values.isEmpty ? nil : values }
