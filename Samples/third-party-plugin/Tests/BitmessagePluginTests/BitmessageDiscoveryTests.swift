// An announcement as the specification lays it out, whole and damaged.

import BitmessagePlugin
import PluginTestKit
import Testing

@Suite struct BitmessageDiscoveryTests {
  // Magic, "addr", the length of one address of 38 bytes and its count, a checksum, then the payload.
  static let exchange = Exchange.udp.ports(client: 8444, server: 8444)
    .client("e9beb4d9 616464720000000000000000 00000027 1a2b3c4d 01", length: 63)

  @Test func anAnnouncementIsFound() throws {
    let played = try Self.exchange.play { BitmessageDiscovery.self }
    #expect(played.findings.map(\.rule) == ["bitmessage-discovery.announcement"])
    #expect(played.findings.map(\.certainty) == [.strong])
  }

  @Test func aWrongLengthIsNot() throws {
    let longer = Exchange.udp.client("e9beb4d9 616464720000000000000000 00000027 1a2b3c4d 01", length: 64)
    #expect(try longer.play { BitmessageDiscovery.self }.findings.isEmpty)
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      BitmessageDiscoveryTests.exchange.verify { BitmessageDiscovery.self }
    }
  }
}
