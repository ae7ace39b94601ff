// Every attack on a signature that the profile names. Each is made with the `openssl` program.

import Bytes
import Foundation
import SigningAuthority
import Testing

@testable import Cryptography

@Suite("Attacks on a signature")
struct SignatureAttackTests {
  @Test("A byte changed in the document")
  func documentChanged() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file)
    let content = try test.read(test.file)
    for at in content.indices {
      var changed = content
      changed[at] ^= 1
      let refusal = try #require(try test.refusal(over: changed))
      #expect(refusal.cause == .contentDiffers)
    }
    let refusal = try #require(try test.refusal(over: content + [0x20]))
    #expect(refusal.found.contains(sha256(content + [0x20])))
    #expect(refusal.expected.contains(sha256(content)))
  }

  @Test("A byte changed anywhere in the signature: refused, or still the same signer's over the same bytes")
  func signatureChanged() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file)
    let signature = try test.read(test.file + ".p7s")
    let signer = try test.verify().signers[0]
    var refused = 0
    for at in signature.indices {
      for bit in [0, 7] {
        var changed = signature
        changed[at] ^= 1 << UInt8(bit)
        do {
          let found = try test.verify(changed)
          #expect(found.signers.map(\.fingerprint) == [signer.fingerprint])
          #expect(found.signers.map(\.signingTime) == [signer.signingTime])
        } catch is SignatureRefusal {
          refused += 1
        }
      }
    }
    // What nothing protects: the copy of the issuing authority's certificate, versions, the set of digest algorithms.
    #expect(refused > signature.count)
    for count in stride(from: 0, to: signature.count, by: 7) {
      #expect(try test.refusal(Array(signature.prefix(count)))?.cause == .unreadable)
    }
    #expect(try test.refusal(signature + [0])?.cause == .unreadable)
  }

  @Test("Line ends changed from LF to CR LF")
  func lineEnds() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file)
    let changed = Array(SignedCase.document.replacing("\n", with: "\r\n").utf8)
    #expect(try test.refusal(over: changed)?.cause == .contentDiffers)
  }

  @Test("A text-mode signature: refused over the LF file and over the CR LF file, with -text too")
  func textMode() throws {
    let test = try SignedCase()
    for extra in [[], ["-text"]] {
      try test.authority.sign(test.file, binary: ["-md", "sha256"], extra: extra)
      let refusal = try #require(try test.refusal())
      #expect(refusal.cause == .signedAsText)
      #expect(refusal.description.contains("signed as text"))
      #expect(refusal.description.contains("sign again with -binary"))
      let other = Array(SignedCase.document.replacing("\n", with: "\r\n").utf8)
      #expect(try test.refusal(over: other) != nil)
    }
    try test.authority.sign(test.file, binary: ["-md", "sha256"])
    let other = Array(SignedCase.document.replacing("\n", with: "\r\n").utf8)
    #expect(try test.refusal(over: other)?.cause == .lineEnds)
  }

  @Test("A stranger's signature, and one whose stranger took the authority's name")
  func stranger() throws {
    let test = try SignedCase()
    let foreign = try test.authority.identity("Foreign", by: test.authority.stranger)
    try test.authority.sign(test.file, by: [foreign], chain: test.authority.stranger)
    let refusal = try #require(try test.refusal())
    #expect(refusal.cause == .untrusted)
    #expect(refusal.description.contains("CN=Stranger"))
    #expect(refusal.description.contains("CN=Root"))
    let namesake = try test.authority.identity("Namesake", by: test.authority.stranger) {
      $0.subject = "/C=NZ/O=Exercise/CN=Issuing"
      $0.extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
    }
    let below = try test.authority.identity("Below", by: namesake)
    try test.authority.sign(test.file, by: [below], chain: namesake)
    #expect(try test.refusal()?.cause == .untrusted)
  }

  @Test("An expired certificate, and one that is not valid yet")
  func expired() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file)
    let refusal = try #require(try test.refusal(days: 400))
    #expect(refusal.cause == .expired)
    #expect(refusal.of.contains("CN=Signer"))
    let early = try test.authority.identity("Early") { $0.from = 2 }
    try test.authority.sign(test.file, by: [early])
    #expect(try test.refusal()?.cause == .notYetValid)
  }

  @Test("A signing time set back by a key whose certificate has expired: the claim proves nothing")
  func backdated() throws {
    let test = try SignedCase()
    let old = try test.authority.identity("Old") {
      $0.key = .rsa(2048)
      ($0.from, $0.until) = (-400, -200)
    }
    try test.authority.sign(test.file, by: [old])
    let forged = try Backdating.signature(try test.read(test.file + ".p7s"), days: -300, key: old.key, test.folder)
    let refusal = try #require(try test.refusal(forged))
    #expect(refusal.cause == .expired)
    // The forgery itself is whole: with a clock of that time it would hold.
    let then = try test.verify(forged, days: -299)
    #expect(then.signers[0].signingTime == SigningAuthority.seconds(-300) / 60 * 60)
  }

  @Test("A signing time after the present, or before the warrant was issued")
  func signingTime() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file)
    #expect(try test.refusal(days: -1)?.cause == .signingTimeAfter)
    #expect(try test.refusal(notBefore: SigningAuthority.seconds(1))?.cause == .signingTimeBefore)
    let claimed = try #require(try test.verify().signers[0].signingTime)
    #expect(try test.refusal(notBefore: claimed) == nil)
    #expect(try test.refusal(notBefore: claimed + 1)?.cause == .signingTimeBefore)
  }

  @Test(
    "Certificates that are for something else",
    arguments: [
      ("TLS server", "digitalSignature", "serverAuth", SignatureRefusal.Cause.extendedKeyUsage),
      ("TLS and mail", "digitalSignature", "serverAuth,emailProtection", .extendedKeyUsage),
      ("Mail only", "digitalSignature", "emailProtection", .extendedKeyUsage),
      ("Any usage", "digitalSignature", "anyExtendedKeyUsage,1.3.6.1.5.5.7.3.36", .extendedKeyUsage),
      ("No usage", "digitalSignature", "", .extendedKeyUsage),
      ("Key agreement", "keyAgreement", "1.3.6.1.5.5.7.3.36", .keyUsage),
      ("No key usage", "", "1.3.6.1.5.5.7.3.36", .keyUsage),
    ])
  func purpose(name: String, usage: String, extended: String, cause: SignatureRefusal.Cause) throws {
    let test = try SignedCase()
    let wrong = try test.authority.identity(name) {
      $0.extensions = ["basicConstraints=critical,CA:FALSE"]
      if !usage.isEmpty { $0.extensions.append("keyUsage=critical,\(usage)") }
      if !extended.isEmpty { $0.extensions.append("extendedKeyUsage=\(extended)") }
    }
    try test.authority.sign(test.file, by: [wrong])
    let refusal = try #require(try test.refusal())
    #expect(refusal.cause == cause)
    #expect(refusal.of.contains("CN=\(name)"))
    #expect(refusal.expected.contains(cause == .keyUsage ? "digitalSignature" : "documentSigning"))
  }

  @Test("The certificate of an authority, with keyCertSign or without")
  func authority() throws {
    let test = try SignedCase()
    for (name, usage) in [("Authority", "digitalSignature,keyCertSign"), ("Half authority", "digitalSignature")] {
      let wrong = try test.authority.identity(name) {
        $0.extensions[0] = "basicConstraints=critical,CA:TRUE"
        $0.extensions[1] = "keyUsage=critical,\(usage)"
      }
      try test.authority.sign(test.file, by: [wrong])
      #expect(try test.refusal()?.cause == .authorityCertificate)
    }
  }

  @Test("An authority that is limited to web servers issues no signer; one limited to documents does")
  func limitedAuthority() throws {
    let test = try SignedCase()
    for (name, usage, cause) in [
      ("Web authority", "serverAuth", SignatureRefusal.Cause.extendedKeyUsage),
      ("Paper authority", "1.3.6.1.5.5.7.3.36", nil),
    ] as [(String, String, SignatureRefusal.Cause?)] {
      let authority = try test.authority.identity(name, by: test.authority.root) {
        $0.extensions = [
          "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", "extendedKeyUsage=\(usage)",
        ]
      }
      let below = try test.authority.identity("Below \(name)", by: authority)
      try test.authority.sign(test.file, by: [below], chain: authority)
      let refusal = try test.refusal()
      #expect(refusal?.cause == cause)
      if let refusal { #expect(refusal.of.contains("CN=\(name)")) }
    }
  }

  @Test("A chain through a certificate that issues none")
  func chains() throws {
    let test = try SignedCase()
    let notAnAuthority = try test.authority.signer
    let below = try test.authority.identity("Below a signer", by: notAnAuthority)
    try test.authority.sign(test.file, by: [below], chain: notAnAuthority)
    #expect(try [.chain, .untrusted].contains(test.refusal()?.cause))
  }

  @Test("SHA-1, in the signature and in a certificate of the chain")
  func sha1() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file, binary: ["-binary", "-md", "sha1"])
    let refusal = try #require(try test.refusal())
    #expect(refusal.cause == .digestAlgorithm)
    #expect(refusal.found.contains("SHA1"))
    let weak = try test.authority.identity("SHA-1") { $0.digest = "sha1" }
    try test.authority.sign(test.file, by: [weak])
    #expect(try test.refusal()?.cause == .chain)
  }

  @Test("Keys that are too small, or on a curve that the profile does not have")
  func weakKeys() throws {
    let test = try SignedCase()
    for (name, key) in [("RSA 1024", CertificatePlan.Key.rsa(1024)), ("P-521", .ec("P-521")), ("K1", .ec("secp256k1"))]
    {
      let weak = try test.authority.identity(name) { $0.key = key }
      try test.authority.sign(test.file, by: [weak])
      #expect(try test.refusal()?.cause == .weakKey)
    }
  }

  @Test("No signed attributes")
  func noAttributes() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file, extra: ["-noattr"])
    #expect(try test.refusal()?.cause == .noSignedAttributes)
  }

  @Test("Embedded content, the document's own and another's")
  func embedded() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file, extra: ["-nodetach"])
    #expect(try test.refusal()?.cause == .embeddedContent)
    let other = try SignedCase("{\"b\": 2}\n")
    try other.authority.sign(other.file, extra: ["-nodetach"])
    #expect(try test.refusal(other.read(other.file + ".p7s"))?.cause == .embeddedContent)
  }

  @Test("No certificate of the signer inside")
  func noCertificate() throws {
    let test = try SignedCase()
    try test.authority.sign(test.file, extra: ["-nocerts"])
    #expect(try test.refusal()?.cause == .certificateMissing)
  }

  @Test("A stranger's signature beside a good one")
  func extraStranger() throws {
    let test = try SignedCase()
    let foreign = try test.authority.identity("Foreign", by: test.authority.stranger)
    try test.authority.sign(test.file, by: [try test.authority.signer, foreign])
    let refusal = try #require(try test.refusal())
    #expect(refusal.cause == .untrusted)
    #expect(refusal.of.contains("CN=Foreign"))
  }

  @Test("A signature of another document, and files that hold no signature")
  func other() throws {
    let test = try SignedCase()
    let other = try SignedCase("{\"b\": 2}\n")
    try other.authority.sign(other.file)
    #expect(try test.refusal(other.read(other.file + ".p7s"))?.cause == .contentDiffers)
    let certificate = try test.read(test.authority.root.certificate)
    for bytes in [[], [0x30], [0x30, 0x80], certificate, try test.read(test.file)] as [[UInt8]] {
      #expect(try test.refusal(bytes)?.cause == .unreadable)
    }
    let long = [UInt8](repeating: 0x30, count: DetachedSignature.longestFile + 1)
    #expect(try test.refusal(long)?.cause == .unreadable)
  }

  @Test("Without an anchor nothing holds; a signer's own certificate is none")
  func anchors() throws {
    var test = try SignedCase()
    try test.authority.sign(test.file)
    test.verifier.anchors = TrustAnchors()
    #expect(try test.refusal()?.cause == .noAnchor)
    let own = try test.read(test.authority.signer.certificate)
    #expect(throws: TrustMaterialError.self) { try test.verifier.anchors.add(own) }
    #expect(throws: TrustMaterialError.self) { try test.verifier.anchors.add(Array("no certificate".utf8)) }
    #expect(throws: TrustMaterialError.self) { try test.verifier.revocationLists.add(own) }
  }
}

/// A signature of a key with another signing time: the attribute is overwritten and the attributes are signed again.
enum Backdating {
  /// Of an RSA key, whose signatures all have one length. `openssl cms` itself knows the present only.
  static func signature(_ signature: [UInt8], days: Double, key: String, _ folder: URL) throws -> [UInt8] {
    var forged = signature
    // signingTime (1.2.840.113549.1.9.5): its OID, a SET, a UTCTime of 13 characters.
    let marker: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05, 0x31, 0x0f, 0x17, 0x0d]
    let at = try #require(forged.firstRange(of: marker)).upperBound
    let whole = SigningAuthority.seconds(days) / 60 * 60
    let time = SigningAuthority.time(at: whole)
    forged.replaceSubrange(at..<(at + 13), with: Array((time.dropFirst(2).prefix(10) + "00Z").utf8))
    // The attributes: [0] from the entry's digest algorithm on, signed as a SET (RFC 5652 section 5.4).
    let content: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03]
    let type = try #require(forged.firstRange(of: content)).lowerBound
    let start = try #require(forged[..<type].lastIndex(of: 0xa0))
    let (length, head) = forged[start + 1] < 0x80 ? (Int(forged[start + 1]), 2) : (Int(forged[start + 2]), 3)
    var attributes = Array(forged[start..<(start + head + length)])
    attributes[0] = 0x31
    let file = folder.appendingPathComponent("attributes")
    try Data(attributes).write(to: file)
    let out = folder.appendingPathComponent("attributes.sig").path
    try SigningAuthority.openssl(["dgst", "-sha256", "-sign", key, "-out", out, file.path])
    let value = [UInt8](try Data(contentsOf: URL(fileURLWithPath: out)))
    forged.replaceSubrange((forged.count - value.count)..., with: value)
    return forged
  }
}
