// Memory that two processes map, behind a descriptor that a child can be given.

import CVeilPlatform
import Glibc

/// Memory of a fixed size, all zero at first. The descriptor is close-on-exec, and both are valid as long as this object
/// lives.
@safe
final class SharedMemory: Sendable {
  let descriptor: Int32
  // Sound: set once; who uses the memory says how it is touched.
  nonisolated(unsafe) let base: UnsafeMutableRawPointer
  private let byteCount: Int

  /// - Parameters:
  ///   - name: what the system shows of it.
  ///   - subject: what errors call it.
  init(_ name: String, byteCount: Int, subject: String) throws(SystemError) {
    // Sound: the name is lent for the call.
    descriptor = unsafe veil_memfd_create(name, UInt32(VEIL_MFD_CLOEXEC | VEIL_MFD_ALLOW_SEALING))
    guard descriptor >= 0 else { throw SystemError(last: "create", subject) }
    guard ftruncate(descriptor, off_t(byteCount)) == 0,
      // Without the seals a worker could shrink the file, and the supervisor's next look would be fatal (SIGBUS).
      veil_add_seals(descriptor, Int32(VEIL_SEAL_SHRINK | VEIL_SEAL_GROW | VEIL_SEAL_SEAL)) == 0,
      let base = unsafe SharedMemory.map(descriptor, byteCount)
    else {
      let error = SystemError(last: "create", subject)
      close(descriptor)
      throw error
    }
    unsafe self.base = unsafe base
    self.byteCount = byteCount
  }

  deinit {
    // Sound: mapped in init; what lies over it is documented not to outlive this object.
    unsafe munmap(base, byteCount)
    close(descriptor)
  }

  /// In a child: maps what it was given, for as long as the process lives. The descriptor can be closed then.
  static func map(given descriptor: Int32, byteCount: Int, subject: String) throws(SystemError)
    -> UnsafeMutableRawPointer
  {
    var status = stat()
    // Sound: the struct is lent for the call. A smaller file would be fatal at the first store.
    guard unsafe fstat(descriptor, &status) == 0, status.st_size == off_t(byteCount),
      let base = unsafe map(descriptor, byteCount)
    else { throw SystemError("use", subject, code: EINVAL) }
    return unsafe base
  }

  private static func map(_ descriptor: Int32, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    // Sound: a fresh mapping of a file of that size.
    let base = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    return unsafe base == MAP_FAILED ? nil : base
  }
}
