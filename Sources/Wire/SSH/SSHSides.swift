// What each side of SSH says and offers, in the flow record's object `ssh`.

import Findings
import JSON
import Terms

/// The client's identification and offer.
public struct SSHClient: Observation {
  public let identification: SSHIdentification?
  public let offer: SSHKeyExchangeInit?
  /// An offer came whose lists contradict their format.
  public let isMalformed: Bool

  public init(_ identification: SSHIdentification?, _ offer: SSHKeyExchangeInit?, isMalformed: Bool = false) {
    self.identification = identification
    self.offer = offer
    self.isMalformed = isMalformed
  }

  public static let record: StaticString = "ssh"
  private static let side = SideFields(
    software: .init("client", "the client's identification line", when: "it is in view"),
    lines: .init(
      "client_lines_before", "lines of text that the client sends before its identification", when: "there are any"),
    oddEnd: .init("client_odd_line_end", "true: the identification ends otherwise than by CR LF", when: "true"),
    hassh: .init("hassh", "HASSH fingerprint of the client's offer", when: "the offer is in view"),
    keyExchanges: .init(
      "client_key_exchanges", "methods for key exchange, in the client's order; 128 at most, as in each of these lists",
      when: "the client's offer is in view"),
    hostKeys: .init(
      "client_host_keys", "algorithms for host keys that the client takes, in its order",
      when: "the client's offer is in view"),
    ciphers: .init("client_ciphers", "ciphers, in the client's order", when: "the client's offer is in view"),
    macs: .init(
      "client_macs", "message authentication codes, in the client's order", when: "the client's offer is in view"),
    compressions: .init(
      "client_compressions", "compressions, in the client's order", when: "the client's offer is in view"),
    differs: .init(
      "client_directions_differ",
      "true: the client offers other lists for what it is sent; those here are of what it sends", when: "true"),
    malformed: .init("client_offer_malformed", "true: the client's offer contradicts its format", when: "true"))
  public static var fields: [FieldDeclaration] { side.declarations }

  public func write(to record: inout FieldWriter) {
    let sent = offer.map { offer in
      SideFields.Sent(
        hassh: HASSH.client(offer), ciphers: offer.ciphersToServer, macs: offer.macsToServer,
        compressions: offer.compressionsToServer)
    }
    Self.side.write(identification, offer, sent, isMalformed: isMalformed, to: &record)
  }
}

/// The server's identification and offer.
public struct SSHServer: Observation {
  public let identification: SSHIdentification?
  public let offer: SSHKeyExchangeInit?
  /// An offer came whose lists contradict their format.
  public let isMalformed: Bool

  public init(_ identification: SSHIdentification?, _ offer: SSHKeyExchangeInit?, isMalformed: Bool = false) {
    self.identification = identification
    self.offer = offer
    self.isMalformed = isMalformed
  }

  public static let record: StaticString = "ssh"
  private static let side = SideFields(
    software: .init("server", "the server's identification line", when: "it is in view"),
    lines: .init(
      "server_lines_before", "lines of text that the server sends before its identification", when: "there are any"),
    oddEnd: .init("server_odd_line_end", "true: the identification ends otherwise than by CR LF", when: "true"),
    hassh: .init("hassh_server", "HASSH fingerprint of the server's offer", when: "the offer is in view"),
    keyExchanges: .init(
      "server_key_exchanges", "methods for key exchange, in the server's order; 128 at most, as in each of these lists",
      when: "the server's offer is in view"),
    hostKeys: .init(
      "server_host_keys", "algorithms for host keys that the server has keys for, in its order",
      when: "the server's offer is in view"),
    ciphers: .init("server_ciphers", "ciphers, in the server's order", when: "the server's offer is in view"),
    macs: .init(
      "server_macs", "message authentication codes, in the server's order", when: "the server's offer is in view"),
    compressions: .init(
      "server_compressions", "compressions, in the server's order", when: "the server's offer is in view"),
    differs: .init(
      "server_directions_differ",
      "true: the server offers other lists for what it is sent; those here are of what it sends", when: "true"),
    malformed: .init("server_offer_malformed", "true: the server's offer contradicts its format", when: "true"))
  public static var fields: [FieldDeclaration] { side.declarations }

  public func write(to record: inout FieldWriter) {
    let sent = offer.map { offer in
      SideFields.Sent(
        hassh: HASSH.server(offer), ciphers: offer.ciphersToClient, macs: offer.macsToClient,
        compressions: offer.compressionsToClient)
    }
    Self.side.write(identification, offer, sent, isMalformed: isMalformed, to: &record)
  }
}

// MARK: - What both have

/// The fields of one side, by their names.
private struct SideFields: Sendable {
  let software: Field<SoftwareVersion>
  let lines: Field<ProtocolNumber>
  let oddEnd: Field<ProtocolFlag>
  let hassh: Field<Fingerprint>
  let keyExchanges: ListField<ProtocolText>
  let hostKeys: ListField<ProtocolText>
  let ciphers: ListField<ProtocolText>
  let macs: ListField<ProtocolText>
  let compressions: ListField<ProtocolText>
  let differs: Field<ProtocolFlag>
  let malformed: Field<ProtocolFlag>

  /// Of an offer what concerns the side's own sending.
  struct Sent {
    let hassh: String?
    let ciphers: SSHNameList
    let macs: SSHNameList
    let compressions: SSHNameList
  }

  var declarations: [FieldDeclaration] {
    [
      software.declaration, lines.declaration, oddEnd.declaration, hassh.declaration, keyExchanges.declaration,
      hostKeys.declaration, ciphers.declaration, macs.declaration, compressions.declaration, differs.declaration,
      malformed.declaration,
    ]
  }

  func write(
    _ identification: SSHIdentification?, _ offer: SSHKeyExchangeInit?, _ sent: Sent?, isMalformed: Bool,
    to record: inout FieldWriter
  ) {
    record.put(software, identification.map { SoftwareVersion($0.text) })
    record.put(lines, identification.flatMap { $0.linesBefore > 0 ? ProtocolNumber($0.linesBefore) : nil })
    record.put(oddEnd, ProtocolFlag(ifTrue: identification?.hasOddEnd == true))
    if let offer, let sent {
      record.put(hassh, sent.hassh.map { Fingerprint($0) })
      record.put(keyExchanges, names(offer.keyExchanges))
      record.put(hostKeys, names(offer.hostKeys))
      record.put(ciphers, names(sent.ciphers))
      record.put(macs, names(sent.macs))
      record.put(compressions, names(sent.compressions))
      record.put(differs, ProtocolFlag(ifTrue: offer.hasDifferentDirections))
    }
    record.put(malformed, ProtocolFlag(ifTrue: isMalformed || offer?.hasOddEnd == true))
  }

  /// Names shown of a list; what implementations send has some dozen.
  private static let mostNames = 128

  private func names(_ list: SSHNameList) -> [ProtocolText] { list.prefix(Self.mostNames).map { ProtocolText($0) } }
}
