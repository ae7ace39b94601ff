// The nearest name for a mistyped command or option, which the argument parser does not always give by itself.

import Terms

enum Suggestions {
  static let commands = ["analyze", "plugins", "explain", "help"]
  static let options = [
    "--warrant", "--output", "--flows", "--workers", "--continuous", "--overwrite", "--quiet", "--no-digest", "--limit",
    "--separate-vlans", "--json", "--help", "--version",
  ]

  /// The argument parser's message, with what was probably meant.
  static func improve(_ message: String, arguments: [String]) -> String {
    guard !message.contains("Did you mean") else { return message }
    let mistyped =
      arguments.first { $0.hasPrefix("--") && !options.contains(name($0)) && message.contains(name($0)) }
      .flatMap { Spelling.nearest(name($0), among: options) }
      ?? arguments.first.flatMap { first in
        first.hasPrefix("-") || commands.contains(first) ? nil : Spelling.nearest(first, among: commands)
      }
    return mistyped.map { "\(message)\nDid you mean '\($0)'?" } ?? message
  }

  private static func name(_ argument: String) -> String { String(argument.prefix { $0 != "=" }) }
}
