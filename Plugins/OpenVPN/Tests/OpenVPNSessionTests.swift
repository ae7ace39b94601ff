// What a flow's packets prove.

import Bytes
import PluginKit
import Terms
import Testing

@testable import OpenVPNPlugin

@Suite struct OpenVPNSessionTests {
  private var session = OpenVPNSession()
  private var frame: UInt64 = 0
  /// The time in the vectors with tls-crypt.
  private var time = Timestamp(nanoseconds: 0x6b06_0af3 * 1_000_000_000)

  /// Gives the session a packet of `hex`; true where the TLS inside has grown.
  @discardableResult
  private mutating func take(_ hex: String, from side: Side) throws -> Bool {
    let bytes = try #require(Hex.bytes(hex))
    frame += 1
    let (frame, time) = (frame, time)
    var session = session
    defer { self.session = session }
    return try bytes.withRawSpan { span throws(ReadError) in
      try session.take(
        ByteReader(span), length: span.byteCount, from: side, at: time
      ) { [FrameReference(number: frame)] }
    }
  }

  private func crypt(_ opcode: String, _ session: String, _ replay: UInt8) -> String {
    "\(opcode) \(session) 000000\(Hex.text([replay])) 6b060af3" + String(repeating: "a7", count: 37)
  }

  private func data(_ peer: String, _ packet: UInt8) -> String {
    "48 \(peer) 000000\(Hex.text([packet]))" + String(repeating: "a7", count: 40)
  }

  @Test mutating func anAcknowledgedResetClosesTheExchange() throws {
    try take(OpenVPNVectors.plainClient, from: .client)
    #expect(session.proof == nil)
    try take(OpenVPNVectors.plainServer, from: .server)
    #expect(session.proof == .closed)
    #expect(session.protection == .plain)
  }

  @Test mutating func theAnswerMayBeCapturedBeforeTheQuestion() throws {
    try take(OpenVPNVectors.plainServer, from: .server)
    try take(OpenVPNVectors.plainClient, from: .client)
    #expect(session.proof == .closed)
  }

  @Test mutating func anAcknowledgmentOfAnotherSessionProvesNothing() throws {
    try take(OpenVPNVectors.plainClient, from: .client)
    try take("40 b0afb7450f80c7d4 01 00000000 1ba94cc33b0a32be 00000000", from: .server)
    #expect(session.proof == nil)
    #expect(session.hasOpening(.client) && session.hasOpening(.server))
  }

  @Test mutating func anAcknowledgmentOfALaterMessageDoesNotClose() throws {
    try take(OpenVPNVectors.plainClient, from: .client)
    try take("40 b0afb7450f80c7d4 01 00000005 1ba94cc33b0a32bd 00000000", from: .server)
    #expect(session.proof == nil)
  }

  @Test mutating func theAcknowledgmentMayFollowTheReset() throws {
    try take(OpenVPNVectors.plainClient, from: .client)
    try take("40 b0afb7450f80c7d4 00 00000000", from: .server)
    #expect(session.proof == nil)
    try take("28 b0afb7450f80c7d4 01 00000000 1ba94cc33b0a32bd", from: .server)
    #expect(session.proof == .closed)
  }

  @Test mutating func aNewResetBeginsANewAttempt() throws {
    try take("38 1ba94cc33b0a32be 00 00000000", from: .client)
    try take(OpenVPNVectors.plainClient, from: .client)
    try take(OpenVPNVectors.plainServer, from: .server)
    #expect(session.proof == .closed)
  }

  @Test mutating func acknowledgmentsWithoutResetsAgree() throws {
    try take("20 b0afb7450f80c7d4 01 00000003 1ba94cc33b0a32bd 00000004 1703", from: .server)
    try take("28 1ba94cc33b0a32bd 01 00000004 b0afb7450f80c7d4", from: .client)
    #expect(session.proof == nil)
    try take("28 b0afb7450f80c7d4 01 00000005 1ba94cc33b0a32bd", from: .server)
    #expect(session.proof == .acknowledged)
  }

  @Test mutating func underEncryptionTheCountIsTheProof() throws {
    let (client, server) = ("af5ebcc0e3bb1d23", "4fb278a2f1670186")
    try take(crypt("38", client, 1), from: .client)
    try take(crypt("40", server, 1), from: .server)
    #expect(session.proof == .begun)
    for replay in UInt8(2)...3 {
      try take(crypt("20", client, replay), from: .client)
      try take(crypt("28", server, replay), from: .server)
    }
    #expect(session.proof == .counted)
  }

  @Test mutating func underEncryptionASessionIdThatChangesProvesNothing() throws {
    try take(crypt("38", "af5ebcc0e3bb1d23", 1), from: .client)
    try take(crypt("40", "4fb278a2f1670186", 1), from: .server)
    try take(crypt("28", "4fb278a2f1670187", 2), from: .server)
    #expect(session.proof == nil)
  }

  @Test mutating func atAnotherTimeTheCountProvesLess() throws {
    time = time.advanced(by: 3 * 86_400 * 1_000_000_000)
    let (client, server) = ("af5ebcc0e3bb1d23", "4fb278a2f1670186")
    for replay in UInt8(1)...4 {
      try take(crypt(replay == 1 ? "38" : "20", client, replay), from: .client)
      try take(crypt(replay == 1 ? "40" : "20", server, replay), from: .server)
    }
    #expect(session.proof == .begun)
    #expect(!session.hasOpening(.client))
  }

  @Test mutating func dataThatCountsBothWaysIsAChannel() throws {
    for packet in UInt8(4)...6 {
      try take(data("00000a", packet), from: .client)
      try take(data("00000a", packet), from: .server)
    }
    #expect(session.isDataOnly)
  }

  @Test mutating func dataForTwoPeersIsNone() throws {
    for packet in UInt8(4)...6 {
      try take(data("00000a", packet), from: .client)
      try take(data("00000b", packet), from: .server)
    }
    #expect(!session.isDataOnly)
  }

  @Test mutating func aHeadThatChangesEachTimeIsGivenUp() throws {
    for packet in UInt8(1)...5 { try take(data("0000\(Hex.text([packet]))", packet), from: .client) }
    #expect(throws: ReadError.self) { try take(data("000010", 6), from: .client) }
    #expect(session.isEmpty)
  }

  @Test mutating func theTLSInsideIsPutInOrder() throws {
    try take(OpenVPNVectors.plainClient, from: .client)
    try take(OpenVPNVectors.plainServer, from: .server)
    #expect(try take("20 1ba94cc33b0a32bd 00 00000002 0303", from: .client) == false)
    #expect(try take("20 1ba94cc33b0a32bd 01 00000000 b0afb7450f80c7d4 00000001 1603", from: .client))
    #expect(session.client.control.bytes == [0x16, 0x03, 0x03, 0x03])
  }
}
