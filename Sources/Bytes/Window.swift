// A header's bytes: checked once as a whole, then read at constant offsets at no further cost.

/// A given number of bytes at a given place of a span.
///
/// The check that the bytes are there is made once, by `RawSpan.window`. Each load is checked against the window's own
/// length; where that and the load's offset are constants, as for a header of a fixed layout, the compiler decides the
/// check, and nothing of it is left.
@frozen
public struct Window: ~Escapable {
  @usableFromInline let bytes: RawSpan
  @usableFromInline let base: Int
  public let byteCount: Int

  @inlinable @inline(__always)
  @_lifetime(copy bytes)
  init(checked bytes: RawSpan, _ base: Int, _ byteCount: Int) {
    self.bytes = bytes
    self.base = base
    self.byteCount = byteCount
  }

  /// The byte at `offset` of the window. Traps outside it.
  @inlinable @inline(__always)
  public func u8(_ offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < byteCount)
    // Sound: inside the window, which lies inside the span; any bit pattern is a UInt8.
    return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: base &+ offset, as: UInt8.self)
  }

  /// The big-endian 16-bit integer at `offset` of the window. Traps outside it.
  @inlinable @inline(__always)
  public func u16(_ offset: Int) -> UInt16 {
    precondition(offset >= 0 && offset <= byteCount &- 2)
    // Sound: inside the window, which lies inside the span; any bit pattern is a UInt16.
    return unsafe UInt16(
      bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: base &+ offset, as: UInt16.self))
  }

  /// The big-endian 32-bit integer at `offset` of the window. Traps outside it.
  @inlinable @inline(__always)
  public func u32(_ offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset <= byteCount &- 4)
    // Sound: inside the window, which lies inside the span; any bit pattern is a UInt32.
    return unsafe UInt32(
      bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: base &+ offset, as: UInt32.self))
  }

  /// The big-endian 64-bit integer at `offset` of the window. Traps outside it.
  @inlinable @inline(__always)
  public func u64(_ offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= byteCount &- 8)
    // Sound: inside the window, which lies inside the span; any bit pattern is a UInt64.
    return unsafe UInt64(
      bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: base &+ offset, as: UInt64.self))
  }

  /// The little-endian 16-bit integer at `offset` of the window. Traps outside it.
  @inlinable @inline(__always)
  public func u16le(_ offset: Int) -> UInt16 { u16(offset).byteSwapped }

  /// The little-endian 32-bit integer at `offset` of the window. Traps outside it.
  @inlinable @inline(__always)
  public func u32le(_ offset: Int) -> UInt32 { u32(offset).byteSwapped }
}

extension RawSpan {
  /// The `count` bytes at `offset`, or nil where they do not fit.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  public func window(_ offset: Int, _ count: Int) -> Window? {
    guard offset >= 0, count >= 0, count <= byteCount &- offset else { return nil }
    return Window(checked: self, offset, count)
  }
}
