// The folder an output is written in, held open: what is checked, created and renamed is in one and the same folder,
// whatever happens to its path meanwhile.

import CVeilPlatform
import Glibc

/// An open folder. All names are single components in it.
final class OutputFolder: Sendable {
  let path: String
  private let descriptor: Int32

  /// The folder of `path`, and the last component.
  static func open(of path: String) throws(OutputError) -> (OutputFolder, name: String) {
    let bytes = Array(path.utf8)
    let slash = bytes.lastIndex(of: 0x2f)
    let name = String(decoding: bytes[((slash ?? -1) + 1)...], as: UTF8.self)
    guard !name.isEmpty, name != ".", name != "..", !bytes.contains(0) else { throw .noName(path) }
    let folder = slash.map { $0 == 0 ? "/" : String(decoding: bytes[..<$0], as: UTF8.self) } ?? "."
    return (try OutputFolder(folder), name)
  }

  private init(_ path: String) throws(OutputError) {
    self.path = path
    // Sound: the path is lent as a C string for the call.
    descriptor = SystemCall.retrying { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    if descriptor < 0 {
      let error = SystemError(last: "open the folder", path)
      throw error.isMissing ? .noFolder(path) : .system(error)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Throws where something stands at `name` that may not be replaced: a link, no regular file, or, where `occupied`
  /// is given, anything.
  func checkPlace(_ name: String, path: String, occupied: OutputError?) throws(OutputError) {
    var status = stat()
    // Sound: name and struct are lent for the call.
    guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      let error = SystemError(last: "look at", path)
      if error.code == ENOENT { return }
      throw .system(error)
    }
    switch status.st_mode & S_IFMT {
    case S_IFLNK: throw .symbolicLink(path)
    case S_IFREG: if let occupied { throw occupied }
    default: throw .notAFile(path)
    }
  }

  /// Creates `name`, which must not exist, and locks it for as long as it is open.
  func create(_ name: String, path: String) throws(OutputError) -> Int32 {
    let file = SystemCall.retrying {
      // Sound: the name is lent as a C string for the call. Read access too: outputs are read back for their digest.
      unsafe openat(descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
    }
    guard file >= 0 else {
      let error = SystemError(last: "create", path)
      throw error.code == EEXIST ? .leftover(path) : .system(error)
    }
    // The lock only warns a second run; where the file system has none, there is no warning.
    _ = flock(file, LOCK_EX | LOCK_NB)
    return file
  }

  /// Removes a leftover partial file, unless another run holds its lock.
  func removeLeftover(_ name: String, path: String) throws(OutputError) {
    guard let file = try lock(name, path: path) else { return }
    defer { close(file) }
    // Sound: the name is lent as a C string for the call.
    guard unsafe unlinkat(descriptor, name, 0) == 0 else { throw .system(SystemError(last: "remove", path)) }
  }

  /// Opens `name`, holding its lock; nil where nothing stands there. `.inUse` where another run holds it.
  func lock(_ name: String, path: String) throws(OutputError) -> Int32? {
    let file = SystemCall.retrying {
      // Sound: the name is lent as a C string for the call.
      unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }
    guard file >= 0 else {
      let error = SystemError(last: "open", path)
      if error.code == ENOENT { return nil }
      throw .system(error)
    }
    if flock(file, LOCK_EX | LOCK_NB) != 0, SystemCall.lastError == EWOULDBLOCK {
      close(file)
      throw .inUse(path)
    }
    return file
  }

  /// Opens `name` for reading and for writing at its end, holding its lock.
  func openToAppend(_ name: String, path: String) throws(OutputError) -> Int32 {
    let file = SystemCall.retrying {
      // Sound: the name is lent as a C string for the call.
      unsafe openat(descriptor, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
    }
    guard file >= 0 else { throw .system(SystemError(last: "open", path)) }
    if flock(file, LOCK_EX | LOCK_NB) != 0, SystemCall.lastError == EWOULDBLOCK {
      close(file)
      throw .inUse(path)
    }
    return file
  }

  func remove(_ name: String) {
    // Sound: the name is lent as a C string for the call.
    _ = unsafe unlinkat(descriptor, name, 0)
  }

  /// Renames within the folder; without `overwrite`, atomically refused where `name` exists.
  func rename(_ old: String, to name: String, path: String, overwrite: Bool) throws(OutputError) {
    // Sound, all calls here: the names are lent as C strings for the call.
    if overwrite {
      guard unsafe renameat(descriptor, old, descriptor, name) == 0 else {
        throw .system(SystemError(last: "rename into place", path))
      }
      return
    }
    if unsafe veil_renameat2(descriptor, old, descriptor, name, UInt32(VEIL_RENAME_NOREPLACE)) == 0 { return }
    let error = SystemError(last: "rename into place", path)
    if error.code == EEXIST { throw .exists(path) }
    // A file system without that flag (EINVAL): a hard link is refused just as atomically.
    guard error.code == EINVAL || error.code == ENOSYS else { throw .system(error) }
    guard unsafe linkat(descriptor, old, descriptor, name, 0) == 0 else {
      let error = SystemError(last: "rename into place", path)
      throw error.code == EEXIST ? .exists(path) : .system(error)
    }
    remove(old)
  }

  /// Exchanges two names that both exist; false where one does not, or the file system cannot.
  func exchange(_ one: String, _ other: String) -> Bool {
    // Sound: the names are lent as C strings for the call.
    unsafe veil_renameat2(descriptor, one, descriptor, other, UInt32(VEIL_RENAME_EXCHANGE)) == 0
  }

  /// Syncs the folder, so that a rename outlasts a power failure. Some file systems cannot (EINVAL), and need not.
  func sync() throws(OutputError) {
    guard SystemCall.retrying({ fsync(descriptor) }) == 0 else {
      let error = SystemError(last: "sync the folder", path)
      if error.code == EINVAL { return }
      throw .system(error)
    }
  }

  /// A file without a name in this folder, gone when it is closed.
  func createUnnamed() throws(SystemError) -> Int32 {
    // Sound, all calls here: paths are lent as C strings for the call.
    let own = "/proc/self/fd/\(descriptor)"
    let file = SystemCall.retrying { unsafe veil_open_unnamed(own, 0o600) }
    if file >= 0 { return file }
    // A file system without O_TMPFILE (EOPNOTSUPP), or no /proc: a name that is removed at once.
    for attempt in 0..<64 {
      let name = ".veilscope-spool-\(getpid())-\(attempt)"
      let file = SystemCall.retrying {
        unsafe openat(descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      }
      if file >= 0 {
        remove(name)
        return file
      }
      if SystemCall.lastError != EEXIST { break }
    }
    throw SystemError(last: "create a temporary file in", path)
  }
}
