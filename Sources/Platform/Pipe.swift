// A pipe between two processes, as large as the system allows an ordinary user.

import Bytes
import CVeilPlatform
import Glibc

/// Both ends of a pipe, close-on-exec. Each end is closed by hand, or when the object goes.
public final class Pipe {
  /// The end to read from; -1 once closed.
  public private(set) var reading: Int32
  /// The end to write to; -1 once closed.
  public private(set) var writing: Int32

  /// 1 MiB, the largest size that needs no privilege (`/proc/sys/fs/pipe-max-size`): few wake-ups a gigabyte.
  public static let size: Int32 = 1024 * 1024

  public init() throws(SystemError) {
    var ends: (Int32, Int32) = (-1, -1)
    // Sound: a tuple of two Int32 has the layout of int[2], which the call fills.
    let result = unsafe withUnsafeMutablePointer(to: &ends) {
      unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe veil_pipe($0) }
    }
    guard result == 0 else { throw SystemError(last: "create", "a pipe") }
    (reading, writing) = ends
    // A smaller pipe is slower, not wrong.
    _ = veil_set_pipe_size(writing, Pipe.size)
  }

  deinit {
    closeReading()
    closeWriting()
  }

  public func closeReading() {
    if reading >= 0 { close(reading) }
    reading = -1
  }

  /// Leaves the writing end to whoever took it over.
  public func giveUpWriting() { writing = -1 }

  public func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }
}
