// What is noted across flows: found under its key while it holds, and bounded.

import Bytes
import Terms
import Testing

@testable import PluginKit

@Suite struct TimelineNotesTests {
  static let topic = NoteTopic("test", most: 8)

  static func key(_ number: Int) -> NoteKey {
    NoteKey(Address(v4: 0x0a00_0001), Address(v4: UInt32(number)), number: 0)
  }

  static func note(_ number: Int, since: Int64 = 0, until: Int64 = 100) -> Note {
    Note(
      text: Array("\(number)".utf8), number: UInt64(number), frame: FrameReference(number: 1),
      since: Timestamp(nanoseconds: since), until: Timestamp(nanoseconds: until))
  }

  static func at(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds) }

  @Test func aNoteHoldsForItsSpanOfPacketTime() {
    var notes = TimelineNotes(Self.topic)
    #expect(notes.note(Self.key(1), at: Self.at(0)) == nil)
    notes.set(Self.key(1), Self.note(1, since: 10, until: 20))
    #expect([9, 10, 20, 21].map { notes.note(Self.key(1), at: Self.at($0)) != nil } == [false, true, true, false])
    notes.set(Self.key(1), Self.note(2, since: 15, until: 30))
    #expect(notes.note(Self.key(1), at: Self.at(21))?.number == 2)
    #expect(notes.evicted == 0)
  }

  @Test func theFirstNotedMakesWay() {
    var notes = TimelineNotes(Self.topic)
    for number in 0..<8 { notes.set(Self.key(number), Self.note(number, until: number == 0 ? 1 : 100)) }
    // The first does not hold any more, the second does.
    notes.set(Self.key(8), Self.note(8, since: 2))
    #expect(notes.evicted == 0)
    notes.set(Self.key(9), Self.note(9, since: 2))
    #expect(notes.evicted == 1)
    #expect(
      (0..<10).map { notes.note(Self.key($0), at: Self.at(50)) != nil } == [false, false]
        + Array(repeating: true, count: 8))
  }

  @Test func manyComeAndGoWithoutBeingMixedUp() {
    let most = 1_000
    var notes = TimelineNotes(NoteTopic("test", most: most))
    var expected: [Int: Int] = [:]
    var order: [Int] = []
    var state: UInt64 = 1
    for step in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let number = Int(state >> 33) % 3_000
      if expected[number] == nil {
        if order.count == most { expected[order.removeFirst()] = nil }
        order.append(number)
      }
      expected[number] = step
      notes.set(Self.key(number), Self.note(step))
    }
    for number in 0..<3_000 {
      #expect(notes.note(Self.key(number), at: Self.at(1))?.number == expected[number].map { UInt64($0) })
    }
  }

  @Test func keysDiffer() {
    let left = Address(v4: 1)
    let right = Address(v6: 0, 1)
    let keys = [
      NoteKey(left, right, number: 0), NoteKey(right, left, number: 0), NoteKey(left, left, number: 0),
      NoteKey(left, left, number: 1), NoteKey(right, right, number: 0),
    ]
    #expect(Set(keys).count == keys.count)
    let bytes: [[UInt8]] = [[], [0], [0, 0], [1], Array(repeating: 7, count: 39), Array(repeating: 7, count: 38)]
    #expect(Set(bytes.compactMap { $0.withRawSpan { NoteKey($0) } }).count == bytes.count)
    #expect(Array(repeating: UInt8(7), count: 40).withRawSpan { NoteKey($0) } == nil)
  }

  @Test func aNameCountsTheOthersOfItsAddress() throws {
    let first = NameNote.note(
      Array("a.example".utf8), registrable: 0, frame: FrameReference(number: 1), since: Self.at(0), until: Self.at(9),
      known: nil)
    let same = NameNote.note(
      first.text, registrable: 0, frame: FrameReference(number: 2), since: Self.at(1), until: Self.at(9), known: first)
    let other = NameNote.note(
      Array("www.b.example".utf8), registrable: 4, frame: FrameReference(number: 3), since: Self.at(2),
      until: Self.at(9), known: same)
    #expect(NameNote(same)?.others == 0)
    let name = try #require(NameNote(other))
    #expect(name.others == 1)
    #expect(name.registrable == 4)
    #expect(String(decoding: name.name, as: UTF8.self) == "www.b.example")
  }
}
