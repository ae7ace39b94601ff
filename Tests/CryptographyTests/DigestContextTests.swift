// Digests against the examples of their specifications.

import Bytes
import Cryptography
import Testing

@Suite struct DigestContextTests {
  private func digest(_ algorithm: DigestAlgorithm, _ text: String) throws -> String {
    Hex.text(try Array(text.utf8).withRawSpan { try algorithm.digest(of: $0) })
  }

  @Test("MD5: RFC 1321 appendix A.5")
  func md5() throws {
    #expect(try digest(.md5, "") == "d41d8cd98f00b204e9800998ecf8427e")
    #expect(try digest(.md5, "message digest") == "f96b697d7cb7938d525a2f31aaf161d0")
  }

  @Test("SHA-1: RFC 3174 section 7.3")
  func sha1() throws {
    #expect(try digest(.sha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(
      try digest(.sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
  }

  @Test("SHA-1 of names is the same")
  func names() throws {
    let names = try NameDigest()
    let digest = Array("abc".utf8).withRawSpan { names.digest(of: $0) }
    #expect(Hex.text(digest.bytes) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    for count in 0..<200 {
      let message = (0..<count).map { UInt8($0) }
      let digest = message.withRawSpan { names.digest(of: $0) }
      #expect(try digest.bytes.array == message.withRawSpan { try DigestAlgorithm.sha1.digest(of: $0) })
    }
  }

  @Test("SHA-256: RFC 6234 section 8.5")
  func sha256() throws {
    #expect(
      try digest(.sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test("a context is used again, in pieces or at once")
  func again() throws {
    var context = try DigestContext(.sha256)
    #expect(context.digest.array == [UInt8](repeating: 0, count: 32))
    Array("a".utf8).withRawSpan { context.update($0) }
    Array("bc".utf8).withRawSpan { context.update($0) }
    context.finish()
    let pieces = context.digest.array
    Array("something else".utf8).withRawSpan { context.update($0) }
    context.finish()
    let once = Array("abc".utf8).withRawSpan { context.digest(of: $0).array }
    #expect(pieces == once)
    #expect(Hex.text(once).hasPrefix("ba7816bf"))
  }

  @Test("a length a digest has", arguments: DigestAlgorithm.allCases)
  func length(_ algorithm: DigestAlgorithm) throws {
    #expect(try digest(algorithm, "x").count == 2 * algorithm.length)
  }
}
