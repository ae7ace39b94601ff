// Whether a person is watching, and how wide the screen is.

import Bytes
import CVeilPlatform
import Glibc

/// One of the three standard streams.
public enum Terminal: Int32, Sendable {
  case input = 0
  case output = 1
  case error = 2

  /// Whether the stream is a terminal.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Columns of the terminal; nil where the stream is none, or does not say.
  public var columns: Int? {
    let columns = veil_terminal_columns(rawValue)
    return columns > 0 ? Int(columns) : nil
  }

  /// Writes text at once, unbuffered.
  public func write(_ text: String) throws(SystemError) {
    try Array(text.utf8).withRawSpan { (span) throws(SystemError) in
      try SystemCall.writeAll(span, to: rawValue, subject: "\(self)")
    }
  }
}

extension Terminal: CustomStringConvertible {
  public var description: String {
    switch self {
    case .input: "standard input"
    case .output: "standard output"
    case .error: "standard error"
    }
  }
}
