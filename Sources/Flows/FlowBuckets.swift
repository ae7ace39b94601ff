// Open addressing: words of hash and index over the slab of flows. Linear probing, deletion by shifting back.

import Bytes

/// Finds the index of a flow by its hash. The upper half of a word is the hash, the lower the index plus one; 0 is free.
struct FlowBuckets: ~Copyable {
  private var words: WordTable
  private(set) var count = 0

  /// Where growing begins: a capture of a few flows needs no megabytes.
  private static let smallest = 4_096

  init() { words = WordTable(atLeast: Self.smallest) }

  /// The index of the flow with this hash for which `matches` holds; `UInt32.max` where there is none.
  @inline(__always)
  func find(_ hash: UInt32, _ matches: (UInt32) -> Bool) -> UInt32 {
    var position = Int(hash)
    while true {
      let word = words[position]
      if word == 0 { return .max }
      if UInt32(truncatingIfNeeded: word >> 32) == hash {
        let index = UInt32(truncatingIfNeeded: word) &- 1
        if matches(index) { return index }
      }
      position &+= 1
    }
  }

  /// The index of a flow with this hash, most likely the only one; `UInt32.max` where none stands near its place.
  @inline(__always)
  func glance(_ hash: UInt32) -> UInt32 {
    var position = Int(hash)
    for _ in 0..<4 {
      let word = words[position]
      if word == 0 { return .max }
      if UInt32(truncatingIfNeeded: word >> 32) == hash { return UInt32(truncatingIfNeeded: word) &- 1 }
      position &+= 1
    }
    return .max
  }

  @inline(__always)
  func prefetch(_ hash: UInt32) { words.prefetch(Int(hash)) }

  mutating func insert(_ hash: UInt32, _ index: UInt32) {
    // At most seven tenths full, as the probes stay short there.
    if (count &+ 1) &* 10 > words.count &* 7 { grow() }
    place(UInt64(hash) << 32 | UInt64(index &+ 1))
    count &+= 1
  }

  /// Takes out the flow of this hash and index, if it is there.
  mutating func remove(_ hash: UInt32, _ index: UInt32) {
    let sought = UInt64(hash) << 32 | UInt64(index &+ 1)
    var hole = Int(hash)
    while words[hole] != sought {
      if words[hole] == 0 { return }
      hole &+= 1
    }
    count &-= 1
    // Move back every word that probed over the hole, so that no search ends early.
    var position = hole
    while true {
      position &+= 1
      let word = words[position]
      if word == 0 { break }
      let home = Int(truncatingIfNeeded: word >> 32)
      if (position &- home) & words.mask >= (position &- hole) & words.mask {
        words[hole] = word
        hole = position
      }
    }
    words[hole] = 0
  }

  private mutating func place(_ word: UInt64) {
    var position = Int(truncatingIfNeeded: word >> 32)
    while words[position] != 0 { position &+= 1 }
    words[position] = word
  }

  private mutating func grow() {
    var old = WordTable(atLeast: words.count &* 2)
    swap(&old, &words)
    for position in 0..<old.count where old[position] != 0 { place(old[position]) }
  }
}
