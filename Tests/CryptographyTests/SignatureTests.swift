// Signatures that hold, and what a policy asks of them beyond the profile. Each is made with the `openssl` program.

import Bytes
import Foundation
import SigningAuthority
import Testing

@testable import Cryptography

func sha256(_ bytes: [UInt8]) -> String { bytes.withRawSpan { DigestAlgorithm.sha256.text(of: $0) } ?? "?" }

/// Files of one test, and the verifier that trusts the test's authorities.
struct SignedCase {
  let authority: SigningAuthority
  let folder: URL
  let file: String
  var verifier = SignatureVerifier()

  static let document = "{\n  \"a\": 1\n}\n"

  init(_ text: String = document) throws {
    authority = try SigningAuthority.shared.get()
    folder = authority.folder.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appendingPathComponent("document.json").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    try verifier.anchors.add(read(authority.root.certificate))
  }

  func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  mutating func trustTimestamps() throws {
    try verifier.timestampAnchors.add(read(authority.timestampRoot.certificate))
  }

  mutating func add(_ list: String) throws { try verifier.revocationLists.add(read(list)) }

  /// What the verifier says of `document.json` and the signature beside it.
  func verify(
    _ signature: [UInt8]? = nil, over content: [UInt8]? = nil, days: Double = 0, stamped: Bool = false,
    notBefore: Int64? = nil
  ) throws -> VerifiedSignature {
    let signature = DetachedSignature(
      try signature ?? read(file + ".p7s"), timestamp: stamped ? try read(file + ".p7s.tsr") : nil)
    return try verifier.verify(
      signature, over: try content ?? read(file), now: SigningAuthority.seconds(days) + 1, notBefore: notBefore)
  }

  /// Why it is refused.
  func refusal(
    _ signature: [UInt8]? = nil, over content: [UInt8]? = nil, days: Double = 0, stamped: Bool = false,
    notBefore: Int64? = nil
  ) throws -> SignatureRefusal? {
    do {
      _ = try verify(signature, over: content, days: days, stamped: stamped, notBefore: notBefore)
      return nil
    } catch let refusal as SignatureRefusal {
      return refusal
    }
  }
}

@Suite("Detached signatures")
struct SignatureTests {
  @Test("The line of the documentation: who signed, with what, as of when")
  func holds() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file)
    let found = try test.verify()
    #expect(found.signers.count == 1)
    #expect(found.signers[0].subject == "CN=Signer,O=Exercise,C=NZ")
    #expect(found.signers[0].issuer == "CN=Issuing,O=Exercise,C=NZ")
    let shown = try SigningAuthority.openssl(
      ["x509", "-in", test.authority.signer.certificate, "-noout", "-serial", "-fingerprint", "-sha256"]
    ).lowercased().replacing(":", with: "")
    #expect(shown.contains("serial=\(found.signers[0].serialNumber)"))
    #expect(shown.contains(found.signers[0].fingerprint))
    #expect(found.timeSource == .clock)
    #expect(found.revocation.state == .notChecked)
    let claimed = try #require(found.signers[0].signingTime)
    #expect(abs(claimed - SigningAuthority.seconds()) < 60)
  }

  @Test("PEM, and the other algorithms of the profile", arguments: ["sha256", "sha384", "sha512"])
  func forms(digest: String) throws {
    let test = try SignedCase()
    let rsa = try test.authority.identity("Signer RSA") { $0.key = .rsa(2048) }
    let larger = try test.authority.identity("Signer P-384") {
      $0.key = .ec("P-384")
      $0.extensions[1] = "keyUsage=critical,nonRepudiation"
    }
    let binary = ["-binary", "-md", digest]
    for signer in [rsa, larger] {
      try test.authority.sign(test.file, by: [signer], binary: binary)
      #expect(try test.refusal() == nil)
    }
    try test.authority.sign(test.file, by: [rsa], binary: binary, extra: ["-keyopt", "rsa_padding_mode:pss"])
    #expect(try test.refusal() == nil)
    try test.authority.sign(test.file, binary: binary, extra: ["-outform", "PEM"])
    #expect(try test.read(test.file + ".p7s").starts(with: Array("-----BEGIN CMS".utf8)))
    #expect(try test.refusal() == nil)
  }

  @Test("Two signers, where two are asked for")
  func twoSigners() throws {
    var test = try SignedCase()
    test.verifier.policy.requiredSigners = 2
    let second = try test.authority.identity("Second")
    try test.authority.sign(test.file, by: [try test.authority.signer, second])
    #expect(
      try test.verify().signers.map(\.subject).sorted() == ["CN=Second,O=Exercise,C=NZ", "CN=Signer,O=Exercise,C=NZ"])
  }

  @Test("A missing second signer; one person twice is one")
  func missingSecond() throws {
    var test = try SignedCase()
    test.verifier.policy.requiredSigners = 2
    try test.authority.sign(test.file)
    #expect(try test.refusal()?.cause == .tooFewSigners)
    let again = try test.authority.identity("Signer again") { $0.subject = "/C=NZ/O=Exercise/CN=Signer" }
    try test.authority.sign(test.file, by: [try test.authority.signer, again])
    let refusal = try #require(try test.refusal())
    #expect(refusal.cause == .tooFewSigners)
    #expect(refusal.expected.contains("2 different"))
  }

  @Test("A subject that the policy does not name")
  func subject() throws {
    var test = try SignedCase()
    try test.authority.sign(test.file)
    test.verifier.policy.allowedSubjects = ["CN=Judge,O=Exercise,C=NZ"]
    #expect(try test.refusal()?.cause == .subject)
    test.verifier.policy.allowedSubjects.append("CN=Signer,O=Exercise,C=NZ")
    #expect(try test.refusal() == nil)
  }

  @Test("The policy's own extended key usage; never one of a web server or of mail")
  func policyUsage() throws {
    var test = try SignedCase()
    let own = try test.authority.identity("Own usage") { $0.extensions[2] = "extendedKeyUsage=1.3.6.1.4.1.99999.1" }
    try test.authority.sign(test.file, by: [own])
    #expect(try test.refusal()?.cause == .extendedKeyUsage)
    test.verifier.policy.extendedKeyUsages = ["1.3.6.1.4.1.99999.1"]
    #expect(try test.refusal() == nil)
    test.verifier.policy.extendedKeyUsages = SignaturePolicy.neverEnough
    #expect(try test.refusal()?.cause == .extendedKeyUsage)
  }
}
