// A plugin that holds passes; one that traps is named with its input; one that is not told the same twice is found out.

import PluginKit
import PluginTestKit
import Terms
import Testing

@testable import PluginKit

@Suite struct VerifyTests {
  private static let exchange = Exchange.tcp.client(Greeter.greeting("ann")).server(Greeter.greeting("bob"))

  @Test func aPluginThatHoldsPasses() async {
    await #expect(processExitsWith: .success) {
      let count = try VerifyTests.exchange.verify {
        Greeter.self
        Listener.self
      }
      // Two messages of nine bytes: as written, single bytes, joined, eight cuts each; each lost; three ways to stop at
      // each of nine bytes; 72 bits each.
      #expect(count == 3 + 16 + 2 + 54 + 144)
    }
    await #expect(processExitsWith: .success) {
      let datagrams = Exchange.udp.client(Greeter.greeting("ann")).server(Greeter.greeting("bob"))
      try datagrams.verify { Greeter.self }
    }
  }

  @Test func aTrapIsNamedWithItsInput() async throws {
    let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try VerifyTests.exchange.verify { Trapper.self }
    }
    let words = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
    // Three is a good index, and the first bit flipped that makes another is the fourth: 3 ^ 8.
    #expect(
      words.contains(
        "PluginTestKit: the last call was of `trapper`, on: message 1 (client), byte 5 is 0xb for 0x3\n"),
      "\(words)")
  }

  @Test func whoSaysThingsAgainIsFoundOut() {
    let failure = #expect(throws: VerificationFailure.self) {
      try VerifyTests.exchange.verify { Repeater.self }
    }
    #expect(failure?.complaints.first?.hasPrefix("every byte in a segment of its own:\n  said greeting: [") == true)
    #expect(failure?.complaints.last?.hasPrefix("and ") == true)
  }

  @Test func anExchangeThatTellsNothingVerifiesNothing() {
    #expect(throws: VerificationFailure.self) { try Exchange.tcp.client(text: "HELLO").verify { Greeter.self } }
  }

  @Test func shapeIsHeldFixedAndTrue() throws {
    // What `verify` holds fixed is what a plain play sees.
    let played = try VerifyTests.exchange.play {
      Greeter.self
      Listener.self
    }
    let marks = try #require(played.findings.first { $0.rule == "listener.shape" }).marks
    #expect(marks.map(\.name) == ["client", "server"])
    #expect(marks.compactMap { $0.value?.integer } == [9, 9])
  }

  @Test func theOrderOfPluginsChangesNothing() throws {
    let catalog = PluginCatalog {
      Greeter.self
      Listener.self
      Repeater.self
    }
    let listed = PluginCatalog {
      Repeater.self
      Listener.self
      Greeter.self
    }
    let reversed = PluginCatalog(entries: catalog.entries.reversed())
    let played = try VerifyTests.exchange.play(catalog)
    #expect(try VerifyTests.exchange.play(listed).flows.map(\.record) == played.flows.map(\.record))
    // Even where the catalog did not sort them: the same findings, whoever is asked first.
    let asked = try VerifyTests.exchange.play(reversed)
    #expect(Set(asked.findings.map(\.rule)) == Set(played.findings.map(\.rule)))
    #expect(asked.findings.count == played.findings.count)
    #expect(Set(asked.protocols) == Set(played.protocols))
  }
}
