// A signature's file as libcrypto reads it, and each signer's entry held against the profile.
// Layout (RFC 5652 section 5): ContentInfo { SignedData { version, digestAlgorithms, encapContentInfo, certificates, crls,
// signerInfos { sid, digestAlgorithm, signedAttrs, signatureAlgorithm, signature, unsignedAttrs } } }.

import Bytes
import CVeilCrypto

@safe
struct CMSMessage: ~Copyable {
  private let message: Owned
  /// The certificates that came with it; nil where there are none.
  private let certificates: Owned?

  /// Reads DER that takes up all of `bytes`, or PEM.
  init(_ bytes: [UInt8]) throws(SignatureRefusal) {
    guard bytes.count <= DetachedSignature.longestFile else {
      throw CMSMessage.unreadable("a file of \(bytes.count) bytes or more")
    }
    guard let message = bytes.first == 0x30 ? CMSMessage.fromDER(bytes) : CMSMessage.fromPEM(bytes) else {
      ERR_clear_error()
      throw CMSMessage.unreadable(bytes.isEmpty ? "an empty file" : "something else")
    }
    // Sound: what is read belongs to the message; the certificates are counted references in a stack of ours.
    guard unsafe OBJ_obj2nid(CMS_get0_type(message.pointer)) == NID_pkcs7_signed else {
      throw CMSMessage.unreadable("CMS of another type than signed-data")
    }
    // libcrypto looks for each signer's certificate among those that came along.
    unsafe CMS_set1_signers_certs(message.pointer, nil, 0)
    certificates = unsafe Owned(CMS_get1_certs(message.pointer)) { stack in
      unsafe OPENSSL_sk_pop_free(stack) { unsafe X509_free($0.map { OpaquePointer($0) }) }
    }
    self.message = message
  }

  private static func unreadable(_ found: String) -> SignatureRefusal {
    SignatureRefusal(
      .unreadable, of: "the signature's file", found: found,
      expected: "one signature in CMS, DER or PEM, as `openssl cms -sign -binary -outform DER` writes it")
  }

  private static func fromDER(_ bytes: [UInt8]) -> Owned? {
    // Sound: reads `count` bytes from `start` during the call, and moves `start` behind what was read.
    let (message, isWhole) = unsafe bytes.withUnsafeBufferPointer { buffer -> (OpaquePointer?, Bool) in
      var start = buffer.baseAddress
      let message = unsafe d2i_CMS_ContentInfo(nil, &start, buffer.count)
      return unsafe (message, start == buffer.baseAddress.map { unsafe $0 + buffer.count })
    }
    guard let owned = unsafe Owned(message, { unsafe CMS_ContentInfo_free($0) }), isWhole else { return nil }
    return owned
  }

  private static func fromPEM(_ bytes: [UInt8]) -> Owned? {
    let parts = PEMParts.read(bytes, .signature)
    guard parts.count == 1 else { return nil }
    return fromDER(parts[0])
  }

  // MARK: - The form

  // Sound, here and below: reads what the message owns.
  private var entries: StackView { unsafe StackView(CMS_get0_SignerInfos(message.pointer)) }

  var signerCount: Int { entries.count }

  func checkForm() throws(SignatureRefusal) {
    guard unsafe CMS_is_detached(message.pointer) == 1 else {
      throw SignatureRefusal(
        .embeddedContent, of: "the signature", found: "content of its own inside",
        expected: "a detached signature (no -nodetach): what is signed is the document beside it and nothing else")
    }
    let type = unsafe ObjectIdentifier.dotted(CMS_get0_eContentType(message.pointer))
    guard type == CMSMessage.data else {
      throw SignatureRefusal(
        .contentType, of: "the signature", found: "content of the type \(type)", expected: "data (\(CMSMessage.data))")
    }
    guard signerCount > 0 else {
      throw SignatureRefusal(.noSigner, of: "the signature", found: "no signer", expected: "one or more")
    }
    guard signerCount <= SignatureVerifier.mostSigners else {
      throw SignatureRefusal(
        .tooManySigners, of: "the signature", found: "\(signerCount) signers",
        expected: "at most \(SignatureVerifier.mostSigners)")
    }
  }

  /// id-data (RFC 5652 section 4).
  private static let data = "1.2.840.113549.1.7.1"

  // MARK: - A signer's entry

  /// Throws what there is against the entry and its certificate, issuer and time aside.
  func checkSigner(_ index: Int, _ content: [UInt8], _ policy: SignaturePolicy) throws(SignatureRefusal) {
    let entry = try unsafe entry(index)
    let certificate = try certificate(index)
    let of = "the signature of \(certificate.subject)"
    try unsafe checkAttributes(entry, of)
    let digest = try unsafe checkAlgorithms(entry, of)
    try unsafe checkContent(entry, digest, content, of)
    try certificate.checkProfile(policy)
    guard unsafe CMS_SignerInfo_verify(entry) == 1 else {
      throw SignatureRefusal(
        .signatureWrong, of: of, found: "a signature that its key did not make over these attributes",
        expected: "one that the key in the certificate made")
    }
  }

  private func entry(_ index: Int) throws(SignatureRefusal) -> OpaquePointer {
    guard let entry = unsafe entries[index] else { throw .unavailable }
    return unsafe entry
  }

  private func certificate(_ index: Int) throws(SignatureRefusal) -> Certificate {
    var found: OpaquePointer?
    // Sound: the entry belongs to the message, whose owner lives longer.
    let entry = try unsafe entry(index)
    unsafe CMS_SignerInfo_get0_algs(entry, nil, &found, nil, nil)
    guard let certificate = unsafe Certificate(sharing: found) else {
      throw SignatureRefusal(
        .certificateMissing, of: "signer \(index + 1) of \(signerCount)",
        found: "no certificate of it in the signature",
        expected: "the signer's certificate inside (no -nocerts)")
    }
    return certificate
  }

  private func checkAttributes(_ entry: OpaquePointer, _ of: String) throws(SignatureRefusal) {
    guard unsafe CMS_signed_get_attr_count(entry) > 0 else {
      throw SignatureRefusal(
        .noSignedAttributes, of: of, found: "no signed attributes",
        expected: "contentType, messageDigest and signingTime (no -noattr)")
    }
    // Sound: the entry belongs to the message, and so do the values of its attributes.
    let type = unsafe CMSMessage.attribute(entry, NID_pkcs9_contentType, V_ASN1_OBJECT)
    guard let type = unsafe type, unsafe ObjectIdentifier.dotted(OpaquePointer(type)) == CMSMessage.data else {
      throw SignatureRefusal(
        .attributes, of: of, found: "no signed attribute contentType, or one that is not data", expected: "data, once")
    }
    guard unsafe CMSMessage.attribute(entry, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING) != nil else {
      throw SignatureRefusal(.attributes, of: of, found: "no signed attribute messageDigest", expected: "it, once")
    }
    guard unsafe CMSMessage.signingTime(entry) != nil else {
      throw SignatureRefusal(
        .attributes, of: of, found: "no signed attribute signingTime that can be read", expected: "it, once")
    }
  }

  /// The value of a signed attribute that is there once, with one value.
  private static func attribute(_ entry: OpaquePointer, _ nid: Int32, _ type: Int32) -> UnsafeMutableRawPointer? {
    // -3: one attribute of this kind with one value, or nothing (X509at_get0_data_by_OBJ). Sound: the entry is the
    // message's, and so is what is given.
    unsafe CMS_signed_get0_data_by_OBJ(entry, OBJ_nid2obj(nid), -3, type)
  }

  private static func signingTime(_ entry: OpaquePointer) -> Int64? {
    let nid = NID_pkcs9_signingTime
    // Sound: both kinds of time are the same structure of libcrypto's, which knows its own kind.
    let found =
      unsafe attribute(entry, nid, V_ASN1_UTCTIME) ?? attribute(entry, nid, V_ASN1_GENERALIZEDTIME)
    return unsafe UnixTime.seconds(found?.assumingMemoryBound(to: ASN1_TIME.self))
  }

  /// The digest's number, once the algorithms are such as the profile allows.
  private func checkAlgorithms(_ entry: OpaquePointer, _ of: String) throws(SignatureRefusal) -> Int32 {
    var digestAlgorithm: UnsafeMutablePointer<X509_ALGOR>?
    var signatureAlgorithm: UnsafeMutablePointer<X509_ALGOR>?
    unsafe CMS_SignerInfo_get0_algs(entry, nil, nil, &digestAlgorithm, &signatureAlgorithm)
    let digest = unsafe ObjectIdentifier.algorithm(digestAlgorithm)
    guard [NID_sha256, NID_sha384, NID_sha512].contains(digest) else {
      throw SignatureRefusal(
        .digestAlgorithm, of: of, found: "the digest \(ObjectIdentifier.name(digest))",
        expected: "SHA-256, SHA-384 or SHA-512 (-md sha256)")
    }
    let signature = unsafe ObjectIdentifier.algorithm(signatureAlgorithm)
    var inside = NID_undef
    // Sound: looks a number up in libcrypto's table.
    unsafe OBJ_find_sigid_algs(signature, &inside, nil)
    let isPlain = signature == NID_rsaEncryption || signature == NID_X9_62_id_ecPublicKey
    // Of RSASSA-PSS libcrypto itself compares the digest in the parameters with that of the entry.
    guard isPlain || signature == NID_rsassaPss || inside == digest else {
      throw SignatureRefusal(
        .signatureAlgorithm, of: of, found: "the algorithm \(ObjectIdentifier.name(signature))",
        expected: "RSA or ECDSA with \(ObjectIdentifier.name(digest))")
    }
    return digest
  }

  private func checkContent(
    _ entry: OpaquePointer, _ digest: Int32, _ content: [UInt8], _ of: String
  ) throws(SignatureRefusal) {
    guard let value = unsafe CMSMessage.attribute(entry, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING) else {
      throw .unavailable
    }
    let signed = unsafe OctetString.bytes(value.assumingMemoryBound(to: ASN1_STRING.self))
    let found = try SignedContent.digest(content, digest)
    let asText = SignedContent.asText(content)
    guard signed == found else {
      let texts = [asText, Array("Content-Type: text/plain\r\n\r\n".utf8) + asText]
      for text in texts where try SignedContent.digest(text, digest) == signed {
        throw SignatureRefusal(
          .signedAsText, of: of, found: "a signature over the document with its line ends changed: signed as text",
          expected: "its exact bytes: sign again with -binary")
      }
      throw SignatureRefusal(
        .contentDiffers, of: of, found: "a document with the \(ObjectIdentifier.name(digest)) \(Hex.text(found))",
        expected: "\(Hex.text(signed)), which was signed")
    }
    // With these line ends a text-mode signature over another file holds too.
    guard asText != content || !content.contains(0x0a) else {
      throw SignatureRefusal(
        .lineEnds, of: of, found: "a document whose lines all end in CR LF, as a text-mode signature has them",
        expected: "line ends LF, signed with -binary, so that one file only fits the signature")
    }
  }

  // MARK: - All of it

  /// libcrypto's own check of every entry, certificates aside: it must agree.
  func checkAsAWhole(_ content: [UInt8]) throws(SignatureRefusal) {
    // Sound: the BIO reads bytes that are lent for longer than it lives.
    let holds = unsafe content.withUnsafeBytes { buffer -> Bool in
      guard let input = unsafe Owned.input(buffer) else { return false }
      let flags = UInt32(CMS_NO_SIGNER_CERT_VERIFY) | UInt32(CMS_BINARY)
      return unsafe CMS_verify(message.pointer, nil, nil, input.pointer, nil, flags) == 1
    }
    guard holds else {
      throw SignatureRefusal(
        .signatureWrong, of: "the signature", found: "one that OpenSSL does not verify",
        expected: "every signer's to hold over the document")
    }
  }

  func signer(_ index: Int) throws(SignatureRefusal) -> Signer {
    let certificate = try certificate(index)
    return certificate.signer(signingTime: unsafe CMSMessage.signingTime(try entry(index)))
  }

  /// Follows the signer's certificate to an anchor and judges what is between.
  func revocation(
    _ index: Int, _ anchors: TrustAnchors, _ lists: RevocationLists, _ policy: SignaturePolicy, at time: Int64,
    now: Int64
  ) throws(SignatureRefusal) -> Revocation {
    let certificate = try certificate(index)
    let chain = try unsafe CertificateChain(
      of: certificate, through: others, to: anchors, at: time, usages: policy.acceptedUsages)
    return try chain.revocation(lists, at: time, now: now)
  }

  private var others: OpaquePointer? {
    switch certificates {
    case .some(let stack): unsafe stack.pointer
    case .none: nil
    }
  }

  /// What each signer's key made: what a time stamp can be over.
  var signatureValues: [[UInt8]] {
    let entries = entries
    var values: [[UInt8]] = []
    for index in 0..<entries.count {
      guard let entry = unsafe entries[index], let value = unsafe CMS_SignerInfo_get0_signature(entry) else { continue }
      unsafe values.append(OctetString.bytes(value))
    }
    return values
  }
}

/// The content of a string that libcrypto holds.
enum OctetString {
  static func bytes(_ string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
    // Sound: libcrypto's string has `length` bytes from `start` on, and its owner lives through this call.
    let count = unsafe Int(ASN1_STRING_length(string))
    guard let start = unsafe ASN1_STRING_get0_data(string), count > 0 else { return [] }
    return unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  }
}

/// Digests of what was signed.
enum SignedContent {
  static func digest(_ bytes: [UInt8], _ nid: Int32) throws(SignatureRefusal) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    // Sound: reads `count` bytes during the call, and writes at most EVP_MAX_MD_SIZE.
    let holds = unsafe bytes.withUnsafeBytes { buffer -> Bool in
      guard let method = unsafe EVP_get_digestbyname(OBJ_nid2sn(nid)) else { return false }
      return unsafe EVP_Digest(buffer.baseAddress, buffer.count, &output, &length, method, nil) == 1
    }
    guard holds else { throw .unavailable }
    return Array(output.prefix(Int(length)))
  }

  /// What OpenSSL signs without -binary: every line end as CR LF.
  static func asText(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + bytes.count / 16)
    for byte in bytes {
      if byte == 0x0a {
        while out.last == 0x0d { out.removeLast() }
        out.append(0x0d)
      }
      out.append(byte)
    }
    return out
  }
}
