// Well-formed UTF-8 as RFC 3629 section 4 has it, and nothing else.

import Testing

@testable import Bytes

struct RawSpanUTF8Tests {
  private func isUTF8(_ bytes: [UInt8]) -> Bool { bytes.withRawSpan { $0.isUTF8 } }

  @Test func `text of every length passes`() {
    for length in 0...100 {
      #expect(isUTF8([UInt8](repeating: 0x7f, count: length)))
      #expect(isUTF8([UInt8](repeating: 0x41, count: length) + Array("é€😀z".utf8)))
    }
  }

  @Test func `a single bad byte is found at every place`() {
    for place in 0..<100 {
      var bytes = [UInt8](repeating: 0x20, count: 100)
      bytes[place] = 0x80
      #expect(!isUTF8(bytes))
    }
  }

  @Test func `the standard library agrees on every three bytes at the borders`() {
    let borders: [UInt8] = [
      0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0,
      0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ]
    for first in borders {
      for second in borders {
        for third in borders {
          for bytes in [[first, second], [first, second, third], [first, second, third, 0x80]] {
            #expect(isUTF8(bytes) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
          }
        }
      }
    }
  }
}
