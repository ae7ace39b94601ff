// Values of numbers only, kept as the bytes that they are in memory.

/// A value of which every bit pattern is one: numbers, and structs of numbers, no enumerations, no references. Its bytes
/// may be kept anywhere and read back by the same program: whatever comes back is such a value.
public protocol AnyBitPattern: BitwiseCopyable {}

extension UInt8: AnyBitPattern {}
extension UInt64: AnyBitPattern {}

extension InlineArray where Element: AnyBitPattern {
  /// The elements' bytes, as they are in memory.
  @inlinable @inline(__always)
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: elements of numbers only have no byte that may not be read.
      unsafe span.bytes
    }
  }
}

extension Array where Element == UInt8 {
  /// Appends the value's bytes, as they are in memory.
  @inlinable
  public mutating func append<Value: AnyBitPattern>(bytesOf value: inout Value) {
    // Sound: the buffer is used within the closure only; the value is bitwise copyable.
    unsafe Swift.withUnsafeBytes(of: &value) { unsafe append(contentsOf: $0) }
  }
}

extension RawSpan {
  /// The value whose bytes begin the span; nil where it is shorter.
  @inlinable
  public func value<Value: AnyBitPattern>(as type: Value.Type) -> Value? {
    guard byteCount >= MemoryLayout<Value>.size else { return nil }
    // Sound: the load is checked, asks for no alignment, and any bytes are a value by the protocol's promise.
    return unsafe unsafeLoadUnaligned(fromByteOffset: 0, as: type)
  }
}
