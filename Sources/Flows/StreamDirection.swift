// One direction of a TCP stream from its first byte on, put in order (RFC 9293 section 3.4), and why it ends.

import Bytes
import Terms

/// How the bytes of a direction end.
public enum StreamEnd: UInt8, Hashable, Sendable, CaseIterable, BitwiseCopyable {
  /// FIN was reached, or the flow ended with nothing missing.
  case whole
  /// More may follow.
  case growing
  /// The capture's snap length cut the next bytes.
  case snapLength
  /// The next bytes are not in the evidence.
  case gap
  /// As many bytes as were asked for, or as the memory of all streams allows.
  case budget
}

/// A stretch of a direction's bytes and the frame that brought it.
public struct StreamPiece: Hashable, Sendable, BitwiseCopyable {
  public let start: Int
  public internal(set) var end: Int
  public let frame: FrameReference
  /// Later frames brought some of these bytes: the last piece that is kept stands for all that came behind it.
  public internal(set) var standsForMore = false
}

/// The contiguous bytes of one direction. Overlaps: the byte that came first stays, and a contradiction is counted.
///
/// A hole is given up, and is a gap, when the other end acknowledged past it while later bytes are there, when the
/// sender went on beyond it by more than the reorder window, when more islands wait than the buffer keeps, or when the
/// flow ends. An acknowledgement alone decides nothing: answers may be captured before what they answer.
struct StreamDirection: ~Copyable {
  private(set) var buffer: RangeBuffer
  private(set) var end = StreamEnd.growing
  /// In order of arrival.
  private(set) var pieces: [StreamPiece] = []

  /// Sequence number of offset 0.
  private var start: UInt32
  private var hasStart: Bool
  /// One more than the furthest offset that was seen, kept or not. It unwraps sequence numbers.
  private var highest: Int64 = 0
  /// The furthest offset that the other end acknowledged.
  private var acknowledged: Int64 = 0
  /// The offset at which FIN stands; -1 before it is seen.
  private var final: Int64 = -1
  private let maximumPieces: Int
  private let reorderWindow: Int64

  /// `start` is the sequence number of the first byte, where a SYN or its acknowledgement told.
  init(limit: Int, start: UInt32?, limits: borrowing FlowLimits) {
    buffer = RangeBuffer(limit: limit)
    self.start = start ?? 0
    hasStart = start != nil
    maximumPieces = max(limits.piecesPerDirection, 1)
    reorderWindow = limits.reorderWindow
  }

  /// A TCP segment's share in the stream.
  struct Segment {
    var sequence: UInt32
    /// Payload length on the wire.
    var length: Int
    var isSYN: Bool
    var isFIN: Bool
    var frame: FrameReference
  }

  /// What a segment did.
  enum Change { case unchanged, changed, refused }

  /// Takes a segment in, where that needs at most `allowance` further bytes of memory.
  mutating func take(_ segment: Segment, _ payload: RawSpan, allowance: Int) -> Change {
    guard end == .growing else { return .unchanged }
    let first = segment.firstByte
    if !hasStart || (segment.isSYN && buffer.highest == 0) {
      start = first
      hasStart = true
    }
    let before = buffer.count
    let offset = offset(of: first)
    let stop = offset + Int64(segment.length)
    var isRefused = false
    if segment.length > 0, stop > 0, offset < Int64(buffer.limit) {
      guard buffer.capacity(for: Int(stop)) &- buffer.capacity <= allowance else {
        end(.budget)
        return .refused
      }
      let result = buffer.insert(payload, at: Int(offset), length: segment.length)
      if result.added > 0 { note(segment, Int(offset), Int(stop)) }
      isRefused = result.added == 0 && result.overlapping == 0
    }
    highest = max(highest, stop)
    if segment.isFIN, final < 0, stop >= 0 { final = stop }
    decide(isRefused: isRefused)
    return buffer.count != before || end != .growing ? .changed : .unchanged
  }

  /// Takes in the other end's acknowledgement. Gives whether the end changed.
  mutating func acknowledge(_ number: UInt32) -> Bool {
    guard end == .growing, hasStart else { return false }
    acknowledged = max(acknowledged, offset(of: number))
    decide(isRefused: false)
    return end != .growing
  }

  /// The flow ended.
  mutating func finish(_ reason: EndReason) {
    guard end == .growing else { return }
    let reached = final >= 0 ? min(acknowledged, final) : acknowledged
    if highest > Int64(buffer.covered) || reached > Int64(buffer.covered) {
      end(.gap)
      return
    }
    switch reason {
    case .fin, .rst, .idleTimeout, .portReuse: end(.whole)
    case .none, .activeTimeout, .tableFull, .endOfEvidence, .fault: break
    }
  }

  // MARK: - Deciding

  private mutating func decide(isRefused: Bool) {
    let covered = Int64(buffer.covered)
    if buffer.cut < buffer.covered {
      end(.snapLength)
    } else if final >= 0, covered >= final {
      end(.whole)
    } else if buffer.covered >= buffer.limit {
      end(.budget)
    } else if highest > covered {
      let isLost = acknowledged > covered || highest - covered > reorderWindow || isRefused
      if isLost { end(.gap) }
    }
  }

  private mutating func end(_ reason: StreamEnd) {
    end = reason
    buffer.dropIslands()
  }

  /// The offset of a sequence number: the one nearest to the furthest byte seen.
  private func offset(of sequence: UInt32) -> Int64 {
    let furthest = start &+ UInt32(truncatingIfNeeded: highest)
    return highest + Int64(distance(from: furthest, to: sequence))
  }

  private mutating func note(_ segment: Segment, _ from: Int, _ to: Int) {
    if pieces.count < maximumPieces {
      pieces.append(StreamPiece(start: max(from, 0), end: to, frame: segment.frame))
    } else {
      pieces[pieces.count &- 1].end = max(pieces[pieces.count &- 1].end, to)
      pieces[pieces.count &- 1].standsForMore = true
    }
  }
}

extension StreamDirection.Segment {
  /// Sequence number of the first payload byte: a SYN takes one before it.
  var firstByte: UInt32 { isSYN ? sequence &+ 1 : sequence }
}
