// The error of a failed system call: what was tried, on what, why it failed, what to do.

import CVeilPlatform
import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was tried, as a verb: `open`, `write`, `rename`.
  public let action: String
  /// A path or another name of the thing it was tried on.
  public let subject: String
  /// The error number (`errno`).
  public let code: Int32

  public init(_ action: String, _ subject: String, code: Int32) {
    self.action = action
    self.subject = subject
    self.code = code
  }

  /// The error of the call that has just failed on this thread.
  init(last action: String, _ subject: String) {
    self.init(action, subject, code: SystemCall.lastError)
  }

  /// The system's words for the error number.
  public var reason: String {
    // Sound: glibc's strerror gives a NUL-terminated text of this thread's own or a constant; it is copied at once.
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }

  /// What the user can do about it, where that is known.
  public var advice: String? {
    switch code {
    case ENOENT: "check the path"
    case EACCES, EPERM: "check the permissions of the file and of each folder above it"
    case ENOSPC, EDQUOT: "free some space, or name another folder"
    case EROFS: "the file system is mounted read-only: name another folder"
    case ELOOP: "it is a symbolic link: name the file itself"
    case EMFILE, ENFILE: "too many open files: raise the limit (ulimit -n), or use fewer workers"
    case ENOMEM, EAGAIN: "the system has no memory or processes left: use fewer workers"
    default: nil
    }
  }

  public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// No space, a quota or the largest file size reached.
  public var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  public var description: String {
    let base = "cannot \(action) \(subject): \(reason)"
    return advice.map { "\(base) (\($0))" } ?? base
  }
}

/// Calls that a signal may interrupt are made again.
enum SystemCall {
  static var lastError: Int32 { veil_error_number() }

  /// The result of `call`, made again for as long as a signal interrupts it. Negative: failed, see `lastError`.
  @inline(__always)
  static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result >= 0 || lastError != EINTR { return result }
    }
  }

  /// The most bytes given to one write(2). Larger ones are slower: ext4 then takes its page cache in larger pieces, and
  /// clears them first (measured on Linux 6.18: 1.2 GB in 0.27 s by 256 KiB, 0.9 s by 1 MiB, 3 s by 4 MiB).
  private static let largestWrite = 256 * 1024

  /// Writes all of `bytes`, however many calls it takes.
  static func writeAll(_ bytes: RawSpan, to descriptor: Int32, subject: String) throws(SystemError) {
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(done..<min(bytes.byteCount, done &+ largestWrite))
      // Sound: the pointer and count are of one span, used within the call only.
      let written = retrying { unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } }
      guard written >= 0 else { throw SystemError(last: "write", subject) }
      guard written > 0 else { throw SystemError("write", subject, code: ENOSPC) }
      done &+= written
    }
  }

  /// Writes all of `first` and `second`, with one call where the system takes both at once.
  static func writeAll(
    _ first: RawSpan, _ second: RawSpan, to descriptor: Int32, subject: String
  ) throws(SystemError) {
    // Sound: both pointers and counts are of spans that live through the call, and the kernel only reads.
    let written = retrying {
      unsafe first.withUnsafeBytes { first in
        unsafe second.withUnsafeBytes { second in
          let parts = unsafe [
            iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count),
          ]
          return unsafe parts.withUnsafeBufferPointer { unsafe writev(descriptor, $0.baseAddress, 2) }
        }
      }
    }
    guard written >= 0 else { throw SystemError(last: "write", subject) }
    if written < first.byteCount {
      try writeAll(first.extracting(written..<first.byteCount), to: descriptor, subject: subject)
    }
    let done = max(written - first.byteCount, 0)
    if done < second.byteCount {
      try writeAll(second.extracting(done..<second.byteCount), to: descriptor, subject: subject)
    }
  }
}
