// The nearest known word to one that is not known, for messages that say what was probably meant.

public enum Spelling {
  /// The word of `known` that needs the fewest changes (a letter put in, left out, replaced, or two neighbours swapped)
  /// to become `word`; the first of equals. Nil where even that one differs in more than half of its letters.
  public static func nearest(_ word: String, among known: some Sequence<String>) -> String? {
    // Longer ones resemble no key and no command, and the comparison costs the product of both lengths.
    guard word.utf8.count <= 64 else { return nil }
    var best: (distance: Int, word: String)?
    for candidate in known {
      let distance = changes(Array(word.utf8), Array(candidate.utf8))
      guard distance * 2 <= max(candidate.utf8.count, 2), distance < best?.distance ?? .max else { continue }
      best = (distance, candidate)
    }
    return best?.word
  }

  /// Optimal string alignment distance.
  private static func changes(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        var cost = min(
          last[column] + (left[row] == right[column] ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
