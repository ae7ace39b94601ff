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
/// in memory up to a bound; then they are written out, sorted, as a run, and read back one after the other when their turn
/// comes.
struct RecordOrder {
  private struct Waiting {
    let ordinal: UInt64
    let start: Int
    let lineLength: Int
    let findingsLength: Int
  }

  /// A sorted run in the spill storage, read forward.
  private struct Run {
    var next: Int64
    let end: Int64
    var buffer: [UInt8] = []
    var position = 0
  }

  private enum Mark {
    static let open: UInt32 = 0
    static let spilled = UInt32.max
  }
  private static let headerLength = 16
  private static let readSize = 65_536

  private let bound: Int
  private let spill: (any SpillStorage)?
  /// The lowest ordinal not yet released.
  private(set) var base: UInt64
  /// For each ordinal from `base` on: open, the index in `waiting` plus one, or spilled. `head` is the place of `base`.
  private var marks: [UInt32] = []
  private var head = 0
  private var waiting: [Waiting] = []
  private var waitingLeft = 0
  private var bytes: [UInt8] = []
  private var runs: [Run] = []
  private(set) var spilledBytes: Int64 = 0
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

  /// Takes a flow's outputs. `release` then gives those whose turn it is.
  mutating func end(_ ordinal: UInt64, line: [UInt8], findings: [UInt8]) throws(SpillError) {
    guard ordinal >= base else { return }
    if ordinal == base {
      lines.append(contentsOf: line)
      self.findings.append(contentsOf: findings)
      advance()
      return
    }
    let place = head + Int(ordinal - base)
    while marks.count <= place { marks.append(Mark.open) }
    waiting.append(
      Waiting(ordinal: ordinal, start: bytes.count, lineLength: line.count, findingsLength: findings.count))
    waitingLeft += 1
    bytes.append(contentsOf: line)
    bytes.append(contentsOf: findings)
    marks[place] = UInt32(waiting.count)
    if bytes.count > bound, spill != nil { try writeRun() }
  }

  /// Puts outputs whose turn it is into `lines` and `findings`, until either holds `count` bytes or none is left.
  ///
  /// - Returns: whether more may be ready. What waited for one flow can be all of a capture: take it in pieces.
  mutating func release(upTo count: Int) throws(SpillError) -> Bool {
    while head < marks.count {
      if lines.count >= count || findings.count >= count { return true }
      let mark = marks[head]
      if mark == Mark.open { return false }
      if mark == Mark.spilled {
        try releaseSpilled()
      } else {
        let entry = waiting[Int(mark) - 1]
        let middle = entry.start + entry.lineLength
        lines.append(contentsOf: bytes[entry.start..<middle])
        findings.append(contentsOf: bytes[middle..<(middle + entry.findingsLength)])
        waitingLeft -= 1
        if waitingLeft == 0 {
          waiting.removeAll(keepingCapacity: true)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      advance()
    }
    return false
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

  private mutating func writeRun() throws(SpillError) {
    guard let spill else { return }
    let live = waiting.filter { $0.ordinal > base }.sorted { $0.ordinal < $1.ordinal }
    var out: [UInt8] = []
    var start: Int64?
    var end: Int64 = 0
    func flush() throws(SpillError) {
      let at = try out.withRawSpan { (span) throws(SpillError) in try spill.append(span) }
      if start == nil { start = at }
      end = at + Int64(out.count)
      out.removeAll(keepingCapacity: true)
    }
    for entry in live {
      RecordOrder.append(entry.ordinal, to: &out)
      RecordOrder.append(UInt64(entry.lineLength) << 32 | UInt64(entry.findingsLength), to: &out)
      out.append(contentsOf: bytes[entry.start..<(entry.start + entry.lineLength + entry.findingsLength)])
      marks[head + Int(entry.ordinal - base)] = Mark.spilled
      if out.count >= 1 << 20 { try flush() }
    }
    if !out.isEmpty { try flush() }
    if let start { runs.append(Run(next: start, end: end)) }
    spilledBytes += end - (start ?? end)
    waiting.removeAll(keepingCapacity: true)
    waitingLeft = 0
    bytes.removeAll(keepingCapacity: true)
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
