// Finds where TLS begins inside a protocol that asks for it in clear, and hands the rest of the stream on.

import Bytes
import Findings
import PluginKit
import Terms

public struct StartTLS: StreamPlugin {
  public static let manifest = Manifest(
    "starttls", title: "TLS asked for inside another protocol",
    references: [
      "RFC 3207 (SMTP)", "RFC 9051 section 6.2.1 (IMAP)", "RFC 2595 (POP3)", "RFC 4217 (FTP)",
      "RFC 4511 section 4.14 (LDAP)",
      "RFC 6120 section 5 (XMPP)", "PostgreSQL: Message Flow, SSL Session Encryption",
      "MySQL: Connection Phase, Protocol::SSLRequest",
    ],
    transports: [.tcp], ports: [21, 25, 110, 143, 389, 587, 3306, 5222, 5269, 5432],
    constants: [
      Constant(text: "220 ", side: .server), Constant(text: "220-", side: .server),
      Constant(text: "EHLO ", side: .client),
      Constant(text: "* OK", side: .server), Constant(text: "+OK", side: .server),
      // LDAP: a sequence with a message number of one byte, its length in one byte or, as Windows writes it, in four.
      Constant("30 ** 02 01", side: .client), Constant("30 84 00 00 ** ** 02 01", side: .client),
      Constant(text: "<?xml", side: .client), Constant(text: "<stream:", side: .client),
      // PostgreSQL: SSLRequest, or GSSENCRequest before it.
      Constant("00 00 00 08 04 d2 16 2f", side: .client), Constant("00 00 00 08 04 d2 16 30", side: .client),
      // MySQL: packet 0, protocol version 10.
      Constant("** ** 00 00 0a", side: .server),
    ],
    bytes: 16_384, emits: [.protocolMetadata], observations: [ObservationDeclaration(StartTLSNegotiated.self)])

  public init() {}

  public func inspect(
    _ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    guard let carrier = StartTLSCarrier(client: stream.client.bytes, server: stream.server.bytes) else {
      return .notMine
    }
    let point: UpgradePoint? =
      switch carrier {
      case .lines: try LineUpgrade.find(stream)
      case .xmpp: try XMPPUpgrade.find(stream)
      case .ldap: try LDAPUpgrade.find(stream)
      case .postgreSQL: try PostgreSQLUpgrade.find(stream)
      case .mySQL: try MySQLUpgrade.find(stream)
      }
    guard let point else { return .notMine }
    recorder.observe(StartTLSNegotiated(point.carrier), at: .client(0..<point.client))
    return .carries(client: point.client, server: point.server)
  }
}

/// Where TLS begins in both directions.
struct UpgradePoint {
  let carrier: StartTLSNegotiated.Carrier
  let client: Int
  let server: Int
}

/// The family of protocols that a stream begins as.
private enum StartTLSCarrier {
  case lines, xmpp, ldap, postgreSQL, mySQL

  init?(client: RawSpan, server: RawSpan) {
    if server.holds("220") || server.holds("* OK") || server.holds("+OK") || client.holds("EHLO ") {
      self = .lines
    } else if client.holds("<") {
      self = .xmpp
    } else if client.holds("\u{30}") {
      self = .ldap
    } else if client.u32IfPresent(0) == PostgreSQLUpgrade.requestLength {
      self = .postgreSQL
    } else if server.u8IfPresent(3) == 0, server.u8IfPresent(4) == MySQLUpgrade.protocolVersion {
      self = .mySQL
    } else {
      return nil
    }
  }
}

/// TLS was asked for inside another protocol, and begun.
public struct StartTLSNegotiated: Observation {
  public enum Carrier: String, CaseIterable, Sendable {
    case smtp, imap, pop3, ftp, ldap, xmpp
    case postgreSQL = "postgresql"
    case mySQL = "mysql"
  }

  public let carrier: Carrier

  init(_ carrier: Carrier) { self.carrier = carrier }

  public static let record: StaticString = "starttls"
  private static let carrierField = Field<ProtocolText>(
    "protocol", "inside which TLS was asked for: `smtp imap pop3 ftp ldap xmpp postgresql mysql`")
  public static var fields: [FieldDeclaration] { [carrierField.declaration] }

  public func write(to record: inout FieldWriter) { record.put(Self.carrierField, ProtocolText(carrier.rawValue)) }
}
