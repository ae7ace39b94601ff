// Passes a stream on to a pipe, and notices when nobody reads it any more, even while it waits for the stream.

import Bytes
import CVeilPlatform
import Glibc

/// Reads from a stream, writes to a pipe. Run it on a `SystemThread`, where SIGPIPE is held back: the write fails instead.
public final class StreamPump: Sendable {
  private let input: InputFile
  private let target: Int32

  /// Takes over `target`, the writing end of a pipe.
  public init(from input: InputFile, to target: Int32) {
    self.input = input
    self.target = target
  }

  /// Waits for bytes and reads them. Gives how many; 0 at the end; nil when the pipe has no reader any more.
  public func read(into buffer: inout [UInt8]) throws(SystemError) -> Int? {
    while true {
      var entries = [
        pollfd(fd: input.descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: target, events: 0, revents: 0),
      ]
      // Sound: two entries are lent for the call.
      let count = unsafe entries.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, nfds_t($0.count), -1) }
      if count < 0 {
        if SystemCall.lastError == EINTR { continue }
        throw SystemError(last: "wait for", input.name)
      }
      if entries[1].revents & Int16(POLLERR) != 0 { return nil }
      if entries[0].revents != 0 { return try input.readNext(into: &buffer) }
    }
  }

  /// Writes all bytes. False when the pipe has no reader any more.
  public func write(_ bytes: [UInt8]) -> Bool {
    (try? bytes.withRawSpan { (span) throws(SystemError) in
      try SystemCall.writeAll(span, to: target, subject: "a worker")
    }) != nil
  }

  /// Ends the pipe. Nothing can be written any more.
  public func closeTarget() { close(target) }
}
