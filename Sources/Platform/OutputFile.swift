// An output file: written under a temporary name, synced, and only then renamed into its place.
// What stands under the final name is therefore always whole; a kill at any moment leaves `NAME.partial`.

import Bytes
import CVeilPlatform
import Glibc

/// A file being written as `NAME.partial` in the folder of `NAME`.
///
/// `init` refuses before any work is done; `write` buffers; `finish` syncs; `publish` renames. Every write error is
/// thrown, by the call itself or at the latest by `finish`, and comes again on each later call: a file that has failed
/// is never published. Without `publish`, the partial file stays where it is, as after a kill; `discard` removes it.
/// One thread at a time: whoever has it passes it on.
public final class OutputFile: @unchecked Sendable {
  /// The final path, as the user gave it.
  public let path: String
  /// The path until `publish`.
  public var partialPath: String { path + OutputFile.suffix }
  /// Bytes written so far, those in the buffer included.
  public var size: UInt64 { flushed &+ UInt64(buffer.count) }
  /// For reading back what was flushed. Valid as long as this object lives.
  public let descriptor: Int32

  let folder: OutputFolder
  private let name: String
  private let overwrite: Bool
  private var buffer: [UInt8] = []
  private var flushed: UInt64 = 0
  private var failure: OutputError?
  private var isPublished = false
  /// Whether what stood under the final name waits under the temporary one, for `withdraw`.
  private var keepsOld = false

  /// Is told of everything that is handed to the system, in order, and of what is taken back. Set before the first write.
  public var observer: (any WriteObserver)?

  /// What the temporary name adds to the final one.
  public static let suffix = ".partial"
  /// One write a quarter of a mebibyte: the cost of the calls vanishes, and memory stays small.
  private static let bufferSize = 256 * 1024

  /// Opens `path` with `.partial` added, for writing.
  ///
  /// Refused: a symbolic link or something that is no regular file in either place; an existing file in either place,
  /// unless `overwrite`. Overwriting removes a leftover partial file, but not one that another run holds. The file at
  /// `path` stays untouched until `publish`.
  public init(path: String, overwrite: Bool = false) throws(OutputError) {
    let (folder, name) = try OutputFolder.open(of: path)
    self.path = path
    self.folder = folder
    self.name = name
    self.overwrite = overwrite
    let partial = name + OutputFile.suffix
    try folder.checkPlace(name, path: path, occupied: overwrite ? nil : .exists(path))
    try folder.checkPlace(
      partial, path: path + OutputFile.suffix, occupied: overwrite ? nil : .leftover(path + OutputFile.suffix))
    if overwrite { try folder.removeLeftover(partial, path: path + OutputFile.suffix) }
    descriptor = try folder.create(partial, path: path + OutputFile.suffix)
    buffer.reserveCapacity(OutputFile.bufferSize)
  }

  deinit { close(descriptor) }

  /// Appends `bytes`.
  public func write(_ bytes: RawSpan) throws(OutputError) {
    if let failure { throw failure }
    if buffer.count &+ bytes.byteCount > OutputFile.bufferSize { try flush() }
    if bytes.byteCount >= OutputFile.bufferSize {
      try writeThrough(bytes)
    } else {
      buffer.append(bytes)
    }
  }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws(OutputError) {
    try bytes.withRawSpan { (span) throws(OutputError) in try write(span) }
  }

  /// Hands the buffer to the system.
  public func flush() throws(OutputError) {
    if let failure { throw failure }
    guard !buffer.isEmpty else { return }
    try buffer.withRawSpan { (span) throws(OutputError) in try writeThrough(span) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Takes back everything after the first `size` bytes.
  public func truncate(to size: UInt64) throws(OutputError) {
    if let failure { throw failure }
    guard size < self.size else { return }
    if size >= flushed {
      buffer.removeSubrange(Int(size &- flushed)...)
      return
    }
    buffer.removeAll(keepingCapacity: true)
    guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
      throw fail(SystemError(last: "shorten", partialPath))
    }
    flushed = size
    observer?.cut(to: size)
  }

  /// Reads what was flushed at `offset` into `out`, at most its count. Returns how many bytes; 0 at the end.
  public func read(at offset: UInt64, into out: inout [UInt8]) throws(OutputError) -> Int {
    let descriptor = descriptor
    let count = SystemCall.retrying {
      // Sound: the kernel writes at most `count` bytes into the array's own storage, within the call.
      unsafe out.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    }
    guard count >= 0 else { throw .system(SystemError(last: "read back", partialPath)) }
    return count
  }

  /// Where it stands, as the kernel resolved the name. Without the temporary name's suffix.
  public var resolvedPath: String? {
    OpenFile.path(of: descriptor).map {
      $0.hasSuffix(OutputFile.suffix) ? String($0.dropLast(OutputFile.suffix.count)) : $0
    }
  }

  /// Appends the whole contents of `spool`, inside the kernel where the file system can.
  public func append(_ spool: SpoolFile) throws(OutputError) {
    try flush()
    do {
      let count = try spool.copyAll(to: descriptor, named: partialPath)
      flushed &+= count
    } catch { throw fail(error) }
  }

  /// Writes out and syncs the contents: after it, they are on the disk under the partial name.
  public func finish() throws(OutputError) {
    try flush()
    guard SystemCall.retrying({ fsync(descriptor) }) == 0 else { throw fail(SystemError(last: "sync", partialPath)) }
    let end = lseek(descriptor, 0, SEEK_END)
    // What is claimed equals what is written.
    guard end >= 0, UInt64(end) == flushed else { throw fail(SystemError("write all of", partialPath, code: EIO)) }
  }

  /// Renames the finished file into its place and syncs the folder. Call `finish` first.
  public func publish() throws(OutputError) { try OutputFile.publish([self]) }

  /// Renames finished files into their places, all or none: where one cannot be, those before it are taken back, and what
  /// they replaced stands again under its name (where the file system can exchange two names; else nothing stands there).
  ///
  /// A kill between two renames is the one case in which some stand without the others.
  public static func publish(_ files: [OutputFile]) throws(OutputError) {
    let files = files.filter { !$0.isPublished }
    try place(files)
    for file in files { file.settle() }
  }

  /// The same, and then `commit`, which says somewhere that they have their names: where it fails, they are taken back too,
  /// so that nothing stands that nobody vouches for. Throws an `OutputError`, or what `commit` throws.
  public static func publish(_ files: [OutputFile], thenCommit commit: () throws -> Void) throws {
    let files = files.filter { !$0.isPublished }
    try place(files)
    do { try commit() } catch {
      for file in files.reversed() { file.withdraw() }
      throw error
    }
    for file in files { file.settle() }
  }

  private static func place(_ files: [OutputFile]) throws(OutputError) {
    // What can be known beforehand: nothing is renamed in vain.
    for file in files { try file.checkPublishable() }
    do throws(OutputError) {
      for file in files { try file.moveIntoPlace() }
      for file in files { try file.folder.sync() }
    } catch {
      for file in files.reversed() { file.withdraw() }
      throw error
    }
  }

  private func checkPublishable() throws(OutputError) {
    if let failure { throw failure }
    guard buffer.isEmpty else { throw fail(SystemError("publish", path, code: EINVAL)) }
    try folder.checkPlace(name, path: path, occupied: overwrite ? nil : .exists(path))
  }

  private func moveIntoPlace() throws(OutputError) {
    // Again, for what came in the meantime: a link is never replaced.
    try folder.checkPlace(name, path: path, occupied: overwrite ? nil : .exists(path))
    let partial = name + OutputFile.suffix
    if overwrite, folder.exchange(partial, name) {
      keepsOld = true
    } else {
      try folder.rename(partial, to: name, path: path, overwrite: overwrite)
    }
    isPublished = true
  }

  /// Takes a published file back to its temporary name.
  private func withdraw() {
    guard isPublished else { return }
    let partial = name + OutputFile.suffix
    if keepsOld {
      guard folder.exchange(partial, name) else { return }
    } else {
      do throws(OutputError) { try folder.rename(name, to: partial, path: path, overwrite: true) } catch { return }
    }
    keepsOld = false
    isPublished = false
  }

  private func settle() {
    if keepsOld { folder.remove(name + OutputFile.suffix) }
    keepsOld = false
  }

  /// Removes the partial file. Nothing that was whole is touched: a published file stays.
  public func discard() {
    guard !isPublished else { return }
    failure = failure ?? .system(SystemError("write", partialPath, code: ECANCELED))
    folder.remove(name + OutputFile.suffix)
  }

  private func writeThrough(_ bytes: RawSpan) throws(OutputError) {
    do {
      try SystemCall.writeAll(bytes, to: descriptor, subject: partialPath)
    } catch { throw fail(error) }
    observer?.wrote(bytes, at: flushed)
    flushed &+= UInt64(bytes.byteCount)
  }

  private func fail(_ error: SystemError) -> OutputError {
    let failure = OutputError.system(error)
    self.failure = failure
    return failure
  }
}

/// Watches what is written to an output. What is appended from a spool passes it by: there the offsets have a gap.
public protocol WriteObserver: AnyObject {
  /// `bytes` now stand at `offset`.
  func wrote(_ bytes: RawSpan, at offset: UInt64)
  /// What stood behind the first `size` bytes is gone.
  func cut(to size: UInt64)
}
