// The buffer that puts pieces in order.

import Bytes
import Testing

@Suite struct RangeBufferTests {
  private func text(_ buffer: borrowing RangeBuffer) -> String { String(decoding: buffer.bytes.array, as: UTF8.self) }

  @discardableResult
  private func put(_ buffer: inout RangeBuffer, _ text: String, at offset: Int, length: Int? = nil)
    -> RangeBuffer.Insertion
  {
    Array(text.utf8).withRawSpan { buffer.insert($0, at: offset, length: length) }
  }

  @Test("pieces in order are appended")
  func inOrder() {
    var buffer = RangeBuffer(limit: 100)
    #expect(buffer.count == 0 && buffer.capacity == 0)
    #expect(put(&buffer, "abc", at: 0).added == 3)
    put(&buffer, "def", at: 3)
    #expect(text(buffer) == "abcdef")
    #expect(!buffer.hasIslands && buffer.highest == 6)
  }

  @Test("a hole ends the bytes until it is filled")
  func hole() {
    var buffer = RangeBuffer(limit: 100)
    put(&buffer, "ab", at: 0)
    put(&buffer, "ef", at: 4)
    put(&buffer, "ij", at: 8)
    #expect(text(buffer) == "ab" && buffer.hasIslands && buffer.highest == 10)
    put(&buffer, "cd", at: 2)
    #expect(text(buffer) == "abcdef")
    put(&buffer, "gh", at: 6)
    #expect(text(buffer) == "abcdefghij" && !buffer.hasIslands)
  }

  @Test("the byte that came first stays, and a contradiction is told")
  func firstWins() {
    var buffer = RangeBuffer(limit: 100)
    put(&buffer, "cdef", at: 2)
    let same = put(&buffer, "bcd", at: 1)
    #expect(same == .init(added: 1, overlapping: 2, refused: 0, contradicts: false))
    #expect(buffer.contradiction == nil)
    let other = put(&buffer, "ABCDEFGH", at: 0)
    #expect(buffer.contradiction == 1, "b and B")
    #expect(other == .init(added: 3, overlapping: 5, refused: 0, contradicts: true))
    #expect(text(buffer) == "AbcdefGH")
  }

  @Test("a piece over several islands fills between them")
  func overIslands() {
    var buffer = RangeBuffer(limit: 100)
    put(&buffer, "c", at: 2)
    put(&buffer, "e", at: 4)
    put(&buffer, "g", at: 6)
    let insertion = put(&buffer, "BCDEFGH", at: 1)
    #expect(insertion == .init(added: 4, overlapping: 3, refused: 0, contradicts: true))
    #expect(buffer.count == 0)
    put(&buffer, "A", at: 0)
    #expect(text(buffer) == "ABcDeFgH")
  }

  @Test("what the capture cut covers its place and ends the bytes for good")
  func cut() {
    var buffer = RangeBuffer(limit: 100)
    put(&buffer, "ab", at: 0, length: 5)
    #expect(text(buffer) == "ab" && buffer.covered == 5 && buffer.cut == 2)
    put(&buffer, "fg", at: 5)
    #expect(text(buffer) == "ab" && buffer.covered == 7)
    put(&buffer, "cde", at: 2)
    #expect(text(buffer) == "ab")
  }

  @Test("nothing is kept at or beyond the limit, or below 0")
  func limit() {
    var buffer = RangeBuffer(limit: 4)
    #expect(put(&buffer, "abcdef", at: 0).refused == 2)
    #expect(text(buffer) == "abcd")
    #expect(put(&buffer, "x", at: 4) == .init(added: 0, overlapping: 0, refused: 1, contradicts: false))
    #expect(put(&buffer, "zza", at: -2) == .init(added: 0, overlapping: 1, refused: 2, contradicts: false))
    #expect(put(&buffer, "x", at: Int.max).refused == 1)
    #expect(put(&buffer, "x", at: Int.min).refused == 1)
    #expect(buffer.capacity == 4)
  }

  @Test("islands are bounded")
  func islands() {
    var buffer = RangeBuffer(limit: 10_000)
    for index in 0..<RangeBuffer.maximumIslands { #expect(put(&buffer, "x", at: 2 * index + 1).added == 1) }
    #expect(put(&buffer, "x", at: 9_000).refused == 1)
    #expect(put(&buffer, "x", at: 0).added == 1)
    #expect(buffer.count == 2)
  }

  @Test("memory is given back")
  func removeAll() {
    var buffer = RangeBuffer(limit: 10_000)
    put(&buffer, "abc", at: 5_000)
    #expect(buffer.capacity >= 5_003)
    buffer.removeAll()
    #expect(buffer.capacity == 0 && buffer.count == 0 && buffer.highest == 0 && !buffer.hasIslands)
    put(&buffer, "abc", at: 0)
    #expect(text(buffer) == "abc")
  }

  @Test("any cutting, order and repetition gives the same bytes", arguments: 0..<200 as Range<UInt64>)
  func anyOrder(seed: UInt64) {
    var random = SplitMix(state: seed)
    let whole = (0..<700).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var pieces: [Range<Int>] = []
    var at = 0
    while at < whole.count {
      let length = min(1 + Int(random.next() % 40), whole.count - at)
      // Each piece reaches back over earlier ones at times.
      pieces.append(max(0, at - Int(random.next() % 10))..<(at + length))
      at += length
    }
    pieces += pieces.filter { _ in random.next() % 4 == 0 }
    pieces.shuffle(using: &random)
    var buffer = RangeBuffer(limit: whole.count)
    for piece in pieces {
      let insertion = whole.withRawSpan { buffer.insert($0.extracting(piece), at: piece.lowerBound) }
      #expect(!insertion.contradicts && insertion.refused == 0)
    }
    #expect(buffer.bytes.array == whole)
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
