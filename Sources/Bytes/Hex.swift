// Lower-case hexadecimal text.

public enum Hex {
  /// The lower-case digit of the low four bits.
  @inlinable @inline(__always)
  public static func digit(_ value: UInt8) -> UInt8 {
    let nibble = value & 0x0f
    return nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble
  }

  /// Two digits a byte, lower case.
  @inlinable
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(2 &* bytes.underestimatedCount)
    for byte in bytes {
      out.append(digit(byte >> 4))
      out.append(digit(byte))
    }
    return String(decoding: out, as: UTF8.self)
  }

  public static func text(_ bytes: RawSpan) -> String {
    // Sound: as many digits are written, in order, as are said to be.
    unsafe String(unsafeUninitializedCapacity: 2 &* bytes.byteCount) { buffer in
      for offset in 0..<bytes.byteCount {
        let byte = bytes.u8(offset)
        unsafe buffer[2 &* offset] = digit(byte >> 4)
        unsafe buffer[2 &* offset &+ 1] = digit(byte)
      }
      return 2 &* bytes.byteCount
    }
  }

  /// The bytes of a hexadecimal text (either case, spaces, colons and line ends skipped), or nil where it is none.
  public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    var out: [UInt8] = []
    var high: UInt8?
    for character in text.utf8 {
      let value: UInt8
      switch character {
      case 0x30...0x39: value = character - 0x30
      case 0x41...0x46: value = character - 0x41 + 10
      case 0x61...0x66: value = character - 0x61 + 10
      case 0x20, 0x3a, 0x0a, 0x0d, 0x09: continue
      default: return nil
      }
      if let upper = high {
        out.append(upper << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return high == nil ? out : nil
  }
}
