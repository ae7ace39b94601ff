// Names of the DNS in records, and the name by which a flow was probably reached.

import JSON
import Terms

/// A registrable domain, or what stands above one: `example.com`, `co.uk`.
public struct DomainName: TextField, Hashable {
  public static let category = Category.dnsName
  public let text: String
  public init(_ text: String) { self.text = text }
  public var holdsAddress: Bool { DomainText.holdsAddress(text) }
}

/// A whole name with the labels below its registrable domain.
public struct FullDomainName: TextField, Hashable {
  public static let category = Category.dnsNameFull
  public let text: String
  public init(_ text: String) { self.text = text }
  public var holdsAddress: Bool { DomainText.holdsAddress(text) }
}

enum DomainText {
  /// Names that are made of addresses: of reverse zones (RFC 1035 section 3.5, RFC 3596 section 2.5), and those of hosts
  /// that write theirs with hyphens.
  static func holdsAddress(_ text: String) -> Bool {
    text.hasSuffix(".ip6.arpa") || Address.stands(in: text)
      || text.utf8.contains(0x2d) && Address.stands(in: String(text.map { $0 == "-" ? "." : $0 }))
  }
}

/// The name that a flow's initiator had been answered the responder's address for. Inferred: the flow itself does not
/// say it.
public struct InferredName: FieldObject {
  private let name: String
  private let full: String
  private let others: Int
  private let frame: ShownFrame

  /// - Parameters:
  ///   - name: the whole name in ASCII.
  ///   - registrable: where its registrable domain begins.
  public init(_ name: [UInt8], registrable: Int, others: Int, frame: ShownFrame) {
    full = String(decoding: name, as: UTF8.self)
    self.name = String(decoding: name.dropFirst(registrable), as: UTF8.self)
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
    record.put(Self.nameField, DomainName(name))
    record.put(Self.fullField, FullDomainName(full))
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
