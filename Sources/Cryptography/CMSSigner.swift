// Makes detached CMS signatures (RFC 5652): what an examiner seals a record with. The profile that verification asks for
// is asked of the signer's certificate beforehand: a seal that nobody accepts is worth nothing.

import Bytes
import CVeilCrypto

/// Why nothing can be signed with what was given.
public struct SigningRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  public let of: String
  public let found: String
  public let expected: String

  public var description: String { "\(of): found \(found); expected \(expected)" }
}

/// A certificate and its key. One thread at a time.
@safe
public final class CMSSigner: @unchecked Sendable {
  /// Who signs; without a signing time.
  public let signer: Signer

  private let certificate: Certificate
  private let chain: [[UInt8]]
  private let key: Owned

  /// Bytes of a key's file.
  public static let longestKey = 1 << 16

  /// - Parameters:
  ///   - certificate: PEM; the first is the signer's, the others go into each signature, to lead to an anchor.
  ///   - key: PEM, PKCS #8 or the older forms, encrypted or not.
  ///   - passphrase: asked for where the key is encrypted, once.
  ///   - now: seconds since 1970-01-01 UTC, at which the certificate must be valid.
  ///   - policy: what verification will ask of the certificate.
  public init(
    certificate file: [UInt8], key keyFile: [UInt8], now: Int64, policy: SignaturePolicy = SignaturePolicy(),
    passphrase: () -> [UInt8]?
  ) throws(SigningRefusal) {
    defer { ERR_clear_error() }
    let parts = PEMParts.read(file, .certificate)
    guard let first = parts.first, let certificate = Certificate.decode(first), certificate.values != nil else {
      throw SigningRefusal(
        of: "the signer's certificate", found: "no certificate", expected: "X.509 in PEM, the signer's own first")
    }
    do throws(SignatureRefusal) { try certificate.checkProfile(policy) } catch {
      throw SigningRefusal(of: error.of, found: error.found, expected: error.expected)
    }
    try CMSSigner.checkTime(certificate, now)
    let key = try CMSSigner.read(keyFile, passphrase)
    // Sound: both are ours and only read.
    guard unsafe X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
      throw SigningRefusal(
        of: "the signer's key", found: "another key than that of \(certificate.subject)",
        expected: "the key whose public half is in the certificate")
    }
    signer = certificate.signer(signingTime: nil)
    self.certificate = certificate
    self.key = key
    chain = Array(parts.dropFirst())
  }

  /// A signature in DER over exactly `content`, SHA-256, with the certificates inside and the time as its signer has it.
  public func sign(_ content: [UInt8]) throws(SigningRefusal) -> [UInt8] {
    defer { ERR_clear_error() }
    let flags = UInt32(CMS_BINARY) | UInt32(CMS_DETACHED) | UInt32(CMS_PARTIAL) | UInt32(CMS_NOSMIMECAP)
    // Sound: the message is ours; it takes references of its own to certificate and key.
    guard
      let message = unsafe Owned(
        CMS_sign(nil, nil, nil, nil, flags), { unsafe CMS_ContentInfo_free($0) }),
      let digest = unsafe EVP_sha256(),
      unsafe CMS_add1_signer(message.pointer, certificate.pointer, key.pointer, digest, flags) != nil
    else { throw CMSSigner.failed }
    for der in chain {
      guard let other = Certificate.decode(der), unsafe CMS_add1_cert(message.pointer, other.pointer) == 1 else {
        throw CMSSigner.failed
      }
    }
    // Sound: the BIO reads bytes that are lent for longer than it lives.
    let isFinal = unsafe content.withUnsafeBytes { buffer -> Bool in
      guard let input = unsafe Owned.input(buffer) else { return false }
      return unsafe CMS_final(message.pointer, input.pointer, nil, flags) == 1
    }
    guard isFinal else { throw CMSSigner.failed }
    // Sound: asked for the length first, then given as much room.
    let length = unsafe i2d_CMS_ContentInfo(message.pointer, nil)
    guard length > 0, Int(length) <= DetachedSignature.longestFile else { throw CMSSigner.failed }
    var bytes = [UInt8](repeating: 0, count: Int(length))
    let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      var start = buffer.baseAddress
      return unsafe i2d_CMS_ContentInfo(message.pointer, &start)
    }
    guard written == length else { throw CMSSigner.failed }
    return bytes
  }

  private static let failed = SigningRefusal(
    of: "the signature", found: "a cryptographic library that cannot make it", expected: "OpenSSL 3 with its defaults")

  private static func checkTime(_ certificate: borrowing Certificate, _ now: Int64) throws(SigningRefusal) {
    // Sound: reads what our certificate holds.
    guard let from = unsafe UnixTime.seconds(X509_get0_notBefore(certificate.pointer)),
      let until = unsafe UnixTime.seconds(X509_get0_notAfter(certificate.pointer)), from <= now, now <= until
    else {
      throw SigningRefusal(
        of: "the certificate of \(certificate.subject)", found: "one that is not valid now, \(UnixTime.text(now))",
        expected: "one that is")
    }
  }

  // MARK: - The key

  private static func read(_ file: [UInt8], _ passphrase: () -> [UInt8]?) throws(SigningRefusal) -> Owned {
    if let key = decode(file, nil) { return key }
    guard isEncrypted(file) else {
      throw SigningRefusal(of: "the signer's key", found: "no private key", expected: "one in PEM")
    }
    guard var phrase = passphrase() else {
      throw SigningRefusal(
        of: "the signer's key", found: "an encrypted key and no passphrase",
        expected: "one, typed on the terminal or given by --passphrase-file")
    }
    defer { for index in phrase.indices { phrase[index] = 0 } }
    guard let key = decode(file, phrase) else {
      throw SigningRefusal(of: "the signer's key", found: "a passphrase that does not open it", expected: "its own")
    }
    return key
  }

  private static func isEncrypted(_ file: [UInt8]) -> Bool {
    let text = String(decoding: file, as: UTF8.self)
    return text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
  }

  private static func decode(_ file: [UInt8], _ passphrase: [UInt8]?) -> Owned? {
    // A passphrase is handed over as a C string.
    var phrase = (passphrase ?? []).filter { $0 != 0 } + [0]
    defer { for index in phrase.indices { phrase[index] = 0 } }
    // Sound: the BIO reads bytes that are lent for longer than it lives; without a callback libcrypto takes the last
    // argument for the passphrase, a text that ends with zero. An empty one keeps it from asking on the terminal itself.
    let key = unsafe file.withUnsafeBytes { buffer -> OpaquePointer? in
      guard let input = unsafe Owned.input(buffer) else { return nil }
      return unsafe phrase.withUnsafeMutableBytes {
        unsafe PEM_read_bio_PrivateKey(input.pointer, nil, nil, $0.baseAddress)
      }
    }
    return unsafe Owned(key) { unsafe EVP_PKEY_free($0) }
  }
}

extension DetachedSignature {
  /// Throws what there is against the signature over `content` as such: form, attributes, algorithms, the certificate's
  /// profile, the signature's value. Whether anybody trusts the signer is not asked. Gives the signers it names.
  public func checkIntegrity(
    over content: [UInt8], policy: SignaturePolicy = SignaturePolicy()
  ) throws(SignatureRefusal) -> [Signer] {
    defer { ERR_clear_error() }
    let message = try CMSMessage(bytes)
    try message.checkForm()
    for index in 0..<message.signerCount { try message.checkSigner(index, content, policy) }
    try message.checkAsAWhole(content)
    var signers: [Signer] = []
    for index in 0..<message.signerCount { signers.append(try message.signer(index)) }
    return signers
  }
}
