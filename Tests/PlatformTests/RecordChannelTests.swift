// Records pass whole and in order; whatever is no record is a fault.

import Bytes
import Foundation
import Testing

@testable import Platform

extension [UInt8] {
  func withRawSpanForTests<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) { try withRawSpan(body) }
}

struct RecordChannelTests {
  private func send(_ bytes: [UInt8]) throws -> ([(UInt8, [UInt8])], ChannelFault?) {
    let pipe = try Platform.Pipe()
    let end = pipe.writing
    pipe.giveUpWriting()
    let writer = try SystemThread {
      try? bytes.withRawSpan { (span) throws(SystemError) in
        try SystemCall.writeAll(span, to: end, subject: "test")
      }
      close(end)
    }
    defer { writer.join() }
    return try collect(pipe.reading)
  }

  private func collect(_ descriptor: Int32) throws -> ([(UInt8, [UInt8])], ChannelFault?) {
    var reader = RecordReader(descriptor: descriptor, kinds: 1...8)
    var records: [(UInt8, [UInt8])] = []
    do throws(ChannelFault) {
      while (try? reader.receive()) == true {
        while let record = try reader.next() { records.append((record.kind, record.payload.array)) }
      }
      try reader.finish()
    } catch { return (records, error) }
    return (records, nil)
  }

  @Test func `records of every size pass whole and in order`() throws {
    let sizes = [0, 1, 5, 600, 262_138, 262_139, 262_140, 262_144, 1_048_576, 3_000_000, 7]
    let pipe = try Platform.Pipe()
    let end = pipe.writing
    pipe.giveUpWriting()
    let thread = try SystemThread {
      let writer = RecordWriter(descriptor: end)
      for (index, size) in sizes.enumerated() {
        try? [UInt8](repeating: 0x61 + UInt8(index), count: size).withRawSpan { (span) throws(SystemError) in
          try writer.append(UInt8(1 + index % 8), span)
        }
      }
      try? writer.flush()
      close(end)
    }
    let (records, fault) = try collect(pipe.reading)
    thread.join()
    #expect(fault == nil)
    #expect(records.map(\.0) == sizes.indices.map { UInt8(1 + $0 % 8) })
    #expect(records.map(\.1.count) == sizes)
    #expect(records.enumerated().allSatisfy { at, record in record.1.allSatisfy { $0 == 0x61 + UInt8(at) } })
  }

  @Test func `an unknown kind is a fault, what came before stays`() throws {
    let (records, fault) = try send([1, 1, 0, 0, 0, 0x61, 9, 0, 0, 0, 0])
    #expect(records.map(\.1) == [[0x61]])
    #expect(fault == .unknownKind(9))
  }

  @Test func `a length above the limit is refused before it is waited for`() throws {
    let (_, fault) = try send([1, 0x01, 0, 0, 0x04])
    #expect(fault == .tooLong(64 * 1024 * 1024 + 1))
  }

  @Test func `a record that is cut is a fault`() throws {
    #expect(try send([1, 5, 0, 0, 0, 0x61]).1 == .cut)
    #expect(try send([1, 5]).1 == .cut)
    #expect(try send([]).1 == nil)
  }

  @Test func `text that is not UTF-8 is a fault`() throws {
    #expect(try send([2, 2, 0, 0, 0, 0xc0, 0xaf]).1 == .notUTF8(kind: 2))
    #expect(try send([2, 2, 0, 0, 0, 0xc3, 0xbc]).1 == nil)
  }
}
