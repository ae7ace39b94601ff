// A file that grows in its place, whole pieces at a time: what stands in it was written before, and stays.

import Bytes
import CVeilPlatform
import Glibc

/// A file that is only appended to. Each append is whole or not at all, as far as the system lets one know.
///
/// One thread at a time. Locked against other runs for as long as it is open.
public final class AppendFile: @unchecked Sendable {
  /// The path, as the user gave it.
  public let path: String
  /// Bytes in the file.
  public private(set) var size: UInt64

  private let folder: OutputFolder
  private let name: String
  private let descriptor: Int32
  /// Whether what stood in this place waits under another name, for `discard`.
  private var keepsOld = false

  /// What the name of a file that was replaced has behind it, until `settle`.
  public static let oldSuffix = ".replaced"

  /// Creates the file at `path`.
  ///
  /// Refused: a symbolic link or something that is no regular file; an existing file, unless `overwrite`. What is
  /// overwritten keeps standing as `NAME.replaced` until `settle`. Where such a one stands already, left by a run that
  /// was killed, it is kept, and what that run had begun in this place is removed.
  public init(creating path: String, overwrite: Bool = false) throws(OutputError) {
    let (folder, name) = try OutputFolder.open(of: path)
    try folder.checkPlace(name, path: path, occupied: overwrite ? nil : .exists(path))
    var movedOld = false
    if overwrite {
      do throws(OutputError) {
        movedOld = try folder.putAside(name, as: name + AppendFile.oldSuffix, path: path)
      } catch {
        guard error.isOccupied, case .exists = error else { throw error }
        try folder.removeLeftover(name, path: path)
        movedOld = true
      }
    }
    do throws(OutputError) {
      descriptor = try folder.create(name, path: path)
    } catch {
      if movedOld { folder.restore(name + AppendFile.oldSuffix, as: name, path: path) }
      if case .leftover = error { throw .exists(path) }
      throw error
    }
    self.path = path
    self.folder = folder
    self.name = name
    keepsOld = movedOld
    size = 0
  }

  /// Opens an existing file to append to it. A symbolic link, and a file that another run holds, are refused.
  public init(opening path: String) throws(OutputError) {
    let (folder, name) = try OutputFolder.open(of: path)
    try folder.checkPlace(name, path: path, occupied: nil)
    descriptor = try folder.openToAppend(name, path: path)
    self.path = path
    self.folder = folder
    self.name = name
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else {
      let error = SystemError(last: "read the size of", path)
      close(descriptor)
      throw .system(error)
    }
    size = UInt64(end)
  }

  deinit { close(descriptor) }

  /// Appends `bytes`: all of them, or, where the call fails, none.
  public func append(_ bytes: [UInt8]) throws(OutputError) {
    do throws(SystemError) {
      try bytes.withRawSpan { (span) throws(SystemError) in
        try SystemCall.writeAll(span, to: descriptor, subject: path)
      }
    } catch {
      // Half a line would be taken for a file that was cut.
      if ftruncate(descriptor, off_t(size)) == 0 { _ = lseek(descriptor, off_t(size), SEEK_SET) }
      throw .system(error)
    }
    size &+= UInt64(bytes.count)
  }

  /// Makes what was appended outlast a power failure; the file's name too, where `withName`.
  public func sync(withName: Bool = false) throws(OutputError) {
    guard SystemCall.retrying({ fdatasync(descriptor) }) == 0 else { throw .system(SystemError(last: "sync", path)) }
    if withName { try folder.sync() }
  }

  /// Reads at `offset` into `out`, at most its count. Returns how many bytes; 0 at the end.
  public func read(at offset: UInt64, into out: inout [UInt8]) throws(OutputError) -> Int {
    let descriptor = descriptor
    let count = SystemCall.retrying {
      // Sound: the kernel writes at most `count` bytes into the array's own storage, within the call.
      unsafe out.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    }
    guard count >= 0 else { throw .system(SystemError(last: "read", path)) }
    return count
  }

  /// Removes the file; what it replaced stands again in its place.
  public func discard() {
    folder.remove(name)
    if keepsOld { folder.restore(name + AppendFile.oldSuffix, as: name, path: path) }
    keepsOld = false
  }

  /// Removes what this file replaced.
  public func settle() {
    if keepsOld { folder.remove(name + AppendFile.oldSuffix) }
    keepsOld = false
  }
}

extension OutputFolder {
  /// Renames `name` to `other`, which must not exist. False where nothing stands at `name`; `.exists` where something
  /// stands at `other`; `.inUse` where another run writes to it.
  fileprivate func putAside(_ name: String, as other: String, path: String) throws(OutputError) -> Bool {
    guard let file = try lock(name, path: path) else { return false }
    defer { close(file) }
    try rename(name, to: other, path: path, overwrite: false)
    return true
  }

  fileprivate func restore(_ old: String, as name: String, path: String) {
    do throws(OutputError) { try rename(old, to: name, path: path, overwrite: false) } catch { return }
  }
}
