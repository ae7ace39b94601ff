// The nearest known word.

import Terms
import Testing

@Suite struct SpellingTests {
  static let known = ["analyze", "plugins", "explain", "verify"]

  @Test(arguments: [
    ("analyse", "analyze"), ("anlayze", "analyze"), ("plugin", "plugins"), ("verifyy", "verify"),
    ("explian", "explain"),
  ])
  func findsTheNearest(word: String, expected: String) {
    #expect(Spelling.nearest(word, among: Self.known) == expected)
  }

  @Test func givesNothingWhereNothingIsNear() {
    #expect(Spelling.nearest("capture", among: ["xyz"]) == nil)
    #expect(Spelling.nearest("", among: Self.known) == nil)
    #expect(Spelling.nearest(String(repeating: "a", count: 100), among: Self.known) == nil)
    #expect(Spelling.nearest("a", among: []) == nil)
  }

  @Test func takesTheFirstOfEquals() {
    #expect(Spelling.nearest("bat", among: ["cat", "hat"]) == "cat")
  }
}
