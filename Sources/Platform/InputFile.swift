// Evidence opened for reading: the descriptor, what identifies the file, and whether it stayed the same.

import Bytes
import CVeilPlatform
import Glibc

/// What identifies a file, and what changes when somebody writes to it (POSIX `stat`).
public struct FileIdentity: Equatable, Sendable {
  public let device: UInt64
  public let inode: UInt64
  /// Bytes; 0 for a stream.
  public let size: UInt64
  /// Last modification, nanoseconds since 1970-01-01 UTC.
  public let modified: Int64
  /// Last change of the inode, nanoseconds since 1970-01-01 UTC: unlike `modified`, no user can set it back.
  public let changed: Int64

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = UInt64(clamping: status.st_size)
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
  }

  /// Whether both name the same file.
  public func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }

  /// Whether the contents can be taken as untouched: same file, size and modification time. A further hard link or a
  /// changed mode moves `changed` only, and is no change of the evidence.
  public func hasSameContents(as other: FileIdentity) -> Bool {
    isSameFile(as: other) && size == other.size && modified == other.modified
  }
}

/// A file, or standard input, opened for reading. Closed when the last reference goes.
public final class InputFile: Sendable {
  /// What the user called it: the path, or `-`.
  public let name: String
  /// Valid as long as this object lives; close-on-exec.
  public let descriptor: Int32
  /// As it was when it was opened.
  public let identity: FileIdentity
  /// Whether it can be read twice: a regular file, at its beginning. Pipes, sockets, terminals and devices cannot.
  public let isSeekable: Bool

  /// Opens the file at `path`, read-only. A symbolic link as last component is refused: what is read must be what was
  /// named. A folder is refused. Opening a named pipe waits for its writer.
  public init(path: String) throws(SystemError) {
    let descriptor = SystemCall.retrying {
      // Sound: the path is lent as a C string for the call.
      unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)
    }
    guard descriptor >= 0 else { throw SystemError(last: "open", path) }
    do throws(SystemError) {
      let status = try InputFile.status(of: descriptor, named: path)
      guard status.st_mode & S_IFMT != S_IFDIR else { throw SystemError("read", path, code: EISDIR) }
      self.identity = FileIdentity(status)
      self.isSeekable = InputFile.isSeekable(status, descriptor)
    } catch {
      close(descriptor)
      throw error
    }
    self.name = path
    self.descriptor = descriptor
  }

  /// Standard input, under the name `-`. The descriptor is a duplicate.
  public static func standardInput() throws(SystemError) -> InputFile {
    try InputFile(duplicating: STDIN_FILENO, name: "-")
  }

  /// A duplicate of an open descriptor.
  public init(duplicating original: Int32, name: String) throws(SystemError) {
    let descriptor = veil_duplicate_above(original, 3)
    guard descriptor >= 0 else { throw SystemError(last: "open", name) }
    do throws(SystemError) {
      let status = try InputFile.status(of: descriptor, named: name)
      self.identity = FileIdentity(status)
      self.isSeekable = InputFile.isSeekable(status, descriptor)
    } catch {
      close(descriptor)
      throw error
    }
    self.name = name
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Where it is, as the kernel resolved the name: the absolute path, links in folders followed; of a pipe its number.
  public var resolvedPath: String? { OpenFile.path(of: descriptor) }

  /// The identity as it is now; compare with `identity` to know whether somebody wrote to the file.
  public func currentIdentity() throws(SystemError) -> FileIdentity {
    FileIdentity(try InputFile.status(of: descriptor, named: name))
  }

  /// Sets the position that reads in a child begin from back to the start.
  public func rewind() throws(SystemError) {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw SystemError(last: "rewind", name) }
  }

  /// Reads at `offset` into `buffer`, at most its count, without moving the file's position.
  /// Returns how many bytes were read; 0 at the end.
  public func read(at offset: UInt64, into buffer: inout [UInt8]) throws(SystemError) -> Int {
    let descriptor = descriptor
    let count = SystemCall.retrying {
      // Sound: the kernel writes at most `count` bytes into the array's own storage, within the call.
      unsafe buffer.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    }
    guard count >= 0 else { throw SystemError(last: "read", name) }
    return count
  }

  /// Reads the next bytes of a stream into `buffer`, at most its count. Returns how many; 0 at the end.
  public func readNext(into buffer: inout [UInt8]) throws(SystemError) -> Int {
    let descriptor = descriptor
    let count = SystemCall.retrying {
      // Sound: as in `read(at:into:)`.
      unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    }
    guard count >= 0 else { throw SystemError(last: "read", name) }
    return count
  }

  private static func status(of descriptor: Int32, named name: String) throws(SystemError) -> stat {
    var status = stat()
    // Sound: the kernel fills the struct that is lent for the call.
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError(last: "read the properties of", name) }
    return status
  }

  /// Standard input may be a file from which something has been read already: what came before is no evidence then.
  private static func isSeekable(_ status: stat, _ descriptor: Int32) -> Bool {
    status.st_mode & S_IFMT == S_IFREG && lseek(descriptor, 0, SEEK_CUR) == 0
  }
}
