// Later flows are named by what their client was answered: within the time to live and five minutes, and nobody else's.

import Bytes
import JSON
import PluginTestKit
import Terms
import Testing

@testable import DNSPlugin

@Suite struct InferredNameTests {
  static func asked(_ client: String, _ name: String, _ address: [UInt8], ttl: Int = 60) -> Exchange {
    Exchange.udp.addresses(client: client, server: "192.0.2.53").ports(client: 40_000, server: 53)
      .client(Message.query(1, name)).server(Message.answer(1, name, [Message.record(1, ttl: ttl, address)]))
  }

  static func reached(_ client: String, _ server: String, port: UInt16 = 443) -> Exchange {
    Exchange.tcp.addresses(client: client, server: server).ports(client: 50_000, server: port).client(text: "hello")
  }

  static func name(_ played: Played, port: Int64 = 443) -> JSONValue? {
    played.flows.first { $0.record["flow"]?["responder"]?["port"]?.integer == port }?.record["name_inferred"]
  }

  @Test func aLaterFlowIsNamed() throws {
    let played = try Capture(
      of: [
        (0, Self.asked("10.0.0.1", "www.example.com", [198, 51, 100, 7])),
        (10_000, Self.reached("10.0.0.1", "198.51.100.7")),
      ]).play { DNS.self }
    let name = try #require(Self.name(played))
    #expect(name["name"]?.string == "example.com")
    #expect(name["name_full"]?.string == "www.example.com")
    #expect(name["from"]?.string == "dns")
    #expect(name["answered_frame"]?["number"]?.integer == 2)
    #expect(name["other_names"] == nil)
  }

  // One second less and one more than 60 s and five minutes after the answer, which comes 10 ms after the query.
  @Test(arguments: [(359_000, true), (361_000, false)])
  func forAsLongAsItMayBeKept(_ milliseconds: Int, _ isNamed: Bool) throws {
    let played = try Capture(
      of: [
        (0, Self.asked("10.0.0.1", "www.example.com", [198, 51, 100, 7])),
        (milliseconds, Self.reached("10.0.0.1", "198.51.100.7")),
      ]).play { DNS.self }
    #expect((Self.name(played) != nil) == isNamed)
  }

  @Test func neitherBeforeTheAnswerNorForAnotherClientOrAddress() throws {
    let asked = Self.asked("10.0.0.1", "www.example.com", [198, 51, 100, 7])
    for (time, flow) in [
      (-10_000, Self.reached("10.0.0.1", "198.51.100.7")), (1_000, Self.reached("10.0.0.2", "198.51.100.7")),
      (1_000, Self.reached("10.0.0.1", "198.51.100.8")), (1_000, Self.reached("198.51.100.7", "10.0.0.1")),
    ] {
      let played = try Capture(of: [(10_000, asked), (10_000 + time, flow)]).play { DNS.self }
      #expect(Self.name(played) == nil)
    }
  }

  @Test func severalNamesOfOneAddressAreCounted() throws {
    let played = try Capture(
      of: [
        (0, Self.asked("10.0.0.1", "a.example", [198, 51, 100, 7])),
        (1_000, Self.asked("10.0.0.1", "b.example", [198, 51, 100, 7])),
        (2_000, Self.reached("10.0.0.1", "198.51.100.7")),
      ]).play { DNS.self }
    #expect(Self.name(played)?["name"]?.string == "b.example")
    #expect(Self.name(played)?["other_names"]?.integer == 1)
  }

  @Test func categoriesHold() throws {
    let flows: [(Int, Exchange)] = [
      (0, Self.asked("10.0.0.1", "www.example.com", [198, 51, 100, 7])),
      (1_000, Self.reached("10.0.0.1", "198.51.100.7")),
    ]
    let cut = try Capture(of: flows).play(
      categories: [.init(.flow), .init(.dnsName), .init(.addressesOfThirdParties)]) { DNS.self }
    #expect(Self.name(cut)?["name"]?.string == "example.com")
    #expect(Self.name(cut)?["name_full"] == nil)
    let none = try Capture(of: flows).play(categories: [.init(.flow), .init(.addressesOfThirdParties)]) { DNS.self }
    #expect(Self.name(none) == nil)
  }
}
