// Two peers that introduce themselves, as the specification lays their messages out.

import BitmessagePlugin
import PluginTestKit
import Testing

@Suite struct BitmessageTests {
  /// Version 3, services, time, two addresses and a nonce; the user agent "/PyBitmessage:0.6.3/"; one stream.
  static let version =
    "e9beb4d9 76657273696f6e0000000000 00000067 8f2ac3d1 00000003 0000000000000001 0000000068f5a380"
    + String(repeating: "00", count: 52) + "1122334455667788 14 2f50794269746d6573736167653a302e362e332f 01 01"
  static let confirmation = "e9beb4d9 76657261636b000000000000 00000000 cf83e135"

  // The peer that was called confirms first, then introduces itself.
  static let exchange = Exchange.tcp.client(version).server(confirmation).server(version).client(confirmation)

  @Test func theHandshakeIsConclusive() throws {
    let played = try Self.exchange.play { Bitmessage.self }
    #expect(played.findings.map(\.rule) == ["bitmessage.handshake"])
    #expect(played.findings.map(\.certainty) == [.conclusive])
    let said = played.observations("bitmessage")
    #expect(said.map { $0["from"]?.string } == ["client", "server"])
    #expect(said.map { $0["version"]?.integer } == [3, 3])
    #expect(said.first?["user_agent"]?.string == "/PyBitmessage:0.6.3/")
  }

  @Test func withoutAnAnswerNothingIsClaimed() throws {
    #expect(try Exchange.tcp.client(Self.version).play { Bitmessage.self }.findings.isEmpty)
  }

  @Test func whatTheWarrantWithholdsStaysInside() throws {
    let played = try Self.exchange.play(categories: [.init(.protocolMetadata)]) { Bitmessage.self }
    #expect(played.observations("bitmessage").allSatisfy { $0["version"] != nil && $0["user_agent"] == nil })
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      BitmessageTests.exchange.verify { Bitmessage.self }
    }
  }
}
