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

extension Terminal {
  /// Asks on the terminal for a secret, which is not shown while it is typed. Nil where there is no terminal, or nothing
  /// was typed.
  public static func secret(_ question: String) -> [UInt8]? {
    // Sound: the path is a constant.
    let terminal = SystemCall.retrying { unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) }
    guard terminal >= 0 else { return nil }
    defer { close(terminal) }
    func say(_ text: String) {
      do throws(SystemError) {
        try Array(text.utf8).withRawSpan { (span) throws(SystemError) in
          try SystemCall.writeAll(span, to: terminal, subject: "the terminal")
        }
      } catch { return }
    }
    guard veil_set_echo(terminal, 0) == 0 else { return nil }
    defer {
      _ = veil_set_echo(terminal, 1)
      say("\n")
    }
    say(question)
    var secret: [UInt8] = []
    var byte: UInt8 = 0
    // Sound: one byte is written to a variable of ours.
    while secret.count < 1024, SystemCall.retrying({ unsafe read(terminal, &byte, 1) }) == 1, byte != 0x0a {
      secret.append(byte)
    }
    return secret.isEmpty ? nil : secret
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
