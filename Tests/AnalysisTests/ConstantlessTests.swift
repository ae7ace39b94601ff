// Plugins without constants are asked once a flow: when what they declared has been seen, or at its end.

import Terms
import Testing

@testable import Analysis

@Suite struct ConstantlessTests {
  private let second: Int64 = 1_000_000_000

  private func datagrams(_ texts: [String], lost: Int? = nil) -> Evidence {
    var evidence = Evidence()
    for (index, text) in texts.enumerated() {
      let packet = IP.v4(17, IP.udp(Array(text.utf8)), id: index + 1)
      evidence.add(packet, at: Int64(index), captured: lost.map { packet.count - $0 })
    }
    return evidence
  }

  private func seen(_ outcome: Outcome) -> [String] {
    outcome.flows.flatMap { flow in
      let sights = flow["sight"]?.array ?? flow["sight"].map { [$0] } ?? []
      return sights.compactMap { $0["text"]?.string }
    }
  }

  @Test("with the datagram that it declared to wait for, once")
  func inTime() throws {
    let outcome = try datagrams(["aaaa", "bbbb", "cccc", "dddd"]).analyse { Third.self }
    #expect(seen(outcome) == ["2 client cccc 4 whole 3"])
  }

  @Test("with the last one, where the flow ends before", arguments: [1, 2])
  func atTheEnd(_ count: Int) throws {
    let outcome = try datagrams(Array(["aaaa", "bbbb"].prefix(count))).analyse { Third.self }
    #expect(seen(outcome) == ["\(count - 1) client \(count == 1 ? "aaaa" : "bbbb") 4 whole \(count)"])
  }

  @Test("each flow with its own, and whoever else is asked earlier")
  func several() throws {
    var evidence = datagrams(["aaaa"])
    evidence.add(IP.v4(17, IP.udp(Array("zzzz".utf8), from: 5), id: 9), at: 5)
    evidence.add(IP.v4(17, IP.udp(Array("bbbb".utf8)), id: 10), at: 6)
    let outcome = try evidence.analyse {
      First.self
      Third.self
    }
    #expect(seen(outcome) == ["first 0", "1 client bbbb 4 whole 3", "first 0", "0 client zzzz 4 whole 2"])
  }

  @Test("what was kept is cut to what the plugin wants, and says so; a cut by the snap length too")
  func cut() throws {
    #expect(seen(try datagrams(["aaaabbbbcccc"]).analyse { Third.self }) == ["0 client aaaa 12 budget 1"])
    #expect(seen(try datagrams(["aaaabbbb"], lost: 2).analyse { Third.self }) == ["0 client aaaa 8 snapLength 1"])
  }

  @Test("a datagram in several packets counts once")
  func fragments() throws {
    var evidence = Evidence()
    evidence.add(fragmentsOf: IP.udp([UInt8](repeating: 0x61, count: 32)), [(0, 0), (1, 1), (2, 2)])
    #expect(seen(try evidence.analyse { Third.self }) == ["0 client aaaa 32 budget 3"])
  }

  @Test("over a cut of the flow into parts it is one flow")
  func parts() throws {
    var evidence = Evidence()
    for (index, text) in ["aaaa", "bbbb", "cccc"].enumerated() {
      evidence.add(IP.v4(17, IP.udp(Array(text.utf8)), id: index + 1), at: Int64(index) * 10 * second)
    }
    var settings = AnalysisSettings()
    settings.active = 5
    let outcome = try evidence.analyse(settings: settings) { Third.self }
    #expect(outcome.flows.count == 3)
    #expect(seen(outcome).count == 1 && seen(outcome).first?.contains("cccc") == true)
  }

  @Test("without room the flow says that it was not asked")
  func noRoom() throws {
    var settings = AnalysisSettings()
    settings.prefixBytes = 3
    let outcome = try datagrams(["aaaa"]).analyse(settings: settings) { Third.self }
    #expect(seen(outcome).isEmpty)
    let codes = (outcome.report["limits"]?.array ?? []).compactMap { $0["code"]?.string }
    #expect(codes == ["flows.prefix-memory"])
    #expect(outcome.flows.first?["not_assessable"]?.array?.contains { $0.string?.contains("no room") == true } == true)
  }

  private func stream(_ client: String, then more: [String] = []) -> Evidence {
    var evidence = Evidence()
    func add(_ text: String, _ flags: UInt8, _ sequence: Int, _ acknowledgment: Int, answers: Bool = false) {
      let (from, to) = answers ? (9_000, 40_000) : (40_000, 9_000)
      evidence.add(
        IP.v4(
          6,
          IP.tcp(
            Array(text.utf8), flags: flags, sequence: sequence, acknowledgment: acknowledgment, from: from, to: to),
          answers: answers))
    }
    add("", 2, 999, 0)
    add("", 0x12, 4_999, 1_000, answers: true)
    add(client, 0x18, 1_000, 5_000)
    add("HELLO!", 0x18, 5_000, 1_000 + client.utf8.count, answers: true)
    var at = 1_000 + client.utf8.count
    for text in more {
      add(text, 0x18, at, 5_006)
      at += text.utf8.count
    }
    return evidence
  }

  @Test("on a stream: when the bytes are there, or at its end, whoever else reads it")
  func onAStream() throws {
    #expect(seen(try stream("123456").analyse { TenBytes.self }) == ["6 6"])
    #expect(seen(try stream("123456", then: ["7890123", "456"]).analyse { TenBytes.self }) == ["10 6"])
    let both = try stream("HELLO!", then: ["7890123", "456"]).analyse {
      Hello.self
      TenBytes.self
    }
    #expect(seen(both) == ["10 6"])
    let ended = try stream("HELLO!").analyse {
      Hello.self
      TenBytes.self
    }
    #expect(seen(ended) == ["6 6"])
    #expect(ended.findings.count == 1)
  }
}
