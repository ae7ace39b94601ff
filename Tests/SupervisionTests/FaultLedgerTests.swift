// After each death the next attempt is kept off a little more, and there is always an end.

import Platform
import Testing

@testable import Supervision

struct FaultLedgerTests {
  private func place(_ frame: UInt64, _ plugin: UInt16 = 0) -> WorkerPlace { WorkerPlace(frame: frame, plugin: plugin) }

  @Test func `a plugin is first kept off the flow`() {
    var ledger = FaultLedger()
    #expect(ledger.take(place(5, 2), .signal(4)) == .barred)
    #expect(ledger.exclusions.barred == [place(5, 2)])
    #expect(ledger.exclusions.skippedFrames.isEmpty && ledger.exclusions.disabledPlugins.isEmpty)
  }

  @Test func `after eight faults a plugin is left out, others are not`() {
    var ledger = FaultLedger()
    for frame in 1...7 { #expect(ledger.take(place(UInt64(frame), 2), .stalled) == .barred) }
    #expect(ledger.take(place(3, 1), .stalled) == .barred)
    #expect(ledger.take(place(8, 2), .signal(4)) == .disabled)
    #expect(ledger.exclusions.disabledPlugins == [2])
  }

  @Test func `a fault outside plugins skips the frame, at it again ends the evidence before it`() {
    var ledger = FaultLedger()
    #expect(ledger.take(place(9), .signal(4)) == .skippedFrame)
    #expect(ledger.take(place(9), .signal(4)) == .endedBefore)
    #expect(ledger.exclusions.endBefore == 9)
    #expect(ledger.take(place(7), .signal(4)) == .endedBefore)
    #expect(ledger.take(place(7), .signal(4)) == .gaveUp)
  }

  @Test func `a plugin that dies where it was kept off is left out, then the frame`() {
    var ledger = FaultLedger()
    #expect(ledger.take(place(5, 2), .signal(4)) == .barred)
    #expect(ledger.take(place(5, 2), .signal(4)) == .disabled)
    #expect(ledger.take(place(5, 2), .signal(4)) == .skippedFrame)
  }

  @Test func `before the first frame there is nothing to leave out`() {
    var ledger = FaultLedger()
    #expect(ledger.take(place(0), .status(64)) == .gaveUp)
  }

  @Test func `whatever a worker claims, attempts come to an end`() {
    for seed in 0..<50 {
      var ledger = FaultLedger()
      var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
      var attempts = 0
      while attempts < 1000 {
        attempts += 1
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        if ledger.take(place(state % 1000, UInt16(state >> 32 & 3)), .stalled) == .gaveUp { break }
      }
      #expect(attempts < 200)
    }
  }

  @Test func `a capture made of fatal frames comes to an end`() {
    var ledger = FaultLedger()
    var attempts = 1
    for frame in stride(from: UInt64(100_000), to: 0, by: -1) {
      if ledger.take(place(frame), .signal(4)) == .gaveUp { break }
      attempts += 1
    }
    #expect(attempts == FaultLedger.mostFaults + FaultLedger.lastFaults + 1)
  }

  @Test func `of a stream the next worker goes on, and a plugin that fails eight times is left out`() {
    var ledger = FaultLedger()
    for frame in 1...8 { #expect(ledger.takeOfStream(place(UInt64(frame), 3), .signal(4), canGoOn: true) == .wentOn) }
    #expect(ledger.exclusions.disabledPlugins == [3])
    #expect(ledger.takeOfStream(place(9), .signal(4), canGoOn: false) == .gaveUp)
  }

  @Test func `a notice names plugin, frame and what was done`() {
    let notice = Fault(place: place(5, 2), cause: .signal(4), measure: .barred).notice { $0 == 2 ? "tls" : nil }
    #expect(notice.kind == .fault)
    #expect(notice.frame == 5)
    #expect(notice.message == "the plugin tls ended by signal 4; it was kept off that flow from this frame on")
  }
}
