// A plugin that holds passes; one that traps is named with its input; one that is not told the same twice is found out.

import PluginKit
import PluginTestKit
import Terms
import Testing

@testable import PluginKit

@Suite struct VerifyTests {
  private static let exchange = Exchange.tcp.client(Greeter.greeting("ann")).server(Greeter.greeting("bob"))

  @Test func aPluginThatHoldsPasses() async throws {
    await #expect(processExitsWith: .success) {
      let count = try VerifyTests.exchange.verification(
        of: PluginCatalog {
          Greeter.self
          Listener.self
        })
      // Two messages of nine bytes: as written, single bytes, joined, eight cuts each; each lost; three ways to stop at
      // each of nine bytes; 72 bits each.
      #expect(count == 3 + 16 + 2 + 54 + 144)
    }
    await #expect(processExitsWith: .success) {
      Exchange.udp.client(Greeter.greeting("ann")).server(Greeter.greeting("bob")).verify { Greeter.self }
    }
  }

  @Test func aTrapIsNamedWithItsInput() async throws {
    let end = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let failure = #expect(throws: VerificationFailure.self) {
        try VerifyTests.exchange.verification(of: PluginCatalog { Trapper.self })
      }
      // Three is a good index, and the first flipped bit that makes a bad one of it is the fourth: 3 ^ 8.
      #expect(failure?.description == VerifyTests.trap)
    }
    let words = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
    #expect(words.contains(Self.trap + "\n"), "\(words)")
  }

  private static let trap =
    "PluginTestKit: the last call was of `trapper`, on: message 1 (client), byte 5 is 0xb for 0x3"

  @Test func anOverflowOfTheStackIsATrapToo() async {
    await #expect(processExitsWith: .success) {
      let failure = #expect(throws: VerificationFailure.self) {
        try VerifyTests.exchange.verification(of: PluginCatalog { Diver.self })
      }
      #expect(failure?.description.hasPrefix("PluginTestKit: the last call was of `diver`, on: message 1") == true)
    }
  }

  @Test func whatDoesNotHoldIsAnIssueOfTheTest() {
    withKnownIssue {
      Exchange.tcp.client(text: "HELLO").verify { Greeter.self }
    } matching: { issue in
      issue.comments.first?.rawValue == VerifyTests.silence
    }
  }

  private static let silence = "the exchange tells these plugins nothing: nothing can be verified by it"

  @Test func whoSaysThingsAgainIsFoundOut() {
    let failure = #expect(throws: VerificationFailure.self) {
      try VerifyTests.exchange.verification(of: PluginCatalog { Repeater.self })
    }
    #expect(failure?.complaints.first?.hasPrefix("every byte in a segment of its own:\n  said greeting: [") == true)
    #expect(failure?.complaints.last?.hasPrefix("and ") == true)
  }

  @Test func anExchangeThatTellsNothingVerifiesNothing() {
    let failure = #expect(throws: VerificationFailure.self) {
      try Exchange.tcp.client(text: "HELLO").verification(of: PluginCatalog { Greeter.self })
    }
    #expect(failure?.description == Self.silence)
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
