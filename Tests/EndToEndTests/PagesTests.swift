import Foundation
import TestSupport
import Testing

@Suite("Pages name what the sources hold")
struct PagesTests {
  @Test("Every notice's code is explained")
  func notices() throws {
    let page = try String(
      contentsOf: Program.root.appendingPathComponent("Documentation/notices.md"), encoding: .utf8)
    let sources = Program.root.appendingPathComponent("Sources")
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    let pattern = try Regex("\"((capture|flows|fragments|fault|scope|analysis)\\.[a-z-]+)\"")
    var codes = Set<String>()
    for case let file as URL in files where file.pathExtension == "swift" {
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: pattern) {
        if let code = match.output[1].substring { codes.insert(String(code)) }
      }
    }
    #expect(codes.count > 20)
    for code in codes.sorted() { #expect(page.contains("`\(code)`"), "\(code) is not in notices.md") }
  }

  @Test("bash completes commands and options by the generated script")
  func completions() throws {
    let scratch = try TemporaryFolder()
    let script = try Program.run(["--generate-completion-script", "bash"])
    #expect(script.status == 0)
    try scratch.write("veilscope.bash", script.output)
    func completed(_ words: String...) throws -> [Substring] {
      let last = words.count
      let quoted = words.map { "'\($0)'" }.joined(separator: " ")
      let line = (["veilscope"] + words).joined(separator: " ")
      return try Program.system(
        "bash",
        [
          "-c",
          """
          source '\(scratch.path("veilscope.bash"))'
          COMP_WORDS=(veilscope \(quoted)); COMP_CWORD=\(last); COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
          _veilscope veilscope "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; echo "${COMPREPLY[@]}"
          """,
        ]
      ).output.split(whereSeparator: \.isWhitespace)
    }
    #expect(try completed("expl") == ["explain"])
    #expect(try completed("analyze", "--sep") == ["--separate-vlans"])
    #expect(try completed("plugins", "--js") == ["--json"])
  }

  @Test("man formats the manual page without a complaint, where there is man")
  func manual() throws {
    guard try Program.system("sh", ["-c", "command -v man && command -v groff"]).status == 0 else { return }
    let page = Program.root.appendingPathComponent("Documentation/veilscope.1").path
    let shown = try Program.system("env", ["MANWIDTH=100", "MANPAGER=cat", "man", "--warnings", "-l", page])
    #expect(shown.status == 0)
    #expect(shown.error.isEmpty)
    for part in ["EXIT STATUS", "77", "--separate-vlans"] { #expect(shown.output.contains(part)) }
  }

  @Test("--help lists the exit statuses, and explain knows every rule")
  func help() throws {
    let help = try Program.run(["analyze", "--help"])
    #expect(help.status == 0)
    for status in ["  3  ", "  65  ", "  70  ", "  77  "] { #expect(help.output.contains(status)) }
    #expect(help.output.contains("N workers may use N times"))
    let rules = try Program.run(["explain"]).output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    #expect(rules.count >= 8)
    for rule in rules {
      let text = try Program.run(["explain", String(rule)])
      #expect(text.status == 0)
      for part in ["Marks:", "Look-alikes:", "Cannot see:", "Sources:", "Error figures:"] {
        #expect(text.output.contains(part))
      }
    }
    let mistyped = try Program.run(["explain", "wireguard.handshak"])
    #expect(mistyped.status == 64)
    #expect(mistyped.error.contains("wireguard.handshake"))
  }
}
