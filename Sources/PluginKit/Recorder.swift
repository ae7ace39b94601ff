// Where a plugin says what it found. The recorder is lent to a call and cannot be kept.

import Findings
import Packets
import Terms

/// The bytes that something was read from, so that the engine can name their frames.
public enum Place: Hashable, Sendable {
  /// The datagram or observation at hand; in a stream: all bytes of both directions seen so far.
  case here
  /// Offsets of the client's direction of the stream at hand.
  case client(Range<Int>)
  /// Offsets of the server's direction.
  case server(Range<Int>)
}

/// What stands behind a recorder: the analysis, or a test kit.
public protocol RecorderBacking: AnyObject {
  func observe(_ fact: some Observation, at place: Place)
  func find(_ rule: Rule, at certainty: Certainty, variant: StaticString, marks: [Mark])
  func notAssessable(_ reason: StaticString)
  func frames(of place: Place) -> [FrameReference]
  func innerStream(client: [UInt8], server: [UInt8])
  func allows(_ category: Category) -> Bool
  func note(_ topic: NoteTopic, _ key: NoteKey, _ note: Note)
  func noted(_ topic: NoteTopic, _ key: NoteKey, at time: Timestamp) -> Note?
}

/// A backing that sees one flow only keeps no notes, and one without a warrant allows all.
extension RecorderBacking {
  public func allows(_ category: Category) -> Bool { true }
  public func note(_ topic: NoteTopic, _ key: NoteKey, _ note: Note) {}
  public func noted(_ topic: NoteTopic, _ key: NoteKey, at time: Timestamp) -> Note? { nil }
}

/// Takes observations and findings of one call, and stamps them with frames, flow and plugin.
public struct Recorder: ~Copyable {
  @usableFromInline let backing: any RecorderBacking

  @inlinable
  public init(_ backing: any RecorderBacking) { self.backing = backing }

  /// Emits a fact read at `place`. Subscribers hear it after this call has returned.
  @inlinable
  public mutating func observe(_ fact: some Observation, at place: Place = .here) {
    backing.observe(fact, at: place)
  }

  /// Makes a claim. Its certainty is cut to the rule's highest. A mark without frames stands on those of `Place.here`.
  @inlinable
  public mutating func find(
    _ rule: Rule, at certainty: Certainty, variant: StaticString = "", marks: [Mark]
  ) {
    backing.find(rule, at: certainty, variant: variant, marks: marks)
  }

  /// Says that this plugin's protocol cannot be assessed on this flow, and why: `hello cut by snap length`.
  @inlinable
  public mutating func notAssessable(_ reason: StaticString) {
    backing.notAssessable(reason)
  }

  /// The frames that a place was seen on, in order, without repeats.
  @inlinable
  public func frames(of place: Place) -> [FrameReference] { backing.frames(of: place) }

  /// Hands the whole inner stream that was put together so far to the stream plugins: for carriers with frames of their
  /// own, whose payload is not contiguous. Call again with longer arrays as it grows; at most 32 KiB a side are taken.
  @inlinable
  public mutating func innerStream(client: [UInt8], server: [UInt8]) {
    backing.innerStream(client: client, server: server)
  }

  /// Notes something for later flows, in place of what was noted under this key: when this call has returned. A topic
  /// that no running plugin declares is not kept.
  @inlinable
  public mutating func note(_ topic: NoteTopic, _ key: NoteKey, _ note: Note) { backing.note(topic, key, note) }

  /// What an earlier call noted under this key, of this flow or another, if it holds at `time`.
  @inlinable
  public func noted(_ topic: NoteTopic, _ key: NoteKey, at time: Timestamp) -> Note? {
    backing.noted(topic, key, at: time)
  }

  /// Whether values of this category can go out: the warrant allows them and the manifest declares them. What has to be
  /// opened to be read is opened only then.
  @inlinable
  public func allows(_ category: Category) -> Bool { backing.allows(category) }
}
