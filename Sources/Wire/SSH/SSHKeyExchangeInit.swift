// The offer with which each side begins the key exchange: RFC 4253 section 7.1.

import Bytes

// Layout: message 20 (1), cookie (16), ten name-lists (a string each, names separated by commas), first_kex_packet_follows
// (1), reserved (4).

/// A name-list as it was sent.
public struct SSHNameList: Hashable, Sendable {
  /// The bytes between the commas and with them.
  public let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The names in order; bytes that are no UTF-8 are replaced.
  public var names: [String] { prefix(.max) }

  /// The first `count` names.
  public func prefix(_ count: Int) -> [String] {
    guard !bytes.isEmpty, count > 0 else { return [] }
    return bytes.split(separator: 0x2c, maxSplits: count == .max ? .max : count, omittingEmptySubsequences: true)
      .prefix(count).map { String(decoding: $0, as: UTF8.self) }
  }

  public var count: Int { bytes.isEmpty ? 0 : bytes.reduce(1) { $0 &+ ($1 == 0x2c ? 1 : 0) } }
}

/// What one side offers.
public struct SSHKeyExchangeInit: Hashable, Sendable {
  public let keyExchanges: SSHNameList
  public let hostKeys: SSHNameList
  /// Lists of both directions, as the client and the server name them.
  public let ciphersToServer: SSHNameList
  public let ciphersToClient: SSHNameList
  public let macsToServer: SSHNameList
  public let macsToClient: SSHNameList
  public let compressionsToServer: SSHNameList
  public let compressionsToClient: SSHNameList
  /// The side guesses the method and sends its first message at once.
  public let guesses: Bool
  /// What follows the lists is missing or is more than there should be.
  public let hasOddEnd: Bool

  /// Reads a payload, from the message number on.
  ///
  /// - Throws: `invalid` where it is another message, or a list is longer than the message.
  public init(_ payload: ByteReader) throws(ReadError) {
    var reader = payload
    guard try reader.u8() == SSHMessage.keyExchangeInit else { throw reader.invalid() }
    try reader.skip(16)
    func list(_ reader: inout ByteReader) throws(ReadError) -> SSHNameList {
      SSHNameList(try reader.sshString().array)
    }
    keyExchanges = try list(&reader)
    hostKeys = try list(&reader)
    ciphersToServer = try list(&reader)
    ciphersToClient = try list(&reader)
    macsToServer = try list(&reader)
    macsToClient = try list(&reader)
    compressionsToServer = try list(&reader)
    compressionsToClient = try list(&reader)
    guard let (guesses, isWhole) = Self.end(reader) else {
      self.guesses = false
      hasOddEnd = true
      return
    }
    self.guesses = guesses
    hasOddEnd = !isWhole
  }

  /// Languages, the guess and the reserved word: nothing that a fingerprint or the negotiation needs.
  private static func end(_ start: ByteReader) -> (guesses: Bool, isWhole: Bool)? {
    var reader = start
    do throws(ReadError) {
      _ = try reader.sshString()
      _ = try reader.sshString()
      let guesses = try reader.u8() != 0
      _ = try reader.u32()
      return (guesses, reader.isAtEnd)
    } catch {
      return nil
    }
  }

  /// Whether the side names one of the pseudo-algorithms that only clients send (RFC 8308 section 2.1; strict key exchange:
  /// OpenSSH, PROTOCOL section 1.10), or only servers; nil where it names neither.
  public var isOfClient: Bool? {
    let names = keyExchanges.names
    if names.contains(where: { $0 == "ext-info-c" || $0 == SSHKeyExchangeInit.strictClient }) { return true }
    if names.contains(where: { $0 == "ext-info-s" || $0 == SSHKeyExchangeInit.strictServer }) { return false }
    return nil
  }

  static let strictClient = "kex-strict-c-v00@openssh.com"
  static let strictServer = "kex-strict-s-v00@openssh.com"
}
