// A time stamp (RFC 3161): whether an authority that is trusted to say so saw this signature at the time it names.
// Layout: TimeStampResp { status, TimeStampToken }, or the token alone: signed-data over TSTInfo { version, policy,
// messageImprint { hashAlgorithm, hashedMessage }, serialNumber, genTime, … } (section 2.4.2).

import Bytes
import CVeilCrypto

@safe
struct TimestampToken: ~Copyable {
  /// A PKCS7 structure of ours, of the type signed-data.
  private let token: Owned
  private let info: Owned
  /// genTime, whole seconds since 1970-01-01 UTC.
  let time: Int64

  private static let name = "the time stamp"

  /// Reads a response or a token in DER that takes up all of `bytes`.
  init(_ bytes: [UInt8]) throws(SignatureRefusal) {
    guard !bytes.isEmpty, bytes.count <= DetachedSignature.longestFile else {
      throw TimestampToken.unreadable("a file of \(bytes.count) bytes")
    }
    // Sound: the token is a copy of ours, or was read for us; what it holds belongs to it.
    let found = try unsafe TimestampToken.granted(bytes) ?? TimestampToken.alone(bytes)
    ERR_clear_error()
    guard let token = unsafe Owned(found.map { OpaquePointer($0) }, { unsafe PKCS7_free(UnsafeMutablePointer($0)) })
    else { throw TimestampToken.unreadable("something else") }
    let inner = unsafe UnsafeMutablePointer<PKCS7>(token.pointer)
    guard unsafe OBJ_obj2nid(inner.pointee.type) == NID_pkcs7_signed,
      let info = unsafe Owned(PKCS7_to_TS_TST_INFO(inner), { unsafe TS_TST_INFO_free($0) })
    else { throw TimestampToken.unreadable("signed data that is no time stamp") }
    guard let time = unsafe UnixTime.seconds(TS_TST_INFO_get_time(info.pointer)),
      unsafe TS_TST_INFO_get_version(info.pointer) == 1
    else { throw TimestampToken.unreadable("a version or a time that is not known") }
    self.token = token
    self.info = info
    self.time = time
  }

  private static func unreadable(_ found: String) -> SignatureRefusal {
    SignatureRefusal(
      .timestampUnreadable, of: name, found: found,
      expected: "an RFC 3161 response or token in DER, as `openssl ts` and time-stamp authorities write it")
  }

  /// The token of a response; nil where the bytes are none.
  private static func granted(_ bytes: [UInt8]) throws(SignatureRefusal) -> UnsafeMutablePointer<PKCS7>? {
    // Sound: reads `count` bytes from `start` during the call; the response is ours, freed here, its token copied before.
    let (response, isWhole) = unsafe bytes.withUnsafeBufferPointer { buffer -> (OpaquePointer?, Bool) in
      var start = buffer.baseAddress
      let response = unsafe d2i_TS_RESP(nil, &start, buffer.count)
      return unsafe (response, start == buffer.baseAddress.map { unsafe $0 + buffer.count })
    }
    guard let response = unsafe Owned(response, { unsafe TS_RESP_free($0) }), isWhole else { return nil }
    let status = unsafe TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response.pointer))
    let number = unsafe status.map { unsafe ASN1_INTEGER_get($0) } ?? -1
    // granted, grantedWithMods (section 2.4.2).
    guard number == 0 || number == 1 else {
      throw SignatureRefusal(
        .timestampNotGranted, of: name, found: "a response with the status \(number)",
        expected: "0 (granted) or 1 (granted with modifications)")
    }
    guard let token = unsafe TS_RESP_get_token(response.pointer) else { throw unreadable("a response without a token") }
    return unsafe PKCS7_dup(token)
  }

  private static func alone(_ bytes: [UInt8]) -> UnsafeMutablePointer<PKCS7>? {
    // Sound: as above.
    let (token, isWhole) = unsafe bytes.withUnsafeBufferPointer { buffer -> (UnsafeMutablePointer<PKCS7>?, Bool) in
      var start = buffer.baseAddress
      let token = unsafe d2i_PKCS7(nil, &start, buffer.count)
      return unsafe (token, start == buffer.baseAddress.map { unsafe $0 + buffer.count })
    }
    guard isWhole else {
      unsafe PKCS7_free(token)
      return nil
    }
    return unsafe token
  }

  // MARK: - What it vouches for

  struct Authority {
    let signer: Signer
    let revocation: Revocation
  }

  /// Throws what there is against it as the time of this signature.
  ///
  /// - Parameters:
  ///   - signature: the signature's file.
  ///   - values: the signature values in it. A token over the only one counts as well as one over the file.
  ///   - anchors: of time-stamp authorities. Their certificates must hold at the time they name, so that a time stamp
  ///     still proves something when they have expired.
  func verify(
    over signature: [UInt8], values: [[UInt8]], anchors: TrustAnchors, lists: RevocationLists, now: Int64
  ) throws(SignatureRefusal) -> Authority {
    guard !anchors.isEmpty else {
      throw SignatureRefusal(
        .timestampNoAnchor, of: TimestampToken.name, found: "no anchor to hold it against",
        expected: "certificates of time-stamp authorities, by --trust-tsa or the configuration")
    }
    try checkImprint(signature, values)
    guard time <= now else {
      throw SignatureRefusal(
        .timestampAfter, of: TimestampToken.name, found: UnixTime.text(time),
        expected: "not after the present, \(UnixTime.text(now))")
    }
    try checkAlgorithm()
    return try checkAuthority(anchors, lists, now)
  }

  func checkImprint(_ signature: [UInt8], _ values: [[UInt8]]) throws(SignatureRefusal) {
    // Sound, here and below: reads what the token owns.
    let imprint = unsafe TS_TST_INFO_get_msg_imprint(info.pointer)
    let digest = unsafe ObjectIdentifier.algorithm(TS_MSG_IMPRINT_get_algo(imprint))
    try check(digest, "a digest of the signature")
    let stamped = unsafe TS_MSG_IMPRINT_get_msg(imprint).map { unsafe OctetString.bytes($0) } ?? []
    let file = try SignedContent.digest(signature, digest)
    if stamped == file { return }
    if values.count == 1, try SignedContent.digest(values[0], digest) == stamped { return }
    throw SignatureRefusal(
      .timestampOfOther, of: TimestampToken.name,
      found: "one over something with the \(ObjectIdentifier.name(digest)) \(Hex.text(stamped))",
      expected: "one over this signature's file, \(Hex.text(file))"
        + (values.count == 1 ? ", or over the signature value in it" : ""))
  }

  private func check(_ digest: Int32, _ what: String) throws(SignatureRefusal) {
    guard [NID_sha256, NID_sha384, NID_sha512].contains(digest) else {
      throw SignatureRefusal(
        .timestampAlgorithm, of: TimestampToken.name, found: "\(what) by \(ObjectIdentifier.name(digest))",
        expected: "SHA-256, SHA-384 or SHA-512")
    }
  }

  private var inner: UnsafeMutablePointer<PKCS7> { unsafe UnsafeMutablePointer<PKCS7>(token.pointer) }

  private func checkAlgorithm() throws(SignatureRefusal) {
    // Sound: the entries belong to the token.
    let entries = unsafe StackView(PKCS7_get_signer_info(inner))
    guard entries.count == 1, let entry = unsafe entries[0] else {
      throw SignatureRefusal(
        .timestampWrong, of: TimestampToken.name, found: "\(entries.count) signers", expected: "one")
    }
    let signer = unsafe UnsafeMutablePointer<PKCS7_SIGNER_INFO>(entry)
    try check(unsafe ObjectIdentifier.algorithm(signer.pointee.digest_alg), "a signature over a digest")
  }

  private func checkAuthority(
    _ anchors: TrustAnchors, _ lists: RevocationLists, _ now: Int64
  ) throws(SignatureRefusal) -> Authority {
    let whose = "the time-stamp authority"
    // Sound: the stack is ours, its certificates are the token's.
    let signers = unsafe Owned(PKCS7_get0_signers(inner, nil, 0)) { unsafe OPENSSL_sk_free($0) }
    var found: OpaquePointer?
    if let signers { unsafe found = StackView(signers.pointer)[0] }
    guard let certificate = unsafe Certificate(sharing: found) else {
      throw SignatureRefusal(
        .certificateMissing, of: TimestampToken.name, found: "no certificate of its authority inside",
        expected: "one that was asked for with it (openssl ts -query -cert)")
    }
    guard certificate.isTimestampAuthority else {
      let usages = certificate.extendedKeyUsages
      throw SignatureRefusal(
        .timestampUsage, of: "\(whose) \(certificate.subject)",
        found: usages.isEmpty
          ? "no extended key usage"
          : "extended key usage \(usages.joined(separator: ", ")), or one that is not critical",
        expected: "timeStamping (\(SignaturePolicy.timestamping)) alone, critical")
    }
    let others = unsafe inner.pointee.d.sign?.pointee.cert
    let chain = try unsafe CertificateChain(
      of: certificate, through: others, to: anchors, at: time, usages: [SignaturePolicy.timestamping],
      whose: whose)
    let revocation = try chain.revocation(lists, at: time, now: now, whose: whose)
    guard let store = anchors.store(), let parameters = unsafe X509_VERIFY_PARAM_new() else { throw .unavailable }
    // Sound: the parameters are ours and copied into the store, which is ours too.
    defer { unsafe X509_VERIFY_PARAM_free(parameters) }
    unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(time))
    unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    guard unsafe X509_STORE_set1_param(store.pointer, parameters) == 1 else { throw .unavailable }
    // Signature, attributes and the certificate they name (ESSCertID, RFC 5816).
    guard unsafe TS_RESP_verify_signature(inner, others, store.pointer, nil) == 1 else {
      throw SignatureRefusal(
        .timestampWrong, of: TimestampToken.name,
        found: "a signature that \(certificate.subject) did not make over it, or that names another certificate",
        expected: "the authority's own")
    }
    return Authority(signer: certificate.signer(signingTime: nil), revocation: revocation)
  }
}
