// A cursor over untrusted bytes. Every read is checked and fails by throwing a `ReadError`.

/// Reads forward through a span.
///
/// At the end of the view a read fails with `ranOut`: more bytes might come. Inside a `block`, whose length the format
/// declared, too short is `invalid`: no further byte can mend it.
@frozen
public struct ByteReader: ~Escapable {
  @usableFromInline let bytes: RawSpan
  /// Offset of the next byte in this reader's own span.
  public var position: Int { @inlinable @inline(__always) get { at } }
  @usableFromInline var at: Int
  @usableFromInline let base: Int
  @usableFromInline let isBlock: Bool
  public let layer: ReadLayer
  public let source: ReadSource

  /// A reader over a whole view.
  @inlinable
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, layer: ReadLayer = .application, source: ReadSource = .datagram) {
    self.bytes = bytes
    self.at = 0
    self.base = 0
    self.isBlock = false
    self.layer = layer
    self.source = source
  }

  @inlinable
  @_lifetime(copy bytes)
  init(block bytes: RawSpan, base: Int, layer: ReadLayer, source: ReadSource) {
    self.bytes = bytes
    self.at = 0
    self.base = base
    self.isBlock = true
    self.layer = layer
    self.source = source
  }

  /// All bytes of this reader's own span, wherever it stands.
  public var whole: RawSpan {
    @inlinable @_lifetime(copy self) get { bytes }
  }
  /// Bytes left to read.
  @inlinable public var remaining: Int { bytes.byteCount &- position }
  @inlinable public var isAtEnd: Bool { position == bytes.byteCount }
  /// Offset of the next byte in the view that the outermost reader was made of.
  @inlinable public var offset: Int { base &+ position }

  /// The error of a read of `count` bytes that does not fit here.
  public func shortage(of count: Int) -> ReadError {
    ReadError(
      isBlock ? .invalid : .ranOut, layer: layer, source: source, offset: offset, wanted: count, found: remaining)
  }

  /// The error of bytes that contradict the format, at the current position.
  public func invalid() -> ReadError {
    ReadError(.invalid, layer: layer, source: source, offset: offset, found: remaining)
  }

  @inlinable
  @_lifetime(self: copy self)
  mutating func take(_ count: Int) throws(ReadError) -> Int {
    guard count >= 0, count <= remaining else { throw shortage(of: count) }
    let start = at
    at = start &+ count
    return start
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func u8() throws(ReadError) -> UInt8 { bytes.u8(try take(1)) }
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u16() throws(ReadError) -> UInt16 { bytes.u16(try take(2)) }
  /// A 24-bit big-endian integer.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u24() throws(ReadError) -> UInt32 {
    let at = try take(3)
    return UInt32(bytes.u8(at)) << 16 | UInt32(bytes.u16(at &+ 1))
  }
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u32() throws(ReadError) -> UInt32 { bytes.u32(try take(4)) }
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u64() throws(ReadError) -> UInt64 { bytes.u64(try take(8)) }
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u16le() throws(ReadError) -> UInt16 { bytes.u16le(try take(2)) }
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u32le() throws(ReadError) -> UInt32 { bytes.u32le(try take(4)) }
  @inlinable
  @_lifetime(self: copy self)
  public mutating func u64le() throws(ReadError) -> UInt64 { bytes.u64le(try take(8)) }

  /// The next `count` bytes.
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func span(_ count: Int) throws(ReadError) -> RawSpan {
    let start = try take(count)
    return bytes.extracting(start..<(start &+ count))
  }

  /// All bytes that are left.
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func rest() -> RawSpan {
    let start = at
    at = bytes.byteCount
    return bytes.extracting(start..<bytes.byteCount)
  }

  /// A reader over the next `count` bytes, whose length the format declared.
  @inlinable
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func block(_ count: Int) throws(ReadError) -> ByteReader {
    let at = offset
    let inner = try span(count)
    return ByteReader(block: inner, base: at, layer: layer, source: source)
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func skip(_ count: Int) throws(ReadError) { _ = try take(count) }

  /// The next byte without moving, or nil at the end.
  public func peek(_ ahead: Int = 0) -> UInt8? { bytes.u8IfPresent(position &+ ahead) }
}
