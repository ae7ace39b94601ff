// The clear part of WireGuard's messages. The messages were sent by wireguard-go (Samples/wireguard-openvpn).

import Bytes
import Testing

@testable import WireGuardPlugin

enum WireGuardVectors {
  static let initiation =
    "01000000 d00c413b 18e0fa5f74b3bca5255959dbfb9f9e64cfa89e6bf8a7cc801d799ec31a4f7d45"
    + "fdaf79f20488d481e9e9d50a0b018ea483ddb17a484ad3d369c774fc56e8edc4e739737f0bf73c277f78a4667365154441c7f4d5"
    + "5708f33a2bcd9f76447224cce15fbfe5b0d3210f515384cb4fb5955905dc74a361e1e4ea657ca38e"
    + "00000000000000000000000000000000"
  static let response =
    "02000000 fde0c019 d00c413b 70b441c40bd7237ce170b35a3d85cabee9e615e1a66c5eca879eed334ef06a05"
    + "1d6c3a6909e8f5dfbe3d7ad0ea101f8b3e9423c3a7cfeb1193fe9c6e0b61489500000000000000000000000000000000"
  static let toResponder = "04000000 fde0c019 0600000000000000 a186d21282cfab543fa593e6c5d10960"
  static let toInitiator = "04000000 d00c413b 0000000000000000 a0aec21b6b7049d12278fc206a9133db"
  static let cookieReply =
    "03000000 d00c413b a186d21282cfab543fa593e6c5d10960a0aec21b6b7049d1"
    + "58e6c34e64e683bb403c15e5d664f0734a76b926fab22f10e202212d507b13b2"
}

@Suite struct WireGuardMessageTests {
  private func read(_ hex: String, length: Int? = nil) throws -> WireGuardMessage {
    let bytes = try #require(Hex.bytes(hex))
    return try bytes.withRawSpan { span throws(ReadError) in
      var reader = ByteReader(span)
      return try WireGuardMessage(&reader, length: length ?? span.byteCount)
    }
  }

  @Test func anInitiationHasASenderIndexInLittleEndian() throws {
    let message = try read(WireGuardVectors.initiation)
    #expect(message.kind == .initiation)
    #expect(message.sender == 0x3b41_0cd0)
    #expect(message.hasExactLength)
  }

  @Test func aResponseNamesTheIndexItAnswers() throws {
    let message = try read(WireGuardVectors.response)
    #expect(message.kind == .response)
    #expect(message.sender == 0x19c0_e0fd)
    #expect(message.receiver == 0x3b41_0cd0)
    #expect(message.hasExactLength)
  }

  @Test func dataHasAReceiverIndexAndACounter() throws {
    let message = try read(WireGuardVectors.toResponder)
    #expect(message.kind == .data)
    #expect(message.receiver == 0x19c0_e0fd)
    #expect(message.counter == 6)
  }

  @Test func aCookieReplyIsSixtyFourBytes() throws {
    #expect(try read(WireGuardVectors.cookieReply).receiver == 0x3b41_0cd0)
    #expect(throws: ReadError.self) { try read(WireGuardVectors.cookieReply + "00") }
  }

  @Test func longerHandshakesAreReadButAreNotExact() throws {
    let message = try read(WireGuardVectors.initiation + String(repeating: "5a", count: 56))
    #expect(message.kind == .initiation)
    #expect(!message.hasExactLength)
  }

  @Test(arguments: [
    // A reserved byte that is not zero, as Cloudflare's clients send it.
    "04000100 fde0c019 0600000000000000 a186d21282cfab543fa593e6c5d10960",
    // No such type.
    "05000000 fde0c019 0600000000000000 a186d21282cfab543fa593e6c5d10960",
    // Shorter than a tag.
    "04000000 fde0c019 0600000000000000 a186d21282cfab543fa593e6c5d109",
    // No index.
    "04000000 00000000 0600000000000000 a186d21282cfab543fa593e6c5d10960",
    // Where ciphertext should be, mostly zeros.
    "04000000 fde0c019 0600000000000000 00010002000300040005000600070008",
  ])
  func whatHasAnotherFormIsInvalid(hex: String) throws {
    #expect { try read(hex) } throws: { ($0 as? ReadError)?.kind == .invalid }
  }

  @Test func aQueryOfDNSHasNoLikelyIndex() throws {
    // Transaction id 0x0300, one question: 64 bytes that read as a cookie reply to index 256.
    let query =
      "0300 0000 0001 0000 0000 0001 0b 7777776465726e696572650873616d706c652d34 0763652d7465737403 6e6574 00 0001 0001"
      + "00002910000000000000"
    let bytes = try #require(Hex.bytes(query))
    let message = try read(query, length: bytes.count == 64 ? nil : 64)
    #expect(message.kind == .cookieReply)
    #expect(!message.hasLikelyIndices)
  }

  @Test func aMessageCutBeforeItsCounterRanOut() throws {
    #expect { try read("04000000 fde0c019 0600", length: 96) } throws: { ($0 as? ReadError)?.kind == .ranOut }
  }

  @Test func aMessageCutAfterItsCounterIsRead() throws {
    #expect(try read("04000000 fde0c019 0600000000000000 a186", length: 96).counter == 6)
  }
}
