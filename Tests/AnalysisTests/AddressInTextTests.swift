// An address in what a plugin says of a flow goes out where the warrant allows third parties' addresses, and only there.

import Bytes
import Findings
import JSON
import PluginKit
import Terms
import Testing

@testable import Analysis

/// Says an address. It declares the category of its text, and none of addresses.
struct Names: DatagramPlugin {
  static let manifest = Manifest(
    "names", title: "Names", transports: [.udp], packets: 1, emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Sight.self)])

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.observe(Sight(text: "at 203.0.113.9"))
    return .done
  }
}

struct AddressInTextTests {
  private func text(_ categories: [String]) throws -> String? {
    var evidence = Evidence()
    evidence.add(IP.v4(17, IP.udp(Array("hello".utf8))))
    let outcome = try evidence.analyse(categories: categories) { Names.self }
    return outcome.flows.first?["sight"]?["text"]?.string
  }

  @Test func `it goes out where it may`() throws {
    #expect(try text(["flow", "addresses_of_third_parties", "protocol_metadata"]) == "at 203.0.113.9")
  }

  @Test func `it is withheld where third parties are`() throws {
    #expect(try text(["flow", "protocol_metadata"]) == nil)
  }
}
