// What TLS puts into the flow record's object `tls`: the fields of hellos and certificates.

import Bytes
import Findings
import JSON
import Terms

extension TLSClientHello: Observation, FieldObject {
  public static let record: StaticString = "tls"

  private static let name = Field<ServerName>(
    "server_name", "host name that the client asks for (SNI)", when: "the client sends one")
  private static let nameIsOuter = Field<ProtocolFlag>(
    "server_name_is_outer",
    "true: the name stands outside the encrypted hello that is offered beside it, which may hold another one",
    when: "a name is sent and ECH is offered")
  private static let ja3Field = Field<Fingerprint>(
    "ja3", "JA3 fingerprint of the client", when: "the hello is not in SSL 2.0's form")
  private static let ja4Field = Field<Fingerprint>(
    "ja4", "JA4 fingerprint of the client", when: "the hello is not in SSL 2.0's form")
  private static let offered = ListField<TLSVersion>(
    "offered_versions", "versions offered, in the client's order; a single one stands for all before it")
  private static let alpn = ListField<ProtocolText>(
    "alpn_offered", "protocols offered by ALPN, in the client's order", when: "the client sends the extension")
  private static let groups = ListField<TLSNamedGroup>(
    "supported_groups", "groups for key exchange, in the client's order, GREASE left out", when: "the client names any")
  private static let shares = ListField<TLSNamedGroup>(
    "key_share_groups", "groups that the client sent a key for, GREASE left out", when: "the client sends any")
  private static let signatures = ListField<TLSSignatureScheme>(
    "signature_algorithms", "signature algorithms, in the client's order, GREASE left out", when: "the client names any"
  )
  private static let resumption = ListField<ResumptionText>(
    "resumption_offered", "how the client offers to resume a session", when: "it does")
  private static let earlyData = Field<ProtocolFlag>(
    "early_data_offered", "true: the client sends data before the server answers", when: "true")
  private static let ech = Field<ProtocolFlag>(
    "ech_offered", "true: an encrypted ClientHello is offered; says nothing of its use", when: "true")
  private static let esni = Field<ProtocolFlag>(
    "esni_offered", "true: an encrypted server name (the drafts before ECH) is offered", when: "true")
  private static let ssl2 = Field<ProtocolFlag>(
    "ssl2_hello", "true: the hello is in the form of SSL 2.0, which has no extensions and no fingerprints", when: "true"
  )
  private static let malformed = Field<ProtocolFlag>(
    "client_extension_malformed", "true: an extension contradicts its format; what it held is missing here",
    when: "true")

  public static var fields: [FieldDeclaration] {
    [
      name.declaration, nameIsOuter.declaration, ja3Field.declaration, ja4Field.declaration, offered.declaration,
      alpn.declaration, groups.declaration, shares.declaration, signatures.declaration, resumption.declaration,
      earlyData.declaration, ech.declaration, esni.declaration, ssl2.declaration, malformed.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.name, serverName.map { ServerName($0) })
    record.put(Self.nameIsOuter, ProtocolFlag(ifTrue: serverName != nil && offer.offersEncryptedClientHello))
    if record.allowed.holds(Fingerprint.category) {
      record.json.fragment(shared.fingerprintMembers)
    } else {
      Self.writeFingerprints(of: offer, to: &record)
    }
    if Self.listsAreOfOneCategory, record.allowed.holds(.protocolMetadata) {
      record.json.fragment(shared.listMembers)
    } else {
      Self.writeLists(of: offer, to: &record)
    }
    record.put(Self.resumption, anyOf: resumptionOffers.map(ResumptionText.init)) { _ in true }
    record.put(Self.earlyData, ProtocolFlag(ifTrue: offer.offersEarlyData))
    record.put(Self.ech, ProtocolFlag(ifTrue: offer.offersEncryptedClientHello))
    record.put(Self.esni, ProtocolFlag(ifTrue: offer.offersEncryptedServerName))
    record.put(Self.ssl2, ProtocolFlag(ifTrue: offer.isSSL2Format))
    record.put(Self.malformed, ProtocolFlag(ifTrue: hasMalformedExtension))
  }

  // What the offer decides is written once, whoever sends it.

  static func members(_ write: (inout FieldWriter) -> Void) -> [UInt8] {
    var record = FieldWriter(JSONWriter(reserving: 1_024), allowing: .all)
    write(&record)
    return record.json.bytes.withRawSpan { $0.array }
  }

  static func writeFingerprints(of offer: TLSClientOffer, to record: inout FieldWriter) {
    record.put(ja3Field, offer.ja3.map { Fingerprint($0) })
    record.put(ja4Field, offer.ja4.map { Fingerprint($0) })
  }

  /// Whether one category decides whether the lists are put out.
  private static let listsAreOfOneCategory = [
    offered.declaration, alpn.declaration, groups.declaration, shares.declaration, signatures.declaration,
  ].allSatisfy { $0.category == .protocolMetadata }

  static func writeLists(of offer: TLSClientOffer, to record: inout FieldWriter) {
    record.put(offered, offer.offeredVersions)
    record.put(alpn, offer.applicationProtocols?.map { ProtocolText($0) })
    record.put(groups, anyOf: offer.supportedGroups) { !$0.isGREASE }
    record.put(shares, anyOf: offer.keyShareGroups) { !$0.isGREASE }
    record.put(signatures, anyOf: offer.signatureSchemes) { !$0.isGREASE }
  }
}

extension TLSServerHello: Observation, FieldObject {
  public static let record: StaticString = "tls"

  private static let versionField = Field<TLSVersion>("version", "version that the server chose")
  private static let cipher = Field<TLSCipherSuite>(
    "cipher", "cipher suite that the server chose, by its IANA name or its number", when: "the server names one")
  private static let ja3sField = Field<Fingerprint>(
    "ja3s", "JA3S fingerprint of the server's answer", when: "the server names a cipher suite")
  private static let alpn = Field<ProtocolText>(
    "alpn", "protocol that the server chose by ALPN; encrypted under TLS 1.3", when: "it stands in clear")
  private static let group = Field<TLSNamedGroup>(
    "key_share_group", "group of the server's key share, or the one it asks for", when: "the server sends one")
  private static let retry = Field<ProtocolFlag>(
    "hello_retry_request", "true: the server asks for another ClientHello, which the next object describes",
    when: "true")
  private static let resumed = Field<ProtocolFlag>(
    "resumed", "whether the session of an earlier connection goes on", when: "it can be told")
  private static let malformed = Field<ProtocolFlag>(
    "server_extension_malformed", "true: an extension contradicts its format; what it held is missing here",
    when: "true")

  public static var fields: [FieldDeclaration] {
    [
      versionField.declaration, cipher.declaration, ja3sField.declaration, alpn.declaration, group.declaration,
      retry.declaration, resumed.declaration, malformed.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.versionField, version)
    record.put(Self.cipher, cipherSuite)
    record.put(Self.ja3sField, ja3s.map { Fingerprint($0) })
    record.put(Self.alpn, applicationProtocol.map { ProtocolText($0) })
    record.put(Self.group, keyShareGroup)
    record.put(Self.retry, ProtocolFlag(ifTrue: isHelloRetryRequest))
    record.put(Self.resumed, isResumed.map { ProtocolFlag($0) })
    record.put(Self.malformed, ProtocolFlag(ifTrue: hasMalformedExtension))
  }
}

/// What became of the server's certificates.
public struct TLSServerCertificates: Observation {
  /// Whether they can be seen.
  public enum Visibility: String, CaseIterable, Sendable {
    /// They stand in clear.
    case clear
    /// TLS 1.3 encrypts them: they were sent and cannot be seen.
    case encrypted
    /// The session of an earlier connection goes on, which sends none.
    case resumed
    /// The cipher suite needs none, and none was sent.
    case notSent = "not_sent"
  }

  public let visibility: Visibility
  /// Empty unless they stand in clear.
  public let certificates: [TLSCertificate]
  /// Certificates after the first 16.
  public let leftOut: Int

  public init(_ visibility: Visibility, _ chain: TLSCertificateChain? = nil) {
    self.visibility = visibility
    certificates = chain?.certificates ?? []
    leftOut = chain?.leftOut ?? 0
  }

  public static let record: StaticString = "tls"

  private static let visibilityField = Field<VisibilityText>(
    "certificate_visibility",
    "`clear`; `encrypted`: TLS 1.3 conceals them; `resumed`: an earlier session goes on, which sends none; `not_sent`")
  private static let list = ObjectListField<ShownCertificate>(
    "certificates", "the server's certificates, its own first", when: "they stand in clear")
  private static let leftOutField = Field<CertificateCount>(
    "certificates_left_out", "certificates after the first 16", when: "there are any")

  public static var fields: [FieldDeclaration] {
    [visibilityField.declaration, list.declaration, leftOutField.declaration]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.visibilityField, VisibilityText(visibility))
    record.put(Self.list, visibility == .clear ? certificates.map(ShownCertificate.init) : nil)
    record.put(Self.leftOutField, leftOut > 0 ? CertificateCount(leftOut) : nil)
  }
}

/// Certificates by which a client shows who it is, where they stand in clear.
public struct TLSClientCertificates: Observation {
  /// Empty where the server asked and the client has none.
  public let certificates: [TLSCertificate]
  public let leftOut: Int

  public init(_ chain: TLSCertificateChain) {
    certificates = chain.certificates
    leftOut = chain.leftOut
  }

  public static let record: StaticString = "tls"

  private static let list = ObjectListField<ShownCertificate>(
    "client_certificates", "the client's certificates, its own first", when: "the server asked and they stand in clear")
  private static let leftOutField = Field<CertificateCount>(
    "client_certificates_left_out", "certificates after the first 16", when: "there are any")

  public static var fields: [FieldDeclaration] { [list.declaration, leftOutField.declaration] }

  public func write(to record: inout FieldWriter) {
    record.put(Self.list, certificates.map(ShownCertificate.init))
    record.put(Self.leftOutField, leftOut > 0 ? CertificateCount(leftOut) : nil)
  }
}

// MARK: - Values
