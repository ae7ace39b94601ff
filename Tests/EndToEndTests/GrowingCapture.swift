// A capture that something still writes to while it is read.

import Foundation

enum GrowingCapture {
  /// Appends to the file, byte by byte, until the thread is cancelled.
  static func grow(_ path: String) -> Thread {
    let writer = Thread {
      guard let handle = FileHandle(forWritingAtPath: path) else { return }
      while !Thread.current.isCancelled {
        _ = try? handle.seekToEnd()
        try? handle.write(contentsOf: Data([0]))
        usleep(200)
      }
    }
    writer.start()
    return writer
  }
}
