// The nearest name for a mistyped command or option.

enum Suggestions {
  static let commands = ["analyze", "plugins", "explain", "help"]
  static let options = [
    "--warrant", "--output", "--flows", "--workers", "--continuous", "--overwrite", "--quiet", "--no-digest", "--limit",
    "--separate-vlans", "--json", "--help", "--version",
  ]

  /// Adds what was probably meant to the argument parser's message.
  static func improve(_ message: String, arguments: [String]) -> String {
    var text = message
    for argument in arguments where argument.hasPrefix("--") {
      let name = String(argument.prefix { $0 != "=" })
      guard !options.contains(name), message.contains(name), let near = nearest(name, options) else { continue }
      if !message.contains("Did you mean") { text += "\nDid you mean '\(near)'?" }
      return text
    }
    if let first = arguments.first, !first.hasPrefix("-"), !commands.contains(first), let near = nearest(first, commands) {
      if !message.contains("Did you mean") { text += "\nDid you mean '\(near)'?" }
    }
    return text
  }

  /// The name within a third of its length in single-letter changes, the nearest first; nil where none is.
  static func nearest(_ text: String, _ names: [String]) -> String? {
    let scored = names.map { (name: $0, distance: distance(Array(text.utf8), Array($0.utf8))) }
    guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= max(2, best.name.utf8.count / 3)
    else { return nil }
    return best.name
  }

  /// Changes, insertions, removals and swaps of neighbours that make one text of the other (Damerau, restricted).
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard left.count <= 64, right.count <= 64 else { return max(left.count, right.count) }
    var rows = [Array(0...right.count)]
    for i in 1..<(left.count + 1) where i > 0 {
      var row = [i]
      for j in 1..<(right.count + 1) where j > 0 {
        var best = min(rows[i - 1][j] + 1, row[j - 1] + 1)
        best = min(best, rows[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1))
        if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}
