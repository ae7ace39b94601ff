// The schema of the document says what the program checks, and the copy in Documentation is the one it makes.

import Foundation
import JSON
import Terms
import Testing

@testable import Warrants

@Suite struct WarrantSchemaTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func documentationHoldsTheSchema() throws {
    let file = root.appending(path: "Documentation/schema/warrant.schema.json")
    #expect(try Array(Data(contentsOf: file)) == WarrantSchema.document(), "write it again: make generate")
  }

  @Test func namesEveryKeyOfAFullDocument() throws {
    let schema = try JSONReader.read(WarrantSchema.document(), limits: .output)
    #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
    let keys = try JSONReader.read(Array(SampleWarrant.full.utf8), limits: Warrant.limits).object?.keys ?? []
    #expect(Set(schema["properties"]?.object?.keys ?? []) == Set(keys))
    let required = schema["required"]?.array?.compactMap(\.string)
    #expect(
      required == [
        "warrant", "id", "reference", "legal_basis", "issued", "issued_by", "executing_agency", "authority", "covers",
        "targets", "categories",
      ])
    #expect(schema["properties"]?["targets"]?["items"]?["properties"]?["vlan"]?["maximum"] == .integer(4094))
  }
}
