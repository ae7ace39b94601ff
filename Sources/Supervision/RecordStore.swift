// The records of one item other than flows, kept until the run is over: in memory while they are few.

import Bytes
import Platform

/// Records in the order in which they came.
public struct RecordStore: Sendable {
  private let spool: SpoolFile
  public private(set) var count = 0

  init(beside output: OutputFile) { spool = SpoolFile(beside: output) }

  mutating func append(_ kind: RecordKind, _ payload: RawSpan) throws(SystemError) {
    var header: [UInt8] = [kind.rawValue]
    let length = UInt32(clamping: payload.byteCount)
    for shift in stride(from: 0, to: 32, by: 8) { header.append(UInt8(truncatingIfNeeded: length >> shift)) }
    try header.withRawSpan { (span) throws(SystemError) in try spool.write(span) }
    try spool.write(payload)
    count += 1
  }

  /// A place to come back to.
  struct Mark {
    fileprivate var size: UInt64 = 0
    fileprivate var count = 0
  }

  var mark: Mark { Mark(size: spool.size, count: count) }

  /// Takes back everything after `mark`.
  mutating func rollBack(to mark: Mark) throws(SystemError) {
    try spool.truncate(to: mark.size)
    count = mark.count
  }

  mutating func removeAll() throws(SystemError) {
    try spool.removeAll()
    count = 0
  }

  /// Lends each record.
  public func forEach(_ body: (RecordKind, RawSpan) throws(SystemError) -> Void) throws(SystemError) {
    var pending: [UInt8] = []
    try spool.forEachPiece { (piece) throws(SystemError) in
      pending.append(piece)
      var at = 0
      try pending.withRawSpan { (bytes) throws(SystemError) in
        while bytes.byteCount - at >= RecordChannel.headerSize {
          let length = Int(bytes.u32le(at + 1))
          let end = at + RecordChannel.headerSize + length
          guard end <= bytes.byteCount, let kind = RecordKind(rawValue: bytes.u8(at)) else { return }
          try body(kind, bytes.slice(at + RecordChannel.headerSize, length))
          at = end
        }
      }
      pending.removeFirst(at)
    }
  }
}
