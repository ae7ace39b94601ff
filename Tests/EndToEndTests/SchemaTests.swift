import Foundation
import TestSupport
import Testing

@Suite("Output agrees with its schemas, and the schemas with the declarations")
struct SchemaTests {
  @Test("The generated pages are those that the declarations give")
  func generated() throws {
    let outcome = try Program.run(
      ["generate", "--check", "--output", Program.root.appendingPathComponent("Documentation").path])
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  /// Validators that others wrote, as far as they are installed here.
  private var validators: [(name: String, command: (String, String) throws -> Outcome)] {
    var found: [(name: String, command: (String, String) throws -> Outcome)] = []
    let script = """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1]))
      validator = jsonschema.validators.validator_for(schema)
      validator.check_schema(schema)
      for document in json.load(open(sys.argv[2])):
          validator(schema).validate(document)
      """
    if let probe = try? Program.system("python3", ["-c", "import jsonschema"]), probe.status == 0 {
      found.append(("jsonschema", { try Program.system("python3", ["-c", script, $0, $1]) }))
    }
    if let probe = try? Program.system("check-jsonschema", ["--version"]), probe.status == 0 {
      found.append(
        (
          "check-jsonschema",
          { schema, list in
            // It takes one document a file.
            let documents = try #require(
              JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: list))) as? [Any])
            var last = Outcome(status: 0, output: "", error: "")
            for (index, document) in documents.enumerated() {
              let file = "\(list).\(index).json"
              try JSONSerialization.data(withJSONObject: document).write(to: URL(fileURLWithPath: file))
              last = try Program.system("check-jsonschema", ["--schemafile", schema, file])
              if last.status != 0 { return last }
            }
            return last
          }
        ))
    }
    return found
  }

  @Test("Real output is valid")
  func valid() throws {
    let scratch = try TemporaryFolder()
    let folder = Program.root.appendingPathComponent("Documentation/schema")
    try Program.run(
      ["analyze", Sample.capture, "--warrant", Sample.warrant, "--flows", "flows.jsonl", "--quiet"], in: scratch.url)
    try scratch.write(
      "findings-list.json", "[" + String(decoding: try scratch.read("findings.json"), as: UTF8.self) + "]")
    let flows = String(decoding: try scratch.read("flows.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(flows.count > 3)
    try scratch.write("flows-list.json", "[" + flows.joined(separator: ",") + "]")
    let validators = validators
    try #require(!validators.isEmpty, "no JSON Schema validator is installed: python3-jsonschema, check-jsonschema")
    for validator in validators {
      for (schema, list) in [("findings", "findings-list.json"), ("flow", "flows-list.json")] {
        let outcome = try validator.command(
          folder.appendingPathComponent("\(schema).schema.json").path, scratch.path(list))
        #expect(outcome.status == 0, "\(validator.name), \(schema): \(outcome.output) \(outcome.error)")
      }
    }
    // A validator that accepts everything proves nothing.
    try scratch.write("wrong-list.json", "[{\"id\":\"one\"}]")
    for validator in validators {
      let outcome = try validator.command(
        folder.appendingPathComponent("flow.schema.json").path, scratch.path("wrong-list.json"))
      #expect(outcome.status != 0, "\(validator.name) accepts a record that is none")
    }
  }

  @Test("A finding's display filter shows its frames in tshark")
  func displayFilter() throws {
    let probe = try Program.system("tshark", ["--version"])
    guard probe.status == 0 else {
      print("skipped: tshark is not installed")
      return
    }
    let scratch = try TemporaryFolder()
    try Program.run(["analyze", Sample.capture, "--warrant", Sample.warrant, "--quiet"], in: scratch.url)
    let findings = try #require(try scratch.document()["findings"] as? [[String: Any]])
    #expect(!findings.isEmpty)
    for finding in findings {
      let filter = try #require(finding["display_filter"] as? String)
      let shown = try Program.system(
        "tshark", ["-n", "-r", Sample.capture, "-Y", filter, "-T", "fields", "-e", "frame.number"])
      #expect(shown.status == 0, "\(shown.error)")
      let marks = try #require(finding["marks"] as? [[String: Any]])
      let frames = Set(
        marks.flatMap { ($0["frames"] as? [[String: Any]] ?? []).compactMap { $0["number"] as? Int } })
      #expect(Set(shown.output.split(separator: "\n").compactMap { Int($0) }) == frames)
    }
  }
}
