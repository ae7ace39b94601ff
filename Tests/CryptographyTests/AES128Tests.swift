// AES against the examples of its specifications, and what must not open.

import Bytes
import Cryptography
import Testing

@Suite struct AES128Tests {
  private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.bytes(hex.filter { $0 != " " })) }

  @Test("a block: FIPS 197 appendix B, then another key in the same context")
  func block() throws {
    var cipher = try AES128Block()
    func encrypt(_ block: String, _ key: String) throws -> UInt64? {
      let (block, key) = (try bytes(block), try bytes(key))
      return block.withRawSpan { block in key.withRawSpan { cipher.encrypt(block, key: $0) } }
    }
    #expect(
      try encrypt("3243f6a8885a308d313198a2e0370734", "2b7e151628aed2a6abf7158809cf4f3c") == 0x3925_841d_02dc_09fb)
    // FIPS 197 appendix C.1.
    #expect(
      try encrypt("00112233445566778899aabbccddeeff", "000102030405060708090a0b0c0d0e0f") == 0x69c4_e0d8_6a7b_0430)
    #expect(try encrypt("00112233445566778899aabbccddee", "000102030405060708090a0b0c0d0e0f") == nil)
    #expect(try encrypt("00112233445566778899aabbccddeeff", "00") == nil)
  }

  // Test case 4 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B.
  private static let key = "feffe9928665731c6d6a8f9467308308"
  private static let nonce = "cafebabefacedbaddecaf888"
  private static let header = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
  private static let sealed =
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
    + "1ba30b396a0aac973d58e091" + "5bc94fbc3221a5db94fae95ae7121a47"
  private static let plain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
    + "b16aedf5aa0de657ba637b39"

  private func open(_ cipher: inout AES128GCM, _ sealed: [UInt8], header: [UInt8]) throws -> [UInt8]? {
    let (key, nonce) = (try bytes(Self.key), try bytes(Self.nonce))
    return sealed.withRawSpan { sealed in
      key.withRawSpan { key in
        nonce.withRawSpan { nonce in
          header.withRawSpan { cipher.open(sealed, key: key, nonce: nonce, header: $0) }
        }
      }
    }
  }

  @Test func opens() throws {
    var cipher = try AES128GCM()
    let (sealed, header) = (try bytes(Self.sealed), try bytes(Self.header))
    #expect(Hex.text(try #require(try open(&cipher, sealed, header: header))) == Self.plain)
    #expect(try open(&cipher, sealed, header: []) == nil)
    #expect(Hex.text(try #require(try open(&cipher, sealed, header: header))) == Self.plain)
  }

  @Test func nothingThatWasChangedOpens() throws {
    var cipher = try AES128GCM()
    let (sealed, header) = (try bytes(Self.sealed), try bytes(Self.header))
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(try open(&cipher, changed, header: header) == nil)
    }
    for length in sealed.indices { #expect(try open(&cipher, Array(sealed.prefix(length)), header: header) == nil) }
  }

  @Test("an empty message: test case 1 of the same")
  func empty() throws {
    var cipher = try AES128GCM()
    let zeros = [UInt8](repeating: 0, count: 16)
    let tag = try bytes("58e2fccefa7e3061367f1d57a4e7455a")
    let opened = tag.withRawSpan { tag in
      zeros.withRawSpan { zeros in
        cipher.open(tag, key: zeros, nonce: zeros.slice(0, 12), header: zeros.slice(0, 0))
      }
    }
    #expect(opened?.isEmpty == true)
  }
}
