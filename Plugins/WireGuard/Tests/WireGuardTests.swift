// What the plugin says of whole exchanges.

import PluginTestKit
import Terms
import Testing
import WireGuardPlugin

@Suite struct WireGuardTests {
  static let handshake = Exchange.udp
    .client("01000000 d00c413b", length: 148)
    .server("02000000 fde0c019 d00c413b", length: 92)
    .client("04000000 fde0c019 0000000000000000", length: 32)

  private func data(_ count: Int, from exchange: Exchange = .udp) -> Exchange {
    (0..<count).reduce(exchange) { exchange, index in
      exchange.client("04000000 aabbccdd 0\(index)00000000000000", length: 128)
    }
  }

  @Test func anAnsweredInitiationIsConclusive() throws {
    let played = try Self.handshake.play { WireGuard.self }
    let finding = try #require(played.findings.first)
    #expect(played.findings.count == 1)
    #expect(finding.rule == "wireguard.handshake")
    #expect(finding.certainty == .conclusive)
    #expect(finding.tool == "wireguard" && finding.family == "vpn-protocol")
    #expect(finding.marks.map(\.frames) == [[1], [2], [3]])
    #expect(played.protocols == ["wireguard"])
  }

  @Test func itIsConclusiveWithoutDataToo() throws {
    let played = try Exchange.udp.client("01000000 d00c413b", length: 148)
      .server("02000000 fde0c019 d00c413b", length: 92).play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
  }

  @Test func aResponseToAnotherIndexIsAHint() throws {
    let played = try Exchange.udp.client("01000000 d00c413b", length: 148)
      .server("02000000 fde0c019 d10c413b", length: 92).play { WireGuard.self }
    #expect(played.findings.map(\.rule) == ["wireguard.message"])
    #expect(played.findings.map(\.certainty) == [.indicative])
  }

  @Test func otherLengthsAreStrongAtMost() throws {
    let longer = Exchange.udp.client("01000000 d00c413b", length: 204).server("02000000 fde0c019 d00c413b", length: 100)
    #expect(try longer.play { WireGuard.self }.findings.isEmpty)
    let played = try longer.client("04000000 fde0c019 0000000000000000", length: 32).play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.strong])
    #expect(played.findings.map(\.variant) == ["altered-lengths"])
  }

  @Test func aLostAnswerLeavesItStrong() throws {
    let played = try Exchange.udp.client("01000000 d00c413b", length: 148)
      .server("04000000 d00c413b 0000000000000000", length: 96).play { WireGuard.self }
    #expect(played.findings.map(\.rule) == ["wireguard.session"])
    #expect(played.findings.map(\.certainty) == [.strong])
  }

  @Test func dataAloneIsAHintAndSaysWhatIsMissing() throws {
    let played = try data(3).play { WireGuard.self }
    #expect(played.findings.map(\.rule) == ["wireguard.data"])
    #expect(played.findings.map(\.certainty) == [.indicative])
    #expect(played.notAssessable.contains { $0.hasPrefix("WireGuard: the handshake is not in view") })
  }

  @Test func twoDataMessagesAreNothing() throws {
    #expect(try data(2).play { WireGuard.self }.findings.isEmpty)
  }

  @Test func aHandshakeInMidTunnelIsFoundToo() throws {
    let exchange = data(4).client("01000000 d00c413b", length: 148).server("02000000 fde0c019 d00c413b", length: 92)
    let played = try exchange.play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(!played.notAssessable.contains { $0.hasPrefix("WireGuard") })
  }

  @Test func otherProtocolsOnThePortAreBorne() throws {
    // Tailscale's disco and a STUN request between the messages.
    let played = try Exchange.udp.client("5453f09f92ac", length: 118).client("01000000 d00c413b", length: 148)
      .server("00010000 2112a442", length: 40).server("02000000 fde0c019 d00c413b", length: 92)
      .play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
  }

  @Test func oneDirectionSaysThatAnAnswerWouldNotBeSeen() throws {
    let played = try Self.handshake.seenOnly(from: .client).play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.indicative])
    #expect(played.notAssessable.contains { $0.hasPrefix("WireGuard: one direction only") })
  }

  @Test func lengthsAreThoseOfTheWire() throws {
    let played = try Self.handshake.cut(at: 24).play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
  }

  @Test func whatIsCutBeforeTheIndicesCannotBeTold() throws {
    let played = try Self.handshake.cut(at: 6).play { WireGuard.self }
    #expect(played.findings.isEmpty)
    #expect(played.notAssessable.contains { $0.hasPrefix("wireguard: ") })
  }

  @Test(arguments: [
    // A DNS query with transaction id 0x0300, a game's counters, and messages whose reserved bytes are not zero.
    Exchange.udp.client("03000000 00010000 00000001", length: 64),
    Exchange.udp.client("04000000 05000000 0100000000000000", length: 64)
      .client("04000000 05000000 0200000000000000", length: 64).client(
        "04000000 05000000 0300000000000000", length: 64),
    Exchange.udp.client("01007800 d00c413b", length: 148).server("02007800 fde0c019 d00c413b", length: 92),
  ])
  func whatOnlyLooksAlikeIsNotNamed(exchange: Exchange) throws {
    #expect(try exchange.play { WireGuard.self }.findings.isEmpty)
  }

  @Test func withoutItsCategoryTheIndicesAreWithheld() throws {
    let played = try Self.handshake.play(categories: [.init(.flow)]) { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.flatMap(\.marks).allSatisfy { $0.value == nil })
  }
}
