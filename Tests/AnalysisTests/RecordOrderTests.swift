import Bytes
import Testing

@testable import Analysis

/// Spill storage in memory.
final class MemorySpill: SpillStorage {
  private(set) var bytes: [UInt8] = []

  func append(_ span: RawSpan) throws(SpillError) -> Int64 {
    let at = Int64(bytes.count)
    bytes.append(span)
    return at
  }

  func read(at offset: Int64, count: Int, into out: inout [UInt8]) throws(SpillError) {
    guard offset >= 0, Int(offset) + count <= bytes.count else { throw SpillError(message: "beyond the end") }
    out += bytes[Int(offset)..<(Int(offset) + count)]
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
      let start = tail.count
      tail += line
      try records.end(UInt64(ordinal), tail: &tail, from: start, findings: Array("f\(ordinal);".utf8))
      var isMore = true
      while isMore {
        isMore = try records.release(upTo: 64, tail: &tail)
        // A piece ends soon after its bound, however much was waiting.
        #expect(records.lines.count < 64 + 16)
        let numbers = String(decoding: records.lines, as: UTF8.self).split(separator: ";")
          .compactMap { Int($0.filter(\.isNumber)) }
        let found = String(decoding: records.findings, as: UTF8.self).split(separator: ";")
          .compactMap { Int($0.dropFirst()) }
        #expect(numbers == found)
        out += numbers
        records.lines = []
        records.findings = []
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

  @Test("An ordinal that has gone is not written twice")
  func repeated() throws {
    #expect(try released([0, 0, 1], bound: 100, spill: nil) == [0, 1])
  }
}
