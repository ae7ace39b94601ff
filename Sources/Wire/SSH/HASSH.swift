// HASSH and HASSH server: https://github.com/salesforce/hassh (README, "How it works"; BSD licence).

import Bytes
import Cryptography

/// MD5 over the lists of one side's offer: key exchange, ciphers, MACs and compression of its own direction, joined by
/// semicolons, as they were sent.
public enum HASSH {
  /// 32 digits of the client's offer; nil where libcrypto offers no MD5.
  public static func client(_ offer: SSHKeyExchangeInit) -> String? { digits(clientText(offer)) }

  /// 32 digits of the server's offer.
  public static func server(_ offer: SSHKeyExchangeInit) -> String? { digits(serverText(offer)) }

  /// What `client` digests.
  public static func clientText(_ offer: SSHKeyExchangeInit) -> [UInt8] {
    text(offer.keyExchanges, offer.ciphersToServer, offer.macsToServer, offer.compressionsToServer)
  }

  /// What `server` digests.
  public static func serverText(_ offer: SSHKeyExchangeInit) -> [UInt8] {
    text(offer.keyExchanges, offer.ciphersToClient, offer.macsToClient, offer.compressionsToClient)
  }

  private static func text(_ lists: SSHNameList...) -> [UInt8] {
    Array(lists.map(\.bytes).joined(separator: [0x3b]))
  }

  private static func digits(_ text: [UInt8]) -> String? {
    text.withRawSpan { DigestAlgorithm.md5.text(of: $0) }
  }
}
