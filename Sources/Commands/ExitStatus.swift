// The exit statuses, after sysexits.h where it has a fitting one.

/// How a command ends.
public enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  case broken = 1
  case reported = 3
  case incomplete = 4
  case unsealed = 5
  case usage = 64
  case notACapture = 65
  case cannotOpen = 66
  case evidenceChanged = 70
  case outputExists = 73
  case outputFailed = 74
  case notAllowed = 77
  case configuration = 78

  var meaning: String {
    switch self {
    case .done: "done, with or without findings"
    case .broken: "verify: broken, with the entry, what was found and what was expected"
    case .incomplete: "verify: incomplete: the run was killed, the record cut, or a file is missing"
    case .unsealed: "verify: complete, but unsealed (--allow-unsealed: 0)"
    case .reported: "done, but damage, a fault or a limit is reported"
    case .usage: "the command line is wrong (no --warrant given, too)"
    case .notACapture: "the evidence is no capture"
    case .cannotOpen: "a capture cannot be opened"
    case .evidenceChanged: "the evidence changed during the run; nothing was written"
    case .outputExists: "an output exists already or is a symbolic link"
    case .outputFailed: "an output could not be written whole; nothing incomplete stands under its name"
    case .notAllowed: "the warrant does not allow it, its signature does not hold, or it cannot be read"
    case .configuration: "the configuration is wrong, or a file of anchors or revoked certificates cannot be used"
    }
  }

  /// The table for `--help` and the manual page.
  static let table = "Exit status:\n" + allCases.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n")
}

/// A command that ends early, with what to say.
struct CommandFailure: Error {
  let status: ExitStatus
  let message: String
  /// Whether it says only that a signature proves nothing here and now, with what was given.
  var isUnproven = false
}
