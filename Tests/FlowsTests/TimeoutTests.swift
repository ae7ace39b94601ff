// When a flow ends: each boundary, and that no sweep, no wrong date and no step back in time moves it.

import Flows
import Packets
import Terms
import Testing

@Suite struct TimeoutTests {
  private let a = End.v4(1, 40_000)
  private let b = End.v4(2, 443)

  private static let nanosecond = 1e-9

  @Test("a packet that comes the timeout after the last begins a new flow, one nanosecond before it does not")
  func boundaries() {
    let cases: [(Sample, Double)] = [
      (.tcp(a, b, .ack, seq: 1), 300), (.udp(a, b), 180), (.icmp(a, b, type: 8), 60),
      (.ip(a, b, protocolNumber: 50), 60), (.ip(a, b, protocolNumber: 132), 60),
    ]
    for (sample, timeout) in cases {
      var within = Script()
      within.play(sample.at(1_000))
      within.play(sample.at(1_000 + timeout - 1e-6))
      #expect(within.table.created == 1)
      var beyond = Script()
      beyond.play(sample.at(1_000))
      let second = beyond.play(sample.at(1_000 + timeout))
      #expect(second.isNew && beyond.table.created == 2)
      #expect(beyond.reasons == [.idleTimeout])
    }
  }

  @Test("the timeout counts from the latest packet of either direction")
  func bothDirections() {
    var script = Script()
    script.play(.udp(a, b).at(0))
    script.play(.udp(b, a).at(170))
    script.play(.udp(a, b).at(349))
    #expect(script.table.created == 1)
  }

  @Test("a sweep in between changes no flow")
  func sweeps() {
    // The same packets, with and without a third party's that drive the clock.
    func play(withOthers: Bool) -> [String] {
      var script = Script()
      for (index, time) in [0.0, 100, 279, 459, 700, 880].enumerated() {
        if withOthers, time > 0 {
          for step in 0..<20 {
            script.play(.udp(.v4(7, 7), .v4(8, 8), [UInt8(step)]).at(time - 1 + Double(step) / 100))
          }
        }
        script.play(.udp(a, b, [UInt8(index)]).at(time))
      }
      script.end()
      return zip(script.ended, script.entries).filter { $0.1.initiator == a.endpoint }.sorted {
        $0.1.firstFrame < $1.1.firstFrame
      }.map { "\($0.0.reason) \($0.1.packets(.fromInitiator)) \($0.1.firstTime?.nanoseconds ?? -1)" }
    }
    #expect(play(withOthers: false) == play(withOthers: true))
    #expect(
      play(withOthers: true) == [
        "idleTimeout 3 0", "idleTimeout 1 459000000000", "idleTimeout 1 700000000000",
        "endOfEvidence 1 880000000000",
      ])
  }

  @Test("idle flows leave the table once two frames have passed their time")
  func swept() {
    var script = Script()
    script.play(.udp(a, b).at(0))
    script.play(.udp(.v4(3, 1), .v4(4, 1)).at(180))
    #expect(script.ended.isEmpty)
    script.play(.udp(.v4(3, 1), .v4(4, 1), [2]).at(180.5))
    #expect(script.reasons == [.idleTimeout])
    #expect(script.ended.first?.ordinal == 0)
    #expect(script.table.count == 1)
  }

  @Test("one frame with a wrong date ends no other flow")
  func wrongDate() {
    var script = Script()
    script.play(.udp(a, b).at(0))
    script.play(.udp(.v4(3, 1), .v4(4, 1)).at(4_000_000_000))
    script.play(.udp(a, b, [2]).at(1))
    script.play(.udp(a, b, [3]).at(2))
    #expect(script.table.created == 2 && script.ended.isEmpty)
  }

  @Test("a flow dated ahead does not keep the others from being swept")
  func datedAhead() {
    var script = Script()
    script.play(.udp(.v4(3, 1), .v4(4, 1)).at(4_000_000_000))
    script.play(.udp(a, b).at(0))
    for step in 0..<8 { script.play(.udp(.v4(5, 1), .v4(6, 1), [UInt8(step)]).at(300 + Double(step))) }
    #expect(script.ended.map(\.ordinal) == [1])
  }

  @Test("times that go back end nothing, and the latest time stays")
  func goingBack() {
    var script = Script()
    let flow = script.play(.udp(a, b).at(1_000)).flow
    script.play(.udp(a, b, [2]).at(500))
    script.play(.udp(b, a, [3]).at(10))
    #expect(script.table.created == 1)
    #expect(script.table[flow].lastTime == Timestamp(nanoseconds: 1_000_000_000_000))
    #expect(script.table[flow].firstTime == Timestamp(nanoseconds: 10_000_000_000))
    // A second file whose clock begins earlier: its flows live by their own times.
    script.play(.udp(.v4(3, 1), .v4(4, 1)).at(20))
    script.play(.udp(.v4(3, 1), .v4(4, 1), [2]).at(30))
    script.play(.udp(.v4(3, 1), .v4(4, 1), [3]).at(210))
    #expect(script.table.created == 3)
  }

  @Test("packets without a time end nothing and have none")
  func noTime() {
    var script = Script()
    let flow = script.play(.udp(a, b).at(nil)).flow
    script.play(.udp(b, a).at(nil))
    #expect(script.table.created == 1)
    #expect(script.table[flow].firstTime == nil && script.table[flow].lastTime(.fromResponder) == nil)
    script.play(.udp(a, b).at(50))
    #expect(script.table[flow].firstTime == Timestamp(nanoseconds: 50_000_000_000))
  }

  @Test("a closed flow takes in what comes late, for its linger after the last packet")
  func linger() {
    var script = Script()
    script.play(.tcp(a, b, .syn, seq: 100).at(0))
    script.play(.tcp(b, a, [.rst, .ack], ack: 101).at(0.1))
    script.play(.tcp(a, b, .ack, seq: 101, ack: 1).at(60))
    script.play(.tcp(a, b, .ack, seq: 101, ack: 1).at(119.999))
    #expect(script.table.created == 1)
    script.play(.tcp(a, b, .ack, seq: 101, ack: 1).at(179.999))
    #expect(script.table.created == 2)
    #expect(script.reasons == [.rst])
    #expect(script.entries.first?.packets(.fromInitiator) == 3)
  }

  @Test("the active timeout cuts a flow into parts that continue each other")
  func active() {
    var script = Script { $0.activeTimeout = FlowLimits.seconds(100) }
    script.play(.tcp(a, b, .syn, seq: 100).at(0))
    script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101).at(1))
    script.play(.tcp(a, b, .ack, seq: 101, ack: 501).at(99.999_999))
    #expect(script.table.created == 1)
    let cut = script.play(.tcp(a, b, .ack, seq: 101, ack: 501, [1, 2]).at(100))
    #expect(cut.isNew && cut.continues != nil && cut.direction == .fromInitiator)
    #expect(script.reasons == [.activeTimeout])
    #expect(script.entries.first?.isContinued == true)
    let annex = script.table.annex(of: cut.flow)
    #expect(annex.part == 2 && annex.previousPart == 0)
    let entry = script.table[cut.flow]
    #expect(entry.packets(.fromInitiator) == 1 && entry.packets(.fromResponder) == 0)
    #expect(entry.handshake == .complete && !entry.beginsMidStream && entry.initiator == a.endpoint)
    script.play(.tcp(b, a, .ack, seq: 501, ack: 103).at(200))
    #expect(script.table.created == 3)
    script.end()
    #expect(script.reasons == [.activeTimeout, .activeTimeout, .endOfEvidence])
    #expect(script.annexes.map(\.part) == [1, 2, 3])
  }

  @Test("at the end of the evidence flows end in the order of their first packets, each for its own reason")
  func end() {
    var script = Script()
    script.play(.udp(a, b).at(0))
    script.play(.tcp(a, b, .syn, seq: 1).at(100))
    script.play(.tcp(b, a, .rst, seq: 0).at(150))
    script.play(.tcp(.v4(3, 1), .v4(4, 1), .syn, seq: 1).at(151))
    script.play(.icmp(a, b, type: 8).at(152))
    script.play(.udp(a, b, [2]).at(170))
    script.play(.udp(.v4(3, 1), .v4(4, 1)).at(209))
    script.play(.icmp(a, b, type: 3).at(209))
    script.end()
    #expect(script.ended.map(\.ordinal) == [0, 1, 2, 3, 4, 5])
    #expect(script.reasons == [.endOfEvidence, .rst, .endOfEvidence, .endOfEvidence, .endOfEvidence, .endOfEvidence])
    #expect(script.table.count == 0)
    #expect(script.table.nextEnded() == nil)
  }

  @Test("a flow that was idle for its timeout by the last packet's time ended by that")
  func idleAtEnd() {
    var script = Script()
    script.play(.udp(a, b).at(0))
    script.play(.tcp(a, b, .ack).at(180))
    script.end()
    #expect(script.reasons == [.idleTimeout, .endOfEvidence])
  }
}
