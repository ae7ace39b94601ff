// Outputs that wait outside of memory: sorted runs in the spill storage, read back in order of their ordinals.

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

/// Runs of outputs, each sorted by ordinal.
///
/// The run whose next ordinal is the lowest stands first in a heap, so that no search is needed. As soon as `fanIn` runs of
/// one tier wait they are merged into one of the next: with runs of 64 MiB, 100 GB leave at most 2 times `fanIn` of them,
/// and each byte is written twice.
struct SpilledRuns {
  /// An output in a run: 8 bytes each of ordinal and of lengths (findings in the low half), little-endian, then the record,
  /// then the findings.
  private static let headerLength = 16
  /// Runs of one tier that wait at most. Each keeps a buffer while it is read.
  static let fanIn = 64
  private static let readSize = 16_384
  /// Bytes of a run that go out with one call.
  private static let writeSize = 1 << 18

  private struct Run {
    let tier: Int
    /// The next bytes of the storage that are not in the buffer.
    var next: Int64
    let end: Int64
    var buffer: [UInt8] = []
    var position = 0
    /// Of the output that is next.
    var ordinal: UInt64
  }

  private let storage: any SpillStorage
  /// A binary heap by `ordinal`.
  private var runs: [Run] = []
  /// How many runs of each tier there are.
  private var tiers: [Int] = []

  /// The run that is being written.
  private var out: [UInt8] = []
  private var begun: (start: Int64?, end: Int64, ordinal: UInt64)?

  init(storage: any SpillStorage) { self.storage = storage }

  var count: Int { runs.count }

  /// The lowest ordinal that waits; nil where none does.
  var lowest: UInt64? { runs.first?.ordinal }

  // MARK: - Writing a run

  /// Appends an output to the run that is being written: ordinals must rise.
  ///
  /// - Parameter output: the record, `recordLength` bytes of it, then the findings.
  mutating func append(_ ordinal: UInt64, _ output: RawSpan, recordLength: Int) throws(SpillError) {
    if begun == nil {
      begun = (nil, 0, ordinal)
      out.reserveCapacity(SpilledRuns.writeSize + (1 << 16))
    }
    SpilledRuns.append(ordinal, to: &out)
    SpilledRuns.append(UInt64(recordLength) << 32 | UInt64(output.byteCount - recordLength), to: &out)
    out.append(output)
    if out.count >= SpilledRuns.writeSize { try flush() }
  }

  /// Ends the run that is being written. Where its tier is full then, that is merged.
  mutating func endRun() throws(SpillError) {
    try endRun(tier: 0)
    var tier = 0
    while tier < tiers.count, tiers[tier] >= SpilledRuns.fanIn {
      try merge(tier)
      tier += 1
    }
  }

  private mutating func endRun(tier: Int) throws(SpillError) {
    if !out.isEmpty { try flush() }
    guard let (start, end, ordinal) = begun, let start else { return }
    begun = nil
    while tiers.count <= tier { tiers.append(0) }
    tiers[tier] += 1
    runs.append(Run(tier: tier, next: start, end: end, ordinal: ordinal))
    rise()
  }

  private mutating func flush() throws(SpillError) {
    let at = try out.withRawSpan { (span) throws(SpillError) in try storage.append(span) }
    if begun?.start == nil { begun?.start = at }
    begun?.end = at + Int64(out.count)
    out.removeAll(keepingCapacity: true)
  }

  /// Makes one run of the next tier of all runs of this one, from where each is read.
  private mutating func merge(_ tier: Int) throws(SpillError) {
    var merged = SpilledRuns(storage: storage)
    let others = runs.filter { $0.tier != tier }
    for run in runs where run.tier == tier { merged.push(run) }
    runs = []
    for run in others { push(run) }
    tiers[tier] = 0
    while let ordinal = merged.lowest {
      try merged.takeLowest { (output, recordLength) throws(SpillError) in
        try append(ordinal, output, recordLength: recordLength)
      }
    }
    try endRun(tier: tier + 1)
  }

  private mutating func push(_ run: Run) {
    while tiers.count <= run.tier { tiers.append(0) }
    runs.append(run)
    rise()
  }

  // MARK: - Reading

  /// Takes the output of the lowest ordinal, with the length of its record.
  mutating func takeLowest(_ body: (RawSpan, Int) throws(SpillError) -> Void) throws(SpillError) {
    guard !runs.isEmpty else { return }
    guard try fill(SpilledRuns.headerLength) else { throw SpilledRuns.cut }
    let lengths = SpilledRuns.load(runs[0].buffer, runs[0].position + 8)
    let record = Int(lengths >> 32)
    let length = record + Int(lengths & 0xffff_ffff)
    guard try fill(SpilledRuns.headerLength + length) else { throw SpilledRuns.cut }
    let start = runs[0].position + SpilledRuns.headerLength
    try runs[0].buffer.withRawSpan { (span) throws(SpillError) in try body(span.slice(start, length), record) }
    runs[0].position = start + length
    if try fill(SpilledRuns.headerLength) {
      let ordinal = SpilledRuns.load(runs[0].buffer, runs[0].position)
      guard ordinal > runs[0].ordinal else { throw SpilledRuns.cut }
      runs[0].ordinal = ordinal
    } else {
      if runs[0].tier < tiers.count { tiers[runs[0].tier] -= 1 }
      let last = runs.removeLast()
      if runs.isEmpty { return }
      runs[0] = last
    }
    sink()
  }

  private static let cut = SpillError(message: "a record that waited for its turn could not be read back whole")

  /// Sees to it that `count` bytes from the first run's position on are in its buffer; false at the run's end.
  private mutating func fill(_ count: Int) throws(SpillError) -> Bool {
    guard runs[0].buffer.count - runs[0].position < count else { return true }
    let left = runs[0].end - runs[0].next
    let held = runs[0].buffer.count - runs[0].position
    guard left > 0 else {
      if held > 0 { throw SpilledRuns.cut }
      return false
    }
    let want = Int(min(left, Int64(max(SpilledRuns.readSize, count - held))))
    // A new buffer, so that one huge output leaves no memory behind.
    var buffer: [UInt8] = []
    buffer.reserveCapacity(held + want)
    runs[0].buffer.withRawSpan { buffer.append($0.slice(runs[0].position, held)) }
    try storage.read(at: runs[0].next, count: want, into: &buffer)
    guard buffer.count == held + want else { throw SpilledRuns.cut }
    runs[0].buffer = buffer
    runs[0].position = 0
    runs[0].next += Int64(want)
    // A run holds whole outputs.
    guard buffer.count >= count else { throw SpilledRuns.cut }
    return true
  }

  // MARK: - The heap

  /// The last run goes up to its place.
  private mutating func rise() {
    var at = runs.count - 1
    while at > 0, runs[at].ordinal < runs[(at - 1) / 2].ordinal {
      runs.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  /// The first run goes down to its place.
  private mutating func sink() {
    var at = 0
    while true {
      var child = 2 * at + 1
      guard child < runs.count else { return }
      if child + 1 < runs.count, runs[child + 1].ordinal < runs[child].ordinal { child += 1 }
      guard runs[child].ordinal < runs[at].ordinal else { return }
      runs.swapAt(at, child)
      at = child
    }
  }

  // MARK: - Numbers

  private static func append(_ value: UInt64, to out: inout [UInt8]) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static func load(_ bytes: [UInt8], _ at: Int) -> UInt64 {
    bytes.withRawSpan { $0.u64le(at) }
  }
}
