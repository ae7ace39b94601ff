// What QUIC puts into the flow record's object `quic`, and what other plugins hear of it.

import Findings
import Terms

/// A client's hello in QUIC, as soon as it is whole: for plugins that know servers and programs by it.
public struct QUICClientHello: SilentObservation {
  public let version: QUICVersion
  public let hello: TLSClientHello

  public init(version: QUICVersion, hello: TLSClientHello) {
    self.version = version
    self.hello = hello
  }
}

/// A connection, as far as it was seen.
public struct QUICConnection: Observation {
  /// Of the client's first packet.
  public var version: QUICVersion?
  /// The one that the server went on with, where it is another (RFC 9368).
  public var serverVersion: QUICVersion?
  /// Those of a Version Negotiation packet, in the server's order.
  public var serverVersions: [QUICVersion] = []
  /// The Destination Connection ID of the client's first packet.
  public var original: QUICConnectionID?
  public var client: QUICConnectionID?
  public var server: QUICConnectionID?
  public var isRetried = false
  public var sendsEarlyData = false
  public var hello: TLSClientHello?
  public var answer: TLSServerHello?
  public var googleHello: GoogleQUICHello?
  /// The flow that this one goes on from, by the connection id met there.
  public var earlier: (flow: UInt64, connection: QUICConnectionID)?

  public init() {}

  public static let record: StaticString = "quic"

  private static let versionField = Field<QUICVersion>(
    "version", "version of the client's first packet: `1`, `quicv2`, `draft-29`, `Q043`, `unknown-` and its number",
    when: "it is in view")
  private static let serverVersionField = Field<QUICVersion>(
    "server_version", "version that the server went on with", when: "it is another than the client's first")
  private static let serverVersionsField = ListField<QUICVersion>(
    "server_versions", "versions that the server named when it refused the client's, reserved ones left out",
    when: "it did")
  private static let originalField = Field<QUICConnectionID>(
    "original_destination_connection_id", "connection id to which the client's first packet was sent",
    when: "the packet is in view")
  private static let clientField = Field<QUICConnectionID>(
    "client_connection_id", "connection id that the client chose; empty where it wants none",
    when: "it is told which side is the client")
  private static let serverField = Field<QUICConnectionID>(
    "server_connection_id", "connection id that the server chose; it stays where the client's address changes",
    when: "the server's packets are in view")
  private static let retry = Field<ProtocolFlag>(
    "retry", "true: the server had the client prove its address by a Retry packet", when: "true")
  private static let earlyData = Field<ProtocolFlag>(
    "early_data_sent", "true: the client sent data before the server answered (0-RTT)", when: "true")
  private static let alpn = ListField<ProtocolText>(
    "alpn", "protocols offered by ALPN, in the client's order; the server's choice is encrypted",
    when: "the client sends the extension")
  private static let parameters = ListField<ProtocolNumber>(
    "transport_parameters", "identifiers of the client's transport parameters, in its order, reserved ones left out",
    when: "the client sends the extension")
  private static let userAgent = Field<SoftwareVersion>(
    "user_agent", "program that the client names in Google's own handshake", when: "it does")
  private static let tls = ObjectField<QUICHandshake>(
    "tls", "the handshake, in the fields of `tls`; of Google's own handshake the server's name only",
    when: "it could be opened")
  private static let continues = ObjectField<QUICContinuation>(
    "continues", "the earlier flow whose connection goes on in this one", when: "a connection id of it is met again")

  public static var fields: [FieldDeclaration] {
    [
      versionField.declaration, serverVersionField.declaration, serverVersionsField.declaration,
      originalField.declaration, clientField.declaration, serverField.declaration, retry.declaration,
      earlyData.declaration, alpn.declaration, parameters.declaration, userAgent.declaration, tls.declaration,
      continues.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.versionField, version)
    record.put(Self.serverVersionField, serverVersion)
    record.put(Self.serverVersionsField, anyOf: serverVersions) { !$0.isReserved }
    record.put(Self.originalField, original)
    record.put(Self.clientField, client)
    record.put(Self.serverField, server)
    record.put(Self.retry, ProtocolFlag(ifTrue: isRetried))
    record.put(Self.earlyData, ProtocolFlag(ifTrue: sendsEarlyData))
    record.put(Self.alpn, hello?.applicationProtocols?.map { ProtocolText($0) })
    // RFC 9000 section 18.1.
    record.put(
      Self.parameters, hello?.quicTransportParameters?.filter { $0 % 31 != 27 }.map { ProtocolNumber($0) })
    record.put(Self.userAgent, googleHello?.userAgent.map { SoftwareVersion($0) })
    let handshake = QUICHandshake(hello: hello, answer: answer, googleName: googleHello?.serverName)
    record.put(Self.tls, handshake.isEmpty ? nil : handshake)
    record.put(Self.continues, earlier.map { QUICContinuation(flow: $0.flow, connection: $0.connection) })
  }
}

/// The handshake inside QUIC: the fields of TLS.
struct QUICHandshake: FieldObject {
  let hello: TLSClientHello?
  let answer: TLSServerHello?
  let googleName: String?

  var isEmpty: Bool { hello == nil && answer == nil && googleName == nil }

  private static let name = Field<ServerName>("server_name", "host name that the client asks for")

  static var fields: [FieldDeclaration] {
    // Of certificates all that can be said is that they are encrypted.
    TLSClientHello.fields + TLSServerHello.fields
      + TLSServerCertificates.fields.filter { $0.name == "certificate_visibility" }
  }

  func write(to record: inout FieldWriter) {
    hello?.write(to: &record)
    if hello == nil { record.put(Self.name, googleName.map { ServerName($0) }) }
    guard let answer else { return }
    answer.write(to: &record)
    guard !answer.isHelloRetryRequest else { return }
    TLSServerCertificates(answer.isResumed == true ? .resumed : .encrypted).write(to: &record)
  }
}

/// The flow that a connection began in.
struct QUICContinuation: FieldObject {
  let flow: UInt64
  let connection: QUICConnectionID

  private static let flowField = Field<Count>("flow_id", "`id` of the earlier flow's record")
  private static let certainty = Field<ProtocolText>(
    "certainty", "`indicative`: an id may be met twice by chance, or be sent to mislead")
  private static let connectionField = Field<QUICConnectionID>("connection_id", "connection id met in both")

  static var fields: [FieldDeclaration] {
    [flowField.declaration, certainty.declaration, connectionField.declaration]
  }

  func write(to record: inout FieldWriter) {
    record.put(Self.flowField, Count(flow))
    record.put(Self.certainty, ProtocolText(Certainty.indicative.name))
    record.put(Self.connectionField, connection)
  }
}
