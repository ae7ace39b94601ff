// What SSH puts into the flow record's object `ssh`: what the two sides agree on, and protocol 1.

import Findings
import JSON
import Terms

/// What both sides arrive at.
public struct SSHSession: Observation {
  /// 2 or 1; nil where the two have no version in common.
  public let version: Int?
  public let negotiation: SSHNegotiation?
  /// The side that opened the connection is the server (RFC 8071 and the like).
  public let isReversed: Bool
  public let hostKey: SSHHostKey?
  /// Bits of the prime that the server chose.
  public let groupBits: Int?

  public init(
    version: Int?, _ negotiation: SSHNegotiation?, isReversed: Bool, hostKey: SSHHostKey?, groupBits: Int?
  ) {
    self.version = version
    self.negotiation = negotiation
    self.isReversed = isReversed
    self.hostKey = hostKey
    self.groupBits = groupBits
  }

  public static let record: StaticString = "ssh"
  private static let versionField = Field<ProtocolNumber>(
    "version", "the protocol's version that both speak: 2 or 1", when: "both identifications are in view and agree")
  private static let reversed = Field<ProtocolFlag>(
    "client_is_responder", "true: the side that opened the connection is SSH's server", when: "true")
  private static let keyExchange = Field<ProtocolText>(
    "key_exchange", "method for key exchange that both offers lead to", when: "both offers are in view and agree")
  private static let postQuantum = Field<ProtocolFlag>(
    "post_quantum", "whether this method is meant to withstand quantum computers",
    when: "both offers are in view and agree")
  private static let offersPostQuantum = Field<ProtocolFlag>(
    "post_quantum_offered", "whether the client offers such a method", when: "both offers are in view")
  private static let hostKeyAlgorithm = Field<ProtocolText>(
    "host_key_algorithm", "algorithm of the host key's signature", when: "both offers are in view and agree")
  private static let cipherField = Field<ProtocolText>(
    "cipher", "cipher of what the client sends", when: "both offers are in view and agree")
  private static let cipherToClient = Field<ProtocolText>(
    "cipher_to_client", "cipher of what the server sends", when: "it is another one")
  private static let mac = Field<ProtocolText>(
    "mac", "message authentication code of what the client sends", when: "the cipher needs one")
  private static let macToClient = Field<ProtocolText>(
    "mac_to_client", "message authentication code of what the server sends", when: "it is another one")
  private static let compression = Field<ProtocolText>(
    "compression", "compression of what the client sends", when: "both offers are in view and agree")
  private static let compressionToClient = Field<ProtocolText>(
    "compression_to_client", "compression of what the server sends", when: "it is another one")
  private static let strict = Field<ProtocolFlag>(
    "strict_key_exchange", "whether both ask for strict key exchange", when: "both offers are in view")
  private static let failed = Field<ProtocolFlag>(
    "nothing_in_common", "true: the offers have no method, host key, cipher, MAC or compression in common",
    when: "true")
  private static let hostKeyType = Field<ProtocolText>(
    "host_key_type", "type of the server's host key", when: "it is in view")
  private static let hostKeyDigest = Field<HostKeyDigest>(
    "host_key_sha256", "SHA-256 of the server's host key, in hexadecimal digits", when: "it is in view")
  private static let group = Field<ProtocolNumber>(
    "group_bits", "bits of the group that the server chose", when: "the method lets it choose one")

  public static var fields: [FieldDeclaration] {
    [
      versionField.declaration, reversed.declaration, keyExchange.declaration, postQuantum.declaration,
      offersPostQuantum.declaration, hostKeyAlgorithm.declaration, cipherField.declaration, cipherToClient.declaration,
      mac.declaration, macToClient.declaration, compression.declaration, compressionToClient.declaration,
      strict.declaration, failed.declaration, hostKeyType.declaration, hostKeyDigest.declaration, group.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.versionField, version.map { ProtocolNumber($0) })
    record.put(Self.reversed, ProtocolFlag(ifTrue: isReversed))
    if let negotiation {
      func other(_ value: String?, than first: String?) -> ProtocolText? { value == first ? nil : text(value) }
      record.put(Self.keyExchange, text(negotiation.keyExchange))
      record.put(Self.postQuantum, negotiation.isPostQuantum.map { ProtocolFlag($0) })
      record.put(Self.offersPostQuantum, ProtocolFlag(negotiation.offersPostQuantum))
      record.put(Self.hostKeyAlgorithm, text(negotiation.hostKey))
      record.put(Self.cipherField, text(negotiation.cipherToServer))
      record.put(Self.cipherToClient, other(negotiation.cipherToClient, than: negotiation.cipherToServer))
      record.put(Self.mac, text(negotiation.macToServer))
      record.put(Self.macToClient, other(negotiation.macToClient, than: negotiation.macToServer))
      record.put(Self.compression, text(negotiation.compressionToServer))
      record.put(
        Self.compressionToClient, other(negotiation.compressionToClient, than: negotiation.compressionToServer))
      record.put(Self.strict, ProtocolFlag(negotiation.isStrict))
      record.put(Self.failed, ProtocolFlag(ifTrue: negotiation.isFailure))
    }
    record.put(Self.hostKeyType, text(hostKey?.type))
    record.put(Self.hostKeyDigest, hostKey?.sha256.map { HostKeyDigest($0) })
    record.put(Self.group, groupBits.map { ProtocolNumber($0) })
  }
}

/// Key exchange of protocol 1.5.
public struct SSHVersion1Session: Observation {
  public let offer: SSHVersion1Offer?
  public let cipher: String?

  public init(_ offer: SSHVersion1Offer?, cipher: String?) {
    self.offer = offer
    self.cipher = cipher
  }

  public static let record: StaticString = "ssh"
  private static let ciphers = ListField<ProtocolText>(
    "version1_ciphers", "ciphers that the server of protocol 1 offers", when: "its offer is in view")
  private static let authentications = ListField<ProtocolText>(
    "version1_authentications", "ways to authenticate that the server of protocol 1 offers",
    when: "its offer is in view")
  private static let serverBits = Field<ProtocolNumber>(
    "version1_server_key_bits", "bits of the server's key that changes every hour", when: "its offer is in view")
  private static let hostBits = Field<ProtocolNumber>(
    "version1_host_key_bits", "bits of the server's host key", when: "its offer is in view")
  private static let chosen = Field<ProtocolText>(
    "version1_cipher", "cipher that the client of protocol 1 chose", when: "its choice is in view")

  public static var fields: [FieldDeclaration] {
    [
      ciphers.declaration, authentications.declaration, serverBits.declaration, hostBits.declaration,
      chosen.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    if let offer {
      record.put(Self.ciphers, offer.cipherNames.map { ProtocolText($0) })
      record.put(Self.authentications, offer.authenticationNames.map { ProtocolText($0) })
      record.put(Self.serverBits, ProtocolNumber(offer.serverKeyBits))
      record.put(Self.hostBits, ProtocolNumber(offer.hostKeyBits))
    }
    record.put(Self.chosen, text(cipher))
  }
}

// MARK: - Values

/// A digest of a host key: like one of a certificate, it tells one server from all others.
struct HostKeyDigest: TextField {
  static let category = Category.certificate
  let text: String
  init(_ text: String) { self.text = text }
}

private func text(_ value: String?) -> ProtocolText? { value.map { ProtocolText($0) } }
