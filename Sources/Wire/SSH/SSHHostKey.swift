// The server's host key in its answer of the key exchange: RFC 4253 section 8, RFC 5656 section 4, RFC 4419 section 3.

import Bytes
import Cryptography

// Layout of an answer: message (1), K_S (string: a name, then the key), the server's share, the signature. Layout of a group
// (RFC 4419): message 31 (1), p (mpint), g (mpint). Which of them message 31 is follows from the method.

/// A server's host key as it was sent.
public struct SSHHostKey: Hashable, Sendable {
  /// The name at its start: `ssh-ed25519`.
  public let type: String
  /// SHA-256 of it; lower-case digits. `ssh-keygen -l` shows the same in base64. Nil where libcrypto does not offer it.
  public let sha256: String?

  /// Reads an answer's payload, from the message number on.
  public init(answer payload: ByteReader) throws(ReadError) {
    var reader = payload
    try reader.skip(1)
    let length = Int(try reader.u32())
    var key = try reader.block(length)
    let whole = key.whole
    let name = try key.sshString()
    guard SSHHostKey.isName(name), !key.isAtEnd else { throw key.invalid() }
    // The share and the signature follow.
    _ = try reader.sshString()
    type = String(decoding: name.array, as: UTF8.self)
    sha256 = DigestAlgorithm.sha256.text(of: whole)
  }

  /// Names of algorithms: RFC 4250 section 4.6.1.
  private static func isName(_ bytes: RawSpan) -> Bool {
    guard (3...64).contains(bytes.byteCount) else { return false }
    for offset in 0..<bytes.byteCount where !(0x21...0x7e).contains(bytes.u8(offset)) { return false }
    return true
  }

  /// The bits of the prime in a group's payload; nil where it is none.
  public static func groupBits(_ payload: ByteReader) -> Int? {
    var reader = payload
    do throws(ReadError) {
      guard try reader.u8() == 31 else { return nil }
      let prime = try reader.sshString()
      let generator = try reader.sshString()
      guard reader.isAtEnd, generator.byteCount <= 8 else { return nil }
      return bits(ofInteger: prime)
    } catch {
      return nil
    }
  }

  static func bits(ofInteger bytes: RawSpan) -> Int? {
    var offset = 0
    while offset < bytes.byteCount, bytes.u8(offset) == 0 { offset += 1 }
    guard offset < bytes.byteCount else { return nil }
    return (bytes.byteCount &- offset) &* 8 &- bytes.u8(offset).leadingZeroBitCount
  }
}
