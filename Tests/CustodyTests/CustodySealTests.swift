// The seal: whose it is, what it covers, and that a record anew, or the seal of another, is no sealed record.

import Bytes
import Foundation
import JSON
import Platform
import SigningAuthority
import TestSupport
import Testing

@testable import Cryptography
@testable import Custody

@Suite("The seal over a record")
struct CustodySealTests {
  private let authority: SigningAuthority

  init() throws { authority = try SigningAuthority.shared.get() }

  private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

  private func signer(_ identity: Identity) throws -> CMSSigner {
    let chain = try bytes(identity.certificate) + bytes(authority.issuing.certificate)
    return try CMSSigner(
      certificate: chain, key: bytes(identity.key), now: SigningAuthority.seconds(), passphrase: { nil })
  }

  private var verifier: SignatureVerifier {
    get throws {
      var verifier = SignatureVerifier()
      try verifier.anchors.add(bytes(authority.root.certificate))
      try verifier.timestampAnchors.add(bytes(authority.timestampRoot.certificate))
      return verifier
    }
  }

  private func record(
    _ folder: TemporaryFolder, _ name: String = "record.jsonl", by signer: CMSSigner?, declare: Bool = true
  ) throws -> String {
    let path = folder.path(name)
    let record = try CustodyRecord(
      creating: path, overwrite: false, warrant: "", durability: .checkpoint, signer: signer)
    var settings = CustodyEntry(.settings)
    if let signer, declare {
      settings.put(
        "signer",
        .object(
          JSONObject([JSONObject.Member(key: "certificate_sha256", value: .string(signer.signer.fingerprint))])))
    }
    try record.append(settings)
    try record.checkpoint()
    try record.close(CustodyEntry(.end))
    return path
  }

  /// A file of its own: a program that another test starts at this moment holds the lock on one for a moment longer.
  private func copy(_ record: [UInt8], in folder: TemporaryFolder) throws -> String {
    try folder.write("\(UUID().uuidString).jsonl", record)
  }

  private func judge(_ path: String, _ verifier: SignatureVerifier? = nil) throws -> CustodyJudgement {
    CustodyJudgement(
      try CustodyChain.read(InputFile(path: path)), verifier: try verifier ?? self.verifier,
      now: SigningAuthority.seconds() + 1)
  }

  @Test("Sealed by a trusted signer: complete and sealed, with RSA and with P-256", arguments: [false, true])
  func sealed(rsa: Bool) throws {
    let folder = try TemporaryFolder()
    let identity = try authority.identity(rsa ? "Examiner RSA" : "Examiner EC") { if rsa { $0.key = .rsa(2048) } }
    let path = try record(folder, by: signer(identity))
    let judgement = try judge(path)
    #expect(judgement.state == .sealed, "\(judgement.reason ?? "")")
    #expect(judgement.seal?.signers.first?.subject.contains("Examiner") == true)
    // Without anchors nothing is known of the signer.
    #expect(try judge(path, SignatureVerifier()).state == .unsealed)
  }

  @Test("Nobody signed: unsealed")
  func unsealed() throws {
    let folder = try TemporaryFolder()
    #expect(try judge(record(folder, by: nil)).state == .unsealed)
  }

  @Test("A stranger's seal, one that the settings do not name, and one missing where they name it: broken")
  func strangers() throws {
    let folder = try TemporaryFolder()
    let stranger = try authority.identity("Strange Examiner", by: authority.stranger)
    let by = try CMSSigner(
      certificate: bytes(stranger.certificate), key: bytes(stranger.key), now: SigningAuthority.seconds(),
      passphrase: { nil })
    let strange = try judge(record(folder, "strange", by: by))
    #expect(strange.state == .broken)
    #expect(strange.reason?.contains("Strange") == true)
    let undeclared = try judge(record(folder, "undeclared", by: signer(authority.signer), declare: false))
    #expect(undeclared.state == .broken)
    #expect(undeclared.reason?.contains("settings") == true)
  }

  @Test("The seal of another record, a changed one, and a cut tail")
  func tampered() throws {
    let folder = try TemporaryFolder()
    let signer = try signer(authority.signer)
    let one = try record(folder, "one", by: signer)
    let other = try record(folder, "other", by: signer)
    var lines = try String(contentsOfFile: one, encoding: .utf8).split(separator: "\n").map(String.init)
    let foreign = try String(contentsOfFile: other, encoding: .utf8).split(separator: "\n").map(String.init)
    let own = lines
    // The signature of the other's seal under this one's statement.
    let taken = try #require(foreign[4].split(separator: "\"signature\":").last)
    let kept = try #require(lines[4].split(separator: "\"signature\":").last)
    lines[4] = lines[4].replacing(kept, with: taken)
    lines[5] =
      String(decoding: Checkpoint.closing(5, CustodyLine.digest(Array((lines[4] + "\n").utf8))), as: UTF8.self)
    try lines.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined().write(
      toFile: one, atomically: false, encoding: .utf8)
    let exchanged = try judge(one)
    #expect(exchanged.state == .broken)
    #expect(exchanged.reason?.contains("entry 4") == true)
    // The whole line of the other.
    try (own[0...3] + [foreign[4]] + own[5...]).map { $0 + "\n" }.joined().write(
      toFile: one, atomically: false, encoding: .utf8)
    #expect(try judge(one).state == .broken)
    // The tail cut with its seal.
    for count in 0...5 {
      try own[..<count].map { $0 + "\n" }.joined().write(toFile: one, atomically: false, encoding: .utf8)
      #expect(try judge(one).state == .incomplete)
    }
  }

  @Test("A time stamp over the seal holds; one over something else does not")
  func timestamps() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder, by: signer(authority.signer))
    let seal = try #require(try CustodyChain.read(InputFile(path: path)).seal?.signature)
    let file = folder.path("seal.der")
    try Data(seal).write(to: URL(fileURLWithPath: file))
    // What our query asks for is what openssl asks for.
    let query = folder.path("query")
    try SigningAuthority.openssl(["ts", "-query", "-data", file, "-sha256", "-cert", "-no_nonce", "-out", query])
    #expect(try bytes(query) == TimestampQuery.over(seal))
    let reply = try bytes(authority.stamp(file))
    try Data("other".utf8).write(to: URL(fileURLWithPath: folder.path("other")))
    let wrong = try bytes(authority.stamp(folder.path("other")))
    #expect(throws: SignatureRefusal.self) { _ = try TimestampQuery.time(of: wrong, over: seal) }
    #expect(throws: Never.self) { _ = try TimestampQuery.time(of: reply, over: seal) }
    let whole = try bytes(path)
    func attach(_ reply: [UInt8]) throws -> CustodyJudgement {
      let path = try copy(whole, in: folder)
      let record = try CustodyRecord(continuing: path, signer: nil) { _ in }
      var entry = CustodyEntry(.timestamp)
      entry.put("reply", Base64.text(reply))
      try record.append(entry)
      return try judge(path)
    }
    let stamped = try attach(reply)
    #expect(stamped.state == .sealed, "\(stamped.reason ?? "")")
    guard case .timestamp = stamped.seal?.timeSource else {
      Issue.record("the time is not the stamp's")
      return
    }
    let foreign = try attach(wrong)
    #expect(foreign.state == .broken)
    #expect(foreign.reason?.contains("entry 6") == true)
  }

  @Test("A time stamp of an authority that is not trusted changes nothing, unless one that is trusted is asked for")
  func untrustedStamps() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder, by: signer(authority.signer))
    let seal = try #require(try CustodyChain.read(InputFile(path: path)).seal?.signature)
    let file = folder.path("seal.der")
    try Data(seal).write(to: URL(fileURLWithPath: file))
    func make(_ name: String, by issuer: Identity, from: Double = -30, until: Double = 365) throws -> Identity {
      try authority.identity(name, by: issuer) {
        $0.extensions = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=critical,timeStamping"]
        ($0.from, $0.until) = (from, until)
      }
    }
    let foreign = try bytes(authority.stamp(file, by: make("Custody stranger's time", by: authority.stranger)))
    let bare = try bytes(authority.stamp(file, query: []))
    let good = try bytes(authority.stamp(file))
    let whole = try bytes(path)
    func judged(_ replies: [UInt8]..., change: (inout SignatureVerifier) throws -> Void = { _ in }) throws
      -> CustodyJudgement
    {
      let path = try copy(whole, in: folder)
      let record = try CustodyRecord(continuing: path, signer: nil) { _ in }
      for reply in replies {
        var entry = CustodyEntry(.timestamp)
        entry.put("reply", Base64.text(reply))
        try record.append(entry)
      }
      var verifier = try verifier
      try change(&verifier)
      return try judge(path, verifier)
    }
    for reply in [foreign, bare] {
      let found = try judged(reply)
      #expect(found.state == .sealed, "\(found.reason ?? "")")
      #expect(found.seal?.timeSource == .clock)
      #expect(
        found.remarks.contains {
          $0.hasPrefix("entry 6: the time stamp is not trusted, and the time of the seal not vouched for by it: ")
            && $0.contains("expected")
        }, "\(found.remarks)")
    }
    // One that is trusted will do, wherever it stands.
    let both = try judged(foreign, good)
    #expect(both.state == .sealed)
    guard case .timestamp = both.seal?.timeSource else {
      Issue.record("the time is not the stamp's")
      return
    }
    // A time-stamp authority whose key was compromised.
    let list = try authority.revocationList(
      [.init(authority.timestamps, days: -1, reason: "keyCompromise")], by: authority.timestampRoot)
    let revoked = try judged(good) { try $0.revocationLists.add(bytes(list)) }
    #expect(revoked.state == .sealed && revoked.seal?.timeSource == .clock)
    #expect(revoked.remarks.contains { $0.contains("not trusted") && $0.contains("keyCompromise") })
    // Where one is asked for, the seal proves nothing without it.
    for replies in [[], [foreign]] {
      let asked =
        try replies.isEmpty
        ? judged { $0.policy.requiresTimestamp = true } : judged(replies[0]) { $0.policy.requiresTimestamp = true }
      #expect(asked.state == .unsealed)
      #expect(asked.reason?.contains("require_timestamp") == true, "\(asked.reason ?? "")")
    }
    // A trusted authority's, with a byte of its signature changed: that contradicts.
    var changed = good
    changed[changed.count - 1] ^= 1
    let wrong = try judged(changed)
    #expect(wrong.state == .broken, "\(wrong.remarks)")
  }

  @Test("A key that is not the certificate's, a certificate that no one would accept, a passphrase: said beforehand")
  func signers() throws {
    let signer = try authority.signer
    let other = try authority.identity("Other Examiner")
    let now = SigningAuthority.seconds()
    func make(_ certificate: String, _ key: String, at time: Int64 = now, _ phrase: String? = nil) throws {
      _ = try CMSSigner(certificate: bytes(certificate), key: bytes(key), now: time) { phrase.map { Array($0.utf8) } }
    }
    #expect(throws: SigningRefusal.self) { try make(signer.certificate, other.key) }
    #expect(throws: SigningRefusal.self) { try make(authority.root.certificate, authority.root.key) }
    #expect(throws: SigningRefusal.self) { try make(signer.certificate, signer.key, at: now + 400 * 86_400) }
    #expect(throws: SigningRefusal.self) { try make(signer.certificate, signer.certificate) }
    let folder = try TemporaryFolder()
    let locked = folder.path("locked.key")
    try SigningAuthority.openssl(["pkcs8", "-topk8", "-in", signer.key, "-out", locked, "-passout", "pass:open sesame"])
    #expect(throws: SigningRefusal.self) { try make(signer.certificate, locked) }
    #expect(throws: SigningRefusal.self) { try make(signer.certificate, locked, "wrong") }
    #expect(throws: Never.self) { try make(signer.certificate, locked, "open sesame") }
  }

  @Test("openssl verifies a checkpoint's signature over its statement by itself")
  func byHand() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder, by: signer(authority.signer))
    let seal = try #require(try CustodyChain.read(InputFile(path: path)).seal)
    try Data(seal.statement).write(to: URL(fileURLWithPath: folder.path("statement")))
    try Data(try #require(seal.signature)).write(to: URL(fileURLWithPath: folder.path("seal.der")))
    try SigningAuthority.openssl([
      "cms", "-verify", "-binary", "-purpose", "any", "-inform", "DER", "-in", folder.path("seal.der"), "-content",
      folder.path("statement"), "-CAfile", authority.root.certificate, "-out", "/dev/null",
    ])
  }
}
