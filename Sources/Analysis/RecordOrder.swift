// Puts records in order of their flow's first packet, whenever the flow ends.

import Bytes

/// Takes the outputs whose turn has come.
protocol OutputTaker: ~Copyable {
  /// Whether no more should come now: what waited for one flow can be all of a capture, and goes out in batches.
  var isFull: Bool { get }
  /// Takes a flow's record, in the form in which it waited, and its findings; either may be empty.
  mutating func take(_ record: RawSpan, findings: RawSpan)
}

/// Releases the outputs of flows (a record and findings, either may be empty) in order of their ordinals.
///
/// Each flow has an ordinal, counted up at its first packet, and ends once. Outputs whose predecessors have not
/// ended wait in memory up to a bound; then they are written out in order, as a run, and read back one after the
/// other when their turn comes. What is known of the ordinals takes bounded memory too, however long the oldest
/// flow stays open: beyond a window it is kept of flows that are open or wait in memory only. An output that has
/// to wait is written at the end of the piece of memory where it does (the `tail`, which the caller holds); a piece
/// whose outputs have all gone is used again. One whose turn it is at once does not come here: the caller asks.
struct RecordOrder {
  private struct Waiting: BitwiseCopyable {
    let piece: UInt32
    let start: UInt32
    let recordLength: UInt32
    let findingsLength: UInt32
  }

  /// Memory in which outputs wait, and how many do.
  private struct Piece {
    /// Empty while the piece is the tail.
    var bytes: [UInt8] = []
    var live = 0
  }

  /// What is known of an ordinal: else the index in `waiting` plus one.
  private enum Mark {
    static let open: UInt32 = 0
    static let empty = UInt32.max - 1
    static let spilled = UInt32.max
  }
  /// A tail that has grown to this becomes a piece.
  private static let pieceSize = 1 << 20
  /// Room behind that for the last output.
  private static let pieceSlack = 1 << 16

  private let bound: Int
  private let longestWindow: Int
  /// The lowest ordinal not yet released.
  private(set) var base: UInt64
  /// Ordinals from `base` to below `first` that are open, and those that wait in memory, with their index in `waiting`. The
  /// others there wait in a run or were empty.
  private var earlyOpen: Set<UInt64> = []
  private var earlyWaiting: [UInt64: UInt32] = [:]
  /// From here on `marks` tells, at the place `head` and behind it; never below `base`.
  private var first: UInt64
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
  private var spilled: SpilledRuns?

  /// - Parameters:
  ///   - bound: bytes that may wait in memory.
  ///   - spill: where the rest waits; nil keeps everything in memory.
  ///   - first: the first ordinal.
  ///   - window: ordinals of which something is known each; four million take 16 MiB.
  init(bound: Int, spill: (any SpillStorage)?, first: UInt64 = 0, window: Int = 1 << 22) {
    self.bound = bound
    longestWindow = window
    base = first
    self.first = first
    spilled = spill.map { SpilledRuns(storage: $0) }
  }

  /// Ordinals of which something is known each: at most those of the window, those of flows that are open and of outputs
  /// that wait in memory.
  var known: Int { window + earlyOpen.count + earlyWaiting.count }
  /// Runs that wait in the spill storage.
  var spilledRuns: Int { spilled?.count ?? 0 }

  private var window: Int { marks.count - head }

  /// Whether it is the turn of this flow's outputs: then they need not wait, and `pass` says that they have gone.
  func isTurn(of ordinal: UInt64) -> Bool { ordinal == base }

  /// The outputs of the flow whose turn it is have gone out.
  mutating func pass() {
    if base < first { earlyOpen.remove(base) }
    advance()
  }

  /// Takes the outputs of a flow whose turn it is not yet: its record, which is what stands in `tail` from `start` on, and
  /// its findings.
  mutating func wait(
    _ ordinal: UInt64, tail: inout [UInt8], from start: Int, findings: [UInt8]
  ) throws(SpillError) {
    // One that has ended before is not written twice.
    guard ordinal > base, ordinal >= first || earlyOpen.contains(ordinal) else {
      tail.removeLast(tail.count - start)
      return
    }
    let length = tail.count - start
    guard length + findings.count > 0 else {
      mark(ordinal, Mark.empty)
      return
    }
    if !findings.isEmpty { tail.append(contentsOf: findings) }
    let entry = Waiting(
      piece: UInt32(tailPiece), start: UInt32(start), recordLength: UInt32(length),
      findingsLength: UInt32(findings.count))
    pieces[tailPiece].live += 1
    if let free = freeWaiting.popLast() {
      waiting[Int(free)] = entry
      mark(ordinal, free + 1)
    } else {
      waiting.append(entry)
      mark(ordinal, UInt32(waiting.count))
    }
    if tail.count >= RecordOrder.pieceSize { closePiece(&tail) }
    if held + tail.count > bound, spilled != nil { try writeRun(&tail) }
  }

  private mutating func mark(_ ordinal: UInt64, _ mark: UInt32) {
    guard ordinal >= first else {
      earlyOpen.remove(ordinal)
      if mark != Mark.empty { earlyWaiting[ordinal] = mark &- 1 }
      return
    }
    if ordinal - first >= UInt64(longestWindow) { shrinkWindow() }
    let place = head + Int(ordinal - first)
    while marks.count <= place { marks.append(Mark.open) }
    marks[place] = mark
  }

  /// Hands over outputs whose turn it is, until the taker is full or none is left.
  ///
  /// - Returns: whether more may be ready.
  mutating func release(to taker: inout some OutputTaker & ~Copyable, tail: inout [UInt8]) throws(SpillError) -> Bool {
    while base < first || head < marks.count {
      if taker.isFull { return true }
      if base < first {
        guard try releaseEarly(to: &taker, &tail) else { return false }
      } else {
        let mark = marks[head]
        if mark == Mark.open { return false }
        if mark == Mark.spilled {
          try releaseSpilled(to: &taker)
        } else if mark != Mark.empty {
          release(Int(mark) - 1, to: &taker, &tail)
        }
      }
      advance()
    }
    return false
  }

  /// Releases the output of `base`, if there is one; false where that flow is open.
  private mutating func releaseEarly(
    to taker: inout some OutputTaker & ~Copyable, _ tail: inout [UInt8]
  ) throws(SpillError) -> Bool {
    if spilled?.lowest == base {
      try releaseSpilled(to: &taker)
      return true
    }
    if earlyOpen.contains(base) { return false }
    if let index = earlyWaiting.removeValue(forKey: base) { release(Int(index), to: &taker, &tail) }
    return true
  }

  private mutating func releaseSpilled(to taker: inout some OutputTaker & ~Copyable) throws(SpillError) {
    guard spilled?.lowest == base else { throw RecordOrder.missing }
    try spilled?.takeLowest { (output, recordLength) throws(SpillError) in
      taker.take(output.slice(0, recordLength), findings: output.slice(recordLength))
    }
  }

  private static let missing = SpillError(message: "a record that waited for its turn is missing from its run")

  private mutating func release(_ index: Int, to taker: inout some OutputTaker & ~Copyable, _ tail: inout [UInt8]) {
    let entry = waiting[index]
    let piece = Int(entry.piece)
    if piece == tailPiece {
      tail.withRawSpan { RecordOrder.hand(entry, of: $0, to: &taker) }
    } else {
      pieces[piece].bytes.withRawSpan { RecordOrder.hand(entry, of: $0, to: &taker) }
    }
    freeWaiting.append(UInt32(index))
    pieces[piece].live -= 1
    guard pieces[piece].live == 0 else { return }
    if piece == tailPiece {
      tail.removeAll(keepingCapacity: true)
    } else {
      free(piece)
    }
  }

  @inline(__always)
  private static func hand(_ entry: Waiting, of piece: RawSpan, to taker: inout some OutputTaker & ~Copyable) {
    let start = Int(entry.start)
    let length = Int(entry.recordLength)
    taker.take(piece.slice(start, length), findings: piece.slice(start + length, Int(entry.findingsLength)))
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
    guard base > first else { return }
    first = base
    if head < marks.count { head += 1 }
    if head == marks.count {
      marks.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 65_536, head * 2 >= marks.count {
      marks.removeFirst(head)
      head = 0
    }
  }

  // MARK: - What waits long

  /// Makes the window small again: what it knows of the ordinals in it is kept one by one, of empty ones nothing.
  private mutating func shrinkWindow() {
    for place in head..<marks.count {
      switch marks[place] {
      case Mark.open: earlyOpen.insert(first)
      case Mark.empty, Mark.spilled: break
      default: earlyWaiting[first] = marks[place] &- 1
      }
      first += 1
    }
    marks.removeAll(keepingCapacity: true)
    head = 0
  }

  /// Writes out all that waits, in order, and gives its memory back for what comes.
  private mutating func writeRun(_ tail: inout [UInt8]) throws(SpillError) {
    for (ordinal, index) in earlyWaiting.sorted(by: { $0.key < $1.key }) { try spill(Int(index), of: ordinal, tail) }
    earlyWaiting.removeAll()
    for place in head..<marks.count {
      let mark = marks[place]
      guard mark != Mark.open, mark != Mark.empty, mark != Mark.spilled else { continue }
      try spill(Int(mark) - 1, of: first + UInt64(place - head), tail)
      marks[place] = Mark.spilled
    }
    try spilled?.endRun()
    waiting.removeAll(keepingCapacity: true)
    freeWaiting.removeAll(keepingCapacity: true)
    for piece in pieces.indices where pieces[piece].live > 0 {
      pieces[piece].live = 0
      if piece != tailPiece { free(piece) }
    }
    tail.removeAll(keepingCapacity: true)
  }

  private mutating func spill(_ index: Int, of ordinal: UInt64, _ tail: borrowing [UInt8]) throws(SpillError) {
    let entry = waiting[index]
    let (start, recordLength) = (Int(entry.start), Int(entry.recordLength))
    let length = recordLength + Int(entry.findingsLength)
    if entry.piece == tailPiece {
      try tail.withRawSpan { (span) throws(SpillError) in
        try spilled?.append(ordinal, span.slice(start, length), recordLength: recordLength)
      }
    } else {
      try pieces[Int(entry.piece)].bytes.withRawSpan { (span) throws(SpillError) in
        try spilled?.append(ordinal, span.slice(start, length), recordLength: recordLength)
      }
    }
  }

  /// All flows have ended, and all that is ready was released: throws where something did not come back.
  func checkEnd() throws(SpillError) {
    guard known == 0, spilledRuns == 0 else {
      throw RecordOrder.missing
    }
  }
}
