// The one deterministic JSON writer: keys in the order they are written, no spaces unless indented, integers only.

import Bytes

/// Appends JSON to a byte buffer.
///
/// Commas are the writer's business: `key` and the value calls put them in. Nothing is buffered twice, and equal calls
/// give equal bytes.
public struct JSONWriter: Sendable {
  public var bytes: [UInt8] = []
  @usableFromInline var needsComma = false

  public init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  @inlinable
  mutating func separate() {
    if needsComma { bytes.append(0x2c) }
  }

  @inlinable
  public mutating func beginObject() {
    separate()
    bytes.append(0x7b)
    needsComma = false
  }
  @inlinable
  public mutating func endObject() {
    bytes.append(0x7d)
    needsComma = true
  }
  @inlinable
  public mutating func beginArray() {
    separate()
    bytes.append(0x5b)
    needsComma = false
  }
  @inlinable
  public mutating func endArray() {
    bytes.append(0x5d)
    needsComma = true
  }

  /// Writes a member's name, which must need no escape.
  @inlinable
  public mutating func key(_ name: StaticString) {
    let comma = needsComma
    bytes.append(addingCapacity: name.utf8CodeUnitCount &+ 4) { (out: inout OutputSpan<UInt8>) in
      if comma { out.append(0x2c) }
      out.append(0x22)
      out.append(name)
      out.append(0x22)
      out.append(0x3a)
    }
    needsComma = false
  }

  /// Writes a member's name.
  public mutating func key(_ name: String) {
    string(name)
    bytes.append(0x3a)
    needsComma = false
  }

  /// A string whose characters need no escape.
  @inlinable
  public mutating func plain(_ text: StaticString) {
    let comma = needsComma
    bytes.append(addingCapacity: text.utf8CodeUnitCount &+ 3) { (out: inout OutputSpan<UInt8>) in
      if comma { out.append(0x2c) }
      out.append(0x22)
      out.append(text)
      out.append(0x22)
    }
    needsComma = true
  }

  /// A string, escaped as RFC 8259 section 7 asks. Control and bidirectional formatting characters are escaped too, so
  /// that no terminal and no viewer is led astray by evidence.
  public mutating func string(_ text: String) { text.withRawSpan { string(utf8: $0) } }

  public mutating func string(_ text: some StringProtocol) { string(String(text)) }

  /// The same for well-formed UTF-8: what needs no escape is copied as it stands.
  public mutating func string(utf8 text: RawSpan) {
    let comma = needsComma
    var at = text.endOfPlainText(from: 0)
    bytes.append(addingCapacity: at &+ 2) { (out: inout OutputSpan<UInt8>) in
      if comma { out.append(0x2c) }
      out.append(0x22)
      out.append(text.slice(0, at))
    }
    while at < text.byteCount {
      at = escape(text, at)
      let end = text.endOfPlainText(from: at)
      bytes.append(text.slice(at, end &- at))
      at = end
    }
    bytes.append(0x22)
    needsComma = true
  }

  /// A string made by `body`, which appends UTF-8 bytes that need no escape.
  @inlinable
  public mutating func string(bytes body: (inout [UInt8]) -> Void) {
    separate()
    bytes.append(0x22)
    body(&bytes)
    bytes.append(0x22)
    needsComma = true
  }

  /// Appends the character at `offset`, escaped where it has to be; gives the offset behind it.
  private mutating func escape(_ text: RawSpan, _ offset: Int) -> Int {
    let (scalar, length) = text.scalar(at: offset)
    switch scalar {
    case 0x22, 0x5c:
      bytes.append(0x5c)
      bytes.append(UInt8(scalar))
    case 0x00...0x1f, 0x7f...0x9f, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb:
      bytes.append(0x5c)
      bytes.append(0x75)
      for shift in [UInt32(12), 8, 4, 0] {
        bytes.append(Hex.digit(UInt8(truncatingIfNeeded: scalar >> shift)))
      }
    default:
      bytes.append(text.slice(offset, length))
    }
    return offset &+ length
  }

  @inlinable
  public mutating func integer(_ value: some FixedWidthInteger) {
    let comma = needsComma
    let isNegative = value < 0
    let magnitude = UInt64(clamping: value.magnitude)
    bytes.append(addingCapacity: 24) { (out: inout OutputSpan<UInt8>) in
      if comma { out.append(0x2c) }
      if isNegative { out.append(0x2d) }
      out.append(decimal: magnitude)
    }
    needsComma = true
  }

  @inlinable
  public mutating func boolean(_ value: Bool) {
    separate()
    bytes.append(value ? "true" : "false")
    needsComma = true
  }

  public mutating func null() {
    separate()
    bytes.append("null")
    needsComma = true
  }

  /// Appends one or more values or members that were written before by such a writer, without their outer commas.
  @inlinable
  public mutating func fragment(_ fragment: [UInt8]) {
    guard !fragment.isEmpty else { return }
    separate()
    bytes.append(contentsOf: fragment)
    needsComma = true
  }

  @inlinable
  public mutating func fragment(_ fragment: RawSpan) {
    guard fragment.byteCount > 0 else { return }
    separate()
    bytes.append(fragment)
    needsComma = true
  }

  /// Goes on in an object whose first members were appended to `bytes` directly.
  @inlinable
  public mutating func continueObject() { needsComma = true }

  /// What comes next starts without a comma: members that are taken apart from what was written before.
  @inlinable
  public mutating func beginAnew() { needsComma = false }

  /// Ends a line of JSON Lines: a line feed, after which a new value starts without a comma.
  @inlinable
  public mutating func endLine() {
    bytes.append(0x0a)
    needsComma = false
  }

  /// Empties the buffer, keeping its memory.
  @inlinable
  public mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }
}
