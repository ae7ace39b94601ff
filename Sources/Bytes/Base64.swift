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
    out.append(addingCapacity: (bytes.byteCount &+ 2) / 3 &* 4) { (text: inout OutputSpan<UInt8>) in
      append(bytes, to: &text)
    }
  }

  /// The same to a span with room for them.
  @_lifetime(text: copy text)
  public static func append(_ bytes: RawSpan, to text: inout OutputSpan<UInt8>) {
    let count = bytes.byteCount
    var at = 0
    while count &- at >= 4 {
      append(bytes.u32(at) >> 8, characters: 4, to: &text)
      at &+= 3
    }
    switch count &- at {
    case 1: append(UInt32(bytes.u8(at)) << 16, characters: 2, to: &text)
    case 2: append(UInt32(bytes.u16(at)) << 8, characters: 3, to: &text)
    case 3: append(UInt32(bytes.u16(at)) << 8 | UInt32(bytes.u8(at &+ 2)), characters: 4, to: &text)
    default: break
    }
  }

  /// Appends the first characters of 24 bits, then padding up to four.
  @inline(__always)
  @_lifetime(text: copy text)
  private static func append(_ group: UInt32, characters: Int, to text: inout OutputSpan<UInt8>) {
    let third = characters > 2 ? character(group >> 6) : padding
    let fourth = characters > 3 ? character(group) : padding
    text.append(
      four: UInt32(character(group >> 18)) | UInt32(character(group >> 12)) << 8 | UInt32(third) << 16
        | UInt32(fourth) << 24)
  }

  /// The text of the bytes.
  public static func text(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    bytes.withRawSpan { append($0, to: &out) }
    return String(decoding: out, as: UTF8.self)
  }

  /// The bytes of a text as `append` writes it, and of no other: nothing else in it, padding whole, unused bits zero.
  public static func bytes(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(characters.count / 4 &* 3)
    var group: UInt32 = 0
    var count = 0
    for character in characters {
      guard let value = value(of: character) else { break }
      group = group << 6 | value
      count &+= 1
      if count.isMultiple(of: 4) {
        for shift in [UInt32(16), 8, 0] { out.append(UInt8(truncatingIfNeeded: group >> shift)) }
        group = 0
      }
    }
    switch count % 4 {
    case 2: out.append(UInt8(truncatingIfNeeded: group >> 4))
    case 3: for shift in [UInt32(10), 2] { out.append(UInt8(truncatingIfNeeded: group >> shift)) }
    default: break
    }
    // What is written again must be the same.
    var again: [UInt8] = []
    out.withRawSpan { append($0, to: &again) }
    return again == characters ? out : nil
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case 0x41...0x5a: UInt32(character &- 0x41)
    case 0x61...0x7a: UInt32(character &- 0x61 &+ 26)
    case 0x30...0x39: UInt32(character &- 0x30 &+ 52)
    case 0x2b: 62
    case 0x2f: 63
    default: nil
    }
  }
}
