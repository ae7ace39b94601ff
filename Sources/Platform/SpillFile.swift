// Scratch space of a worker: a file without a name that its supervisor opened for it.

import Bytes
import CVeilPlatform
import Glibc

/// Bytes written at the end and read back from anywhere. The descriptor is borrowed.
public final class SpillFile {
  private let descriptor: Int32
  private var size: Int64 = 0

  private static let subject = "scratch space"

  /// An empty spill over a descriptor that was opened for reading and writing.
  public init(descriptor: Int32) { self.descriptor = descriptor }

  /// Appends; gives the offset at which the bytes stand.
  public func append(_ bytes: RawSpan) throws(SystemError) -> Int64 {
    let start = size
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(done..<bytes.byteCount)
      let offset = off_t(start &+ Int64(done))
      // Sound: the pointer and count are of one span, used within the call only.
      let count = SystemCall.retrying {
        unsafe rest.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset) }
      }
      guard count > 0 else { throw SystemError(last: "write", SpillFile.subject) }
      done &+= count
    }
    size = start &+ Int64(done)
    return start
  }

  /// Reads up to `count` bytes at `offset`, appending them to `out`; fewer only at the end.
  public func read(at offset: Int64, count: Int, into out: inout [UInt8]) throws(SystemError) {
    guard offset >= 0, count > 0 else { return }
    let before = out.count
    out.append(contentsOf: repeatElement(0, count: count))
    var done = 0
    defer { out.removeLast(count - done) }
    while done < count {
      let read = SystemCall.retrying {
        // Sound: the kernel writes into the part of the array that was appended above, within the call.
        unsafe out.withUnsafeMutableBytes {
          unsafe pread(
            descriptor, $0.baseAddress.map { unsafe $0 + before + done }, count - done, off_t(offset) + off_t(done))
        }
      }
      guard read >= 0 else { throw SystemError(last: "read", SpillFile.subject) }
      if read == 0 { return }
      done += read
    }
  }
}

/// The supervisor's end: makes the file, and empties it for the next attempt.
public final class SpillSpace: Sendable {
  /// Close-on-exec; valid as long as this object lives.
  public let descriptor: Int32

  /// A file without a name in the folder of `output`.
  public init(beside output: OutputFile) throws(SystemError) { descriptor = try output.folder.createUnnamed() }

  deinit { close(descriptor) }

  public func clear() throws(SystemError) {
    guard ftruncate(descriptor, 0) == 0 else { throw SystemError(last: "shorten", "scratch space") }
  }
}
