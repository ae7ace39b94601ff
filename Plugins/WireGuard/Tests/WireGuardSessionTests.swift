// What a flow's messages add up to.

import Bytes
import PluginKit
import Terms
import Testing

@testable import WireGuardPlugin

@Suite struct WireGuardSessionTests {
  private var session = WireGuardSession()
  private var frame: UInt64 = 0

  /// Gives the session a message of `hex`; true where it was taken up.
  @discardableResult
  private mutating func take(_ hex: String, from side: Side, length: Int? = nil) throws -> Bool {
    let bytes = try #require(Hex.bytes(hex))
    let message = try bytes.withRawSpan { span throws(ReadError) in
      var reader = ByteReader(span)
      return try WireGuardMessage(&reader, length: length ?? span.byteCount)
    }
    frame += 1
    return session.take(message, from: side, FrameReference(number: frame))
  }

  private func data(_ receiver: String, _ counter: UInt8) -> String {
    "04000000 \(receiver) \(Hex.text([counter]))00000000000000 a186d21282cfab543fa593e6c5d10960"
  }

  @Test mutating func aResponseToTheInitiationMakesAHandshake() throws {
    try take(WireGuardVectors.initiation, from: .client)
    try take(WireGuardVectors.response, from: .server)
    let handshake = try #require(session.handshake)
    #expect(handshake.isExact && handshake.initiator == .client)
    #expect(session.agreedData == nil)
    try take(WireGuardVectors.toResponder, from: .client)
    #expect(session.agreedData == FrameReference(number: 3))
  }

  @Test mutating func aResponseToAnotherIndexMakesNone() throws {
    try take(WireGuardVectors.initiation.replacing("d00c413b", with: "d10c413b"), from: .client)
    try take(WireGuardVectors.response, from: .server)
    #expect(session.handshake == nil)
    #expect(session.unanswered.count == 2)
  }

  @Test mutating func aResponseOfTheSameSideMakesNone() throws {
    try take(WireGuardVectors.initiation, from: .client)
    try take(WireGuardVectors.response, from: .client)
    #expect(session.handshake == nil)
  }

  @Test mutating func eitherSideMayInitiate() throws {
    try take(WireGuardVectors.initiation, from: .server)
    try take(WireGuardVectors.response, from: .client)
    #expect(session.handshake?.initiator == .server)
    try take(WireGuardVectors.toInitiator, from: .client)
    #expect(session.agreedData == FrameReference(number: 3))
  }

  @Test mutating func dataWithOldIndicesIsNotTheHandshakes() throws {
    try take(WireGuardVectors.initiation, from: .client)
    try take(WireGuardVectors.response, from: .server)
    try take(data("aabbccdd", 7), from: .client)
    // The index of the wrong end.
    try take(WireGuardVectors.toResponder, from: .server)
    #expect(session.agreedData == nil)
  }

  @Test mutating func dataToAnInitiationsIndexSpeaksForIt() throws {
    try take(WireGuardVectors.initiation, from: .client)
    try take(WireGuardVectors.toInitiator, from: .server)
    #expect(session.addressed?.data == FrameReference(number: 2))
  }

  @Test mutating func threeRisingCountersAreASession() throws {
    try take(data("aabbccdd", 7), from: .client)
    try take(data("aabbccdd", 8), from: .client)
    #expect(!session.clientData.isSession)
    try take(data("aabbccdd", 12), from: .client)
    #expect(session.clientData.isSession)
    #expect(!session.serverData.isSession)
  }

  @Test mutating func aCounterThatStaysIsNone() throws {
    for _ in 0..<6 { try take(data("aabbccdd", 7), from: .client) }
    #expect(!session.clientData.isSession)
  }

  @Test mutating func anIndexThatChangesEachTimeIsNone() throws {
    for index in UInt8(1)...6 { try take(data("aabbcc\(Hex.text([index]))", index), from: .client) }
    #expect(!session.clientData.isSession)
  }

  @Test mutating func smallIndicesAndHugeCountersAreNotTakenUp() throws {
    #expect(try take(data("05000000", 7), from: .client) == false)
    let huge = "04000000 aabbccdd 0000000001000000 a186d21282cfab543fa593e6c5d10960"
    #expect(try take(huge, from: .client) == false)
    #expect(session.isEmpty)
  }
}
