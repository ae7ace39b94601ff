// Base64 text (RFC 4648 section 4), with padding.

public enum Base64 {
  /// The character of the low six bits.
  @inlinable @inline(__always)
  static func character(_ value: UInt32) -> UInt8 {
    let six = UInt8(truncatingIfNeeded: value & 0x3f)
    // Letters, then small letters, digits, `+` and `/`: each range moves what lies behind it, without a branch.
    var character = six &+ 0x41
    character = character &+ (six > 25 ? 6 : 0)
    character = character &- (six > 51 ? 75 : 0)
    character = character &- (six > 61 ? 15 : 0)
    return character &+ (six > 62 ? 3 : 0)
  }

  /// Appends four characters for each three bytes, the last group padded with `=`.
  public static func append(_ bytes: RawSpan, to out: inout [UInt8]) {
    let count = bytes.byteCount
    out.append(addingCapacity: (count &+ 2) / 3 &* 4) { (text: inout OutputSpan<UInt8>) in
      var at = 0
      while at < count {
        let left = count &- at
        let second = left > 1 ? UInt32(bytes.u8(at &+ 1)) : 0
        let third = left > 2 ? UInt32(bytes.u8(at &+ 2)) : 0
        let group = UInt32(bytes.u8(at)) << 16 | second << 8 | third
        text.append(character(group >> 18))
        text.append(character(group >> 12))
        text.append(left > 1 ? character(group >> 6) : 0x3d)
        text.append(left > 2 ? character(group) : 0x3d)
        at &+= 3
      }
    }
  }
}
