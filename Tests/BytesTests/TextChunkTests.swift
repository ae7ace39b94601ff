// Texts and numbers appended by words are those of the standard library.

import Testing

@testable import Bytes

struct TextChunkTests {
  private func text(_ capacity: Int = 256, _ body: (inout OutputSpan<UInt8>) -> Void) -> String {
    var bytes: [UInt8] = []
    bytes.append(addingCapacity: capacity) { (out: inout OutputSpan<UInt8>) in body(&out) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(arguments: [0, 1, 7, 8, 9, 31, 32, 33, 63, 64])
  func `a chunk of any length stands as it was, one behind the other`(length: Int) {
    var chunk = TextChunk()
    let expected = String((0..<length).map { Character(Unicode.Scalar(UInt8(0x21 + $0 % 90))) })
    for byte in expected.utf8 { chunk.append(byte) }
    #expect(chunk.count == length)
    #expect(
      text {
        $0.append(chunk); $0.append(0x7c); $0.append(chunk)
      } == expected + "|" + expected)
  }

  @Test func `parts are put together`() {
    #expect(text { $0.append(TextChunk(["{\"", "name", "\":"])) } == "{\"name\":")
  }

  @Test func `octets and decimals`() {
    for value: UInt32 in 0...255 {
      #expect(text { $0.append(dottedQuad: value << 24 | (value ^ 0xff) << 8 | 7) } == "\(value).0.\(value ^ 0xff).7")
    }
    for value: UInt64 in stride(from: 0, to: 100_000_000, by: 7_919) {
      #expect(text { $0.append(decimal: value) } == String(value))
      #expect(text { $0.append(eightDigits: value) } == String(String(value + 100_000_000).dropFirst()))
    }
    var value: UInt64 = 1
    for _ in 0..<64 {
      for each in [value &- 1, value, value &+ 1] {
        #expect(text { $0.append(decimal: each) } == String(each))
        let padded = String(each % 1_000_000_000)
        let zeros = String(repeating: "0", count: 9 - padded.count)
        #expect(text { $0.append(decimal: each % 1_000_000_000, width: 9) } == zeros + padded)
      }
      value = value &* 3
    }
    for power in [9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 99_999_999, 100_000_000, UInt64.max] {
      #expect(text { $0.append(decimal: power) } == String(power))
    }
  }
}
