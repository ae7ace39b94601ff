// From a signer's certificate to an anchor, at a time (RFC 5280 section 6), and what lists of revoked certificates say of
// the certificates between.

import Bytes
import CVeilCrypto

/// A chain that holds at a time: each certificate is issued by the next; the last is an anchor.
@safe
struct CertificateChain: ~Copyable {
  private let context: Owned
  // Freed after the context, which points to it.
  private let store: Owned

  /// Certificates of a chain, at most; more can be asked of no agency's.
  private static let depth: Int32 = 8
  /// 112 bits (OpenSSL's level 2): RSA from 2048 bits, no SHA-1, in every certificate below the anchor.
  private static let securityLevel: Int32 = 2

  /// - Parameter others: certificates that came with the signature; they lead to an anchor and are none.
  ///   - usages: extended key usages of which an authority between must have one, where it is limited to some.
  init(
    of certificate: borrowing Certificate, through others: OpaquePointer?, to anchors: TrustAnchors, at time: Int64,
    usages: [String], whose: String = "the certificate of"
  ) throws(SignatureRefusal) {
    // Sound: context and store are ours; the context keeps no reference to the others, which the caller owns longer.
    guard let store = anchors.store(),
      let context = unsafe Owned(X509_STORE_CTX_new(), { unsafe X509_STORE_CTX_free($0) }),
      unsafe X509_STORE_CTX_init(context.pointer, store.pointer, certificate.pointer, others) == 1,
      let parameters = unsafe X509_STORE_CTX_get0_param(context.pointer)
    else {
      ERR_clear_error()
      throw .unavailable
    }
    unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(time))
    unsafe X509_VERIFY_PARAM_set_depth(parameters, CertificateChain.depth)
    unsafe X509_VERIFY_PARAM_set_auth_level(parameters, CertificateChain.securityLevel)
    // An authority below a root can be the anchor.
    unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    guard unsafe X509_verify_cert(context.pointer) == 1 else {
      ERR_clear_error()
      throw unsafe CertificateChain.refusal(context.pointer, anchors, time, whose)
    }
    try unsafe CertificateChain.checkUsages(StackView(X509_STORE_CTX_get0_chain(context.pointer)), usages)
    self.context = context
    self.store = store
  }

  private static func refusal(
    _ context: OpaquePointer, _ anchors: TrustAnchors, _ time: Int64, _ whose: String
  ) -> SignatureRefusal {
    // Sound: reads what the caller's context holds.
    let error = unsafe X509_STORE_CTX_get_error(context)
    let text = unsafe X509_verify_cert_error_string(Int(error)).map { unsafe String(cString: $0) } ?? "error \(error)"
    var values: X509Certificate?
    if let certificate = unsafe Certificate(sharing: X509_STORE_CTX_get_current_cert(context)) {
      values = certificate.values
    }
    let of = "\(whose) \(values?.subject ?? "a certificate that cannot be read")"
    switch error {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return SignatureRefusal(
        .expired, of: of, found: "valid until \(values?.notAfter ?? "a time that cannot be read")",
        expected: "valid at \(UnixTime.text(time))")
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return SignatureRefusal(
        .notYetValid, of: of, found: "valid from \(values?.notBefore ?? "a time that cannot be read")",
        expected: "valid at \(UnixTime.text(time))")
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_CERT_UNTRUSTED:
      return SignatureRefusal(
        .untrusted, of: of, found: "issued by \(values?.issuer ?? "somebody else"): \(text)",
        expected: "a chain to one of the anchors: \(list(anchors.subjects))")
    default:
      return SignatureRefusal(
        .chain, of: of, found: text, expected: "a chain that holds at \(UnixTime.text(time)) with 112 bits of security")
    }
  }

  /// An authority that is limited to web servers, say, issues no signer of documents. RFC 5280 leaves that open; whoever
  /// limits an authority means it so. The anchor is trusted as it is.
  private static func checkUsages(_ chain: StackView, _ usages: [String]) throws(SignatureRefusal) {
    for index in 1..<max(1, chain.count - 1) {
      // Sound: the chain belongs to the caller's context.
      guard let authority = unsafe Certificate(sharing: chain[index]) else { throw .unavailable }
      let limits = authority.extendedKeyUsages
      guard limits.isEmpty || limits.contains(SignaturePolicy.anyUsage) || limits.contains(where: usages.contains)
      else {
        throw SignatureRefusal(
          .extendedKeyUsage, of: "the authority \(authority.subject)",
          found: "extended key usage \(limits.map(Certificate.named).joined(separator: ", "))",
          expected: "none, or \(usages.map(Certificate.named).joined(separator: " or ")) among it")
      }
    }
  }

  private static func list(_ subjects: [String]) -> String {
    let shown = subjects.prefix(4).joined(separator: "; ")
    return subjects.count > 4 ? "\(shown); and \(subjects.count - 4) more" : shown.isEmpty ? "none is given" : shown
  }

  // MARK: - Revocation

  /// Judges every certificate below the anchor; what is revoked at or before `time`, or for the compromise of its key at
  /// any time, is refused.
  func revocation(
    _ lists: RevocationLists, at time: Int64, now: Int64, whose: String = "the certificate of"
  ) throws(SignatureRefusal) -> Revocation {
    guard let stack = lists.stack() else { throw .unavailable }
    var state = Revocation.State.good
    var notes: [String] = []
    // Sound: the chain belongs to the context.
    let view = unsafe StackView(X509_STORE_CTX_get0_chain(context.pointer))
    for index in 0..<max(0, view.count - 1) {
      guard let current = unsafe Certificate(sharing: view[index]),
        let issuer = unsafe Certificate(sharing: view[index + 1])
      else { throw .unavailable }
      let judgement = RevocationJudgement(of: current, by: issuer, stack, now: now)
      switch judgement {
      case .good(let isAfterExpiry):
        if isAfterExpiry {
          notes.append("\(current.subject): expired before the list, which need not name it any more")
        }
      case .none(let why):
        if state == .good { state = .notChecked }
        notes.append("\(current.subject): \(why)")
      case .revoked(let entry):
        let text = "revoked at \(UnixTime.text(entry.effective)), reason \(entry.reasonName)"
        if entry.isCompromise {
          throw SignatureRefusal(
            .keyCompromised, of: "\(whose) \(current.subject)", found: text,
            expected: "a key that was never compromised, whenever it signed")
        }
        guard entry.effective > time else {
          throw SignatureRefusal(
            .revoked, of: "\(whose) \(current.subject)", found: text, expected: "not revoked at \(UnixTime.text(time))")
        }
        state = .revokedLater
        notes.append("\(current.subject): \(text), after the signature")
      }
    }
    return Revocation(state, notes: notes)
  }
}

/// What the lists say of one certificate.
private enum RevocationJudgement {
  struct Entry {
    /// When it took effect: the date of revocation, or the earlier one since when the key is suspect.
    let effective: Int64
    let reason: Int
    /// keyCompromise, cACompromise, aACompromise (RFC 5280 section 5.3.1).
    var isCompromise: Bool { reason == 1 || reason == 2 || reason == 10 }

    var reasonName: String {
      let names = [
        "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
        "certificateHold", "7", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
      ]
      return names.indices.contains(reason) ? names[reason] : "\(reason)"
    }
  }

  /// On no list. Whether all of them were made after it had expired: then they need not name it any more (RFC 5280 section
  /// 3.3).
  case good(afterExpiry: Bool)
  /// No list counts; why.
  case none(String)
  case revoked(Entry)

  init(of certificate: borrowing Certificate, by issuer: borrowing Certificate, _ lists: borrowing Owned, now: Int64) {
    var why = "no list of its issuer"
    var isListed = false
    var isAfterExpiry = true
    let end = unsafe UnixTime.seconds(X509_get0_notAfter(certificate.pointer)) ?? .min
    var worst: Entry?
    // Sound: the stack and its lists are the caller's and live through this call.
    let view = unsafe StackView(lists.pointer)
    for index in 0..<view.count {
      guard let list = unsafe view[index] else { continue }
      guard let refused = unsafe RevocationJudgement.objection(to: list, certificate, issuer, now) else {
        isListed = true
        if unsafe (UnixTime.seconds(X509_CRL_get0_lastUpdate(list)) ?? .max) <= end { isAfterExpiry = false }
        if let entry = unsafe RevocationJudgement.entry(of: certificate, in: list) {
          let isWorse = worst.map { !$0.isCompromise && (entry.isCompromise || entry.effective < $0.effective) } ?? true
          if isWorse { worst = entry }
        }
        continue
      }
      if !refused.isEmpty { why = refused }
    }
    ERR_clear_error()
    self = worst.map { .revoked($0) } ?? (isListed ? .good(afterExpiry: isAfterExpiry) : .none(why))
  }

  /// Why a list does not count for the certificate: empty where it is of another issuer; nil where it counts.
  private static func objection(
    to list: OpaquePointer, _ certificate: borrowing Certificate, _ issuer: borrowing Certificate, _ now: Int64
  ) -> String? {
    // Sound: reads the caller's objects.
    guard unsafe X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate.pointer)) == 0 else {
      return ""
    }
    guard let key = unsafe X509_get0_pubkey(issuer.pointer), unsafe X509_CRL_verify(list, key) == 1 else {
      return "a list of its issuer's name that its issuer did not sign"
    }
    guard unsafe X509_get_key_usage(issuer.pointer) & UInt32(KU_CRL_SIGN) != 0 else {
      return "a list whose issuer may sign none (key usage)"
    }
    guard unsafe Self.isStrong(X509_CRL_get_signature_nid(list)) else {
      return "a list signed with \(ObjectIdentifier.name(unsafe X509_CRL_get_signature_nid(list)))"
    }
    // A delta, or a list of a part: what is not on it may be on another (RFC 5280 section 5.2.4, 5.2.5).
    guard unsafe X509_CRL_get_ext_by_critical(list, 1, -1) < 0 else { return "a list of a part only" }
    guard let from = unsafe UnixTime.seconds(X509_CRL_get0_lastUpdate(list)),
      let until = unsafe UnixTime.seconds(X509_CRL_get0_nextUpdate(list))
    else { return "a list without its times" }
    guard now >= from else { return "a list that is not valid before \(UnixTime.text(from))" }
    guard now < until else { return "a stale list: the next was due at \(UnixTime.text(until))" }
    return nil
  }

  private static func isStrong(_ signature: Int32) -> Bool {
    var digest: Int32 = 0
    // Sound: looks a number up in libcrypto's table.
    guard unsafe OBJ_find_sigid_algs(signature, &digest, nil) == 1 else { return false }
    return [NID_sha256, NID_sha384, NID_sha512].contains(digest)
  }

  private static func entry(of certificate: borrowing Certificate, in list: OpaquePointer) -> Entry? {
    var found: OpaquePointer?
    // Sound: the entry belongs to the list; what is made of its extensions is ours and freed here.
    guard unsafe X509_CRL_get0_by_cert(list, &found, certificate.pointer) != 0, let entry = unsafe found else {
      return nil
    }
    // A date that cannot be read counts from the beginning.
    var effective = unsafe UnixTime.seconds(X509_REVOKED_get0_revocationDate(entry)) ?? .min
    if let suspect = unsafe X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, nil, nil) {
      let time = unsafe suspect.assumingMemoryBound(to: ASN1_GENERALIZEDTIME.self)
      if let since = unsafe UnixTime.seconds(time) { effective = min(effective, since) }
      unsafe ASN1_GENERALIZEDTIME_free(time)
    }
    var reason = 0
    if let given = unsafe X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nil, nil) {
      let number = unsafe given.assumingMemoryBound(to: ASN1_ENUMERATED.self)
      unsafe reason = ASN1_ENUMERATED_get(number)
      unsafe ASN1_ENUMERATED_free(number)
    }
    return Entry(effective: effective, reason: reason)
  }
}
