// What is played arrives at plugins as it was written, and what they say comes back.

import Bytes
import Findings
import JSON
import PluginKit
import PluginTestKit
import Terms
import Testing

@Suite struct PlayTests {
  private let greetings = (Greeter.greeting("ann"), Greeter.greeting("bob"))

  private func exchange(_ carriage: Exchange.Carriage) -> Exchange {
    Exchange(carriage).client(greetings.0).server(greetings.1)
  }

  @Test(arguments: [Exchange.Carriage.tcp, .udp])
  func findingsAndObservationsComeBack(carriage: Exchange.Carriage) throws {
    let played = try exchange(carriage).play { Greeter.self }
    let finding = try #require(played.findings.first)
    #expect(played.findings.count == 1)
    #expect(finding.rule == "greeter.greeting")
    #expect(finding.certainty == .conclusive)
    #expect(finding.tool == "greeter")
    #expect(finding.variant == "")
    #expect(finding.marks.map(\.name) == ["both greetings"])
    #expect(played.observations("greeting").map { $0["name"]?.string } == ["ann", "bob"])
    #expect(played.protocols == ["greeting"])
    #expect(played.flows.map(\.end) == [carriage == .tcp ? "fin" : "end-of-evidence"])
  }

  @Test func aPluginWithoutConstantsIsAskedOnceAFlow() throws {
    // Beside one that looks at more datagrams than it does.
    let played = try Exchange.udp.client("01").server("02").client("03").server("04").play {
      Greeter.self
      Watcher.self
    }
    #expect(played.observations("greeting").map { $0["name"]?.string } == ["1"])
  }

  @Test func marksNameTheirFrames() throws {
    // SYN, SYN with ACK, ACK, then the two greetings.
    let played = try exchange(.tcp).play { Greeter.self }
    #expect(played.findings.first?.marks.first?.frames == [4, 5])
  }

  @Test func packetsAreWellFormed() throws {
    for exchange in [exchange(.tcp), exchange(.udp)] {
      let flow = try #require(try exchange.play {}.flows.first?.record)
      #expect(flow["flow"]?["initiator"]?["address"]?.string == "10.0.0.1")
      #expect(flow["flow"]?["responder"]?["port"]?.integer == 40_000)
      #expect(flow["bad_checksums"] == nil)
      #expect(flow["duplicates"] == nil)
      #expect(flow["retransmissions"] == nil)
      #expect(flow["not_assessable"] == nil)
      #expect(flow["from_initiator"]?["payload"]?.integer == 9)
    }
  }

  @Test func addressesPortsAndIPv6() throws {
    let played = try exchange(.udp).addresses(client: "2001:db8::1", server: "2001:db8::2").ports(client: 7, server: 9)
      .play { Greeter.self }
    let ends = played.flows.first?.record["flow"]
    #expect(ends?["initiator"]?["address"]?.string == "2001:db8::1")
    #expect(ends?["initiator"]?["port"]?.integer == 7)
    #expect(ends?["responder"]?["port"]?.integer == 9)
    #expect(played.findings.count == 1)
  }

  @Test func aLongMessageGoesInSegments() throws {
    let played = try Exchange.tcp.client("16", length: 4_000).play {}
    let flow = try #require(played.flows.first?.record)
    // Handshake, three segments, end.
    #expect(flow["from_initiator"]?["packets"]?.integer == 7)
    #expect(flow["from_initiator"]?["payload"]?.integer == 4_000)
  }

  @Test func withoutBeginningWithoutEndAndOneSided() throws {
    #expect(try exchange(.tcp).midStream.play {}.flows.first?.record["begins_mid_stream"]?.boolean == true)
    #expect(try exchange(.tcp).leftOpen.play {}.flows.first?.end == "end-of-evidence")
    let oneSided = try exchange(.tcp).seenOnly(from: .server).play {}.flows.first?.record
    #expect(oneSided?["directions_seen"]?.string == "responder")
  }

  @Test func theSnapLengthCuts() throws {
    let played = try exchange(.udp).cut(at: 7).play { Greeter.self }
    #expect(played.findings.isEmpty)
    #expect(played.notAssessable == ["payload cut by the snap length", "greeter: cut by the snap length"])
  }

  @Test func withheldCategoriesStayWithheld() throws {
    let played = try exchange(.udp).play(categories: Categories([Category.flow, .addressesOfThirdParties])) {
      Greeter.self
    }
    #expect(played.findings.count == 1)
    #expect(played.observations("greeting").allSatisfy { $0["name"] == nil })
  }

  @Test func aCaptureIsPlayedLikeAnExchange() throws {
    let exchange = exchange(.tcp)
    let played = try Capture(bytes: exchange.capture().bytes).play { Greeter.self }
    #expect(played.findings.map(\.record) == (try exchange.play { Greeter.self }).findings.map(\.record))
    #expect(throws: (any Error).self) { try Capture(bytes: [1, 2, 3]).play { Greeter.self } }
  }

  @Test func aScriptWithAMistakeSaysSo() {
    let notHex = #expect(throws: ScriptError.self) { try Exchange.udp.client("0g").play {} }
    #expect(notHex?.message == "\"0g\" is not hexadecimal")
    let tooShort = #expect(throws: ScriptError.self) { try Exchange.udp.client("0102", length: 1).play {} }
    #expect(tooShort?.message == "\"0102\" has 2 bytes, more than its length of 1")
  }

  @Test func fillerIsTheSameEveryTime() throws {
    let message = try #require(Exchange.udp.client("01", length: 64).messages.first)
    #expect(message.bytes.count == 64)
    #expect(message == Exchange.udp.client("01", length: 64).messages.first)
    // Neither constant nor counting up: it passes for ciphertext.
    #expect(Set(message.bytes).count > 48)
  }
}
