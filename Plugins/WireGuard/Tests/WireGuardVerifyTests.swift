// WireGuard's exchange through the whole analysis: what is found, and that no damage to it traps.

import PluginTestKit
import Testing

@testable import WireGuardPlugin

@Suite struct WireGuardVerifyTests {
  private static let exchange = Exchange.udp
    .client(WireGuardVectors.initiation)
    .server(WireGuardVectors.response)
    .client(WireGuardVectors.toResponder)
    .server(WireGuardVectors.toInitiator)

  @Test func theExchangeIsConclusive() throws {
    let played = try Self.exchange.play { WireGuard.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.first?.marks.map(\.frames) == [[1], [2], [3]])
    #expect(played.observations("wireguard").first?["initiator_index"]?.integer == 0x3b41_0cd0)
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      WireGuardVerifyTests.exchange.verify { WireGuard.self }
    }
  }
}
