// Why an output could not be written, in words that say what to do.

/// An output that was refused, or could not be written whole.
public enum OutputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file of that name stands there, and overwriting was not asked for.
  case exists(String)
  /// A symbolic link stands there: never written through, never replaced.
  case symbolicLink(String)
  /// Something that is no regular file (a folder, a device, a pipe) stands there.
  case notAFile(String)
  /// The temporary name stands there, left by a run that was killed; its whole records are still good.
  case leftover(String)
  /// Another run holds the temporary name.
  case inUse(String)
  /// The path names no file: empty, or it ends with a slash.
  case noName(String)
  /// The folder is missing.
  case noFolder(String)
  /// A call failed: the folder cannot be written to, the disk is full, …
  case system(SystemError)

  /// Whether something stands in the place, which the user must decide about.
  public var isOccupied: Bool {
    switch self {
    case .exists, .symbolicLink, .notAFile, .leftover, .inUse: true
    case .noName, .noFolder, .system: false
    }
  }

  public var description: String {
    switch self {
    case .exists(let path): "output \(path) exists already: name another file, or add --overwrite"
    case .symbolicLink(let path):
      "output \(path) is a symbolic link, which is never written through: remove it, or name the file itself"
    case .notAFile(let path): "output \(path) is no regular file: name another file"
    case .leftover(let path):
      "\(path) was left by a run that did not end; its whole lines are good: move it away, or add --overwrite"
    case .inUse(let path): "\(path) is being written by another run: wait for its end, or name another output"
    case .noName(let path): "output \"\(path)\" names no file: give a file name"
    case .noFolder(let path): "the folder \(path) does not exist: make it first"
    case .system(let error): error.description
    }
  }
}
