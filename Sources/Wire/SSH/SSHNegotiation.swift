// What two offers lead to: RFC 4253 section 7.1.

/// The algorithms that both sides arrive at. Nil where the lists have nothing in common: then the connection fails.
public struct SSHNegotiation: Hashable, Sendable {
  public let keyExchange: String?
  public let hostKey: String?
  public let cipherToServer: String?
  public let cipherToClient: String?
  /// Nil also where the cipher authenticates by itself.
  public let macToServer: String?
  public let macToClient: String?
  public let compressionToServer: String?
  public let compressionToClient: String?
  /// Both sides ask for strict key exchange (against CVE-2023-48795).
  public let isStrict: Bool
  /// The client offers a method that is meant to withstand quantum computers.
  public let offersPostQuantum: Bool

  public init(client: SSHKeyExchangeInit, server: SSHKeyExchangeInit) {
    keyExchange = Self.first(client.keyExchanges, server.keyExchanges) { !Self.isPseudo($0) }
    hostKey = Self.first(client.hostKeys, server.hostKeys)
    cipherToServer = Self.first(client.ciphersToServer, server.ciphersToServer)
    cipherToClient = Self.first(client.ciphersToClient, server.ciphersToClient)
    macToServer = Self.mac(cipherToServer, client.macsToServer, server.macsToServer)
    macToClient = Self.mac(cipherToClient, client.macsToClient, server.macsToClient)
    compressionToServer = Self.first(client.compressionsToServer, server.compressionsToServer)
    compressionToClient = Self.first(client.compressionsToClient, server.compressionsToClient)
    isStrict =
      client.keyExchanges.names.contains(SSHKeyExchangeInit.strictClient)
      && server.keyExchanges.names.contains(SSHKeyExchangeInit.strictServer)
    offersPostQuantum = client.keyExchanges.names.contains(where: Self.isPostQuantum)
  }

  /// The agreed method is meant to withstand quantum computers; nil where there is none.
  public var isPostQuantum: Bool? { keyExchange.map(Self.isPostQuantum) }

  /// The first name of the client's list that stands in the server's too.
  private static func first(
    _ client: SSHNameList, _ server: SSHNameList, where isMeant: (String) -> Bool = { _ in true }
  ) -> String? {
    let offered = Set(server.names)
    return client.names.first { offered.contains($0) && isMeant($0) }
  }

  private static func mac(_ cipher: String?, _ client: SSHNameList, _ server: SSHNameList) -> String? {
    guard let cipher, !authenticates(cipher) else { return nil }
    return first(client, server)
  }

  /// Ciphers that need no MAC: OpenSSH, PROTOCOL section 1.6 and PROTOCOL.chacha20poly1305; RFC 5647.
  private static func authenticates(_ cipher: String) -> Bool {
    cipher.hasPrefix("chacha20-poly1305") || cipher.hasPrefix("aes") && cipher.contains("-gcm@")
      || cipher.hasPrefix("AEAD_")
  }

  /// Names in the list of methods that are none: RFC 8308 section 2.1; OpenSSH, PROTOCOL section 1.10.
  private static func isPseudo(_ name: String) -> Bool {
    name == "ext-info-c" || name == "ext-info-s" || name == SSHKeyExchangeInit.strictClient
      || name == SSHKeyExchangeInit.strictServer
  }

  /// Key encapsulation in the names of methods: draft-ietf-sshm-mlkem-hybrid-kex (`mlkem768x25519-sha256`),
  /// draft-ietf-sshm-ntruprime-ssh (`sntrup761x25519-sha512`), draft-kampanakis-curdle-ssh-pq-ke and the Open Quantum
  /// Safe project's OpenSSH (`x25519-kyber-512r3-sha256-d00@amazon.com`, `frodokem-640-aes-sha256` and the like).
  static let encapsulations = [
    "mlkem", "sntrup", "ntruprime", "ntru", "kyber", "frodokem", "bike", "hqc", "classic-mceliece", "saber", "sike",
  ]

  public static func isPostQuantum(_ method: String) -> Bool { encapsulations.contains { method.contains($0) } }
}

extension SSHNegotiation {
  /// A list has nothing in common that the connection needs.
  public var isFailure: Bool {
    guard let cipherToServer, let cipherToClient else { return true }
    return keyExchange == nil || hostKey == nil || compressionToServer == nil || compressionToClient == nil
      || macToServer == nil && !Self.authenticates(cipherToServer)
      || macToClient == nil && !Self.authenticates(cipherToClient)
  }
}

extension SSHKeyExchangeInit {
  /// The lists of the two directions differ.
  var hasDifferentDirections: Bool {
    ciphersToServer != ciphersToClient || macsToServer != macsToClient || compressionsToServer != compressionsToClient
  }
}
