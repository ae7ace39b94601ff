// Unpacks gzip (RFC 1952), any number of members one after the other, through zlib.

import CVeilZlib

/// Bytes of compressed input read at a time.
private let inputSize = 256 * 1024
/// Window of 2^15 bytes, the largest of deflate (RFC 1951), plus 16: a gzip header and trailer are expected.
private let gzipWindowBits: Int32 = 15 + 16

// Safe: the two allocations are owned, given back in deinit, and handed to zlib for the length of a call.
@safe final class GzipSource: ByteSource {
  private let upstream: any ByteSource
  // Both are allocated here and given back in deinit: zlib keeps the stream's address.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  private var state = State.inMember
  /// Whether the last output filled its buffer: zlib may hold more without further input.
  private var mayHoldMore = false

  private enum State { case inMember, betweenMembers, ended }

  var bytesRead: UInt64 { upstream.bytesRead }

  /// - Parameter begun: compressed bytes that were read from `upstream` already.
  init(_ upstream: any ByteSource, begun: [UInt8]) {
    self.upstream = upstream
    // Sound: `input` is at least as large as `begun`; both allocations are owned from here on.
    unsafe input = .allocate(byteCount: max(inputSize, begun.count), alignment: 64)
    unsafe input.copyBytes(from: begun)
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // Sound: the stream is zeroed, as zlib asks; version and size are those of the header compiled against.
    let result = unsafe inflateInit2_(stream, gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    // Only a lack of memory or a zlib of another version can fail here.
    precondition(result == Z_OK, "zlib cannot be used: \(result)")
    setInput(count: begun.count)
  }

  deinit {
    // Sound: initialised in init, given back once.
    unsafe inflateEnd(stream)
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
    unsafe input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceFailure) -> Int {
    while state != .ended {
      if unsafe stream.pointee.avail_in == 0, !mayHoldMore {
        guard try readInput() else { break }
      }
      if state == .betweenMembers {
        guard try beginMember() else { continue }
      }
      let room = UInt32(clamping: buffer.count)
      // Sound: zlib writes at most `room` bytes to the caller's buffer, and reads what `setInput` announced.
      unsafe stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe stream.pointee.avail_out = room
      let result = unsafe inflate(stream, Z_NO_FLUSH)
      let written = unsafe Int(room - stream.pointee.avail_out)
      mayHoldMore = unsafe stream.pointee.avail_out == 0
      switch result {
      case Z_OK: break
      case Z_STREAM_END:
        state = .betweenMembers
        mayHoldMore = false
      // No progress without further input.
      case Z_BUF_ERROR: mayHoldMore = false
      default:
        pending = .damaged(.gzip, reason(result))
        state = .ended
      }
      if written > 0 { return written }
    }
    state = .ended
    if let failure = pending {
      pending = nil
      throw failure
    }
    return 0
  }

  /// An error that came with bytes: it is thrown once these are given.
  private var pending: SourceFailure?

  /// Reads compressed bytes; false at their end.
  private func readInput() throws(SourceFailure) -> Bool {
    let count: Int
    do throws(SourceFailure) {
      count = unsafe try upstream.read(into: input)
    } catch {
      state = .ended
      throw error
    }
    setInput(count: count)
    if count == 0, state == .inMember {
      state = .ended
      throw .cut(.gzip)
    }
    return count > 0
  }

  private func setInput(count: Int) {
    unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_in = UInt32(clamping: count)
  }

  /// Behind a member: passes over zero bytes (padding of tapes and some writers), begins another member, or fails where
  /// the bytes are none. False where no byte is left.
  private func beginMember() throws(SourceFailure) -> Bool {
    while unsafe stream.pointee.avail_in > 0 {
      // Sound: zlib's own cursor into `input`, with at least one byte left.
      let byte = unsafe stream.pointee.next_in.pointee
      if byte == 0x1f {
        unsafe inflateReset(stream)
        state = .inMember
        return true
      }
      guard byte == 0 else {
        state = .ended
        throw .trailing(.gzip)
      }
      unsafe stream.pointee.next_in += 1
      unsafe stream.pointee.avail_in -= 1
    }
    return false
  }

  private func reason(_ result: Int32) -> String {
    // Sound: zlib's message is a terminated constant text, copied at once.
    if let message = unsafe stream.pointee.msg { return unsafe String(cString: message) }
    return result == Z_MEM_ERROR ? "not enough memory" : "error \(result)"
  }
}
