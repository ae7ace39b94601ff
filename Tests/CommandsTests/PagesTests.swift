// Help, manual page and completions: made from the declarations, and true.

import ArgumentParser
import Testing

// Testing has an ExitStatus too.
import enum Commands.ExitStatus

@testable import Commands

@Suite("Help, manual page, completions")
struct CommandPagesTests {
  /// The statuses that scripts rely on.
  private static let numbers: [(ExitStatus, Int32)] = [
    (.done, 0), (.broken, 1), (.reported, 3), (.incomplete, 4), (.unsealed, 5), (.usage, 64), (.notACapture, 65),
    (.cannotOpen, 66), (.evidenceChanged, 70),
    (.outputExists, 73), (.outputFailed, 74), (.notAllowed, 77),
    (.configuration, 78),
  ]

  @Test("Each exit status has its number, and no two have one meaning")
  func statuses() {
    #expect(ExitStatus.allCases.count == Self.numbers.count)
    for (status, number) in Self.numbers { #expect(status.rawValue == number) }
    #expect(Set(ExitStatus.allCases.map(\.meaning)).count == Self.numbers.count)
  }

  @Test("Help lists every exit status and every bound")
  func help() {
    let help = Veilscope.helpMessage(for: AnalyzeCommand.self, columns: 200)
    for status in ExitStatus.allCases { #expect(help.contains("  \(status.rawValue)  \(status.meaning)")) }
    for bound in AnalyzeCommand.bounds { #expect(help.contains("  \(bound.name)=")) }
  }

  @Test("The manual page has the exit statuses, commands and options, and no line that troff takes for a request")
  func manual() throws {
    let page = String(decoding: try ManualPage.page(), as: UTF8.self)
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: ".SH \"EXIT STATUS\""))
    for status in ExitStatus.allCases {
      let at = try #require(lines[start...].firstIndex(of: "\\fB\(status.rawValue)\\fR"))
      #expect(lines[at + 1] == status.meaning.replacing("-", with: "\\-"))
    }
    for section in [
      "VEILSCOPE ANALYZE", "VEILSCOPE VERIFY", "VEILSCOPE CUSTODY NOTE", "VEILSCOPE WARRANT CHECK", "VEILSCOPE PLUGINS",
      "VEILSCOPE EXPLAIN",
    ] {
      #expect(lines.contains(".SH \"\(section)\""))
    }
    #expect(!page.contains("VEILSCOPE GENERATE"))
    for option in Suggestions.options { #expect(page.contains(option.replacing("-", with: "\\-"))) }
    let requests = Set(lines.filter { $0.hasPrefix(".") }.map { $0.prefix { $0 != " " } })
    #expect(requests.isSubset(of: [".TH", ".SH", ".TP", ".PP", ".br", ".\\\""]))
  }

  @Test("A line that begins like a request, and a backslash, are text")
  func escapes() throws {
    let dump = #"""
      {"command": {"commandName": "x", "abstract": ".so /etc/passwd", "subcommands": [],
       "discussion": "'a \\n"}}
      """#
    let page = String(decoding: try ManualPage.page(describing: dump), as: UTF8.self)
    #expect(page.contains("x \\- \\&.so /etc/passwd"))
    #expect(page.contains("\n\\&'a \\en\n"))
    #expect(throws: (any Error).self) { try ManualPage.page(describing: "{}") }
    #expect(throws: (any Error).self) { try ManualPage.page(describing: "no JSON") }
  }

  @Test("Completions know the commands and options", arguments: [CompletionShell.bash, .zsh, .fish])
  func completions(shell: CompletionShell) {
    let script = Veilscope.completionScript(for: shell)
    for word in ["analyze", "plugins", "explain", "warrant", "separate-vlans", "json"] {
      #expect(script.contains(word))
    }
    #expect(!script.contains("analysis-worker"))
  }
}
