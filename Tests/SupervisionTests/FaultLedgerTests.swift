// After each death the next attempt is kept off a little more, and there is always an end.

import Platform
import Testing

@testable import Supervision

struct FaultLedgerTests {
  private func place(_ frame: UInt64, _ plugin: UInt16 = 0) -> WorkerPlace { WorkerPlace(frame: frame, plugin: plugin) }

  @Test func `a plugin is first kept off the flow`() {
    var ledger = FaultLedger()
    #expect(ledger.take(place(5, 2), .signal(4)) == .barred)
    #expect(ledger.exclusions.barred == [Exclusion(place: place(5, 2), cause: .signal(4))])
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

  @Test func `of a compressed stream nothing more is read`() {
    var ledger = FaultLedger()
    #expect(ledger.takeOfStream(place(5), .signal(4), canGoOn: true, isCompressed: true) == .ended)
    #expect(ledger.takeOfStream(place(5), .signal(4), canGoOn: false, isCompressed: true) == .gaveUp)
  }

  @Test func `a notice names plugin, frame and what was done`() {
    let notice = Fault(place: place(5, 2), cause: .signal(4), measure: .barred).notice { $0 == 2 ? "tls" : nil }
    #expect(notice.kind == .fault)
    #expect(notice.frame == 5)
    #expect(notice.message == "the plugin tls trapped (SIGILL); it was kept off that flow from this frame on")
  }

  @Test(arguments: [
    (FaultCause.signal(4), "trapped (SIGILL)"), (.signal(11), "trapped on a bad address (SIGSEGV)"),
    (.signal(9), "memory runs out"), (.signal(6), "no memory can be had"), (.stalled, "looped"),
    (.badRecord(.tooLong(7)), "sent a record of 7 bytes"), (.status(3), "ended with status 3"),
    (.signal(40), "ended by signal 40"),
  ])
  func `a notice names the cause`(cause: FaultCause, words: String) {
    let notice = Fault(place: place(5), cause: cause, measure: .skippedFrame).notice { _ in nil }
    #expect(notice.message.hasPrefix("the analysis ") && notice.message.contains(words))
  }

  @Test func `at the end of one of several flows a plugin is kept off that one's end only`() {
    var ledger = FaultLedger()
    let first = WorkerPlace(frame: 5, plugin: 2, flow: 7)
    #expect(ledger.take(first, .signal(4)) == .barred)
    #expect(ledger.take(WorkerPlace(frame: 5, plugin: 2, flow: 8), .signal(4)) == .barred)
    #expect(ledger.exclusions.barred.map(\.place.flow) == [7, 8])
    #expect(ledger.faults[0].notice { _ in "tls" }.message.contains("kept off the end of one flow"))
  }

  @Test func `a notice counts the flows that a fault in a stream cost`() {
    var ledger = FaultLedger()
    #expect(ledger.takeOfStream(place(5), .signal(4), canGoOn: true, lostFlows: 3) == .wentOn)
    #expect(ledger.faults[0].notice { _ in nil }.message.contains("of 3 flows begun before there is no record"))
  }
}
