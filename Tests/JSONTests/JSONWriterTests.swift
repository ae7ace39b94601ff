import Foundation
import JSON
import Testing

@Suite("The JSON writer")
struct JSONWriterTests {
  private func written(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test(
    "Escapes as RFC 8259 section 7 asks, and what would lead a viewer astray",
    arguments: [
      ("", ""), ("plain text", "plain text"), ("a\"b", #"a\"b"#), (#"a\b"#, #"a\\b"#), ("\u{0}", #"\u0000"#),
      ("tab\tand line\n", #"tab\u0009and line\u000a"#), ("\u{7f}\u{9f}", #"\u007f\u009f"#),
      ("\u{202e}evil", #"\u202eevil"#), ("\u{feff}", #"\ufeff"#), ("\u{fff9}\u{fffb}", #"\ufff9\ufffb"#),
      ("bücher.example", "bücher.example"), ("日本語 😀", "日本語 😀"), ("\u{a0}\u{ad}", "\u{a0}\u{ad}"),
    ])
  func escapes(_ text: String, _ expected: String) {
    #expect(written(text) == "\"\(expected)\"")
  }

  /// Text is looked through eight bytes at a time: each character stands at each place of such a word.
  @Test("Every character of ASCII at every place")
  func places() {
    for scalar in UInt8(0)...0x7f {
      for place in 0..<17 {
        var bytes = [UInt8](repeating: 0x61, count: 17)
        bytes[place] = scalar
        let text = String(decoding: bytes, as: UTF8.self)
        let read = try? JSONSerialization.jsonObject(with: Data(written(text).utf8), options: .fragmentsAllowed)
        #expect(read as? String == text)
        let isPlain = (0x20...0x7e).contains(scalar) && scalar != 0x22 && scalar != 0x5c
        #expect(written(text).utf8.count == (isPlain ? 19 : scalar == 0x22 || scalar == 0x5c ? 20 : 24))
      }
    }
  }

  @Test("Commas are the writer's business")
  func commas() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.string("a")
    writer.string("\n")
    writer.string("b".dropFirst())
    writer.endArray()
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"["a","\u000a",""]"#)
  }
}
