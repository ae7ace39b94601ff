// What is said on standard output and standard error, and how the process ends.

import Platform

enum Say {
  /// One or more lines on standard error.
  static func error(_ text: String) { try? Terminal.error.write(text.hasSuffix("\n") ? text : text + "\n") }

  /// One or more lines on standard output. Where they cannot be written there is nobody to tell.
  static func output(_ text: String) { try? Terminal.output.write(text.hasSuffix("\n") ? text : text + "\n") }

  static func end(_ status: ExitStatus) -> Never { end(code: status.rawValue) }
  static func end(code: Int32) -> Never { ProcessEnd.now(code) }

  /// Text of the evidence or a path, fit for a terminal: control and bidirectional characters are replaced.
  static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x00...0x1f, 0x7f...0x9f, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: "\u{fffd}"
          default: scalar
          }
        }))
  }
}
