// Puts records in order of their flow's first packet, whenever the flow ends.

import Bytes

/// Where records wait that do not fit in memory: an unlinked file, or memory in tests.
public protocol SpillStorage: AnyObject {
  /// Appends; gives the offset at which the bytes stand. Throws where they could not be kept whole.
  func append(_ bytes: RawSpan) throws(SpillError) -> Int64
  /// Reads up to `count` bytes at `offset`, appending them to `out`; fewer only at the end.
  func read(at offset: Int64, count: Int, into out: inout [UInt8]) throws(SpillError)
}

/// The waiting records could not be kept or read back.
public struct SpillError: Error, Equatable, Sendable {
  public let message: String
  public init(message: String) { self.message = message }
}

/// Releases the outputs of flows (a line and findings, either may be empty) in order of their ordinals.
///
/// Each flow has an ordinal, counted up at its first packet, and ends once. Outputs whose predecessors have not ended wait
/// in memory up to a bound; then they are written out in order, as a run, and read back one after the other when their
/// turn comes. A line is written once, at the end of the piece of memory where it may have to wait (the `tail`, which the
/// caller holds); a piece whose outputs have all gone is used again.
struct RecordOrder {
  private struct Waiting: BitwiseCopyable {
    let piece: Int
    let start: Int
    let lineLength: Int
    let findingsLength: Int
  }

  /// Memory in which outputs wait, and how many do.
  private struct Piece {
    /// Empty while the piece is the tail.
    var bytes: [UInt8] = []
    var live = 0
  }

  /// A sorted run in the spill storage, read forward.
  private struct Run {
    var next: Int64
    let end: Int64
    var buffer: [UInt8] = []
    var position = 0
  }

  /// What is known of an ordinal: below `empty`, the index in `waiting` plus one.
  private enum Mark {
    static let open: UInt32 = 0
    static let empty = UInt32.max - 1
    static let spilled = UInt32.max
  }
  private static let headerLength = 16
  private static let readSize = 65_536
  /// Bytes of a run that go out with one call.
  private static let runWrite = 1 << 18
  /// A tail that has grown to this becomes a piece.
  private static let pieceSize = 1 << 20
  /// Room behind that for the last output.
  private static let pieceSlack = 1 << 16

  private let bound: Int
  private let spill: (any SpillStorage)?
  /// The lowest ordinal not yet released.
  private(set) var base: UInt64
  /// For each ordinal from `base` on, what is known of it. `head` is the place of `base`.
  private var marks: [UInt32] = []
  private var head = 0
  private var waiting: [Waiting] = []
  private var freeWaiting: [UInt32] = []
  private var pieces: [Piece] = [Piece()]
  private var freePieces: [Int] = []
  /// The piece that the tail is.
  private var tailPiece = 0
  /// Bytes of all pieces but the tail.
  private var held = 0
  private var runs: [Run] = []
  /// What has been released and not yet been taken.
  var lines: [UInt8] = []
  var findings: [UInt8] = []

  /// - Parameters:
  ///   - bound: bytes that may wait in memory.
  ///   - spill: where the rest waits; nil keeps everything in memory.
  ///   - first: the first ordinal.
  init(bound: Int, spill: (any SpillStorage)?, first: UInt64 = 0) {
    self.bound = bound
    base = first
    self.spill = spill
  }

  /// How many ordinals lie between the oldest flow that is open and the newest that ended.
  var window: Int { marks.count - head }

  /// Takes a flow's outputs: its line, which is what stands in `tail` from `start` on, and its findings. `release` then
  /// gives those whose turn it is.
  mutating func end(
    _ ordinal: UInt64, tail: inout [UInt8], from start: Int, findings: [UInt8]
  ) throws(SpillError) {
    guard ordinal >= base else {
      tail.removeLast(tail.count - start)
      return
    }
    if ordinal == base {
      RecordOrder.copy(tail, start, tail.count - start, to: &lines)
      tail.removeLast(tail.count - start)
      if !findings.isEmpty { self.findings.append(contentsOf: findings) }
      advance()
      return
    }
    let place = head + Int(ordinal - base)
    while marks.count <= place { marks.append(Mark.open) }
    let length = tail.count - start
    guard length + findings.count > 0 else {
      marks[place] = Mark.empty
      return
    }
    if !findings.isEmpty { tail.append(contentsOf: findings) }
    let entry = Waiting(piece: tailPiece, start: start, lineLength: length, findingsLength: findings.count)
    pieces[tailPiece].live += 1
    if let free = freeWaiting.popLast() {
      waiting[Int(free)] = entry
      marks[place] = free + 1
    } else {
      waiting.append(entry)
      marks[place] = UInt32(waiting.count)
    }
    if tail.count >= RecordOrder.pieceSize { closePiece(&tail) }
    if held + tail.count > bound, spill != nil { try writeRun(&tail) }
  }

  /// Puts outputs whose turn it is into `lines` and `findings`, until either holds `count` bytes or none is left.
  ///
  /// - Returns: whether more may be ready. What waited for one flow can be all of a capture: take it in pieces.
  mutating func release(upTo count: Int, tail: inout [UInt8]) throws(SpillError) -> Bool {
    while head < marks.count {
      if lines.count >= count || findings.count >= count { return true }
      let mark = marks[head]
      if mark == Mark.open { return false }
      if mark == Mark.spilled {
        try releaseSpilled()
      } else if mark != Mark.empty {
        release(Int(mark) - 1, &tail)
      }
      advance()
    }
    return false
  }

  private mutating func release(_ index: Int, _ tail: inout [UInt8]) {
    let entry = waiting[index]
    if entry.piece == tailPiece {
      RecordOrder.copy(tail, entry.start, entry.lineLength, to: &lines)
      RecordOrder.copy(tail, entry.start + entry.lineLength, entry.findingsLength, to: &findings)
    } else {
      RecordOrder.copy(pieces[entry.piece].bytes, entry.start, entry.lineLength, to: &lines)
      RecordOrder.copy(
        pieces[entry.piece].bytes, entry.start + entry.lineLength, entry.findingsLength, to: &findings)
    }
    freeWaiting.append(UInt32(index))
    pieces[entry.piece].live -= 1
    guard pieces[entry.piece].live == 0 else { return }
    if entry.piece == tailPiece {
      tail.removeAll(keepingCapacity: true)
    } else {
      free(entry.piece)
    }
  }

  @inline(__always)
  private static func copy(_ bytes: [UInt8], _ start: Int, _ count: Int, to out: inout [UInt8]) {
    guard count > 0 else { return }
    bytes.withRawSpan { out.append($0.slice(start, count)) }
  }

  // MARK: - Pieces

  /// The tail becomes a piece; a free one, or a new one, becomes the tail.
  private mutating func closePiece(_ tail: inout [UInt8]) {
    held += tail.count
    swap(&pieces[tailPiece].bytes, &tail)
    if let free = freePieces.popLast() {
      tailPiece = free
      swap(&pieces[free].bytes, &tail)
    } else {
      tailPiece = pieces.count
      pieces.append(Piece())
    }
    tail.reserveCapacity(RecordOrder.pieceSize + RecordOrder.pieceSlack)
  }

  /// A piece whose outputs have all gone: its memory is kept, unless one huge output made it grow.
  private mutating func free(_ piece: Int) {
    held -= pieces[piece].bytes.count
    if pieces[piece].bytes.capacity > 2 * RecordOrder.pieceSize {
      pieces[piece].bytes = []
    } else {
      pieces[piece].bytes.removeAll(keepingCapacity: true)
    }
    freePieces.append(piece)
  }

  private mutating func advance() {
    base += 1
    if head < marks.count { head += 1 }
    if head == marks.count {
      marks.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 65_536, head * 2 >= marks.count {
      marks.removeFirst(head)
      head = 0
    }
  }

  // MARK: - Runs

  /// Writes out all that waits, in order, and gives its memory back for what comes.
  private mutating func writeRun(_ tail: inout [UInt8]) throws(SpillError) {
    guard let spill else { return }
    var out: [UInt8] = []
    out.reserveCapacity(RecordOrder.runWrite + RecordOrder.pieceSlack)
    var start: Int64?
    var end: Int64 = 0
    func flush() throws(SpillError) {
      let at = try out.withRawSpan { (span) throws(SpillError) in try spill.append(span) }
      if start == nil { start = at }
      end = at + Int64(out.count)
      out.removeAll(keepingCapacity: true)
    }
    for place in head..<marks.count {
      let mark = marks[place]
      guard mark != Mark.open, mark != Mark.empty, mark != Mark.spilled else { continue }
      let entry = waiting[Int(mark) - 1]
      RecordOrder.append(base + UInt64(place - head), to: &out)
      RecordOrder.append(UInt64(entry.lineLength) << 32 | UInt64(entry.findingsLength), to: &out)
      let length = entry.lineLength + entry.findingsLength
      if entry.piece == tailPiece {
        RecordOrder.copy(tail, entry.start, length, to: &out)
      } else {
        RecordOrder.copy(pieces[entry.piece].bytes, entry.start, length, to: &out)
      }
      marks[place] = Mark.spilled
      if out.count >= RecordOrder.runWrite { try flush() }
    }
    if !out.isEmpty { try flush() }
    if let start { runs.append(Run(next: start, end: end)) }
    waiting.removeAll(keepingCapacity: true)
    freeWaiting.removeAll(keepingCapacity: true)
    for piece in pieces.indices where pieces[piece].live > 0 {
      pieces[piece].live = 0
      if piece != tailPiece { free(piece) }
    }
    tail.removeAll(keepingCapacity: true)
  }

  private mutating func releaseSpilled() throws(SpillError) {
    for index in runs.indices {
      guard try fill(index, RecordOrder.headerLength) else { continue }
      let position = runs[index].position
      guard RecordOrder.load(runs[index].buffer, position) == base else { continue }
      let lengths = RecordOrder.load(runs[index].buffer, position + 8)
      let line = Int(lengths >> 32)
      let findings = Int(lengths & 0xffff_ffff)
      guard try fill(index, RecordOrder.headerLength + line + findings) else {
        throw SpillError(message: "a record that waited for its turn could not be read back whole")
      }
      let start = runs[index].position + RecordOrder.headerLength
      self.lines.append(contentsOf: runs[index].buffer[start..<(start + line)])
      self.findings.append(contentsOf: runs[index].buffer[(start + line)..<(start + line + findings)])
      runs[index].position = start + line + findings
      if runs[index].position == runs[index].buffer.count, runs[index].next == runs[index].end {
        runs.remove(at: index)
      }
      return
    }
    throw SpillError(message: "a record that waited for its turn is missing from its run")
  }

  /// Sees to it that `count` bytes from the run's position on are in its buffer; false at the run's end.
  private mutating func fill(_ index: Int, _ count: Int) throws(SpillError) -> Bool {
    while runs[index].buffer.count - runs[index].position < count {
      let left = runs[index].end - runs[index].next
      guard left > 0, let spill else { return false }
      if runs[index].position > 0 {
        runs[index].buffer.removeFirst(runs[index].position)
        runs[index].position = 0
      }
      let want = Int(min(left, Int64(max(RecordOrder.readSize, count))))
      try spill.read(at: runs[index].next, count: want, into: &runs[index].buffer)
      runs[index].next += Int64(want)
    }
    return true
  }

  private static func append(_ value: UInt64, to out: inout [UInt8]) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static func load(_ bytes: [UInt8], _ at: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
  }
}
