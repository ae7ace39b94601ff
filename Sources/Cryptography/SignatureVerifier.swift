// Detached signatures in CMS (RFC 5652): whether one holds over exact bytes, by a narrow profile. libcrypto's own check
// asks for a certificate that signs mail, or takes a web server's: purpose, algorithms and attributes are checked here.

import Bytes
import CVeilCrypto

/// What is trusted, and what is asked of a signature.
public struct SignatureVerifier: Sendable {
  public var anchors = TrustAnchors()
  /// Of the authorities that sign time stamps.
  public var timestampAnchors = TrustAnchors()
  public var revocationLists = RevocationLists()
  public var policy = SignaturePolicy()

  public init() {}

  /// Signers of one signature, at most.
  static let mostSigners = 16

  /// Holds `signature` against `content`, byte for byte.
  ///
  /// - Parameters:
  ///   - now: seconds since 1970-01-01 UTC. Lists of revoked certificates must be in force at it; no time stamp may be later.
  ///   - time: where there is no time stamp, certificates must be valid at this time, and not be revoked; `now`, unless it
  ///     is known from elsewhere when the signature was already there.
  ///   - notBefore: what the signers claim as their time may not lie before it.
  public func verify(
    _ signature: DetachedSignature, over content: [UInt8], now: Int64, at time: Int64? = nil, notBefore: Int64? = nil
  ) throws(SignatureRefusal) -> VerifiedSignature {
    defer { ERR_clear_error() }
    guard !anchors.isEmpty else {
      throw SignatureRefusal(
        .noAnchor, of: "the signature", found: "no anchor to hold its certificates against",
        expected: "certificates of authorities, by --trust or the configuration")
    }
    let message = try CMSMessage(signature.bytes)
    try message.checkForm()
    for index in 0..<message.signerCount { try message.checkSigner(index, content, policy) }
    try message.checkAsAWhole(content)

    let known = time ?? now
    var time = known
    var source = VerifiedSignature.TimeSource.clock
    var revocation = Revocation(.good)
    if let bytes = signature.timestamp {
      let stamp = try TimestampToken(bytes)
      let authority = try stamp.verify(
        over: signature.bytes, values: message.signatureValues, anchors: timestampAnchors, lists: revocationLists,
        now: now)
      time = stamp.time
      source = .timestamp(authority.signer)
      revocation = authority.revocation
    } else if policy.requiresTimestamp {
      throw SignatureRefusal(
        .timestampMissing, of: "the signature", found: "no time stamp over it",
        expected: "an RFC 3161 time stamp, which the configuration asks for (require_timestamp)")
    }
    var signers: [Signer] = []
    for index in 0..<message.signerCount {
      let signer = try message.signer(index)
      try checkTime(signer, at: time, source, isPresent: known == now, notBefore: notBefore)
      let found = try message.revocation(index, anchors, revocationLists, policy, at: time, now: now)
      revocation = revocation.joined(found)
      try checkSubject(signer)
      signers.append(signer)
    }
    try checkPolicy(signers, revocation)
    return VerifiedSignature(signers: signers, time: time, timeSource: source, revocation: revocation)
  }

  /// Whether a time stamp over a signature, in CMS, is one of an authority that is trusted for times; throws what there is
  /// against it. The signature itself is not asked about.
  public func checkTimestamp(_ stamp: [UInt8], over signature: [UInt8], now: Int64) throws(SignatureRefusal) {
    defer { ERR_clear_error() }
    let token = try TimestampToken(stamp)
    _ = try token.verify(
      over: signature, values: try CMSMessage(signature).signatureValues, anchors: timestampAnchors,
      lists: revocationLists, now: now)
  }

  // MARK: - Parts

  private func checkTime(
    _ signer: Signer, at time: Int64, _ source: VerifiedSignature.TimeSource, isPresent: Bool, notBefore: Int64?
  ) throws(SignatureRefusal) {
    guard let claimed = signer.signingTime else { return }
    let of = "the signing time of \(signer.subject)"
    guard claimed <= time else {
      let clock = isPresent ? "the present" : "the time of the work"
      let what = if case .clock = source { clock } else { "its time stamp" }
      throw SignatureRefusal(
        .signingTimeAfter, of: of, found: UnixTime.text(claimed), expected: "not after \(what), \(UnixTime.text(time))")
    }
    if let notBefore, claimed < notBefore {
      throw SignatureRefusal(
        .signingTimeBefore, of: of, found: UnixTime.text(claimed),
        expected: "not before what it signs was issued, \(UnixTime.text(notBefore))")
    }
  }

  private func checkSubject(_ signer: Signer) throws(SignatureRefusal) {
    guard !policy.allowedSubjects.isEmpty else { return }
    guard policy.allowedSubjects.contains(where: { $0.utf8.elementsEqual(signer.subject.utf8) }) else {
      throw SignatureRefusal(
        .subject, of: "the signer", found: signer.subject,
        expected: "one of the subjects that the configuration allows: "
          + policy.allowedSubjects.joined(separator: "; "))
    }
  }

  private func checkPolicy(_ signers: [Signer], _ revocation: Revocation) throws(SignatureRefusal) {
    let subjects = Set(signers.map { Array($0.subject.utf8) }).count
    guard subjects >= policy.requiredSigners else {
      throw SignatureRefusal(
        .tooFewSigners, of: "the signature",
        found: "\(subjects) signer\(subjects == 1 ? "" : "s"): \(signers.map(\.subject).joined(separator: "; "))",
        expected: "\(policy.requiredSigners) different ones, which the configuration asks for (required_signers)")
    }
    guard revocation.state != .notChecked || !policy.requiresRevocationCheck else {
      throw SignatureRefusal(
        .revocationNotChecked, of: "the signature",
        found: "revocation not checked: \(revocation.notes.joined(separator: "; "))",
        expected: "a list of revoked certificates in force from every issuer (--crl), which is asked for here")
    }
  }
}

extension Revocation {
  /// What both say: the worse of them, with the notes of both.
  func joined(_ other: Revocation) -> Revocation {
    let notes = notes + other.notes.filter { !self.notes.contains($0) }
    if state == .revokedLater || other.state == .revokedLater { return Revocation(.revokedLater, notes: notes) }
    if state == .notChecked || other.state == .notChecked { return Revocation(.notChecked, notes: notes) }
    return Revocation(.good, notes: notes)
  }
}
