// Pieces of JSON written straight into an output span: for records that are written by the million.

import Bytes

extension OutputSpan where Element == UInt8 {
  /// A member's name, which must need no escape: `,"name":` or without the comma.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func key(_ name: StaticString, comma: Bool = true) {
    if comma { append(0x2c) }
    append(0x22)
    append(name)
    append(0x22)
    append(0x3a)
  }

  /// A member with a number.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func member(_ name: StaticString, _ number: UInt64, comma: Bool = true) {
    key(name, comma: comma)
    append(decimal: number)
  }

  /// A member with a constant text that needs no escape.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func member(_ name: StaticString, text: StaticString, comma: Bool = true) {
    key(name, comma: comma)
    append(0x22)
    append(text)
    append(0x22)
  }
}
