// Time stamps over a signature, and lists of revoked certificates: what they change, and the attacks on both.

import Bytes
import Foundation
import SigningAuthority
import Testing

@testable import Cryptography

@Suite("Time stamps")
struct TimestampTests {
  private func stamped() throws -> SignedCase {
    var test = try SignedCase()
    try test.trustTimestamps()
    try test.authority.sign(test.file)
    try test.authority.stamp(test.file + ".p7s")
    return test
  }

  @Test("It names the time at which the certificates must hold: a signature outlives its certificate")
  func holds() throws {
    let test = try stamped()
    let found = try test.verify(days: 400, stamped: true)
    guard case .timestamp(let authority) = found.timeSource else {
      Issue.record("no time stamp")
      return
    }
    #expect(authority.subject == "CN=Time,O=Exercise,C=NZ")
    #expect(abs(found.time - SigningAuthority.seconds()) < 60)
    #expect(try test.refusal(days: 400)?.cause == .expired)
  }

  @Test("A bare token, and one over the signature value instead of the file")
  func forms() throws {
    let test = try stamped()
    let reply = test.file + ".p7s.tsr"
    let token = test.folder.appendingPathComponent("token").path
    try SigningAuthority.openssl(["ts", "-reply", "-in", reply, "-token_out", "-out", token])
    let signature = try test.read(test.file + ".p7s")
    func verify(_ stamp: [UInt8]) throws -> VerifiedSignature {
      try test.verifier.verify(
        DetachedSignature(signature, timestamp: stamp), over: test.read(test.file), now: SigningAuthority.seconds() + 1)
    }
    #expect(try verify(test.read(token)).timeSource != .clock)
    // The last OCTET STRING of the file: an ECDSA signature, a SEQUENCE of two numbers.
    let value = try CMSMessage(signature).signatureValues[0]
    let path = test.folder.appendingPathComponent("value").path
    try Data(value).write(to: URL(fileURLWithPath: path))
    #expect(try verify(test.read(test.authority.stamp(path))).timeSource != .clock)
  }

  @Test("A time stamp over another signature")
  func ofAnother() throws {
    var test = try stamped()
    let other = try SignedCase("{}\n")
    try other.authority.sign(other.file)
    try other.authority.stamp(other.file + ".p7s", to: test.file + ".p7s.tsr")
    let refusal = try #require(try test.refusal(stamped: true))
    #expect(refusal.cause == .timestampOfOther)
    #expect(refusal.expected.contains(sha256(try test.read(test.file + ".p7s"))))
    test.verifier.policy.requiresTimestamp = true
    #expect(try test.refusal()?.cause == .timestampMissing)
  }

  @Test("A time stamp of a stranger, of one whose usage is not critical or not alone, without its certificate")
  func authority() throws {
    var test = try stamped()
    func make(_ name: String, by issuer: Identity, _ usage: String) throws -> Identity {
      try test.authority.identity(name, by: issuer) { $0.extensions[2] = "extendedKeyUsage=\(usage)" }
    }
    let root = test.authority.timestampRoot
    let foreign = try make("Foreign time", by: test.authority.stranger, "critical,timeStamping")
    try test.authority.stamp(test.file + ".p7s", by: foreign)
    #expect(try test.refusal(stamped: true)?.cause == .untrusted)
    // `openssl ts` itself refuses to sign with a wrong usage, `openssl cms` does not.
    for (name, usage) in [("Soft time", "timeStamping"), ("Time and code", "critical,timeStamping,codeSigning")] {
      let wrong = try make(name, by: root, usage)
      #expect(throws: OpenSSLFailure.self) { try test.authority.stamp(test.file + ".p7s", by: wrong) }
      let refusal = try #require(try forgedRefusal(test, by: wrong))
      #expect(refusal.cause == .timestampUsage)
      #expect(refusal.of.contains("CN=\(name)"))
    }
    try test.authority.stamp(test.file + ".p7s", query: [])
    #expect(try test.refusal(stamped: true)?.cause == .certificateMissing)
    test.verifier.timestampAnchors = TrustAnchors()
    #expect(try test.refusal(stamped: true)?.cause == .timestampNoAnchor)
  }

  /// A token of the time stamp's own content, signed anew.
  private func forgedRefusal(
    _ test: SignedCase, by signer: Identity, _ options: [String] = ["-cades", "-md", "sha256"]
  ) throws -> SignatureRefusal? {
    let (token, content, forged) = (test.file + ".token", test.file + ".tst", test.file + ".p7s.tsr")
    try test.authority.stamp(test.file + ".p7s")
    try SigningAuthority.openssl(["ts", "-reply", "-in", forged, "-token_out", "-out", token])
    try SigningAuthority.openssl(
      ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", token, "-out", content])
    try SigningAuthority.openssl(
      [
        "cms", "-sign", "-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER", "-in",
        content, "-signer", signer.certificate, "-inkey", signer.key, "-out", forged,
      ] + options)
    return try test.refusal(stamped: true)
  }

  @Test("A token that names no certificate, two signers, SHA-1; the same way done right it holds")
  func forged() throws {
    let test = try stamped()
    let right = test.authority.timestamps
    #expect(try forgedRefusal(test, by: right) == nil)
    #expect(try forgedRefusal(test, by: right, ["-md", "sha256"])?.cause == .timestampWrong)
    #expect(try forgedRefusal(test, by: right, ["-cades", "-md", "sha1"])?.cause == .timestampAlgorithm)
    let old = try test.authority.identity("Old time", by: test.authority.timestampRoot) {
      $0.extensions = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=critical,timeStamping"]
      ($0.from, $0.until) = (-400, -200)
    }
    #expect(try forgedRefusal(test, by: old)?.cause == .expired)
    let twice = ["-cades", "-md", "sha256", "-signer", old.certificate, "-inkey", old.key]
    #expect(try forgedRefusal(test, by: right, twice)?.cause == .timestampWrong)
  }

  @Test("A refusal, a file that is none, a byte changed, one from the future, SHA-1")
  func broken() throws {
    let test = try stamped()
    let good = try test.read(test.file + ".p7s.tsr")
    func refusal(_ stamp: [UInt8], days: Double = 0) throws -> SignatureRefusal.Cause? {
      do {
        _ = try test.verifier.verify(
          DetachedSignature(test.read(test.file + ".p7s"), timestamp: stamp), over: test.read(test.file),
          now: SigningAuthority.seconds(days) + 1)
        return nil
      } catch let refusal as SignatureRefusal {
        return refusal.cause
      }
    }
    #expect(try refusal(good) == nil)
    #expect(try refusal([]) == .timestampUnreadable)
    #expect(try refusal(good + [0]) == .timestampUnreadable)
    #expect(try refusal(test.read(test.file + ".p7s")) == .timestampUnreadable)
    // PKIStatusInfo { status rejection (2) } and no token.
    #expect(try refusal([0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02]) == .timestampNotGranted)
    #expect(try refusal(good, days: -1) == .timestampAfter)
    var refused = 0
    for at in stride(from: 0, to: good.count, by: 3) {
      var changed = good
      changed[at] ^= 0x01
      if try refusal(changed) != nil { refused += 1 }
    }
    #expect(refused > good.count / 6)
    try test.authority.stamp(test.file + ".p7s", query: ["-cert", "-sha1"])
    #expect(try refusal(test.read(test.file + ".p7s.tsr")) == .timestampAlgorithm)
  }
}

@Suite("Revocation")
struct RevocationTests {
  private func signed(_ lists: String...) throws -> SignedCase {
    var test = try SignedCase()
    try test.trustTimestamps()
    try test.authority.sign(test.file)
    try test.authority.stamp(test.file + ".p7s")
    for list in lists { try test.add(list) }
    return test
  }

  private let authority = Result { try SigningAuthority.shared.get() }

  @Test("Checked where every issuer below the anchor has a list in force, the time stamp's too")
  func good() throws {
    let authority = try authority.get()
    var test = try signed(try authority.revocationList())
    #expect(try test.verify().revocation.state == .notChecked)
    #expect(try test.verify().revocation.notes == ["CN=Issuing,O=Exercise,C=NZ: no list of its issuer"])
    test.verifier.policy.requiresRevocationCheck = true
    #expect(try test.refusal()?.cause == .revocationNotChecked)
    try test.add(authority.revocationList(by: authority.root))
    #expect(try test.verify().revocation == Revocation(.good))
    #expect(try test.refusal(stamped: true)?.cause == .revocationNotChecked)
    try test.add(authority.revocationList(by: authority.timestampRoot))
    #expect(try test.verify(stamped: true).revocation == Revocation(.good))
  }

  @Test("Revoked before the signature, at its time, after it, and for key compromise at any time")
  func byTime() throws {
    let authority = try authority.get()
    let signer = try authority.signer
    let before = try signed(try authority.revocationList([.init(signer, days: -2, reason: "superseded")]))
    let refusal = try #require(try before.refusal(stamped: true))
    #expect(refusal.cause == .revoked)
    #expect(refusal.found.contains("superseded"))
    #expect(try before.refusal()?.cause == .revoked)

    let after = try signed(try authority.revocationList([.init(signer, days: 0.5, reason: "cessationOfOperation")]))
    let found = try after.verify(days: 1, stamped: true)
    #expect(found.revocation.state == .revokedLater)
    #expect(found.revocation.notes.contains { $0.contains("cessationOfOperation, after the signature") })
    // Without a time stamp the time is the present.
    #expect(try after.refusal(days: 1)?.cause == .revoked)

    for reason in ["keyCompromise", "CACompromise"] {
      let compromised = try signed(try authority.revocationList([.init(signer, days: 0.5, reason: reason)]))
      #expect(try compromised.refusal(days: 1, stamped: true)?.cause == .keyCompromised)
    }
    let unspecified = try signed(try authority.revocationList([.init(signer, days: 0.5)]))
    #expect(try unspecified.verify(days: 1, stamped: true).revocation.state == .revokedLater)
  }

  @Test("Asked about a time that has passed: the lists are those of now, and their entries count from that time on")
  func asked() throws {
    let authority = try authority.get()
    let signer = try authority.signer
    func verify(_ revoked: [SigningAuthority.Revoked], from: Double = 9, until: Double = 11) throws
      -> VerifiedSignature
    {
      // Ten days ago, as it were: asked about a moment after the signature.
      let test = try signed(try authority.revocationList(revoked, from: from, until: until))
      let signature = DetachedSignature(try test.read(test.file + ".p7s"))
      return try test.verifier.verify(
        signature, over: test.read(test.file), now: SigningAuthority.seconds(10), at: SigningAuthority.seconds() + 1)
    }
    let later = try verify([.init(signer, days: 5, reason: "superseded")])
    #expect(later.revocation.state == .revokedLater)
    #expect(abs(later.time - SigningAuthority.seconds()) < 60)
    #expect(throws: SignatureRefusal.self) { try verify([.init(signer, days: -1, reason: "superseded")]) }
    #expect(throws: SignatureRefusal.self) { try verify([.init(signer, days: 5, reason: "keyCompromise")]) }
    // One that was in force then and is stale now counts as none.
    let stale = try verify([.init(signer, days: -1)], from: -1, until: 1)
    #expect(stale.revocation.state == .notChecked)
    #expect(stale.revocation.notes.contains { $0.contains("stale") })
  }

  @Test("A signature outlives its certificate where it is known when it was there; not one made later")
  func askedAfterExpiry() throws {
    let test = try signed()
    let signature = DetachedSignature(try test.read(test.file + ".p7s"))
    func cause(at days: Double) throws -> SignatureRefusal.Cause? {
      do {
        _ = try test.verifier.verify(
          signature, over: test.read(test.file), now: SigningAuthority.seconds(400),
          at: SigningAuthority.seconds(days) + 1)
        return nil
      } catch let refusal as SignatureRefusal { return refusal.cause }
    }
    #expect(try cause(at: 0) == nil)
    #expect(try cause(at: 400) == .expired)
    #expect(try cause(at: -1) == .signingTimeAfter)
  }

  @Test("At the very second of the signature it is revoked")
  func atTheTime() throws {
    let authority = try authority.get()
    var test = try signed()
    let time = try test.verify(stamped: true).time
    for (second, cause) in [(-1, SignatureRefusal.Cause.revoked), (0, .revoked), (1, nil)]
      as [(Int64, SignatureRefusal.Cause?)]
    {
      test.verifier.revocationLists = RevocationLists()
      try test.add(authority.revocationList([.init(authority.signer, at: time + second, reason: "superseded")]))
      #expect(try test.refusal(days: 1, stamped: true)?.cause == cause)
    }
  }

  @Test("The certificate of the issuing authority, revoked")
  func issuer() throws {
    let authority = try authority.get()
    let test = try signed(
      try authority.revocationList([.init(authority.issuing, days: -2)], by: authority.root))
    #expect(try test.refusal()?.of.contains("CN=Issuing") == true)
    #expect(try test.refusal()?.cause == .revoked)
  }

  @Test("The time-stamp authority's certificate, revoked")
  func timestampAuthority() throws {
    let authority = try authority.get()
    let test = try signed(
      try authority.revocationList(
        [.init(authority.timestamps, days: 0.5, reason: "keyCompromise")], by: authority.timestampRoot))
    #expect(try test.refusal(days: 1, stamped: true)?.cause == .keyCompromised)
    #expect(try test.refusal(days: 1) == nil)
  }

  @Test("A list that is not valid yet, stale, or of another authority counts as none, and says so")
  func lists() throws {
    let authority = try authority.get()
    let signer = try authority.signer
    let cases = [
      (try authority.revocationList([.init(signer, days: -2)], from: 2, until: 3), "not valid before"),
      (try authority.revocationList([.init(signer, days: -2)], from: -3, until: -1), "stale"),
      (try authority.revocationList([.init(signer, days: -2)], by: authority.stranger), "no list of its issuer"),
    ]
    for (list, why) in cases {
      var test = try signed(list)
      let found = try test.verify()
      #expect(found.revocation.state == .notChecked)
      #expect(found.revocation.notes.contains { $0.contains(why) })
      test.verifier.policy.requiresRevocationCheck = true
      #expect(try test.refusal()?.cause == .revocationNotChecked)
    }
  }

  @Test("A list that was made after a certificate had expired need not name it any more: that is said")
  func afterExpiry() throws {
    let authority = try authority.get()
    let test = try signed(
      try authority.revocationList(from: 399, until: 410), try authority.revocationList(by: authority.root, until: 410),
      try authority.revocationList(by: authority.timestampRoot, from: 399, until: 410))
    let found = try test.verify(days: 400, stamped: true)
    #expect(found.revocation.state == .good)
    // The time-stamp authority's is valid for ten years.
    #expect(
      found.revocation.notes == ["CN=Signer,O=Exercise,C=NZ: expired before the list, which need not name it any more"])
  }

  @Test("A list under the issuer's name that the issuer did not sign")
  func forgedList() throws {
    let authority = try authority.get()
    let namesake = try authority.identity("Namesake list", by: authority.stranger) {
      $0.subject = "/C=NZ/O=Exercise/CN=Issuing"
      $0.extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    }
    let test = try signed(try authority.revocationList(by: namesake))
    #expect(try test.verify().revocation.notes.contains { $0.contains("its issuer did not sign") })
  }
}
