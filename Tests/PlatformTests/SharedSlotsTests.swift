// What a worker puts in a slot arrives as it was; no slot is written before it was emptied.

import Bytes
import Foundation
import Testing

@testable import Platform

struct SharedSlotsTests {
  private func text(_ number: Int, count: Int = 100_000) -> [UInt8] {
    Array(repeating: UInt8(truncatingIfNeeded: number), count: count)
  }

  @Test func `each slot is used in its turn and again once it is empty`() throws {
    let slots = try SharedSlots()
    let writer = try SlotWriter(mapping: slots.descriptor)
    var taken: [UInt8] = []
    for number in 0..<100 {
      let slot = text(number).withRawSpan { writer.fill($0) }
      #expect(slot == number % SharedSlots.count)
      #expect(slots.take(slot: slot ?? -1, length: 100_000, into: &taken))
      #expect(taken == text(number))
    }
  }

  @Test func `where all are full none is given, until one is emptied`() throws {
    let slots = try SharedSlots()
    let writer = try SlotWriter(mapping: slots.descriptor)
    for number in 0..<SharedSlots.count { #expect(text(number).withRawSpan { writer.fill($0) } == number) }
    #expect(text(99).withRawSpan { writer.fill($0) } == nil)
    var taken: [UInt8] = []
    #expect(slots.take(slot: 0, length: 100_000, into: &taken))
    #expect(taken == text(0))
    #expect(text(99).withRawSpan { writer.fill($0) } == 0)
    #expect(slots.take(slot: 1, length: 100_000, into: &taken))
    #expect(taken == text(1))
  }

  @Test func `a payload longer than a slot is not for one`() throws {
    let slots = try SharedSlots()
    let writer = try SlotWriter(mapping: slots.descriptor)
    #expect(text(1, count: SharedSlots.size + 1).withRawSpan { writer.fill($0) } == nil)
    #expect(text(2, count: SharedSlots.size).withRawSpan { writer.fill($0) } == 0)
    var taken: [UInt8] = []
    #expect(slots.take(slot: 0, length: SharedSlots.size, into: &taken))
    #expect(taken == text(2, count: SharedSlots.size))
  }

  @Test(arguments: [(-1, 1), (SharedSlots.count, 1), (0, -1), (0, SharedSlots.size + 1), (Int.max, Int.max)])
  func `what a worker claims wrongly is not read`(slot: Int, length: Int) throws {
    let slots = try SharedSlots()
    var taken = text(7)
    #expect(!slots.take(slot: slot, length: length, into: &taken))
    #expect(taken == text(7))
  }

  /// The count of emptied slots lies where the worker can write.
  @Test func `a worker that spoils the count harms itself only`() throws {
    let slots = try SharedSlots()
    // Sound: one page of the mapping that the slots begin with.
    let base = unsafe mmap(nil, 4_096, PROT_READ | PROT_WRITE, MAP_SHARED, slots.descriptor, 0)
    unsafe base?.storeBytes(of: UInt64.max, as: UInt64.self)
    unsafe munmap(base, 4_096)
    var taken: [UInt8] = []
    #expect(slots.take(slot: 0, length: 10, into: &taken))
    #expect(taken.count == 10)
  }

  @Test func `cannot be shrunk by the worker, nor be something else`() throws {
    let slots = try SharedSlots()
    #expect(ftruncate(slots.descriptor, 0) == -1)
    let page = try SharedPage()
    #expect(throws: SystemError.self) { try SlotWriter(mapping: page.descriptor) }
  }
}
