// Several captures that are one timeline: `--continuous`.

import Terms

/// The frames of several captures in the order of their times.
///
/// Of the captures' next frames the one with the earliest time comes first; of equal times the one whose capture was
/// added first. Within a capture the frames stay in their order, whatever their times. A frame without a time goes with
/// the frame before it in its capture; where there is none, it comes before all that have a time. So the order depends
/// on the captures and the order of adding alone.
///
/// A file whose first packet comes more than `CaptureLimits.longestGap` after everything before it is reported as a gap.
///
/// A capture whose turn has not come holds its first block only (16 KiB), one that has ended nothing: a set may have
/// thousands of files.
// Safe: the one pointer is into the current reader's buffer, and is set anew by each `advance`.
@safe public struct CaptureSet: ~Copyable, FrameSource {
  public private(set) var header: FrameHeader
  @usableFromInline var frameStart: UnsafeRawPointer?
  @usableFromInline var frameLength = 0

  private var members: [Member] = []
  /// The member whose frame is given out; nil before the first and after the last.
  private var current: Member?
  /// The members whose next frame waits, the earliest last.
  private var waiting: [Member] = []
  private var hasBegun = false
  private var latest: Timestamp?
  private let longestGap: Int64
  /// Gaps between the captures. What is to be said of one capture stands in its own facts.
  public private(set) var notices: [Notice] = []

  public init(limits: CaptureLimits = CaptureLimits()) {
    longestGap = limits.longestGap
    header = FrameHeader(
      reference: FrameReference(number: 0), time: Timestamp(nanoseconds: 0), hasTime: false, linkType: LinkType(0),
      capturedLength: 0, originalLength: 0)
  }

  /// Adds a capture behind those that are there; before the first `advance`. Its frames name it by the evidence index
  /// that the reader was made with.
  public mutating func add(_ reader: consuming CaptureReader) {
    precondition(!hasBegun, "a capture was added to a set that is being read")
    members.append(Member(reader, place: members.count))
  }

  /// How many captures were added.
  public var count: Int { members.count }

  /// What is known of the `index`th capture so far.
  public func facts(_ index: Int) -> CaptureFacts { members[index].reader.facts }

  public mutating func advance() -> Bool {
    if let member = current {
      if member.advance() {
        // Nearly always the same capture goes on.
        if let next = waiting.last, next.precedes(member) {
          waiting.removeLast()
          queue(member)
          return give(next)
        }
        return give(member)
      }
    } else if !hasBegun {
      hasBegun = true
      for member in members where member.advance() { queue(member) }
    }
    guard let next = waiting.popLast() else {
      current = nil
      // Sound: nil is never read from.
      unsafe frameStart = nil
      frameLength = 0
      return false
    }
    return give(next)
  }

  /// The current frame's bytes, valid until the next `advance`.
  @inlinable
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      guard let start = unsafe frameStart else { return RawSpan() }
      // Sound: as in `CaptureReader.bytes`; the current reader is not moved on before the next `advance`.
      let span = unsafe RawSpan(_unsafeStart: start, byteCount: frameLength)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  private mutating func give(_ member: Member) -> Bool {
    current = member
    header = member.reader.header
    unsafe frameStart = member.reader.frameStart
    frameLength = member.reader.frameLength
    if header.hasTime {
      if !member.hasBegun, let latest, header.time.since(latest) > longestGap {
        notices.append(
          Notice(
            .gap, "capture.set-gap",
            "no packet for \(header.time.since(latest) / 1_000_000_000) s between the captures before and this one",
            evidence: header.reference.evidence, frame: header.reference.number, offset: header.reference.offset))
      }
      if latest.map({ $0 < header.time }) ?? true { latest = header.time }
    }
    member.hasBegun = true
    return true
  }

  /// Puts a member among those that wait, which are in falling order.
  private mutating func queue(_ member: Member) {
    var low = 0
    var high = waiting.count
    while low < high {
      let middle = (low + high) / 2
      if member.precedes(waiting[middle]) { low = middle + 1 } else { high = middle }
    }
    waiting.insert(member, at: low)
  }
}

/// One capture of a set.
private final class Member {
  var reader: CaptureReader
  /// Its place in the order of adding.
  let place: Int
  /// The time by which its next frame is ordered.
  private var time = Timestamp(nanoseconds: .min)
  /// Whether a frame of it was given out.
  var hasBegun = false

  init(_ reader: consuming CaptureReader, place: Int) {
    self.reader = reader
    self.place = place
  }

  /// To the next frame; gives the memory back at the end.
  func advance() -> Bool {
    guard reader.advance() else {
      reader.release()
      return false
    }
    if reader.header.hasTime { time = reader.header.time }
    return true
  }

  func precedes(_ other: Member) -> Bool {
    time == other.time ? place < other.place : time < other.time
  }
}
