// What was probably meant by a command line that is not understood: the nearest name, or what is expected in its place.
// The argument parser gives neither always by itself.

import Terms

enum Suggestions {
  static let commands = ["analyze", "verify", "custody", "warrant", "config", "plugins", "explain", "help"]
  /// Commands of a command.
  static let subcommands = [
    "custody": ["show", "note", "attach-timestamp"], "warrant": ["check", "show", "new"], "config": ["show"],
  ]
  static let options = [
    "--warrant", "--output", "--flows", "--workers", "--continuous", "--overwrite", "--quiet", "--no-digest", "--limit",
    "--separate-vlans", "--json", "--help", "--version", "--trust", "--trust-tsa", "--crl", "--signature",
    "--timestamp",
    "--config", "--reference", "--act", "--provision", "--legal-type", "--issued", "--issued-by", "--office", "--court",
    "--agency", "--officer", "--from", "--until", "--data-from", "--data-until", "--target", "--exclude", "--exhibit",
    "--operator", "--sign-with", "--sign-key", "--passphrase-file", "--timestamp-query", "--durable", "--record",
    "--evidence", "--skip-evidence", "--allow-unsealed", "--again", "--earlier", "--head", "--enter",
    "--category", "--covers", "--condition", "--report-due", "--offence", "--profile", "--inside-tunnels", "--training",
  ]
  /// Not listed, but no mistake.
  private static let hidden = ["generate", "-h"]

  /// The argument parser's message, with what was probably meant.
  static func improve(_ message: String, arguments: [String]) -> String {
    guard !message.contains("Did you mean"), let advice = advice(message, arguments) else { return message }
    return "\(message)\n\(advice)"
  }

  private static func advice(_ message: String, _ arguments: [String]) -> String? {
    for argument in arguments where argument.hasPrefix("--") && !options.contains(name(argument)) {
      // The hyphens, which all share, make nothing alike. A mistyped option that must be given is missing first of all.
      guard
        let near = Spelling.nearest(
          String(name(argument).dropFirst(2)), among: options.map { String($0.dropFirst(2)) }),
        message.contains(name(argument)) || message.contains("'--\(near)")
      else { continue }
      return "'\(name(argument))' is no option. Did you mean '--\(near)'?"
    }
    guard let first = arguments.first, !hidden.contains(first) else { return nil }
    guard commands.contains(first) else {
      if !first.hasPrefix("-"), let command = Spelling.nearest(first, among: commands) {
        return "Did you mean '\(command)'?"
      }
      return "The first word is a command: \(commands.joined(separator: ", ")). Captures are analysed by:"
        + " veilscope analyze CAPTURE... --warrant FILE"
    }
    if let known = subcommands[first] {
      guard arguments.count > 1, !known.contains(arguments[1]) else { return nil }
      let near = Spelling.nearest(arguments[1], among: known).map { "Did you mean '\(first) \($0)'? " } ?? ""
      return "\(near)After `\(first)` comes one of: \(known.joined(separator: ", "))."
    }
    guard message.contains("Unexpected argument") else { return nil }
    return switch first {
    case "explain": "`explain` takes one name, of a rule, a plugin or a tool: ask for one after the other."
    case "plugins": "`plugins` lists all plugins and takes no name; `veilscope explain NAME` tells of one."
    default: nil
    }
  }

  private static func name(_ argument: String) -> String { String(argument.prefix { $0 != "=" }) }
}
