// HMAC and HKDF against the test cases of their specifications.

import Bytes
import Cryptography
import Testing

@Suite struct KeyDerivationTests {
  private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.bytes(hex.filter { $0 != " " })) }

  private func authenticate(_ message: [UInt8], key: [UInt8]) throws -> String {
    var derivation = try KeyDerivation()
    return Hex.text(message.withRawSpan { message in key.withRawSpan { derivation.authenticate(message, key: $0) } })
  }

  @Test("HMAC: RFC 4231 sections 4.2, 4.3, 4.7")
  func hmac() throws {
    #expect(
      try authenticate(Array("Hi There".utf8), key: [UInt8](repeating: 0x0b, count: 20))
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      try authenticate(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      try authenticate(
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8), key: [UInt8](repeating: 0xaa, count: 131))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test("HKDF: RFC 5869 appendix A.1 and A.2, one context after the other")
  func hkdf() throws {
    var derivation = try KeyDerivation()
    let salt = try bytes("000102030405060708090a0b0c")
    let input = [UInt8](repeating: 0x0b, count: 22)
    let secret = salt.withRawSpan { salt in input.withRawSpan { derivation.extract(salt: salt, secret: $0) } }
    #expect(Hex.text(secret) == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    let info = try bytes("f0f1f2f3f4f5f6f7f8f9")
    #expect(
      Hex.text(derivation.expand(secret, info: info, count: 42))
        == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")

    let longSalt = (0x60...0xaf).map { UInt8($0) }
    let longInput = (0x00...0x4f).map { UInt8($0) }
    let longSecret = longSalt.withRawSpan { salt in
      longInput.withRawSpan { derivation.extract(salt: salt, secret: $0) }
    }
    #expect(Hex.text(longSecret) == "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244")
    #expect(
      Hex.text(derivation.expand(longSecret, info: (0xb0...0xff).map { UInt8($0) }, count: 82))
        == "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        + "cc30c58179ec3e87c14c01d5c1f3434f1d87")
  }

  @Test("labels: RFC 9001 appendix A.1")
  func labels() throws {
    var derivation = try KeyDerivation()
    let secret = try bytes("7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44")
    let client = derivation.expand(secret, label: "client in", count: 32)
    #expect(Hex.text(client) == "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea")
    #expect(Hex.text(derivation.expand(client, label: "quic key", count: 16)) == "1f369613dd76d5467730efcbe3b1a22d")
    #expect(Hex.text(derivation.expand(client, label: "quic iv", count: 12)) == "fa044b2f42a3fd3b46fb255c")
    #expect(derivation.expand(client, label: "quic iv", count: 40).count == 40)
  }
}
