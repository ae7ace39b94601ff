// Reading from a descriptor that somebody else opened and closes: read(2), with its errors.

import CVeilPlatform
import Glibc

/// An open file descriptor, borrowed: whoever opened it keeps it open and closes it.
public struct Descriptor: Hashable, Sendable {
  public let number: Int32

  public init(_ number: Int32) { self.number = number }

  public static let standardInput = Descriptor(STDIN_FILENO)

  /// Reads what is there, at most `buffer.count` bytes, and waits only while nothing is; 0 means the end.
  ///
  /// A call that a signal interrupts is made again. A descriptor that its owner set non-blocking is waited for.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    while true {
      let count = SystemCall.retrying {
        // Sound: the kernel writes at most `buffer.count` bytes to the caller's buffer, within the call.
        unsafe Glibc.read(number, buffer.baseAddress, buffer.count)
      }
      if count >= 0 { return count }
      guard SystemCall.lastError == EAGAIN else { throw SystemError(last: "read", name) }
      try waitForBytes()
    }
  }

  /// Moves the position to the start; fails on what cannot be read twice (a pipe).
  public func rewind() throws(SystemError) {
    guard lseek(number, 0, SEEK_SET) == 0 else { throw SystemError(last: "rewind", name) }
  }

  private var name: String { "descriptor \(number)" }

  private func waitForBytes() throws(SystemError) {
    let result = SystemCall.retrying { veil_wait_readable(number) }
    guard result >= 0 else { throw SystemError(last: "wait for", name) }
  }
}
