// What is known across flows: small values that a plugin notes under a key, for a span of packet time.
// A plugin itself remembers one flow only; what crosses flows is noted here and asked for, bounded and deterministic.

import Bytes
import Findings
import Terms

/// A kind of notes. Each has a table of its own in every timeline whose plugins declare it (`Manifest.notes`).
public struct NoteTopic: Sendable {
  /// Lower case, stable: `names`.
  public let name: StaticString
  /// Notes kept at once; when there is no more room, the one that was noted first makes way.
  public let most: Int

  public init(_ name: StaticString, most: Int) {
    self.name = name
    self.most = max(1, most)
  }

  /// Whether both are one topic.
  @inlinable public func isSame(as other: NoteTopic) -> Bool { name.isSame(as: other.name) }
}

/// What a note is found by: up to 39 bytes, or two addresses and a number.
public struct NoteKey: Hashable, Sendable, BitwiseCopyable {
  @usableFromInline let words: InlineArray<4, UInt64>
  @usableFromInline let last: UInt64

  @usableFromInline
  init(words: InlineArray<4, UInt64>, last: UInt64) {
    self.words = words
    self.last = last
  }

  /// Nil for more than 39 bytes. Bytes of different lengths are different keys.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount <= 39 else { return nil }
    var words = InlineArray<4, UInt64>(repeating: 0)
    for index in 0..<4 { words[index] = bytes.u64OrZeros(8 &* index) }
    self.init(words: words, last: UInt64(bytes.byteCount) << 56 | bytes.u64OrZeros(32) >> 8)
  }

  /// Two addresses, in this order, and a number.
  @inlinable
  public init(_ left: Address, _ right: Address, number: UInt64) {
    let family: UInt64 = left.family == .v4 ? 0 : 1
    self.init(
      words: [left.upper, left.lower, right.upper, right.lower],
      // A length that no bytes have, and the families (an address of one is none of the other).
      last: number.folded(0x9e37_79b9_7f4a_7c15) >> 8 | (0xf0 | family << 1 | (right.family == .v4 ? 0 : 1)) << 56)
  }

  @inlinable
  public static func == (left: NoteKey, right: NoteKey) -> Bool {
    left.last == right.last && left.words[0] == right.words[0] && left.words[1] == right.words[1]
      && left.words[2] == right.words[2] && left.words[3] == right.words[3]
  }

  @inlinable
  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

  /// The same on every run.
  @inlinable public var fingerprint: UInt64 {
    let low = (words[0] ^ 0x6a09_e667_f3bc_c909).folded(words[1] ^ 0xbb67_ae85_84ca_a73b)
    let high = (words[2] ^ 0x3c6e_f372_fe94_f82b).folded(words[3] ^ 0xa54f_f53a_5f1d_36f1)
    return (low ^ last).folded(high ^ 0x510e_527f_ade6_82d1)
  }
}

/// A note.
public struct Note: Sendable {
  /// At most 255 bytes; more are cut.
  public let text: [UInt8]
  /// A number of the writer's own.
  public let number: UInt64
  /// The frame it was read from.
  public let frame: FrameReference
  /// Packet times from which and up to which it holds.
  public let since: Timestamp
  public let until: Timestamp

  public init(text: [UInt8], number: UInt64 = 0, frame: FrameReference, since: Timestamp, until: Timestamp) {
    self.text = text.count <= 255 ? text : Array(text.prefix(255))
    self.number = number
    self.frame = frame
    self.since = since
    self.until = until
  }

  @inlinable public func holds(at time: Timestamp) -> Bool { since <= time && time <= until }
}

/// The notes of one topic: an open-addressing table over a ring, in order of first noting.
public struct TimelineNotes {
  private struct Entry {
    var key: NoteKey
    var note: Note
  }

  public let topic: NoteTopic
  private var entries: [Entry] = []
  /// For each bucket the upper half of a key's fingerprint and, plus one, its place in `entries`; 0 where empty.
  private var buckets: [UInt64] = []
  /// Where the next note goes when there is no more room.
  private var oldest = 0
  /// Notes that made way while they still held.
  public private(set) var evicted: UInt64 = 0

  public init(_ topic: NoteTopic) { self.topic = topic }

  /// The note under `key` that holds at `time`. Changes nothing: a borrowed table would be copied.
  public mutating func note(_ key: NoteKey, at time: Timestamp) -> Note? {
    guard !entries.isEmpty, let bucket = bucket(of: key), entries[place(bucket)].note.holds(at: time) else {
      return nil
    }
    return entries[place(bucket)].note
  }

  /// Notes it, in place of what was noted under the same key.
  public mutating func set(_ key: NoteKey, _ note: Note) {
    if !entries.isEmpty, let bucket = bucket(of: key) {
      entries[place(bucket)].note = note
      return
    }
    let entry = Entry(key: key, note: note)
    guard entries.count >= topic.most else {
      entries.append(entry)
      if entries.count &* 2 > buckets.count { grow() } else { link(key, entries.count &- 1) }
      return
    }
    if entries[oldest].note.until >= note.since { evicted &+= 1 }
    unlink(entries[oldest].key)
    entries[oldest] = entry
    link(key, oldest)
    oldest = oldest &+ 1 == entries.count ? 0 : oldest &+ 1
  }

  // MARK: - Buckets

  private func place(_ bucket: Int) -> Int { Int(buckets[bucket] & 0xffff_ffff) &- 1 }

  /// Where a key's chain begins: told by the half of its fingerprint that the bucket holds.
  private func home(_ tag: UInt64) -> Int { Int(tag >> 32) & (buckets.count &- 1) }

  private static func tag(_ key: NoteKey) -> UInt64 { key.fingerprint & 0xffff_ffff_0000_0000 }

  private mutating func bucket(of key: NoteKey) -> Int? {
    let tag = Self.tag(key)
    var at = home(tag)
    while buckets[at] != 0 {
      if buckets[at] & 0xffff_ffff_0000_0000 == tag, entries[place(at)].key == key { return at }
      at = (at &+ 1) & (buckets.count &- 1)
    }
    return nil
  }

  private mutating func link(_ key: NoteKey, _ place: Int) {
    let tag = Self.tag(key)
    var at = home(tag)
    while buckets[at] != 0 { at = (at &+ 1) & (buckets.count &- 1) }
    buckets[at] = tag | UInt64(place &+ 1)
  }

  private mutating func grow() {
    buckets = Array(repeating: 0, count: max(64, buckets.count &* 2))
    for place in entries.indices { link(entries[place].key, place) }
  }

  /// Takes a key out and moves up those behind it that the gap would cut off from their homes.
  private mutating func unlink(_ key: NoteKey) {
    guard var gap = bucket(of: key) else { return }
    let mask = buckets.count &- 1
    var at = gap
    while true {
      at = (at &+ 1) & mask
      guard buckets[at] != 0 else { break }
      let home = home(buckets[at])
      if (at &- home) & mask >= (at &- gap) & mask {
        buckets[gap] = buckets[at]
        gap = at
      }
    }
    buckets[gap] = 0
  }
}
