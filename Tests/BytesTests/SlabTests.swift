// The slab and the table of words.

import Bytes
import Testing

@Suite struct SlabTests {
  @Test("indices are given in order and reused once released")
  func order() {
    var slab = Slab<UInt64>()
    for value in 0..<10_000 as Range<UInt64> {
      let index = slab.insert(value)
      #expect(index == UInt32(value))
    }
    #expect(slab.count == 10_000)
    #expect(slab.liveCount == 10_000)
    slab.release(4_097)
    #expect(slab[4_097] == 4_097, "a released slot keeps its element")
    #expect(slab.liveCount == 9_999)
    #expect(slab.insert(7) == 4_097)
    #expect(slab[4_097] == 7)
    #expect(slab.insert(8) == 10_000)
    slab[4_096] &+= 1
    #expect(slab[4_096] == 4_097)
  }

  @Test("elements that cannot be copied end exactly once")
  func owners() {
    final class Count { var ended = 0 }
    struct Owner: ~Copyable {
      let count: Count
      deinit { count.ended += 1 }
    }
    let count = Count()
    do {
      var slab = Slab<Owner>()
      let first = slab.insert(Owner(count: count))
      for _ in 0..<5_000 { _ = slab.insert(Owner(count: count)) }
      slab.release(first)
      #expect(count.ended == 0)
      #expect(slab.insert(Owner(count: count)) == first)
      #expect(count.ended == 1)
    }
    #expect(count.ended == 5_002)
  }

  @Test("an index outside ends the process")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      var slab = Slab<UInt64>()
      _ = slab.insert(1)
      _ = slab[1]
    }
  }

  @Test("positions of a word table wrap around")
  func words() {
    var table = WordTable(atLeast: 100)
    #expect(table.count == 128)
    table[3] = 9
    #expect(table[3 + 128] == 9)
    #expect(table[-125] == 9)
    #expect(table[4] == 0)
  }
}
