import Bytes
import Testing

@Suite("What was made of bytes before")
struct ByteMemoTests {
  private func value(of text: String, in memo: borrowing ByteMemo<Int>) -> Int? {
    let bytes = Array(text.utf8)
    return bytes.withRawSpan { memo.value(of: $0) }
  }

  private func keep(_ value: Int, of text: String, in memo: inout ByteMemo<Int>) {
    let bytes = Array(text.utf8)
    bytes.withRawSpan { memo.keep(value, of: $0) }
  }

  @Test("A value is given for the same bytes, and for no others")
  func sameBytes() {
    var memo = ByteMemo<Int>(places: 1, longestKey: 64)
    keep(1, of: "a certificate of some length", in: &memo)
    #expect(value(of: "a certificate of some length", in: memo) == 1)
    #expect(value(of: "a certificate of some lengtH", in: memo) == nil)
    #expect(value(of: "a certificate of some", in: memo) == nil)
    #expect(value(of: "", in: memo) == nil)
  }

  @Test("A place holds four; the fifth takes that of the oldest")
  func bound() {
    var memo = ByteMemo<Int>(places: 1, longestKey: 64)
    for (index, text) in ["one", "two", "three", "four", "five"].enumerated() { keep(index, of: text, in: &memo) }
    #expect(value(of: "one", in: memo) == nil)
    #expect(value(of: "two", in: memo) == 1)
    #expect(value(of: "five", in: memo) == 4)
  }

  @Test("Bytes longer than the bound are not kept")
  func longKeys() {
    var memo = ByteMemo<Int>(places: 4, longestKey: 3)
    keep(1, of: "abc", in: &memo)
    keep(2, of: "abcd", in: &memo)
    #expect(value(of: "abc", in: memo) == 1)
    #expect(value(of: "abcd", in: memo) == nil)
  }
}
