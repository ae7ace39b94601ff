// A temporary file without a name: records that wait for their turn. The system removes it when it is closed.

import Bytes
import CVeilPlatform
import Glibc

/// Bytes that wait: in memory up to a threshold, then in an unnamed file beside the output they are meant for.
///
/// Nothing is created on the disk until the threshold is passed. One thread at a time: whoever has it passes it on.
public final class SpoolFile: @unchecked Sendable {
  /// Bytes written so far.
  public var size: UInt64 { flushed &+ UInt64(buffer.count) }

  private let folder: OutputFolder
  private var descriptor: Int32 = -1
  private var buffer: [UInt8] = []
  private var flushed: UInt64 = 0
  private let threshold: Int

  /// One write a quarter of a mebibyte, as for outputs.
  public static let defaultThreshold = 256 * 1024

  /// A spool in the folder of `output`. Up to `threshold` bytes stay in memory.
  public init(beside output: OutputFile, threshold: Int = SpoolFile.defaultThreshold) {
    folder = output.folder
    self.threshold = threshold
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  public func write(_ bytes: RawSpan) throws(SystemError) {
    if buffer.count &+ bytes.byteCount > threshold { try flush() }
    if bytes.byteCount >= threshold {
      try open()
      try SystemCall.writeAll(bytes, to: descriptor, subject: subject)
      flushed &+= UInt64(bytes.byteCount)
    } else {
      buffer.append(bytes)
    }
  }

  /// Forgets everything.
  public func removeAll() throws(SystemError) {
    buffer.removeAll(keepingCapacity: true)
    guard flushed > 0 else { return }
    guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) >= 0 else {
      throw SystemError(last: "shorten", subject)
    }
    flushed = 0
  }

  /// Takes back everything after the first `size` bytes.
  public func truncate(to size: UInt64) throws(SystemError) {
    guard size < self.size else { return }
    if size >= flushed {
      buffer.removeSubrange(Int(size &- flushed)...)
      return
    }
    buffer.removeAll(keepingCapacity: true)
    guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
      throw SystemError(last: "shorten", subject)
    }
    flushed = size
  }

  /// Lends the contents from the beginning, in pieces of at most 256 KiB.
  public func forEachPiece(_ body: (RawSpan) throws(SystemError) -> Void) throws(SystemError) {
    var offset: UInt64 = 0
    var piece = [UInt8](repeating: 0, count: offset < flushed ? SpoolFile.defaultThreshold : 0)
    while offset < flushed {
      let descriptor = descriptor
      let count = SystemCall.retrying {
        // Sound: the kernel writes at most `count` bytes into the array's own storage, within the call.
        unsafe piece.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
      }
      guard count > 0 else { throw count < 0 ? SystemError(last: "read", subject) : lost }
      try piece.withRawSpan { (span) throws(SystemError) in try body(span.extracting(0..<count)) }
      offset &+= UInt64(count)
    }
    if !buffer.isEmpty { try buffer.withRawSpan { (span) throws(SystemError) in try body(span) } }
  }

  /// Appends everything to `target` at its position. Returns how many bytes that were.
  func copyAll(to target: Int32, named name: String) throws(SystemError) -> UInt64 {
    if flushed > 0 {
      guard lseek(descriptor, 0, SEEK_SET) >= 0 else { throw SystemError(last: "read", subject) }
      var left = flushed
      while left > 0 {
        let count = SystemCall.retrying { veil_copy_file_range(descriptor, target, Int(clamping: left)) }
        if count > 0 {
          left &-= UInt64(count)
          continue
        }
        guard count < 0 else { throw lost }
        let error = SystemError(last: "write", name)
        // Between two file systems, or in one that cannot: by hand, from where it stopped.
        guard [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(error.code) else { throw error }
        try copyByHand(from: flushed &- left, to: target, named: name)
        left = 0
      }
    }
    try buffer.withRawSpan { (span) throws(SystemError) in
      try SystemCall.writeAll(span, to: target, subject: name)
    }
    return size
  }

  private func copyByHand(from start: UInt64, to target: Int32, named name: String) throws(SystemError) {
    var offset: UInt64 = 0
    try forEachPiece { (piece) throws(SystemError) in
      let end = offset &+ UInt64(piece.byteCount)
      defer { offset = end }
      // The part in memory is appended by the caller.
      guard end > start, offset < flushed else { return }
      let skipped = start > offset ? Int(start &- offset) : 0
      try SystemCall.writeAll(piece.extracting(skipped..<piece.byteCount), to: target, subject: name)
    }
  }

  private func flush() throws(SystemError) {
    guard !buffer.isEmpty else { return }
    try open()
    try buffer.withRawSpan { (span) throws(SystemError) in
      try SystemCall.writeAll(span, to: descriptor, subject: subject)
    }
    flushed &+= UInt64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  private func open() throws(SystemError) {
    if descriptor < 0 { descriptor = try folder.createUnnamed() }
  }

  private var subject: String { "a temporary file in \(folder.path)" }
  private var lost: SystemError { SystemError("read back", subject, code: EIO) }
}
