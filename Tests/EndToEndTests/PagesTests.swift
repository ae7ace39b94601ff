import Foundation
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
