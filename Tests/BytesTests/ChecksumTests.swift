// The ones' complement sum of RFC 1071.

import Bytes
import Testing

@Suite struct ChecksumTests {
  private func sum(_ bytes: [UInt8], _ offset: Int = 0, _ count: Int? = nil) -> UInt16? {
    bytes.withRawSpan { $0.onesComplementSum(offset, count ?? bytes.count) }
  }

  /// Word by word, as RFC 1071 section 4.1 writes it.
  private func plainSum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var sum: UInt64 = 0
    var at = bytes.startIndex
    while at + 1 < bytes.endIndex {
      sum += UInt64(bytes[at]) << 8 | UInt64(bytes[at + 1])
      at += 2
    }
    if at < bytes.endIndex { sum += UInt64(bytes[at]) << 8 }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return UInt16(sum)
  }

  @Test("RFC 1071 section 3: 0001 f203 f4f5 f6f7 sum to ddf2")
  func example() {
    #expect(sum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == 0xddf2)
  }

  @Test("an odd last byte is the upper half of a word")
  func odd() {
    #expect(sum([0x12]) == 0x1200)
    #expect(sum([0x12, 0x34, 0x56]) == 0x6834)
    #expect(sum([]) == 0)
  }

  @Test("zeros alone sum to zero, ones to ones")
  func ends() {
    #expect(sum([UInt8](repeating: 0, count: 150)) == 0)
    #expect(sum([UInt8](repeating: 0xff, count: 150)) == 0xffff)
    #expect(sum([0xff, 0xff, 0x00, 0x01]) == 0x0001)
  }

  @Test("every length at every place gives the sum of its words")
  func lengths() {
    let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 13 &+ 0xf7) }
    for offset in [0, 1, 2, 3, 7, 8, 63] {
      for count in 0...(bytes.count - offset) {
        #expect(sum(bytes, offset, count) == plainSum(bytes[offset..<(offset + count)]))
      }
    }
  }

  @Test("the largest packet of ones overflows nothing")
  func largest() {
    let ones = [UInt8](repeating: 0xff, count: 65_535)
    #expect(sum(ones) == plainSum(ones[...]))
  }

  @Test("what is not in the span has no sum")
  func outside() {
    #expect(sum([1, 2, 3], 1, 3) == nil)
    #expect(sum([1, 2, 3], 4, 0) == nil)
    #expect(sum([1, 2, 3], -1, 2) == nil)
    #expect(sum([1, 2, 3], 0, -1) == nil)
    #expect(sum([1, 2, 3], .max, .max) == nil)
  }
}
