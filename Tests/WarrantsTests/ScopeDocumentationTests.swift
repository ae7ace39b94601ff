// The table of edges in Documentation/scope.md names tests that are there.

import Foundation
import Testing

@Suite struct ScopeDocumentationTests {
  @Test func everyRowNamesATestThatIsThere() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let page = try String(
      contentsOf: folder.appending(path: "../../Documentation/scope.md").standardizedFileURL, encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| edge") }
    #expect(rows.count > 30)
    for row in rows {
      let names = row.matches(of: /\[`(\w+)\.(\w+)`\]\(\.\.\/Tests\/(\w+)\/(\w+)\.swift\)/).map(\.output)
      #expect(!names.isEmpty, "\(row)")
      for (_, suite, test, room, file) in names {
        #expect(suite == file)
        let source = try String(
          contentsOf: folder.appending(path: "../\(room)/\(suite).swift").standardizedFileURL, encoding: .utf8)
        #expect(source.contains("func \(test)("), "\(suite).\(test)")
      }
    }
  }
}
