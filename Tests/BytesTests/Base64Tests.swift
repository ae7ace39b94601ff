// Base64 against RFC 4648 section 10.

import Bytes
import Testing

@Suite struct Base64Tests {
  @Test(
    "the test vectors of the RFC",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, text: String) {
    var out: [UInt8] = []
    Array(plain.utf8).withRawSpan { Base64.append($0, to: &out) }
    #expect(String(decoding: out, as: UTF8.self) == text)
    #expect(Base64.text(Array(plain.utf8)) == text)
    #expect(Base64.bytes(text) == Array(plain.utf8))
  }

  @Test(
    "what a writer would not have written is no text",
    arguments: ["Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zg== ", "Z g=", "Zg==Zg=="])
  func strict(text: String) { #expect(Base64.bytes(text) == nil) }

  @Test("the two characters beyond letters and digits")
  func last() {
    var out: [UInt8] = []
    ([0xfb, 0xff, 0xbf] as [UInt8]).withRawSpan { Base64.append($0, to: &out) }
    #expect(String(decoding: out, as: UTF8.self) == "+/+/")
  }
}
