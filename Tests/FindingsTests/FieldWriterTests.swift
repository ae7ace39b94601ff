import JSON
import Terms
import Testing

@testable import Findings

@Suite("A field goes out only where its category is allowed")
struct FieldWriterTests {
  private static let name = Field<ServerName>("server_name", "a name", when: "seen")
  private static let number = Field<ProtocolNumber>("number", "a number")
  private static let label = Field<Label>("label", "a constant")
  private static let list = ListField<Fingerprint>("list", "fingerprints")

  private func written(_ allowed: Categories) -> (text: String, withheld: Withheld) {
    var writer = FieldWriter(allowing: allowed)
    writer.json.beginObject()
    writer.put(Self.name, ServerName("a.example"))
    writer.put(Self.number, ProtocolNumber(7))
    writer.put(Self.label, Label("always"))
    writer.put(Self.list, [Fingerprint("x"), Fingerprint("y")])
    writer.put(Self.name, nil)
    writer.json.endObject()
    return (String(decoding: writer.json.bytes, as: UTF8.self), writer.withheld)
  }

  @Test("All of them")
  func all() {
    let (text, withheld) = written(.all)
    #expect(text == #"{"server_name":"a.example","number":7,"label":"always","list":["x","y"]}"#)
    #expect(withheld == Withheld())
  }

  @Test("An address in a text is a third party's, whatever field it stands in")
  func addresses() {
    func written(_ allowed: Categories) -> (text: String, withheld: Withheld) {
      var writer = FieldWriter(allowing: allowed)
      writer.json.beginObject()
      writer.put(Self.name, ServerName("192.0.2.1"))
      writer.put(Self.list, [Fingerprint("x"), Fingerprint("at 2001:db8::1"), Fingerprint("y")])
      writer.json.endObject()
      return (String(decoding: writer.json.bytes, as: UTF8.self), writer.withheld)
    }
    let (text, withheld) = written(Categories(Category.allCases.filter { $0 != .addressesOfThirdParties }))
    #expect(text == #"{"list":["x","y"]}"#)
    #expect(withheld[.addressesOfThirdParties] == 2)
    #expect(written(.all).text == #"{"server_name":"192.0.2.1","list":["x","at 2001:db8::1","y"]}"#)
  }

  @Test("Those that are not allowed are left out and counted; the program's own words stay")
  func some() {
    let (text, withheld) = written(Categories([.protocolMetadata]))
    #expect(text == #"{"number":7,"label":"always"}"#)
    #expect(withheld[.serverName] == 1)
    #expect(withheld[.fingerprint] == 1)
    #expect(withheld[.protocolMetadata] == 0)
  }

  @Test("A mark's value follows its own category; the mark stays")
  func mark() {
    var writer = FieldWriter(allowing: [])
    let mark = Mark("tls.server_name", ServerName("a.example"))
    writer.json.beginObject()
    MarkRecord(name: mark.name, value: mark.value, category: mark.category, frames: []).write(to: &writer)
    writer.json.endObject()
    #expect(String(decoding: writer.json.bytes, as: UTF8.self) == #"{"name":"tls.server_name","frames":[]}"#)
    #expect(writer.withheld[.serverName] == 1)
  }

  @Test("Control and bidirectional characters of the evidence are escaped")
  func escapes() throws {
    let json = ServerName("a\u{202e}\u{0}\"\\b").json
    #expect(String(decoding: json, as: UTF8.self) == #""a\u202e\u0000\"\\b""#)
  }
}

@Suite("Schemas and tables come from the declarations")
struct SchemaTests {
  @Test("A field that may be withheld is never required; others are")
  func required() throws {
    let fields = [
      FieldDeclaration("always", .integer(minimum: 0), nil, "n"),
      FieldDeclaration("withheld", .text(), .serverName, "n"),
      FieldDeclaration("sometimes", .time, nil, "n", when: "seen"),
    ]
    let bytes = SchemaWriter.document(title: "t", identifier: "i", note: "n", fields: fields)
    let schema = try JSONReader.read(bytes, limits: .output)
    #expect(schema["required"]?.array == [.string("always")])
    #expect(schema["additionalProperties"]?.boolean == false)
    #expect(schema["properties"]?["sometimes"]?["pattern"]?.string == SchemaWriter.timePattern)
    #expect(schema["properties"]?["withheld"]?["description"]?.string?.contains("server_name") == true)
  }

  @Test("Every declared name stands once in its object")
  func unique() {
    for fields in [DocumentFields.fields, DocumentFields.flowFields([]), FindingRecord.fields, TimelineReport.fields] {
      let names = fields.map(\.name)
      #expect(Set(names).count == names.count, "\(names)")
    }
  }
}
