// The clear part of OpenVPN's control packets. The packets were sent by OpenVPN 2.6.14 (Samples/openvpn-modes).

import Bytes
import Terms
import Testing

@testable import OpenVPNPlugin

enum OpenVPNVectors {
  static let plainClient = "38 1ba94cc33b0a32bd 00 00000000"
  static let plainServer = "40 b0afb7450f80c7d4 01 00000000 1ba94cc33b0a32bd 00000000"
  static let sha256Client =
    "38 d5cd60ba9a2dc3ed 197b2e55c884010ea652238561f1e94327cdc95298b86a03fd9b0f61661dc84f 00000001 6b060af2 00 00000000"
  static let sha256Acknowledgment =
    "28 d5cd60ba9a2dc3ed ee219247680bcfa5f0ded269b9193c5765b1ba46408dc1dce20abef033d858b1 00000003 6b060af2"
    + "02 00000001 00000000 ea9d9b803044c552"
  static let sha1Client = "38 f8dee1ae807cdbd6 704f53311767c634c6a2e6ef7147d61c2b13ddba 00000001 6b060af7 00 00000000"
  static let cryptClient =
    "38 af5ebcc0e3bb1d23 00000001 6b060af3 9995687f0a5697797cba938f4142c9aa9fec62fe9d34ba71056c8be17ef3c4ec 5a426c7ea6"
  static let cryptServer =
    "40 4fb278a2f1670186 00000001 6b060af3 17ec2ac4ec51ba81494d3eedc1c0d49a50aec7b0e51005330186c760ef808ac4"
    + "1a9ac08053cf71b61305b6028e4cd0faed"
  /// As a client's first packet with tls-crypt-v2, its wrapped key cut to 38 bytes and their length.
  static let clientKeyReset =
    "50 4bac015afacca994 0f000001 6b060af5 df4c4afe2567465d651917dc0be2c1bcfc160ebe40085a48a6c0b4524c4c6e80 cf9208dae4"
    + "562bb00d2fa7db5d3e0aea36418b0806b4453efea7381f29d83a9bb91838ae76a9b6812217cb 0028"
}

@Suite struct OpenVPNPacketTests {
  private func reset(_ hex: String, length: Int? = nil) throws -> Protection? {
    let bytes = try #require(Hex.bytes(hex))
    return try bytes.withRawSpan { span throws(ReadError) in
      var header = ByteReader(span)
      return Protection.ofReset(
        ByteReader(span), try PacketHeader(&header), length: length ?? span.byteCount)
    }
  }

  private func packet(_ hex: String, _ protection: Protection) throws -> ControlPacket {
    let bytes = try #require(Hex.bytes(hex))
    return try bytes.withRawSpan { span throws(ReadError) in
      var reader = ByteReader(span)
      return try ControlPacket(&reader, protection)
    }
  }

  @Test func resetsShowHowTheControlChannelIsProtected() throws {
    #expect(try reset(OpenVPNVectors.plainClient) == .plain)
    #expect(try reset(OpenVPNVectors.plainServer) == .plain)
    #expect(try reset(OpenVPNVectors.sha1Client) == .authenticated(hmac: 20))
    #expect(try reset(OpenVPNVectors.sha256Client) == .authenticated(hmac: 32))
    #expect(try reset(OpenVPNVectors.cryptClient) == .encrypted)
    #expect(try reset(OpenVPNVectors.cryptServer) == .encrypted)
    #expect(try reset(OpenVPNVectors.clientKeyReset) == .encryptedByClientKey)
  }

  @Test(arguments: [16, 20, 28, 32, 48, 64])
  func everyHMACLengthIsTold(length: Int) throws {
    let hmac = String(repeating: "a7", count: length)
    let hex = "38 d5cd60ba9a2dc3ed \(hmac) 00000001 6b060af2 00 00000000"
    #expect(try reset(hex) == .authenticated(hmac: length))
  }

  @Test func anHMACThatBeginsLikeACountOfAcknowledgmentsIsTold() throws {
    // Eight acknowledgments would take the HMAC's place to the byte.
    let hex = "38 1167a31576806a60 08" + String(repeating: "3c", count: 31) + "00000001 6b060af3 00 00000000"
    #expect(try reset(hex) == .authenticated(hmac: 32))
  }

  @Test func aWrappedKeyMustHaveTheLengthItDeclares() throws {
    #expect(try reset(String(OpenVPNVectors.clientKeyReset.dropLast(2)) + "29") == nil)
  }

  @Test func aResetWithAByteMoreIsNone() throws {
    #expect(try reset(OpenVPNVectors.plainClient + "00") == nil)
  }

  @Test func aReplayCounterThatDoesNotBeginIsNoReset() throws {
    let hex = "38 af5ebcc0e3bb1d23 00012345 6b060af3" + String(repeating: "a7", count: 37)
    #expect(try reset(hex) == nil)
  }

  @Test func acknowledgmentsNameTheOtherEnd() throws {
    let server = try packet(OpenVPNVectors.plainServer, .plain)
    #expect(server.header.opcode == .serverReset)
    #expect(server.acknowledged == 0...0)
    #expect(server.remoteSession == 0x1ba9_4cc3_3b0a_32bd)
    #expect(server.message == 0)
    let acknowledgment = try packet(OpenVPNVectors.sha256Acknowledgment, .authenticated(hmac: 32))
    #expect(acknowledgment.acknowledged == 0...1)
    #expect(acknowledgment.remoteSession == 0xea9d_9b80_3044_c552)
    #expect(acknowledgment.message == nil)
    #expect(acknowledgment.replay == 3)
    #expect(acknowledgment.time == 0x6b06_0af2)
  }

  @Test func underEncryptionOnlyCounterAndTimeAreRead() throws {
    let client = try packet(OpenVPNVectors.cryptClient, .encrypted)
    #expect(client.replay == 1)
    #expect(client.time == 0x6b06_0af3)
    #expect(client.message == nil && client.payload == nil)
  }

  @Test func moreAcknowledgmentsThanThereCanBeAreInvalid() throws {
    #expect { try packet("28 d5cd60ba9a2dc3ed 09", .plain) } throws: { ($0 as? ReadError)?.kind == .invalid }
  }
}

@Suite struct ReplayCountTests {
  private let time: UInt32 = 1_795_558_130
  private var packetTime: Timestamp { Timestamp(nanoseconds: Int64(time) * 1_000_000_000) }

  @Test func threePacketsFromOneAtTheirTimeAreProof() {
    var count = ReplayCount()
    for id in 1...3 { count.take(UInt32(id), time: time, at: packetTime) }
    #expect(count.isProven)
  }

  @Test func earlyNegotiationCountsInTheLowerHalf() {
    var count = ReplayCount()
    for id in 0x0f00_0001...0x0f00_0003 { count.take(UInt32(id), time: time, at: packetTime) }
    #expect(count.isProven)
  }

  @Test func lossAndDisorderAreBorne() {
    var count = ReplayCount()
    for id in [1, 3, 2, 4, 5] { count.take(UInt32(id), time: time, at: packetTime) }
    #expect(count.isProven)
  }

  @Test func twoPacketsAreTooFew() {
    var count = ReplayCount()
    for id in 1...2 { count.take(UInt32(id), time: time, at: packetTime) }
    #expect(!count.isProven)
  }

  @Test func aTimeMoreThanADayOffIsNoProof() {
    for off in [-86_402, 86_402] {
      var count = ReplayCount()
      for id in 1...3 { count.take(UInt32(id), time: UInt32(Int(time) + off), at: packetTime) }
      #expect(!count.isProven)
    }
    var within = ReplayCount()
    for id in 1...3 { within.take(UInt32(id), time: time + 86_399, at: packetTime) }
    #expect(within.isProven)
  }

  @Test func withoutPacketTimeThereIsNoProof() {
    var count = ReplayCount()
    for id in 1...3 { count.take(UInt32(id), time: time, at: nil) }
    #expect(!count.isProven)
  }
}

@Suite struct ControlStreamTests {
  @Test func messagesArePutInOrderAndCountedOnce() {
    var stream = ControlStream()
    #expect([UInt8]([2]).withRawSpan { stream.take(2, $0) } == false)
    #expect([UInt8]([1]).withRawSpan { stream.take(1, $0) })
    #expect([UInt8]([9]).withRawSpan { stream.take(1, $0) } == false)
    #expect([UInt8]([3]).withRawSpan { stream.take(3, $0) })
    #expect(stream.bytes == [1, 2, 3])
  }

  @Test func itStaysWithinItsBound() {
    var stream = ControlStream()
    let block = [UInt8](repeating: 7, count: 20_000)
    #expect(block.withRawSpan { stream.take(1, $0) })
    #expect(block.withRawSpan { stream.take(2, $0) } == false)
    #expect(stream.bytes.count == 20_000)
  }
}
