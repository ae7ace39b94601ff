import Bytes
import Testing

@testable import Analysis

/// Spill storage in memory.
final class MemorySpill: SpillStorage {
  private(set) var bytes: [UInt8] = []
  private(set) var bytesRead = 0

  func append(_ span: RawSpan) throws(SpillError) -> Int64 {
    let at = Int64(bytes.count)
    bytes.append(span)
    return at
  }

  func read(at offset: Int64, count: Int, into out: inout [UInt8]) throws(SpillError) {
    guard offset >= 0, Int(offset) + count <= bytes.count else { throw SpillError(message: "beyond the end") }
    bytesRead += count
    out += bytes[Int(offset)..<(Int(offset) + count)]
  }
}

/// Takes outputs until it holds some bytes.
private struct Taken: OutputTaker {
  var records: [UInt8] = []
  var findings: [UInt8] = []
  let room: Int

  var isFull: Bool { records.count >= room || findings.count >= room }
  mutating func take(_ record: RawSpan, findings: RawSpan) {
    records.append(record)
    self.findings.append(findings)
  }
}

extension RecordOrder {
  /// A flow ends: its output goes out at once where its turn has come.
  fileprivate mutating func end(
    _ ordinal: UInt64, _ record: [UInt8], findings: [UInt8] = [], tail: inout [UInt8], to taken: inout Taken
  ) throws(SpillError) {
    if isTurn(of: ordinal) {
      record.withRawSpan { record in findings.withRawSpan { taken.take(record, findings: $0) } }
      pass()
    } else {
      let start = tail.count
      tail += record
      try wait(ordinal, tail: &tail, from: start, findings: findings)
    }
  }
}

@Suite("Records leave in order of their flows' first packets")
struct RecordOrderTests {
  /// Ends flows in the given order and gives what was released, as numbers.
  private func released(_ order: [Int], bound: Int, spill: MemorySpill?) throws -> [Int] {
    var records = RecordOrder(bound: bound, spill: spill)
    var out: [Int] = []
    var tail: [UInt8] = []
    for ordinal in order {
      let line = Array("\(ordinal);".utf8) + Array(repeating: UInt8(ascii: " "), count: ordinal % 7)
      var taken = Taken(room: 64)
      try records.end(UInt64(ordinal), line, findings: Array("f\(ordinal);".utf8), tail: &tail, to: &taken)
      var isMore = true
      while isMore {
        isMore = try records.release(to: &taken, tail: &tail)
        // A batch ends soon after its bound, however much was waiting.
        #expect(taken.records.count < 64 + 16)
        let numbers = String(decoding: taken.records, as: UTF8.self).split(separator: ";")
          .compactMap { Int($0.filter(\.isNumber)) }
        let found = String(decoding: taken.findings, as: UTF8.self).split(separator: ";")
          .compactMap { Int($0.dropFirst()) }
        #expect(numbers == found)
        out += numbers
        taken = Taken(room: 64)
      }
    }
    return out
  }

  @Test("Flows that end in order are released at once")
  func inOrder() throws {
    #expect(try released(Array(0..<100), bound: 1 << 20, spill: nil) == Array(0..<100))
  }

  @Test("A long flow holds the others back; its end releases them")
  func heldBack() throws {
    #expect(try released([1, 2, 4, 3, 0], bound: 1 << 20, spill: nil) == [0, 1, 2, 3, 4])
  }

  @Test("What does not fit in memory waits in runs, whatever their number", arguments: [1, 40, 200, 5_000])
  func spills(bound: Int) throws {
    var order = Array(1..<2_000)
    // A fixed shuffle: multiples of a number without common divisor.
    order = order.map { ($0 * 733) % 1_999 + 1 }.filter { $0 != 2_000 }
    var seen = Set<Int>()
    order = order.filter { seen.insert($0).inserted } + [0]
    let spill = MemorySpill()
    let out = try released(order, bound: bound, spill: spill)
    #expect(out == Array(0..<order.count))
    #expect(spill.bytes.count > 0)
  }

  @Test(
    "Behind a flow that never ends memory is bounded: runs are merged, few ordinals are known, each byte moves twice")
  func bounded() throws {
    let spill = MemorySpill()
    var records = RecordOrder(bound: 1_000, spill: spill, window: 500)
    var tail: [UInt8] = []
    var taken = Taken(room: 4_096)
    var most = (runs: 0, known: 0)
    let flows: UInt64 = 60_000
    // Every third flow says nothing; of the others pairs change places.
    for ordinal in (1...flows).map({ $0 % 2 == 0 ? $0 - 1 : min($0 + 1, flows) }) {
      let line = ordinal % 3 != 0 ? Array("\(ordinal);".utf8) : []
      try records.end(ordinal, line, tail: &tail, to: &taken)
      most = (max(most.runs, records.spilledRuns), max(most.known, records.known))
    }
    // 227 KB in runs of 1 KB: 227 runs, of which 64 at a time become one.
    #expect(most.runs < 2 * SpilledRuns.fanIn)
    #expect(most.known <= 502)
    #expect(spill.bytes.count > 40_000 * 21)

    try records.end(0, [], findings: Array("f".utf8), tail: &tail, to: &taken)
    var released: [UInt8] = []
    var isMore = true
    while isMore {
      isMore = try records.release(to: &taken, tail: &tail)
      released += taken.records
      taken.records = []
    }
    #expect(
      String(decoding: released, as: UTF8.self)
        == (1...flows).filter { $0 % 3 != 0 }.map { "\($0);" }.joined())
    #expect(taken.findings == Array("f".utf8))
    #expect(spill.bytesRead < 3 * spill.bytes.count)
    try records.checkEnd()
  }

  @Test("Without a place to spill to, empty outputs take no memory for long")
  func empty() throws {
    var records = RecordOrder(bound: 1_000, spill: nil, window: 100)
    var tail: [UInt8] = []
    var taken = Taken(room: 64)
    var most = 0
    for ordinal in UInt64(2)...100_000 where ordinal != 7 {
      try records.end(ordinal, [], tail: &tail, to: &taken)
      most = max(most, records.known)
    }
    // The window, and three flows that are open.
    #expect(most == 103)
    for ordinal: UInt64 in [1, 7, 0] { try records.end(ordinal, [], tail: &tail, to: &taken) }
    #expect(try !records.release(to: &taken, tail: &tail))
    #expect(records.base == 100_001)
    try records.checkEnd()
  }

  @Test("An output that was spilled and does not come back is an error, not a gap")
  func lost() throws {
    final class Forgetful: SpillStorage {
      func append(_ span: RawSpan) throws(SpillError) -> Int64 { 0 }
      func read(at offset: Int64, count: Int, into out: inout [UInt8]) throws(SpillError) {}
    }
    var records = RecordOrder(bound: 4, spill: Forgetful())
    var tail: [UInt8] = []
    var taken = Taken(room: 64)
    try records.end(1, Array("line;".utf8), tail: &tail, to: &taken)
    #expect(throws: SpillError.self) { try records.checkEnd() }
    try records.end(0, [], tail: &tail, to: &taken)
    #expect(throws: SpillError.self) { _ = try records.release(to: &taken, tail: &tail) }
  }

  @Test("An ordinal that has gone is not written twice")
  func repeated() throws {
    #expect(try released([0, 0, 1], bound: 100, spill: nil) == [0, 1])
  }
}
