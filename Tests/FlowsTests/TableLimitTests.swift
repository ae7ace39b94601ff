// The table's bound: who leaves, what is counted, and what is known of it later.

import Flows
import Packets
import Terms
import Testing

@testable import Flows

@Suite struct TableLimitTests {
  private func flow(_ number: UInt32, _ payload: UInt8 = 0) -> Sample {
    .udp(.v4(number, 1_000), .v4(99, 53), [payload])
  }

  @Test("at the limit the flow that was idle longest is closed, and counted")
  func oldestFirst() {
    var script = Script { $0.tableSize = 3 }
    for number in 1...3 as ClosedRange<UInt32> { script.play(flow(number).at(Double(number))) }
    script.play(flow(1, 1).at(4))
    script.play(flow(4).at(5))
    #expect(script.ended.map(\.ordinal) == [1] && script.reasons == [.tableFull])
    script.play(flow(5).at(6))
    #expect(script.ended.map(\.ordinal) == [1, 2])
    #expect(script.table.evictions == 2 && script.table.count == 3)
  }

  @Test("the longest idle is looked for in every class; one that was closed costs nothing")
  func classes() {
    var script = Script { $0.tableSize = 3 }
    script.play(.tcp(.v4(1, 1), .v4(2, 2), .syn, seq: 1).at(1))
    script.play(.tcp(.v4(2, 2), .v4(1, 1), [.rst, .ack], ack: 2).at(2))
    script.play(.icmp(.v4(1), .v4(2), type: 8).at(3))
    script.play(flow(3).at(4))
    script.play(flow(4).at(5))
    script.play(flow(5).at(6))
    #expect(script.reasons == [.rst, .tableFull] && script.table.evictions == 1)
    #expect(script.entries.last?.transport == .icmp)
  }

  @Test("what comes of a flow that was closed for want of room is a further part, from the same initiator")
  func furtherPart() {
    var script = Script { $0.tableSize = 1 }
    script.play(flow(1).at(1))
    script.play(flow(2).at(2))
    let back = script.play(.udp(.v4(99, 53), .v4(1, 1_000), [9]).at(3))
    #expect(back.isNew && back.direction == .fromResponder)
    let annex = script.table.annex(of: back.flow)
    #expect(annex.part == 2 && annex.previousPart == 0)
    script.play(flow(2, 3).at(4))
    script.play(flow(1, 5).at(5))
    script.end()
    #expect(script.annexes.map(\.part) == [1, 1, 2, 2, 3])
    #expect(script.annexes.last?.previousPart == 2)
  }

  @Test("after the timeout, and for a new connection, it is a flow of its own")
  func noFurtherPart() {
    var script = Script { $0.tableSize = 1 }
    script.play(flow(1).at(1))
    script.play(flow(2).at(2))
    #expect(script.table.annex(of: script.play(flow(1).at(181)).flow).part == 1)
    script.play(.tcp(.v4(1, 1), .v4(2, 2), .syn, seq: 1).at(182))
    script.play(flow(2).at(183))
    #expect(script.table.annex(of: script.play(.tcp(.v4(1, 1), .v4(2, 2), .syn, seq: 9).at(184)).flow).part == 1)
  }

  @Test("the same packets give the same flows, whatever the seed of the hash")
  func seeds() {
    func play(_ seed: UInt64) -> [String] {
      var limits = FlowLimits()
      limits.tableSize = 50
      var script = Script()
      script.table = FlowTable(limits: limits, seed: seed)
      var random = SplitMix(state: 5)
      for step in 0..<5_000 {
        let number = UInt32(random.next() % 120)
        script.play(flow(number, UInt8(truncatingIfNeeded: step)).at(Double(step) * 0.3))
      }
      script.end()
      return zip(script.ended, zip(script.entries, script.annexes)).map {
        "\($0.ordinal) \($0.reason) \($1.0.packets(.fromInitiator)) \($1.1.part) \($1.1.previousPart ?? 0)"
      }
    }
    let first = play(1)
    #expect(first == play(0x1234_5678_9abc_def0))
    #expect(first.count > 1_000)
  }

  @Test("buckets find what was put in and not taken out, as a dictionary does")
  func buckets() {
    var buckets = FlowBuckets()
    var model: [UInt32: UInt32] = [:]
    var random = SplitMix(state: 11)
    for step in 0..<60_000 as Range<UInt32> {
      // Few distinct hashes: long runs, moved back at each removal.
      let hash = UInt32(truncatingIfNeeded: random.next()) % 3_000 &- 1_500
      if let index = model[hash] {
        #expect(buckets.find(hash) { $0 == index } == index)
        buckets.remove(hash, index)
        model[hash] = nil
      } else {
        #expect(buckets.find(hash) { _ in true } == .max)
        buckets.insert(hash, step)
        model[hash] = step
      }
    }
    #expect(buckets.count == model.count)
    for (hash, index) in model { #expect(buckets.find(hash) { $0 == index } == index) }
  }

  @Test("an entry is as small as the limits' reasons say")
  func sizes() {
    #expect(MemoryLayout<FlowEntry>.stride == 216)
    #expect(MemoryLayout<RecentPackets>.stride == 48)
    #expect(MemoryLayout<IdleLink>.stride == 24)
  }
}

/// A generator with a known sequence: tests must not differ from run to run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
