// Which characters of a text stand in JSON as they are.

import Bytes

extension RawSpan {
  /// The offset from `start` on of the first byte that is no printable ASCII character, or is one of the two that JSON
  /// escapes (`"` and `\`); the byte count where there is none.
  func endOfPlainText(from start: Int) -> Int {
    var at = start
    while byteCount &- at >= 8 {
      let found = RawSpan.bytesNotPlain(u64le(at))
      if found != 0 { return at &+ found.trailingZeroBitCount / 8 }
      at &+= 8
    }
    while at < byteCount {
      let byte = u8(at)
      if byte < 0x20 || byte > 0x7e || byte == 0x22 || byte == 0x5c { return at }
      at &+= 1
    }
    return at
  }

  /// The highest bit of each byte that is not plain. A borrow may mark bytes above one that is: the lowest mark is right.
  @inline(__always)
  private static func bytesNotPlain(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high = ones &* 0x80
    // A byte less than n leaves a borrow in its highest bit; equal to a character, less than one after the XOR.
    let control = (word &- ones &* 0x20) & ~word
    let quote = word ^ ones &* 0x22
    let backslash = word ^ ones &* 0x5c
    let delete = word ^ ones &* 0x7f
    let equal = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (delete &- ones) & ~delete
    return (control | equal | word) & high
  }

  /// The character that begins at `offset` of well-formed UTF-8, and the bytes it takes (RFC 3629 section 3).
  func scalar(at offset: Int) -> (value: UInt32, length: Int) {
    let lead = u8(offset)
    let length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    guard length > 1, byteCount &- offset >= length else { return (UInt32(lead), 1) }
    var value = UInt32(lead) & (0x7f >> UInt32(length))
    for index in 1..<length { value = value << 6 | UInt32(u8(offset &+ index) & 0x3f) }
    return (value, length)
  }
}
