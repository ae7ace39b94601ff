// What ClientHello and ServerHello are made of: the session identifier, lists, names.

import Bytes

/// Both hellos: version, random, session identifier.
enum TLSHelloLayout {
  static let random = 32
}

/// A session identifier of at most 32 bytes, kept only to see whether the server sends it back.
public struct TLSSessionID: Hashable, Sendable, BitwiseCopyable {
  static let longest = 32
  public private(set) var length: UInt8 = 0
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  public init() {}

  /// The first 32 bytes of `bytes`.
  public init(_ bytes: RawSpan) {
    length = UInt8(min(bytes.byteCount, TLSSessionID.longest))
    words = (
      bytes.u64OrZeros(0), bytes.u64OrZeros(8), bytes.u64OrZeros(16),
      bytes.u64OrZeros(24)
    )
  }

  public var isEmpty: Bool { length == 0 }

  public static func == (left: TLSSessionID, right: TLSSessionID) -> Bool {
    left.length == right.length && left.words == right.words
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(length)
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

/// An extension of a hello: RFC 8446 section 4.2.
struct TLSExtension: ~Escapable {
  let type: TLSExtensionType
  let content: RawSpan

  /// The next one of a list.
  @inline(__always)
  @_lifetime(copy list)
  init(_ list: inout ByteReader) throws(ReadError) {
    type = TLSExtensionType(try list.u16())
    let length = Int(try list.u16())
    content = try list.span(length)
  }
}

/// Readers of the lists in extensions. What follows a list's declared length is left unread.
enum TLSList {
  /// 16-bit codes that fill a span; an odd byte at the end is left out.
  static func codes<Code: TLSCode>(_ span: RawSpan) -> [Code] {
    var codes: [Code] = []
    codes.reserveCapacity(span.byteCount / 2)
    var offset = 0
    while offset &+ 1 < span.byteCount {
      codes.append(Code(span.u16(offset)))
      offset &+= 2
    }
    return codes
  }

  /// 16-bit codes under a length of 16 bits.
  static func codes16<Code: TLSCode>(_ reader: inout ByteReader) throws(ReadError) -> [Code] {
    let length = Int(try reader.u16())
    return codes(try reader.span(length))
  }

  /// 16-bit codes under a length of 8 bits.
  static func codes8<Code: TLSCode>(_ reader: inout ByteReader) throws(ReadError) -> [Code] {
    let length = Int(try reader.u8())
    return codes(try reader.span(length))
  }

  /// Byte strings, each under a length of 8 bits, all under one of 16 (RFC 7301 section 3.1): what `value` makes of them.
  static func opaques<Value>(
    _ reader: inout ByteReader, _ value: (RawSpan) -> Value
  ) throws(ReadError) -> [Value] {
    let length = Int(try reader.u16())
    var list = try reader.block(length)
    var values: [Value] = []
    while !list.isAtEnd {
      let length = Int(try list.u8())
      values.append(value(try list.span(length)))
    }
    return values
  }

  /// The first name of type `host_name` (RFC 6066 section 3), or nil where the list has none.
  static func firstHostName(_ reader: inout ByteReader) throws(ReadError) -> String? {
    let length = Int(try reader.u16())
    var list = try reader.block(length)
    while !list.isAtEnd {
      let isHostName = try list.u8() == 0
      let length = Int(try list.u16())
      let name = try list.span(length)
      if isHostName { return TLSText.text(name) }
    }
    return nil
  }

  /// The groups of a client's key shares (RFC 8446 section 4.2.8).
  static func keyShareGroups(_ reader: inout ByteReader) throws(ReadError) -> [TLSNamedGroup] {
    var groups: [TLSNamedGroup] = []
    try forEachKeyShare(&reader) { groups.append($0) }
    return groups
  }

  static func forEachKeyShare(_ reader: inout ByteReader, _ body: (TLSNamedGroup) -> Void) throws(ReadError) {
    let length = Int(try reader.u16())
    var list = try reader.block(length)
    while !list.isAtEnd {
      body(TLSNamedGroup(try list.u16()))
      let length = Int(try list.u16())
      try list.skip(length)
    }
  }

  /// Identifiers of QUIC's transport parameters: pairs of identifier and length as QUIC's variable-length integers
  /// (RFC 9000 section 18).
  static func transportParameters(_ reader: inout ByteReader) throws(ReadError) -> [UInt64] {
    var identifiers: [UInt64] = []
    while !reader.isAtEnd {
      identifiers.append(try variableInteger(&reader))
      let length = try variableInteger(&reader)
      guard length <= UInt64(reader.remaining) else { throw reader.invalid() }
      try reader.skip(Int(length))
    }
    return identifiers
  }

  private static func variableInteger(_ reader: inout ByteReader) throws(ReadError) -> UInt64 {
    let first = try reader.u8()
    var value = UInt64(first & 0x3f)
    // The two highest bits give the length: 1, 2, 4 or 8 bytes (RFC 9000 section 16).
    for _ in 1..<(1 << Int(first >> 6)) { value = value << 8 | UInt64(try reader.u8()) }
    return value
  }
}

/// Names on the wire as text.
public enum TLSText {
  /// Host names have at most 253 characters; what is far longer is none, and is cut.
  static let longest = 1024

  /// The bytes as text. Where they are no UTF-8, each byte outside printable ASCII is written `\xHH`, and the backslash
  /// twice. Text longer than 1,024 bytes is cut and ends in `…`.
  public static func text(_ bytes: RawSpan) -> String {
    let shown = bytes.slice(0, longest)
    let text = String(utf8: shown) ?? escaped(shown)
    return bytes.byteCount > longest ? text + "…" : text
  }

  private static func escaped(_ bytes: RawSpan) -> String {
    var out: [UInt8] = []
    for byte in bytes.array {
      switch byte {
      case 0x5c: out += [0x5c, 0x5c]
      case 0x20...0x7e: out.append(byte)
      default: out += [0x5c, 0x78, Hex.digit(byte >> 4), Hex.digit(byte)]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
