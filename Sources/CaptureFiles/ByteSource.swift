// Where a capture's bytes come from, a block at a time.

import Platform

/// Why a source stopped before its end.
enum SourceFailure: Error, Equatable {
  case system(SystemError)
  /// The compressed stream contradicts its format; the reason, as a clause.
  case damaged(Compression, String)
  /// The compressed stream ends in its middle.
  case cut(Compression)
  /// Something else follows the last compressed stream.
  case trailing(Compression)

  /// The stable identifier of the notice that reports it.
  var code: String {
    switch self {
    case .system: "capture.read-failed"
    case .damaged: "capture.compression"
    case .cut: "capture.compression-cut"
    case .trailing: "capture.trailing-bytes"
    }
  }

  /// The failure as a clause, e.g. `the gzip stream ends in its middle`.
  var reason: String {
    switch self {
    case .system(let error): "the system refused to read on: \(error.reason)"
    case .damaged(let compression, let reason): "the \(compression) stream is damaged: \(reason)"
    case .cut(let compression): "the \(compression) stream ends in its middle"
    case .trailing(let compression): "after the end of the \(compression) stream come bytes that are none"
    }
  }
}

/// Gives bytes in order.
protocol ByteSource: AnyObject {
  /// Writes at least one byte to `buffer` (which is not empty) and returns how many; 0 at the end, and ever after.
  ///
  /// Waits only while there is none: what is there is given at once, so that a capture that still grows is read as it
  /// comes. After an error the source is at its end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceFailure) -> Int

  /// Bytes taken from the outermost source (the file) so far.
  var bytesRead: UInt64 { get }
}

/// A descriptor, read with read(2) from its current position.
final class DescriptorSource: ByteSource {
  private let descriptor: Descriptor
  private(set) var bytesRead: UInt64 = 0
  private var isAtEnd = false

  init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceFailure) -> Int {
    if isAtEnd { return 0 }
    do throws(SystemError) {
      // Sound: the caller's buffer is passed on for the length of the call.
      let count = unsafe try descriptor.read(into: buffer)
      bytesRead &+= UInt64(count)
      isAtEnd = count == 0
      return count
    } catch {
      isAtEnd = true
      throw .system(error)
    }
  }
}

/// Bytes in memory, given at most `portion` at a time.
final class MemorySource: ByteSource {
  private let contents: [UInt8]
  private let portion: Int
  private var position = 0

  init(_ contents: [UInt8], portion: Int = .max) {
    self.contents = contents
    self.portion = max(portion, 1)
  }

  var bytesRead: UInt64 { UInt64(position) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceFailure) -> Int {
    let count = min(contents.count - position, portion, buffer.count)
    // Sound: `count` fits both the buffer and the slice, which is in bounds by the line above.
    unsafe buffer.copyBytes(from: contents[position..<(position + count)])
    position += count
    return count
  }
}
