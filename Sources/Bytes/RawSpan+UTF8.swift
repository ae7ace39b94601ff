// Whether bytes are well-formed UTF-8 (RFC 3629 section 4), ASCII at memory speed.

extension RawSpan {
  /// Whether the bytes are well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF, nothing cut.
  public var isUTF8: Bool {
    var at = 0
    while true {
      at = endOfASCII(from: at)
      guard at < byteCount else { return true }
      let length = lengthOfUTF8Sequence(at)
      guard length > 0 else { return false }
      at &+= length
    }
  }

  /// The offset of the first byte from `start` on that is not ASCII; the byte count where there is none.
  private func endOfASCII(from start: Int) -> Int {
    let high: UInt64 = 0x8080_8080_8080_8080
    var at = start
    // Four words a step: one branch in 32 bytes.
    while byteCount &- at >= 32 {
      let all = u64(at) | u64(at &+ 8) | u64(at &+ 16) | u64(at &+ 24)
      if all & high != 0 { break }
      at &+= 32
    }
    while at < byteCount, u8(at) < 0x80 { at &+= 1 }
    return at
  }

  /// The length of the sequence that begins at `at` with a byte above 0x7f; 0 where it is not well-formed.
  private func lengthOfUTF8Sequence(_ at: Int) -> Int {
    let lead = u8(at)
    // The second byte's range rules out overlong forms, surrogates and what lies above U+10FFFF (RFC 3629 section 4).
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xbf
    switch lead {
    case 0xc2...0xdf: length = 2
    case 0xe0: (length, second) = (3, 0xa0...0xbf)
    case 0xed: (length, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: length = 3
    case 0xf0: (length, second) = (4, 0x90...0xbf)
    case 0xf4: (length, second) = (4, 0x80...0x8f)
    case 0xf1...0xf3: length = 4
    default: return 0
    }
    guard byteCount &- at >= length, second.contains(u8(at &+ 1)) else { return 0 }
    for index in 2..<max(length, 2) where u8(at &+ index) & 0xc0 != 0x80 { return 0 }
    return length
  }
}
