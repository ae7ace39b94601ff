import Foundation
import TestSupport
import Testing

@Suite("What once failed")
struct RegressionTests {
  static let files =
    ((try? FileManager.default.contentsOfDirectory(
      at: Program.root.appendingPathComponent("Tests/Regressions"), includingPropertiesForKeys: nil)) ?? [])
    .filter { $0.pathExtension != "md" }.map(\.lastPathComponent).sorted()

  @Test("Each capture is analysed without a fault", arguments: files)
  func capture(file: String) throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    let path = Program.root.appendingPathComponent("Tests/Regressions/\(file)").path
    let outcome = try Program.run(
      ["analyze", path, "--warrant", warrant, "--flows", "flows.jsonl", "--quiet"], in: scratch.url)
    #expect([0, 3, 65].contains(outcome.status))
    #expect(!outcome.error.contains("fault"), "\(outcome.error)")
  }

  @Test("There are captures to try")
  func some() { #expect(Self.files.count >= 2) }
}
