// The observation of a DNS query and its answer.

import Findings
import JSON
import Terms

/// A query with its answer, a query without one, or a multicast message.
public struct DNSTransaction: Observation {
  /// How the message went.
  public enum Variant: String, CaseIterable, Sendable {
    case dns, mdns, llmnr
  }

  /// What an answer holds.
  public struct Answer: Sendable {
    public let header: DNSHeader
    public let sections: DNSSections
    /// No query with its identifier and question is in view.
    public let isUnasked: Bool
    /// The capture cut the message.
    public let isCut: Bool

    public init(_ header: DNSHeader, _ sections: DNSSections, isUnasked: Bool, isCut: Bool) {
      self.header = header
      self.sections = sections
      self.isUnasked = isUnasked
      self.isCut = isCut
    }

    public var code: UInt16 { header.code | (sections.edns?.codeBits ?? 0) << 4 }
  }

  public let variant: Variant
  public let name: DNSName
  public let type: UInt16
  public let recordClass: UInt16
  public let questions: UInt16
  public let opcode: UInt8
  /// Nil where none is in view.
  public let answer: Answer?

  public init(
    _ variant: Variant, name: DNSName, type: UInt16, recordClass: UInt16, questions: UInt16, opcode: UInt8,
    answer: Answer?
  ) {
    self.variant = variant
    self.name = name
    self.type = type
    self.recordClass = recordClass
    self.questions = questions
    self.opcode = opcode
    self.answer = answer
  }

  // MARK: - Fields

  public static let record: StaticString = "dns"

  private static let variantField = Field<VariantText>(
    "variant", "`mdns` or `llmnr`: asked of the local network by multicast, not of a resolver", when: "it was")
  private static let nameField = Field<DomainName>(
    "name", "registrable domain of the name that was asked for; a name above one as it is; the root is empty")
  private static let fullField = Field<FullDomainName>("name_full", "the whole name", when: "it is longer than `name`")
  private static let typeField = Field<DNSCode>("type", "type of the records asked for")
  private static let classField = Field<DNSCode>("class", "class of the records asked for", when: "it is not IN")
  private static let questionsField = Field<ProtocolNumber>(
    "questions", "questions in the message, of which the first is shown", when: "it is not one")
  private static let opcodeField = Field<DNSCode>("opcode", "the operation", when: "it is not QUERY")
  private static let unansweredField = Field<ProtocolFlag>(
    "unanswered", "true: no answer is in view", when: "true")
  private static let codeField = Field<DNSCode>("code", "response code", when: "an answer is in view")
  private static let answersField = Field<ProtocolNumber>(
    "answers", "records in the answer section, as the header counts them", when: "an answer is in view")
  private static let authoritiesField = Field<ProtocolNumber>(
    "authorities", "records in the authority section", when: "not zero")
  private static let additionalsField = Field<ProtocolNumber>(
    "additionals", "records in the additional section, that of EDNS too", when: "not zero")
  private static let authoritativeField = Field<ProtocolFlag>(
    "authoritative", "true: the answer comes from a server of the zone", when: "true")
  private static let truncatedField = Field<ProtocolFlag>(
    "truncated", "true: the server cut the answer, which then goes over TCP", when: "true")
  private static let addressesField = ListField<AnsweredAddress>(
    "addresses", "addresses answered, in the answer's order, 32 at most", when: "any were")
  private static let leftOutField = Field<ProtocolNumber>(
    "addresses_left_out", "addresses after the first 32", when: "there are any")
  private static let servicesField = ObjectListField<DNSService>(
    "services", "SVCB and HTTPS records answered, 32 at most", when: "any were")
  private static let ednsField = ObjectField<DNSExtension>("edns", "EDNS of the answer", when: "the answer has it")
  private static let unaskedField = Field<ProtocolFlag>(
    "unasked", "true: no query with this identifier and question is in view", when: "true")
  private static let malformedField = Field<ProtocolFlag>(
    "malformed", "true: the answer's records contradict their format; what stands behind is missing here", when: "true")
  private static let cutField = Field<ProtocolFlag>(
    "cut", "true: the capture holds a part of the answer; what stands behind is missing here", when: "true")

  public static var fields: [FieldDeclaration] {
    [
      variantField.declaration, nameField.declaration, fullField.declaration, typeField.declaration,
      classField.declaration, questionsField.declaration, opcodeField.declaration, unansweredField.declaration,
      codeField.declaration, answersField.declaration, authoritiesField.declaration, additionalsField.declaration,
      authoritativeField.declaration, truncatedField.declaration, addressesField.declaration,
      leftOutField.declaration, servicesField.declaration, ednsField.declaration, unaskedField.declaration,
      malformedField.declaration, cutField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    if variant != .dns { record.put(Self.variantField, VariantText(variant)) }
    record.put(Self.nameField, DomainName(name.text, from: name.registrable))
    if name.registrable > 0 { record.put(Self.fullField, FullDomainName(name.text)) }
    record.put(Self.typeField, DNSCode(type: type))
    // The highest bit asks multicast DNS for a unicast answer (RFC 6762 section 5.4).
    let recordClass = variant == .mdns ? recordClass & 0x7fff : recordClass
    if recordClass != 1 { record.put(Self.classField, DNSCode(recordClass: recordClass)) }
    if questions != 1 { record.put(Self.questionsField, ProtocolNumber(questions)) }
    if opcode != 0 { record.put(Self.opcodeField, DNSCode(opcode: opcode)) }
    guard let answer else {
      record.put(Self.unansweredField, ProtocolFlag(true))
      return
    }
    record.put(Self.codeField, DNSCode(responseCode: answer.code))
    record.put(Self.answersField, ProtocolNumber(answer.header.answers))
    put(Self.authoritiesField, answer.header.authorities, &record)
    put(Self.additionalsField, answer.header.additionals, &record)
    record.put(Self.authoritativeField, ProtocolFlag(ifTrue: answer.header.isAuthoritative))
    record.put(Self.truncatedField, ProtocolFlag(ifTrue: answer.header.isTruncated))
    let sections = answer.sections
    if !sections.addresses.isEmpty {
      record.put(Self.addressesField, sections.addresses.map { AnsweredAddress($0.value) })
    }
    put(Self.leftOutField, UInt16(clamping: sections.addressesLeftOut), &record)
    if !sections.services.isEmpty { record.put(Self.servicesField, sections.services.map(\.value)) }
    if let edns = sections.edns { record.put(Self.ednsField, edns) }
    record.put(Self.unaskedField, ProtocolFlag(ifTrue: answer.isUnasked))
    record.put(Self.malformedField, ProtocolFlag(ifTrue: sections.error != nil && !answer.isCut))
    record.put(Self.cutField, ProtocolFlag(ifTrue: answer.isCut))
  }

  private func put(_ field: Field<ProtocolNumber>, _ number: UInt16, _ record: inout FieldWriter) {
    if number > 0 { record.put(field, ProtocolNumber(number)) }
  }
}

/// Messages of a flow beyond those that are shown one by one.
public struct DNSFurther: Observation {
  public let messages: UInt64
  public init(messages: UInt64) { self.messages = messages }

  public static let record: StaticString = "dns"
  private static let messagesField = Field<ProtocolNumber>(
    "further_messages", "messages of the flow that are not shown one by one", when: "there are any")
  public static var fields: [FieldDeclaration] { [messagesField.declaration] }
  public func write(to record: inout FieldWriter) { record.put(Self.messagesField, ProtocolNumber(messages)) }
}

/// How a message went, as text.
struct VariantText: FieldType {
  static let category = Category.protocolMetadata
  static let shape = Shape.text(values: [DNSTransaction.Variant.mdns, .llmnr].map(\.rawValue))
  let variant: DNSTransaction.Variant
  init(_ variant: DNSTransaction.Variant) { self.variant = variant }
  func write(to json: inout JSONWriter) { json.plain(variant == .mdns ? "mdns" : "llmnr") }
}

extension DNSExtension: FieldObject {
  private static let versionField = Field<ProtocolNumber>("version", "version of EDNS", when: "not zero")
  private static let sizeField = Field<ProtocolNumber>("udp_size", "bytes of UDP payload that the sender takes")
  private static let dnssecField = Field<ProtocolFlag>("dnssec_ok", "true: DNSSEC records are asked for", when: "true")
  private static let optionsField = ListField<DNSCode>("options", "its options, 16 at most", when: "there are any")

  public static var fields: [FieldDeclaration] {
    [versionField.declaration, sizeField.declaration, dnssecField.declaration, optionsField.declaration]
  }

  public func write(to record: inout FieldWriter) {
    if version > 0 { record.put(Self.versionField, ProtocolNumber(version)) }
    record.put(Self.sizeField, ProtocolNumber(payloadSize))
    record.put(Self.dnssecField, ProtocolFlag(ifTrue: asksForDNSSEC))
    if !options.isEmpty { record.put(Self.optionsField, options.map { DNSCode(option: $0) }) }
  }
}
