// A fragmented datagram is judged once: by its first fragment, at that one's time.

import Terms
import Testing

@testable import Analysis

@Suite struct FragmentScopeTests {
  /// Three fragments of 16, 16 and 8 bytes, IP headers of 20 each.
  private let datagram = IP.udp([UInt8](repeating: 0x61, count: 32))
  private let second: Int64 = 1_000_000_000

  private func evidence(_ order: [(Int, Int64)], then: Int64? = nil) -> Evidence {
    var evidence = Evidence()
    evidence.add(fragmentsOf: datagram, order)
    if let then { evidence.add(IP.v4(17, IP.udp([1], from: 1, to: 2)), at: then) }
    return evidence
  }

  @Test("its window is that of the first fragment: a nanosecond before the end all are in, at the end all are out")
  func untilEdge() throws {
    let until = "2026-01-10T00:00:01Z"
    func outcome(_ order: [(Int, Int64)]) throws -> Outcome {
      try evidence(order).analyse(from: "2026-01-09T00:00:00Z", until: until)
    }
    let inside = try outcome([(0, second - 1), (1, second), (2, second + 1)])
    #expect(inside.scope == ["in": 3])
    #expect(inside.flows.count == 1)
    #expect(inside.flows.first?["first"]?.string == "2026-01-10T00:00:00.999999999Z")
    #expect(inside.flows.first?["last"]?.string == "2026-01-10T00:00:00.999999999Z")
    #expect(inside.flows.first?["last_frame"]?["number"]?.integer == 3)
    #expect(inside.flows.first?["from_initiator"]?["packets"]?.integer == 3)

    let outside = try outcome([(0, second), (1, second + 1), (2, second + 2)])
    #expect(outside.scope == ["out_of_time": 3])
    #expect(outside.flows.isEmpty)
  }

  @Test("at the window's begin too: a nanosecond before it all are out, with it all are in")
  func fromEdge() throws {
    let from = "2026-01-10T00:00:01Z"
    let outside = try evidence([(0, second - 1), (1, second), (2, second + 1)]).analyse(from: from)
    #expect(outside.scope == ["out_of_time": 3])
    #expect(outside.flows.isEmpty)
    let inside = try evidence([(0, second), (1, second + 1), (2, second + 2)]).analyse(from: from)
    #expect(inside.scope == ["in": 3])
  }

  @Test("fragments that come before their first wait for it")
  func disorder() throws {
    let until = "2026-01-10T00:00:01Z"
    // The last fragments came within the window, the first only at its end.
    let late = try evidence([(2, 0), (1, 1), (0, second)]).analyse(from: "2026-01-09T00:00:00Z", until: until)
    #expect(late.scope == ["out_of_time": 3])
    #expect(late.flows.isEmpty)
    // The first came at the window's begin, the others before it.
    let early = try evidence([(2, 0), (1, 1), (0, second)]).analyse(from: "2026-01-10T00:00:01Z")
    #expect(early.scope == ["in": 3])
    #expect(early.flows.first?["first"]?.string == "2026-01-10T00:00:01.000000000Z")
  }

  @Test("a target's own time is judged likewise")
  func targetsTime() throws {
    let target = "{\"address\":\"192.0.2.1\",\"until\":\"2026-01-10T00:00:01Z\"}"
    let inside = try evidence([(0, second - 1), (1, second), (2, second)]).analyse(targets: target)
    #expect(inside.scope == ["in": 3])
    let outside = try evidence([(0, second), (1, second), (2, second)]).analyse(targets: target)
    #expect(outside.scope == ["out_of_time": 3])
  }

  @Test("its ports are those of the first fragment, in whatever order they come", arguments: [[0, 1, 2], [2, 1, 0]])
  func ports(_ order: [Int]) throws {
    func outcome(_ port: Int) throws -> Outcome {
      try evidence(order.map { ($0, Int64($0)) }).analyse(
        targets: "{\"address\":\"192.0.2.1\",\"ports\":{\"protocol\":\"udp\",\"from\":\(port),\"to\":\(port)}}")
    }
    #expect(try outcome(40_000).scope == ["in": 3])
    #expect(try outcome(40_001).scope == ["out": 3])
    #expect(try outcome(39_999).flows.isEmpty)
  }

  @Test("of no target: counted at once, and nothing waits")
  func noTarget() throws {
    let outcome = try evidence([(1, 0), (0, 1)]).analyse(targets: "{\"address\":\"192.0.2.9\"}")
    #expect(outcome.scope == ["out": 2])
    #expect(outcome.report["notices"]?.array?.isEmpty == true)
  }

  @Test("never whole: in or out as its first fragment, each fragment counted once")
  func neverWhole() throws {
    let from = "2026-01-10T00:00:01Z"
    let inside = try evidence([(1, 0), (0, second)], then: 70 * second).analyse(from: from)
    #expect(inside.scope == ["in": 3])
    #expect(inside.flows.count == 1)
    let outside = try evidence([(1, second), (0, 0), (0, 1)], then: 70 * second).analyse(from: from)
    #expect(outside.scope == ["in": 1, "out_of_time": 3])
    let codes = (inside.report["notices"]?.array ?? []).compactMap { $0["code"]?.string }
    #expect(codes == ["fragments.incomplete"])
  }

  @Test("without its first fragment: by the time of the earliest; where ports decide, it is out")
  func withoutFirst() throws {
    let from = "2026-01-10T00:00:01Z"
    #expect(try evidence([(1, second), (2, second)]).analyse(from: from).scope == ["in": 2])
    #expect(try evidence([(1, second - 1), (2, second)]).analyse(from: from).scope == ["out_of_time": 2])
    let ports = "{\"address\":\"192.0.2.1\",\"ports\":{\"protocol\":\"udp\",\"from\":40000,\"to\":40000}}"
    #expect(try evidence([(1, 0), (2, 1)]).analyse(targets: ports).scope == ["out": 2])
  }

  @Test("fragments that come twice are counted with their datagram, and enter no flow twice")
  func twice() throws {
    let outcome = try evidence([(0, 0), (0, 1), (1, 2), (2, 3), (2, 4), (1, 5)]).analyse()
    #expect(outcome.scope == ["in": 6])
    #expect(outcome.flows.first?["from_initiator"]?["packets"]?.integer == 3)
    let late = try evidence([(0, 0), (1, second), (2, second), (2, second + 1)]).analyse(
      from: "2026-01-10T00:00:00.000000001Z")
    #expect(late.scope == ["out_of_time": 4])
  }

  @Test("a fragment that no datagram can have is judged alone")
  func impossible() throws {
    var evidence = Evidence()
    evidence.add(IP.v4(17, [1, 2, 3], id: 4, fragment: 0x2001), at: second)
    evidence.add(IP.v4(17, [1, 2, 3], id: 4, fragment: 0x2001), at: second - 1)
    #expect(try evidence.analyse(from: "2026-01-10T00:00:01Z").scope == ["in": 1, "out_of_time": 1])
  }

  @Test("inside a tunnel the first fragment's carrier counts")
  func tunnel() throws {
    var evidence = Evidence()
    for (place, time) in [(0, second - 1), (1, second), (2, second)] {
      let part = Array(datagram[(place * 16)..<min(place * 16 + 16, datagram.count)])
      let inner = IP.v4(17, part, id: 3, fragment: (place < 2 ? 0x2000 : 0) | place * 2)
      evidence.add(IP.v4(4, inner, answers: place > 0), at: time)
    }
    // IP in IP is looked into where its own time holds; the second and third carrier's does not.
    let outcome = try evidence.analyse(from: "2026-01-09T00:00:00Z", until: "2026-01-10T00:00:01Z")
    #expect(outcome.scope == ["in": 2, "out_of_time": 2])
    #expect(try evidence.analyse().scope == ["in": 6])
  }
}
