// Base64 text (RFC 4648 section 4), with padding.

public enum Base64 {
  private static let alphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  private static let padding: UInt8 = 0x3d

  /// The character of the low six bits.
  @inline(__always)
  private static func character(_ value: UInt32) -> UInt8 {
    // Sound: the alphabet has 64 characters, which a StaticString keeps for ever.
    unsafe alphabet.utf8Start[Int(value & 0x3f)]
  }

  /// Appends four characters for each three bytes, the last group padded with `=`.
  public static func append(_ bytes: RawSpan, to out: inout [UInt8]) {
    let count = bytes.byteCount
    out.append(addingCapacity: (count &+ 2) / 3 &* 4) { (text: inout OutputSpan<UInt8>) in
      var at = 0
      while count &- at >= 3 {
        append(UInt32(bytes.u16(at)) << 8 | UInt32(bytes.u8(at &+ 2)), characters: 4, to: &text)
        at &+= 3
      }
      switch count &- at {
      case 1: append(UInt32(bytes.u8(at)) << 16, characters: 2, to: &text)
      case 2: append(UInt32(bytes.u16(at)) << 8, characters: 3, to: &text)
      default: break
      }
    }
  }

  /// Appends the first characters of 24 bits, then padding up to four.
  @inline(__always)
  @_lifetime(text: copy text)
  private static func append(_ group: UInt32, characters: Int, to text: inout OutputSpan<UInt8>) {
    text.append(character(group >> 18))
    text.append(character(group >> 12))
    text.append(characters > 2 ? character(group >> 6) : padding)
    text.append(characters > 3 ? character(group) : padding)
  }
}
