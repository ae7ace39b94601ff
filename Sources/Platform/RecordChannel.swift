// The channel from a worker to its supervisor: length-prefixed records of text.
//
//   kind     1 byte    of a range that the reader names
//   length   4 bytes   little-endian, bytes of payload, at most 64 MiB
//   payload  UTF-8 text
//
// What it carries was made out of hostile bytes by a process that they may have taken over: the reader believes nothing.

import Bytes
import CVeilPlatform
import Glibc

/// Sizes that both ends know.
public enum RecordChannel {
  public static let headerSize = 5
  /// The longest payload. The longest record in sight, an evidence's list of interfaces, stays far below.
  public static let longestPayload = 64 * 1024 * 1024
  /// One system call a quarter of a mebibyte.
  static let batchSize = 256 * 1024
}

/// Writes records in batches.
public final class RecordWriter {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// The descriptor stays the caller's and must outlive the writer.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
    buffer.reserveCapacity(RecordChannel.batchSize)
  }

  /// Payloads from this size on are not copied into the batch.
  private static let largePayload = 64 * 1024

  /// Adds a record. The payload must be UTF-8 of at most 64 MiB: the reader takes anything else for a fault.
  public func append(_ kind: UInt8, _ payload: RawSpan) throws(SystemError) {
    let length = UInt32(clamping: payload.byteCount)
    if buffer.count &+ payload.byteCount &+ RecordChannel.headerSize > RecordChannel.batchSize { try flush() }
    buffer.append(kind)
    buffer.append(UInt8(truncatingIfNeeded: length))
    buffer.append(UInt8(truncatingIfNeeded: length >> 8))
    buffer.append(UInt8(truncatingIfNeeded: length >> 16))
    buffer.append(UInt8(truncatingIfNeeded: length >> 24))
    if payload.byteCount < RecordWriter.largePayload {
      buffer.append(payload)
    } else {
      // With one call: a header on its own would wake the reader, who then spins on the pipe's lock while the payload is
      // written (measured: 0.3 s of 1.2 GB).
      try buffer.withRawSpan { (span) throws(SystemError) in
        try SystemCall.writeAll(span, payload, to: descriptor, subject: "the record channel")
      }
      buffer.removeAll(keepingCapacity: true)
    }
  }

  /// Hands everything to the system. Needed at the end, and before a wait.
  public func flush() throws(SystemError) {
    guard !buffer.isEmpty else { return }
    try buffer.withRawSpan { (span) throws(SystemError) in
      try SystemCall.writeAll(span, to: descriptor, subject: "the record channel")
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// What is wrong with a channel.
public enum ChannelFault: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownKind(UInt8)
  case tooLong(Int)
  case notUTF8(kind: UInt8)
  /// The channel ended inside a record.
  case cut
  /// A record names a slot of the shared memory that there is not, or more than it holds.
  case noSuchSlot

  public var description: String {
    switch self {
    case .unknownKind(let kind): "a record of the unknown kind \(kind)"
    case .tooLong(let length): "a record of \(length) bytes"
    case .notUTF8(let kind): "a record of kind \(kind) that is not UTF-8"
    case .cut: "a record that was cut short"
    case .noSuchSlot: "a record of lines that stand nowhere"
    }
  }
}

/// One record, in the reader's buffer.
public struct ChannelRecord: ~Escapable {
  public let kind: UInt8
  public let payload: RawSpan

  @_lifetime(copy payload)
  init(kind: UInt8, payload: RawSpan) {
    self.kind = kind
    self.payload = payload
  }
}

/// Reads records and checks each: kind, length, UTF-8.
public struct RecordReader: ~Copyable {
  private let descriptor: Int32
  private let kinds: ClosedRange<UInt8>
  private var buffer: [UInt8]
  /// The unread part of the buffer.
  private var start = 0
  private var end = 0

  /// As large as the pipe: what is there is read with one call.
  private static let bufferSize = 1024 * 1024

  /// The descriptor stays the caller's and must outlive the reader.
  public init(descriptor: Int32, kinds: ClosedRange<UInt8>) {
    self.descriptor = descriptor
    self.kinds = kinds
    buffer = [UInt8](repeating: 0, count: RecordReader.bufferSize)
  }

  /// Waits until something can be read (the end too), at most so long. Returns whether it can.
  public func wait(milliseconds: Int32) throws(SystemError) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // Sound: one entry is lent for the call. A signal ends the wait early, which every caller bears.
    let count = unsafe poll(&entry, 1, milliseconds)
    if count < 0, SystemCall.lastError != EINTR { throw SystemError(last: "wait for", "the record channel") }
    return count > 0
  }

  /// Reads what is there, with one call. False at the channel's end. Take all records with `next` before.
  public mutating func receive() throws(SystemError) -> Bool {
    if start > 0 {
      // Less than one record is left over: little to move.
      let left = end - start
      if left > 0 { buffer.replaceSubrange(0..<left, with: Array(buffer[start..<end])) }
      (start, end) = (0, left)
    }
    if end == buffer.count {
      // Only a record longer than the buffer fills it; `next` has checked the length it claims.
      let wanted = min(buffer.count * 2, RecordChannel.longestPayload + RecordChannel.headerSize)
      buffer.append(contentsOf: repeatElement(0, count: max(wanted - buffer.count, 0)))
    }
    let (descriptor, offset) = (descriptor, end)
    let count = SystemCall.retrying {
      // Sound: the kernel writes into the array's own storage from `offset` to its end, within the call.
      unsafe buffer.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress.map { unsafe $0 + offset }, $0.count - offset)
      }
    }
    guard count >= 0 else { throw SystemError(last: "read", "the record channel") }
    end += count
    return count > 0
  }

  /// The next whole record that has been received, or nil: receive more.
  @_lifetime(&self)
  public mutating func next() throws(ChannelFault) -> ChannelRecord? {
    guard let (kind, range) = try nextRange() else { return nil }
    // Sound: the span borrows the reader, so the buffer cannot change while the record is looked at.
    let payload = unsafe buffer.span.bytes.extracting(range)
    guard payload.isUTF8 else { throw .notUTF8(kind: kind) }
    return ChannelRecord(kind: kind, payload: payload)
  }

  /// Lends every whole record that has been received to `body`. Gives what is wrong with the next one, nil if nothing:
  /// then receive more.
  public mutating func forEach<Failure: Error>(
    _ body: (ChannelRecord) throws(Failure) -> Void
  ) throws(Failure) -> ChannelFault? {
    while true {
      let found: (kind: UInt8, range: Range<Int>)?
      do throws(ChannelFault) { found = try nextRange() } catch { return error }
      guard let found else { return nil }
      // Sound: as in `next`.
      let payload = unsafe buffer.span.bytes.extracting(found.range)
      guard payload.isUTF8 else { return .notUTF8(kind: found.kind) }
      try body(ChannelRecord(kind: found.kind, payload: payload))
    }
  }

  private mutating func nextRange() throws(ChannelFault) -> (kind: UInt8, range: Range<Int>)? {
    let there = end &- start
    guard there >= RecordChannel.headerSize else { return nil }
    let at = start
    let kind = buffer[at]
    guard kinds.contains(kind) else { throw .unknownKind(kind) }
    let length =
      Int(buffer[at &+ 1]) | Int(buffer[at &+ 2]) << 8 | Int(buffer[at &+ 3]) << 16 | Int(buffer[at &+ 4]) << 24
    guard length <= RecordChannel.longestPayload else { throw .tooLong(length) }
    guard there &- RecordChannel.headerSize >= length else { return nil }
    let first = at &+ RecordChannel.headerSize
    start = first &+ length
    return (kind, first..<first &+ length)
  }

  /// At the channel's end: throws where it ended inside a record.
  public func finish() throws(ChannelFault) {
    guard start == end else { throw .cut }
  }
}
