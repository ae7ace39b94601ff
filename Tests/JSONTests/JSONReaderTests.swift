// The strict reader: one meaning or none, with the place of what is wrong (RFC 8259).

import JSON
import Testing

private let limits = JSONLimits(bytes: 1 << 20, depth: 16)

private func read(_ text: String, _ limits: JSONLimits = limits) throws(JSONError) -> JSONValue {
  try JSONReader.read(Array(text.utf8), limits: limits)
}

private func refusal(_ text: String, _ limits: JSONLimits = limits) -> JSONError? {
  do throws(JSONError) {
    _ = try read(text, limits)
    return nil
  } catch {
    return error
  }
}

@Suite struct JSONReaderTests {
  @Test func readsEachKindOfValue() throws {
    let value = try read(
      """
      { "a": null, "b": [true, false], "c": -12, "d": 1.50, "e": 1e3, "f": "x", "g": {}, "h": [] }
      """)
    #expect(value["a"] == .null)
    #expect(value["b"] == .array([.boolean(true), .boolean(false)]))
    #expect(value["c"] == .integer(-12))
    #expect(value["d"] == .decimal("1.50"))
    #expect(value["e"] == .decimal("1e3"))
    #expect(value["f"] == .string("x"))
    #expect(value["g"] == .object(JSONObject()))
    #expect(value["h"] == .array([]))
    #expect(value.object?.keys == ["a", "b", "c", "d", "e", "f", "g", "h"])
  }

  @Test func readsEscapesAndSurrogatePairs() throws {
    #expect(try read(#""\" \\ \/ \b\f\n\r\t \u00e9 \uD834\uDD1E é""#) == .string("\" \\ / \u{8}\u{c}\n\r\t é 𝄞 é"))
  }

  @Test func keepsTheOrderOfMembers() throws {
    #expect(try read(#"{"z":1,"a":2,"m":3}"#).object?.keys == ["z", "a", "m"])
  }

  @Test func takesAScalarAsDocument() throws {
    #expect(try read(" 7 ") == .integer(7))
  }

  @Test(arguments: [
    ("", JSONError.Kind.empty), ("  \n", .empty), ("{", .cut), ("[1", .cut), (#"{"a"#, .cut), (#"{"a":"#, .cut),
    (#"{"a":1,"#, .cut), ("tru", .cut), (#""\u12"#, .cut),
    ("{}}", .trailingBytes(found: "'}'")), ("1 2", .trailingBytes(found: "'2'")),
    (#"{"a":1,"a":2}"#, .duplicateKey("a")), (#"{"a":1,"\u0061":2}"#, .duplicateKey("a")),
    ("01", .badNumber), ("-", .badNumber), ("1.", .badNumber), (".5", .unexpected(found: "'.'", expected: "a value")),
    ("1e", .badNumber), ("+1", .unexpected(found: "'+'", expected: "a value")),
    ("9007199254740993", .numberTooLarge(limit: 1 << 53)), ("-9007199254740993", .numberTooLarge(limit: 1 << 53)),
    ("99999999999999999999999", .numberTooLarge(limit: 1 << 53)),
    ("NaN", .unexpected(found: "'N'", expected: "a value")), ("'a'", .unexpected(found: "'''", expected: "a value")),
    (#"{"a":1,}"#, .unexpected(found: "'}'", expected: "a key in quotes")),
    ("[1,]", .unexpected(found: "']'", expected: "a value")),
    ("[1 2]", .unexpected(found: "'2'", expected: "a comma or ]")),
    ("[1}", .unexpected(found: "'}'", expected: "a comma or ]")),
    (#"{"a" 1}"#, .unexpected(found: "'1'", expected: "a colon after the key")),
    ("{1:2}", .unexpected(found: "'1'", expected: "a key in quotes or }")),
    ("// x", .unexpected(found: "'/'", expected: "a value")),
    (#""\x""#, .badEscape), (#""\u00g0""#, .badEscape), (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate),
    (#""\ud800\u0041""#, .loneSurrogate), ("\"\u{1}\"", .controlCharacter), ("\"a\nb\"", .controlCharacter),
    (#""\u0000""#, .nul), ("\"\u{0}\"", .nul), ("\u{feff}{}", .byteOrderMark),
  ])
  func refuses(text: String, kind: JSONError.Kind) {
    #expect(refusal(text)?.kind == kind)
  }

  @Test func namesLineColumnAndPath() throws {
    let error = try #require(refusal("{\n  \"é\": 1, \"targets\": [\n    {}, { \"vlan\": 01 }\n  ]\n}"))
    #expect(error.kind == .badNumber)
    #expect((error.line, error.column) == (3, 19))
    #expect(error.path == "targets[1].vlan")
    #expect(error.description == "line 3, column 19, at targets[1].vlan: not a JSON number (RFC 8259 section 6)")
    let second = try #require(refusal("{\"é\": 1, x}"))
    #expect((second.line, second.column, second.offset) == (1, 10, 10))
  }

  @Test func refusesWhatIsNotUTF8AtItsByte() throws {
    for (bytes, offset) in [
      ([0x22, 0x61, 0xff, 0x22], 2), ([0x22, 0xc3, 0x22], 1), ([0x22, 0xed, 0xa0, 0x80, 0x22], 1),
      ([0x22, 0xc0, 0x80], 1),
    ] as [([UInt8], Int)] {
      #expect(throws: JSONError.self) { try JSONReader.read(bytes, limits: limits) }
      do { _ = try JSONReader.read(bytes, limits: limits) } catch {
        #expect(error.kind == .notUTF8)
        #expect(error.offset == offset)
      }
    }
  }

  @Test func holdsTheLimitsOfDepthAndSize() {
    #expect(refusal(String(repeating: "[", count: 16) + String(repeating: "]", count: 16)) == nil)
    #expect(
      refusal(String(repeating: "[", count: 17) + String(repeating: "]", count: 17))?.kind == .tooDeep(limit: 16))
    #expect(refusal(String(repeating: "[", count: 1_000_000))?.kind == .tooDeep(limit: 16))
    #expect(refusal("[1,2]", JSONLimits(bytes: 5, depth: 1)) == nil)
    #expect(refusal("[1,2]", JSONLimits(bytes: 4, depth: 1))?.kind == .tooLarge(bytes: 5, limit: 4))
  }

  @Test func readsIntegersUpToItsLimit() throws {
    #expect(try read("9007199254740992") == .integer(1 << 53))
    #expect(try read("-9223372036854775807", .output) == .integer(-.max))
  }

  @Test func writerGivesBackWhatWasRead() throws {
    let text = #"{"a":[1,-2,"x\u0009\"",null,true,1.5e3],"b":{"c":{}}}"#
    var writer = JSONWriter()
    writer.value(try read(text))
    #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
  }

  /// No cut and no changed byte of a document makes the reader trap.
  @Test func neverTrapsOnDamage() {
    let document = Array(#" {"a":[1,-2.5e3,"x\u00e9\ud834\udd1e é",null,true],"b":{"c":{},"d":[]},"e":false} "#.utf8)
    for end in document.indices { _ = try? JSONReader.read(Array(document[..<end]), limits: limits) }
    for index in document.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = document
        changed[index] = byte
        _ = try? JSONReader.read(changed, limits: limits)
      }
    }
  }
}
