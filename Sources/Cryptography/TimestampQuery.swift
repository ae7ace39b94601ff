// The request that a time-stamp authority is sent (RFC 3161 section 2.4.1), and what can be said of its answer at once.
// Layout: TimeStampReq { version 1, messageImprint { hashAlgorithm { sha256 }, hashedMessage }, certReq TRUE }.

import Bytes
import CVeilCrypto

public enum TimestampQuery {
  /// What stands before the digest: SEQUENCE of 57 bytes, version, SEQUENCE of the imprint, algorithm 2.16.840.1.101.3.4.2.1
  /// without parameters (NULL), OCTET STRING of 32 bytes.
  private static let head: [UInt8] = [
    0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
    0x01, 0x05, 0x00, 0x04, 0x20,
  ]
  /// certReq: the authority's certificate comes with the answer.
  private static let tail: [UInt8] = [0x01, 0x01, 0xff]

  /// A query in DER for the time of `bytes`, by their SHA-256.
  public static func over(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
    let digest = try bytes.withRawSpan { (span) throws(CryptographyError) in try DigestAlgorithm.sha256.digest(of: span)
    }
    return head + digest + tail
  }

  /// Whether `reply` is a granted time stamp over the signature `bytes`; throws what it is instead. Its authority is not
  /// asked about. Gives the time it names, seconds since 1970-01-01 UTC.
  public static func time(of reply: [UInt8], over bytes: [UInt8]) throws(SignatureRefusal) -> Int64 {
    defer { ERR_clear_error() }
    let token = try TimestampToken(reply)
    try token.checkImprint(bytes, try CMSMessage(bytes).signatureValues)
    return token.time
  }
}

/// Which libcrypto is used.
public enum CryptographyLibrary {
  public static var version: String {
    // Sound: a text that libcrypto keeps for ever.
    unsafe OpenSSL_version(OPENSSL_VERSION).map { unsafe String(cString: $0) } ?? "OpenSSL"
  }
}
