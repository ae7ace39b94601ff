// Loads from bytes that may be too few.

import Bytes
import Testing

@Suite struct LoadTests {
  @Test(
    "A word is filled up with zeros, from wherever the bytes end",
    arguments: [
      (0, 0x0102_0304_0506_0708), (1, 0x0203_0405_0607_0809), (2, 0x0304_0506_0708_0900), (8, 0x0900_0000_0000_0000),
      (9, 0), (100, 0),
    ] as [(Int, UInt64)])
  func wordOrZeros(offset: Int, word: UInt64) {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    #expect(bytes.withRawSpan { $0.u64OrZeros(offset) } == word)
    let none: [UInt8] = []
    #expect(none.withRawSpan { $0.u64OrZeros(offset) } == 0)
  }
}
