// SHA-1 (FIPS 180-4) of messages of a few bytes, by the million: for names whose definition asks for it (Community ID),
// never for trust.

import CVeilCrypto

/// SHA-1 by libcrypto's own functions, without a context: see `Documentation/decisions/sha-1-of-names.md`.
public struct NameDigest: Sendable {
  /// Bytes of a digest.
  public static let length = 20

  /// Throws where this machine's libcrypto does not offer SHA-1 by its common interface: what its policy refuses there is
  /// not had by a side door.
  public init() throws(CryptographyError) { _ = try DigestContext(.sha1) }

  /// The digest of the message.
  public func digest(of message: RawSpan) -> InlineArray<20, UInt8> {
    var digest = InlineArray<20, UInt8>(repeating: 0)
    var span = digest.mutableSpan
    // Sound: libcrypto reads `count` bytes and writes 20, both within the call.
    let status = unsafe message.withUnsafeBytes { bytes in
      unsafe span.withUnsafeMutableBufferPointer { unsafe veil_sha1(bytes.baseAddress, bytes.count, $0.baseAddress) }
    }
    // Cannot fail in memory of its own; a digest that was not made must not pass for one.
    precondition(status == 1, "digest failed")
    return digest
  }
}
