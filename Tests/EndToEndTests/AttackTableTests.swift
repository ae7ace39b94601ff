import Foundation
import Testing

@Suite("The table of attacks")
struct AttackTableTests {
  @Test("Every row of Documentation/attacks.md names a test that is there")
  func everyRow() throws {
    let page = try String(
      contentsOf: Program.root.appendingPathComponent("Documentation/attacks.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| attack") }
    #expect(rows.count >= 80)
    for row in rows {
      #expect(row.split(separator: "|", omittingEmptySubsequences: false).count == 6, "\(row)")
      let names = row.matches(of: /\[`(\w+)\.(\w+)`\]\(\.\.\/(Tests\/\w+\/\w+\.swift)\)/).map(\.output)
      #expect(!names.isEmpty, "\(row)")
      for (_, suite, test, file) in names {
        let source = try String(contentsOf: Program.root.appendingPathComponent(String(file)), encoding: .utf8)
        guard let start = source.range(of: "struct \(suite) ") else {
          Issue.record("no suite \(suite) in \(file)")
          continue
        }
        #expect(source[start.upperBound...].contains("func \(test)("), "\(suite).\(test)")
      }
    }
  }
}
