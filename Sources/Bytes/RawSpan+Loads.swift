// Integers out of a RawSpan at a given offset, in either byte order.
// Each form checks its bounds: `RawSpan` traps when read outside, so nothing here can read past the span. Callers on
// hostile bytes check the length first, or use the `…IfPresent` forms.

extension RawSpan {
  /// The byte at `offset`. Traps outside the span: check `byteCount` first.
  @inlinable @inline(__always)
  public func u8(_ offset: Int) -> UInt8 {
    // Sound: the checked form of the load; any bit pattern is a UInt8.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The big-endian 16-bit integer at `offset`. Traps outside the span.
  @inlinable @inline(__always)
  public func u16(_ offset: Int) -> UInt16 {
    // Sound: the checked form of the load; any bit pattern is a UInt16.
    unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// The big-endian 32-bit integer at `offset`. Traps outside the span.
  @inlinable @inline(__always)
  public func u32(_ offset: Int) -> UInt32 {
    // Sound: the checked form of the load; any bit pattern is a UInt32.
    unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The big-endian 64-bit integer at `offset`. Traps outside the span.
  @inlinable @inline(__always)
  public func u64(_ offset: Int) -> UInt64 {
    // Sound: the checked form of the load; any bit pattern is a UInt64.
    unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The little-endian 16-bit integer at `offset`. Traps outside the span.
  @inlinable @inline(__always)
  public func u16le(_ offset: Int) -> UInt16 { u16(offset).byteSwapped }

  /// The little-endian 32-bit integer at `offset`. Traps outside the span.
  @inlinable @inline(__always)
  public func u32le(_ offset: Int) -> UInt32 { u32(offset).byteSwapped }

  /// The little-endian 64-bit integer at `offset`. Traps outside the span.
  @inlinable @inline(__always)
  public func u64le(_ offset: Int) -> UInt64 { u64(offset).byteSwapped }

  /// The byte at `offset`, or nil outside the span.
  @inlinable @inline(__always)
  public func u8IfPresent(_ offset: Int) -> UInt8? {
    offset >= 0 && offset < byteCount ? u8(offset) : nil
  }

  /// The big-endian 16-bit integer at `offset`, or nil where it does not fit in the span.
  @inlinable @inline(__always)
  public func u16IfPresent(_ offset: Int) -> UInt16? {
    offset >= 0 && byteCount >= 2 && offset <= byteCount &- 2 ? u16(offset) : nil
  }

  /// The big-endian 32-bit integer at `offset`, or nil where it does not fit in the span.
  @inlinable @inline(__always)
  public func u32IfPresent(_ offset: Int) -> UInt32? {
    offset >= 0 && byteCount >= 4 && offset <= byteCount &- 4 ? u32(offset) : nil
  }

  /// The big-endian word at `offset`, which is not negative; zeros stand for bytes that are not there.
  @inlinable
  public func u64OrZeros(_ offset: Int) -> UInt64 {
    if offset <= byteCount &- 8 { return u64(offset) }
    var word: UInt64 = 0
    for index in offset..<(offset &+ 8) { word = word << 8 | UInt64(u8IfPresent(index) ?? 0) }
    return word
  }

  /// The bytes from `offset` on, at most `count` of them; empty where `offset` lies outside.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  public func slice(_ offset: Int, _ count: Int = Int.max) -> RawSpan {
    guard offset >= 0, count > 0, offset < byteCount else { return extracting(0..<0) }
    let end = count >= byteCount &- offset ? byteCount : offset &+ count
    return extracting(offset..<end)
  }

  /// Whether the bytes at `offset` are those of `text`.
  @inlinable
  public func holds(_ text: StaticString, at offset: Int = 0) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, length <= byteCount, offset <= byteCount &- length else { return false }
    // Sound: a StaticString with a pointer representation keeps its bytes for ever; `length` is its own count.
    let start = unsafe text.utf8Start
    for index in 0..<length where unsafe u8(offset &+ index) != start[index] {
      return false
    }
    return true
  }

  /// Whether these are the same bytes as those of `other`.
  public func holds(_ other: [UInt8]) -> Bool {
    guard other.count == byteCount else { return false }
    // Sound: both buffers are used within the closures only, and no load passes `count`, which is that of both.
    return unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        let count = left.count
        var at = 0
        while count &- at >= 32 {
          var differs: UInt64 = 0
          for place in stride(from: at, to: at &+ 32, by: 8) {
            differs |=
              unsafe left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
              ^ right.loadUnaligned(fromByteOffset: place, as: UInt64.self)
          }
          if differs != 0 { return false }
          at &+= 32
        }
        while at < count {
          if unsafe left[at] != right[at] { return false }
          at &+= 1
        }
        return true
      }
    }
  }

  /// A copy of the bytes.
  public var array: [UInt8] {
    // Sound: the buffer is used within the closure only.
    unsafe withUnsafeBytes { unsafe [UInt8]($0) }
  }
}

extension Array where Element == UInt8 {
  /// Lends the array's bytes as a RawSpan.
  @inlinable
  public func withRawSpan<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Sound: a span of bytes is a raw span of the same bytes; the borrow lasts for the call.
    unsafe try body(span.bytes)
  }

  /// Appends the bytes of `bytes`.
  @inlinable
  public mutating func append(_ bytes: RawSpan) {
    // Sound: the buffer is used within the closure only.
    unsafe bytes.withUnsafeBytes { unsafe self.append(contentsOf: $0) }
  }

  /// Appends the UTF-8 bytes of `text`.
  @inlinable
  public mutating func append(_ text: StaticString) {
    // Sound: a StaticString with a pointer representation keeps its bytes for ever; the count is its own.
    unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
