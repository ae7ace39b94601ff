// A few bytes handed to a child behind a descriptor: no pipe that could fill, no file that could stay.

import Bytes
import CVeilPlatform
import Glibc

/// Bytes in memory behind a descriptor, which nobody can change any more.
public final class SealedBytes {
  /// Close-on-exec; valid as long as this object lives.
  public let descriptor: Int32

  private static let subject = "a job's memory"
  /// More than any job needs; a child refuses what is longer.
  public static let longest = 256 * 1024 * 1024

  public init(_ bytes: [UInt8]) throws(SystemError) {
    // Sound: the name is a constant, lent for the call.
    let descriptor = unsafe veil_memfd_create("veilscope-job", UInt32(VEIL_MFD_CLOEXEC | VEIL_MFD_ALLOW_SEALING))
    guard descriptor >= 0 else { throw SystemError(last: "create", SealedBytes.subject) }
    do throws(SystemError) {
      try bytes.withRawSpan { (span) throws(SystemError) in
        try SystemCall.writeAll(span, to: descriptor, subject: SealedBytes.subject)
      }
      let seals = VEIL_SEAL_SHRINK | VEIL_SEAL_GROW | VEIL_SEAL_WRITE | VEIL_SEAL_SEAL
      guard veil_add_seals(descriptor, Int32(seals)) == 0 else { throw SystemError(last: "seal", SealedBytes.subject) }
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// In a child: the bytes behind the descriptor that it was given.
  public static func read(_ descriptor: Int32) throws(SystemError) -> [UInt8] {
    var status = stat()
    // Sound: the struct is lent for the call.
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError(last: "read", subject) }
    guard status.st_size >= 0, status.st_size <= longest else { throw SystemError("read", subject, code: EINVAL) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let count = SystemCall.retrying {
        // Sound: the kernel writes into the array's own storage from `done` to its end, within the call.
        unsafe bytes.withUnsafeMutableBytes {
          unsafe pread(descriptor, $0.baseAddress.map { unsafe $0 + done }, $0.count - done, off_t(done))
        }
      }
      guard count > 0 else { throw SystemError(last: "read", subject) }
      done += count
    }
    return bytes
  }
}
