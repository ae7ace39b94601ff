// What a worker sends arrives as it was, in records of bounded size.

import Bytes
import Platform
import Testing

@testable import Supervision

struct WorkerRecordsTests {
  /// Sends `payload` through a pipe. Gives the sizes of the records and all their bytes.
  private func send(_ kind: RecordKind, _ payload: [UInt8]) throws -> (sizes: [Int], bytes: [UInt8]) {
    let pipe = try Pipe()
    let writing = pipe.writing
    let thread = try SystemThread {
      let records = WorkerRecords(RecordWriter(descriptor: writing))
      records.send(kind, payload)
      records.send(.end, [])
      records.flush()
    }
    var reader = RecordReader(descriptor: pipe.reading, kinds: RecordKind.range)
    var sizes: [Int] = []
    var bytes: [UInt8] = []
    var isWhole = false
    while !isWhole, try reader.receive() {
      let fault = reader.forEach { record in
        isWhole = record.kind == RecordKind.end.rawValue
        guard !isWhole else { return }
        sizes.append(record.payload.byteCount)
        bytes.append(record.payload)
      }
      #expect(fault == nil)
    }
    thread.join()
    return (sizes, bytes)
  }

  @Test func `many lines pass in portions, each cut behind a line`() throws {
    var lines: [UInt8] = []
    for index in 0..<200_000 { lines += Array("{\"number\":\(index),\"name\":\"é\"}\n".utf8) }
    let (sizes, bytes) = try send(.flow, lines)
    #expect(bytes == lines)
    #expect(sizes.count > 16)
    #expect(sizes.allSatisfy { $0 < 263_000 })
  }

  @Test func `a line of its own length passes whole`() throws {
    let line = [UInt8](repeating: 0x61, count: 3_000_000) + [0x0a]
    #expect(try send(.finding, line).sizes == [3_000_001])
    #expect(try send(.finding, line + line).sizes == [3_000_001, 3_000_001])
    #expect(try send(.summary, line).sizes == [3_000_001])
    #expect(try send(.flow, []).sizes == [0])
  }
}
