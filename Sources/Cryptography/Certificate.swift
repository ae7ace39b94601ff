// A certificate as libcrypto holds it: what the signature profile asks of a signer's (RFC 5280).

import Bytes
import CVeilCrypto

/// A certificate with a reference of its own.
@safe
struct Certificate: ~Copyable {
  private let owned: Owned

  // Sound: given out for the owner's life only.
  var pointer: OpaquePointer { unsafe owned.pointer }

  /// Shares a certificate that somebody else owns.
  init?(sharing pointer: OpaquePointer?) {
    // Sound: counts a reference, which the owner gives back.
    guard let pointer = unsafe pointer, unsafe X509_up_ref(pointer) == 1,
      let owned = unsafe Owned(pointer, { unsafe X509_free($0) })
    else { return nil }
    self.owned = owned
  }

  private init(_ owned: consuming Owned) { self.owned = owned }

  /// The certificate that takes up all of `der`.
  static func decode(_ der: [UInt8]) -> Certificate? {
    guard der.count <= X509Certificate.Limits.encoding else { return nil }
    // Sound: reads `count` bytes from `start` during the call; `start` is moved behind what was read.
    let (certificate, isWhole) = unsafe der.withUnsafeBufferPointer { buffer -> (OpaquePointer?, Bool) in
      var start = buffer.baseAddress
      let certificate = unsafe d2i_X509(nil, &start, buffer.count)
      return unsafe (certificate, start == buffer.baseAddress.map { unsafe $0 + buffer.count })
    }
    ERR_clear_error()
    guard let owned = unsafe Owned(certificate, { unsafe X509_free($0) }), isWhole else { return nil }
    return Certificate(owned)
  }

  var der: [UInt8] {
    // Sound: asked for the length first, then given as much room.
    let length = unsafe i2d_X509(pointer, nil)
    guard length > 0, Int(length) <= X509Certificate.Limits.encoding else { return [] }
    var bytes = [UInt8](repeating: 0, count: Int(length))
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      var start = buffer.baseAddress
      unsafe i2d_X509(pointer, &start)
    }
    return bytes
  }

  /// What it says, for people.
  var values: X509Certificate? { der.withRawSpan { X509Certificate(der: $0) } }

  var subject: String { values?.subject ?? "a certificate that cannot be read" }

  func signer(signingTime: Int64?) -> Signer {
    let der = der
    let values = der.withRawSpan { X509Certificate(der: $0) }
    return Signer(
      subject: values?.subject ?? "", issuer: values?.issuer ?? "", serialNumber: values?.serialNumber ?? "",
      fingerprint: der.withRawSpan { DigestAlgorithm.sha256.text(of: $0) } ?? "", signingTime: signingTime)
  }

  /// Whether it could issue others, by whatever rule: basicConstraints, a version-1 certificate signed by itself, or key
  /// usage keyCertSign alone.
  var isAuthority: Bool {
    // Sound: reads what libcrypto has decoded of our certificate. X509_check_ca overlooks an authority that lacks
    // keyCertSign.
    unsafe X509_check_ca(pointer) != 0 || X509_get_extension_flags(pointer) & UInt32(EXFLAG_CA) != 0
  }

  // MARK: - The profile of a signer's certificate

  /// Throws what the signature profile has against it, time and issuer aside.
  func checkProfile(_ policy: SignaturePolicy) throws(SignatureRefusal) {
    let subject = subject
    func refuse(_ cause: SignatureRefusal.Cause, _ found: String, _ expected: String) -> SignatureRefusal {
      SignatureRefusal(cause, of: "the certificate of \(subject)", found: found, expected: expected)
    }
    // Sound here and below: reads what libcrypto has decoded of our certificate.
    if unsafe X509_get_extension_flags(pointer) & UInt32(EXFLAG_INVALID) != 0 {
      throw refuse(.certificateUnreadable, "extensions that contradict themselves", "extensions as in RFC 5280")
    }
    if isAuthority {
      throw refuse(
        .authorityCertificate, "a certificate of an authority (CA)", "a signer's certificate, which issues none")
    }
    try checkKeyUsage(refuse)
    try checkExtendedKeyUsage(policy, refuse)
    try checkKey(refuse)
  }

  private typealias Refuse = (SignatureRefusal.Cause, String, String) -> SignatureRefusal

  private func checkKeyUsage(_ refuse: Refuse) throws(SignatureRefusal) {
    let usage = unsafe X509_get_key_usage(pointer)
    let expected = "key usage digitalSignature or nonRepudiation"
    // All bits set: the extension is not there.
    guard usage != .max else { throw refuse(.keyUsage, "no key usage", expected) }
    let names: [(Int32, String)] = [
      (KU_DIGITAL_SIGNATURE, "digitalSignature"), (KU_NON_REPUDIATION, "nonRepudiation"),
      (KU_KEY_ENCIPHERMENT, "keyEncipherment"), (KU_DATA_ENCIPHERMENT, "dataEncipherment"),
      (KU_KEY_AGREEMENT, "keyAgreement"), (KU_KEY_CERT_SIGN, "keyCertSign"), (KU_CRL_SIGN, "cRLSign"),
    ]
    guard usage & UInt32(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION) != 0 else {
      let found = names.filter { usage & UInt32($0.0) != 0 }.map(\.1).joined(separator: ", ")
      throw refuse(.keyUsage, "key usage \(found.isEmpty ? "of another kind" : found)", expected)
    }
  }

  private func checkExtendedKeyUsage(_ policy: SignaturePolicy, _ refuse: Refuse) throws(SignatureRefusal) {
    let usages = extendedKeyUsages
    let accepted = policy.acceptedUsages
    let expected =
      "extended key usage documentSigning (\(SignaturePolicy.documentSigning))"
      + policy.extendedKeyUsages.map { " or \($0)" }.joined()
    let found =
      usages.isEmpty ? "no extended key usage" : "extended key usage " + usages.map(Self.named).joined(separator: ", ")
    guard !usages.contains(SignaturePolicy.anyUsage) else {
      throw refuse(.extendedKeyUsage, found, "\(expected), and not anyExtendedKeyUsage")
    }
    guard usages.contains(where: { accepted.contains($0) && !SignaturePolicy.neverEnough.contains($0) }) else {
      throw refuse(.extendedKeyUsage, found, expected)
    }
  }

  static func named(_ usage: String) -> String {
    let names = [
      "1.3.6.1.5.5.7.3.1": "serverAuth", "1.3.6.1.5.5.7.3.2": "clientAuth", "1.3.6.1.5.5.7.3.3": "codeSigning",
      "1.3.6.1.5.5.7.3.4": "emailProtection", SignaturePolicy.timestamping: "timeStamping",
      SignaturePolicy.documentSigning: "documentSigning", SignaturePolicy.anyUsage: "anyExtendedKeyUsage",
    ]
    return names[usage] ?? usage
  }

  /// As dotted numbers; of a hostile certificate the first hundred.
  var extendedKeyUsages: [String] {
    // Sound: the stack is ours and freed once with what it holds; its elements are read before.
    guard let found = unsafe X509_get_ext_d2i(pointer, NID_ext_key_usage, nil, nil) else { return [] }
    let stack = OpaquePointer(found)
    defer { unsafe EXTENDED_KEY_USAGE_free(stack) }
    var usages: [String] = []
    let view = unsafe StackView(stack)
    for index in 0..<min(view.count, 100) { unsafe usages.append(ObjectIdentifier.dotted(view[index])) }
    return usages
  }

  /// Whether extended key usage is there, critical, and timeStamping alone (RFC 3161 section 2.3).
  var isTimestampAuthority: Bool {
    let at = unsafe X509_get_ext_by_NID(pointer, NID_ext_key_usage, -1)
    guard at >= 0, let `extension` = unsafe X509_get_ext(pointer, at) else { return false }
    return unsafe X509_EXTENSION_get_critical(`extension`) == 1
      && extendedKeyUsages == [SignaturePolicy.timestamping]
  }

  private func checkKey(_ refuse: Refuse) throws(SignatureRefusal) {
    let expected = "an RSA key of 2048 bits or more, or one on P-256 or P-384"
    guard let key = unsafe X509_get0_pubkey(pointer) else {
      ERR_clear_error()
      throw refuse(.weakKey, "a key that cannot be read", expected)
    }
    let bits = unsafe EVP_PKEY_get_bits(key)
    switch unsafe EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS:
      guard bits >= 2048 else { throw refuse(.weakKey, "an RSA key of \(bits) bits", expected) }
    case EVP_PKEY_EC:
      let curve = unsafe Certificate.curve(of: key)
      guard curve == "prime256v1" || curve == "secp384r1" else {
        throw refuse(.weakKey, "a key on the curve \(curve)", expected)
      }
    case let other: throw refuse(.weakKey, "a key of the kind \(ObjectIdentifier.name(other))", expected)
    }
  }

  private static func curve(of key: OpaquePointer) -> String {
    var buffer = [CChar](repeating: 0, count: 80)
    var length = 0
    // Sound: at most as many bytes as the array has are written.
    guard unsafe EVP_PKEY_get_group_name(key, &buffer, buffer.count, &length) == 1, length < buffer.count else {
      ERR_clear_error()
      return "of its own"
    }
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
