// Threads run their closure once; a gate holds until it is opened.

import Synchronization
import Testing

@testable import Platform

struct SystemThreadTests {
  @Test func `join waits for the closure`() throws {
    let counter = Atomic<Int>(0)
    let threads = try (0..<4).map { _ in
      try SystemThread { for _ in 0..<1000 { counter.add(1, ordering: .relaxed) } }
    }
    for thread in threads { thread.join() }
    threads[0].join()
    #expect(counter.load(ordering: .relaxed) == 4000)
  }

  @Test func `a gate holds until it is opened`() throws {
    let gate = Gate()
    let before = Clock.monotonic
    #expect(!gate.wait(milliseconds: 30))
    #expect(Clock.monotonic - before >= 30_000_000)
    let thread = try SystemThread { gate.open() }
    #expect(gate.wait(milliseconds: 20_000))
    #expect(gate.wait(milliseconds: 0))
    thread.join()
  }
}
