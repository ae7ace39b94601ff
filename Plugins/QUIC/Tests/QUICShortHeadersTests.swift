// Flows without a handshake: what may be said of them, and what may not.

import Bytes
import PluginKit
import PluginTestKit
import Testing

@testable import QUICPlugin

@Suite struct QUICShortHeadersTests {
  private static let reason = "QUIC: packets have the form of a connection that began before the capture"
  private static let firstBytes: [UInt8] = [0x41, 0x5c, 0x49, 0x53, 0x47, 0x5e, 0x4a, 0x55, 0x40, 0x5b]

  /// Packets with short headers from a client: the first bytes as given, then an id, then what looks like ciphertext.
  private func short(_ exchange: Exchange = .udp, id: String, firstBytes: [UInt8] = firstBytes) -> Exchange {
    firstBytes.reduce(exchange) { $0.client(Hex.text([$1]) + id, length: 60) }
  }

  @Test func anIDUnderChangingFirstBytesIsNotAssessable() throws {
    let played = try short(id: "f067a5502a4262b5").play { QUIC.self }
    #expect(played.notAssessable.contains(Self.reason))
    #expect(played.observations("quic").isEmpty)
    #expect(played.protocols.isEmpty)
  }

  @Test func theFixedBitAloneSaysNothing() throws {
    // No id that stays.
    let random = Self.firstBytes.reduce(Exchange.udp) { $0.client(Hex.text([$1]), length: 60).server("45", length: 60) }
    #expect(!(try random.play { QUIC.self }.notAssessable.contains(Self.reason)))
    // A header that stays, its first byte too.
    let constant = short(id: "f067a5502a4262b5", firstBytes: [UInt8](repeating: 0x48, count: 10))
    #expect(!(try constant.play { QUIC.self }.notAssessable.contains(Self.reason)))
    let zeros = short(id: "0000000000000000")
    #expect(!(try zeros.play { QUIC.self }.notAssessable.contains(Self.reason)))
    let few = short(id: "f067a5502a4262b5", firstBytes: Array(Self.firstBytes.prefix(7)))
    #expect(!(try few.play { QUIC.self }.notAssessable.contains(Self.reason)))
  }

  /// A flow of its own port, behind the handshake's.
  private func after(_ exchange: Exchange) throws -> Capture {
    let handshake = try Exchange.udp.client(QUICVectors.small).server(QUICVectors.serverToClient).capture()
    return Capture(bytes: handshake.bytes + (try exchange.capture()).bytes.dropFirst(24))
  }

  @Test func anIDOfAnotherFlowNamesIt() throws {
    let moved = Exchange.udp.ports(client: 50_000, server: 40_000).pause(milliseconds: 9_000).client(
      "5cf067a5502a4262b5", length: 60)
    let played = try after(moved).play { QUIC.self }
    let connections = played.flows.map { $0.observations("quic") }
    #expect(connections.map(\.count) == [1, 1])
    let continues = connections.last?.first?["continues"]
    #expect(continues?["flow_id"]?.integer == 1)
    #expect(continues?["certainty"]?.string == "indicative")
    #expect(continues?["connection_id"]?.string == "f067a5502a4262b5")
    #expect(played.flows.last?.protocols == ["quic"])
    #expect(played.findings.isEmpty)
  }

  @Test func anotherServersIDIsNone() throws {
    let others = Exchange.udp.ports(client: 50_000, server: 40_001).pause(milliseconds: 9_000).client(
      "5cf067a5502a4262b5", length: 60)
    #expect(try after(others).play { QUIC.self }.flows.last?.observations("quic").isEmpty == true)
    let otherID = Exchange.udp.ports(client: 50_000, server: 40_000).pause(milliseconds: 9_000).client(
      "5cf067a5502a4262b4", length: 60)
    #expect(try after(otherID).play { QUIC.self }.flows.last?.observations("quic").isEmpty == true)
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      QUICShortHeadersTests.firstBytes.reduce(Exchange.udp) {
        $0.client(Hex.text([$1]) + "f067a5502a4262b5", length: 60)
      }
      .verify { QUIC.self }
    }
  }
}
