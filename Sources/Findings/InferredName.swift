// Names of the DNS in records, and the name by which a flow was probably reached.

import Bytes
import JSON
import Terms

/// A registrable domain, or what stands above one: `example.com`, `co.uk`.
public struct DomainName: DomainField {
  public static let category = Category.dnsName
  public let name: [UInt8]
  public let start: Int
  public init(_ name: [UInt8], from start: Int) {
    self.name = name
    self.start = start
  }
}

/// A whole name with the labels below its registrable domain.
public struct FullDomainName: DomainField {
  public static let category = Category.dnsNameFull
  public let name: [UInt8]
  public var start: Int { 0 }
  public init(_ name: [UInt8]) { self.name = name }
}

/// A name of the DNS in visible ASCII, or its end.
public protocol DomainField: FieldType, Hashable {
  var name: [UInt8] { get }
  /// Where what is shown begins.
  var start: Int { get }
}

extension DomainField {
  public static var shape: Shape { .text() }
  public var holdsAddress: Bool { DomainText.holdsAddress(String(decoding: name.dropFirst(start), as: UTF8.self)) }
  public func write(to json: inout JSONWriter) {
    name.withRawSpan { json.string(utf8: $0.slice(start, $0.byteCount &- start)) }
  }
}

/// An address that a server answered: a third party's, whoever asked.
public struct AnsweredAddress: FieldType, Hashable {
  public static let category = Category.addressesOfThirdParties
  public static let shape = Shape.text()
  let address: Address
  public init(_ address: Address) { self.address = address }
  public func write(to json: inout JSONWriter) {
    json.string { address.append(to: &$0) }
  }
}

enum DomainText {
  /// Names that are made of addresses: of reverse zones (RFC 1035 section 3.5, RFC 3596 section 2.5), and those of hosts
  /// that write theirs with hyphens.
  static func holdsAddress(_ text: String) -> Bool {
    text.hasSuffix(".ip6.arpa") || Address.stands(in: text)
      || text.utf8.contains(0x2d) && Address.stands(in: dotted(text))
  }

  private static func dotted(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 == 0x2d ? 0x2e : $0 }, as: UTF8.self)
  }
}

/// The name that a flow's initiator had been answered the responder's address for. Inferred: the flow itself does not
/// say it.
public struct InferredName: FieldObject {
  private let name: [UInt8]
  private let registrable: Int
  private let others: Int
  private let frame: ShownFrame

  /// - Parameters:
  ///   - name: the whole name in ASCII.
  ///   - registrable: where its registrable domain begins.
  public init(_ name: [UInt8], registrable: Int, others: Int, frame: ShownFrame) {
    self.name = name
    self.registrable = registrable
    self.others = others
    self.frame = frame
  }

  static let nameField = Field<DomainName>("name", "registrable domain of the name that was asked for")
  static let fullField = Field<FullDomainName>("name_full", "the whole name")
  static let fromField = Field<Label>("from", "what it is inferred from: `dns`")
  static let frameField = ObjectField<ShownFrame>("answered_frame", "the frame of the answer")
  static let othersField = Field<Count>(
    "other_names",
    "other names that this client was answered the same address for, while they held: the flow may be for one of them",
    when: "there were any")
  public static var fields: [FieldDeclaration] {
    [
      nameField.declaration, fullField.declaration, fromField.declaration, frameField.declaration,
      othersField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.nameField, DomainName(name, from: registrable))
    record.put(Self.fullField, FullDomainName(name))
    record.put(Self.fromField, Label("dns"))
    record.put(Self.frameField, frame)
    record.put(Self.othersField, others > 0 ? Count(others) : nil)
  }

  public static let field = ObjectField<InferredName>(
    "name_inferred",
    """
    the name by which the responder was probably reached: the initiator was answered its address, not longer ago than \
    the answer's time to live and five minutes
    """, when: "DNS answers are in view")
}
