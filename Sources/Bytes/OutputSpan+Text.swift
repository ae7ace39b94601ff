// Appends text and numbers to an output span: what a byte writer does most, without a check of the array at each byte.

extension OutputSpan where Element == UInt8 {
  /// Appends the text's bytes. Traps where the capacity does not hold them.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(_ text: StaticString) {
    let count = text.utf8CodeUnitCount
    precondition(count <= freeCapacity)
    // Sound: a StaticString with a pointer representation keeps its bytes for ever; the capacity was checked.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      unsafe (target + initialized).initialize(from: text.utf8Start, count: count)
      initialized &+= count
    }
  }

  /// Appends the bytes. Traps where the capacity does not hold them.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(_ bytes: RawSpan) {
    precondition(bytes.byteCount <= freeCapacity)
    // Sound: both buffers are used within the closures only; the capacity was checked.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      unsafe bytes.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        unsafe UnsafeMutableRawPointer(target + initialized).copyMemory(from: start, byteCount: source.count)
      }
      initialized &+= bytes.byteCount
    }
  }

  /// Appends two lower-case hexadecimal digits a byte. Needs capacity for them.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func append(hexadecimal bytes: RawSpan) {
    for offset in 0..<bytes.byteCount {
      let byte = bytes.u8(offset)
      append(Hex.digit(byte >> 4))
      append(Hex.digit(byte))
    }
  }

  /// Appends `value` in decimal, with zeros in front up to `width` digits. Needs capacity for 20 digits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(decimal value: UInt64, width: Int = 1) {
    var digits = width
    var bound: UInt64 = 1
    for _ in 0..<width { bound = bound &* 10 }
    while digits < 20, bound != 0, value >= bound {
      bound = bound.multipliedReportingOverflow(by: 10).overflow ? 0 : bound &* 10
      digits &+= 1
    }
    precondition(digits <= freeCapacity)
    // Sound: the capacity was checked; every digit up to `digits` is written, from the last to the first.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      var rest = value
      var at = digits &- 1
      while at >= 0 {
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
        unsafe (target + initialized + at).initialize(to: 0x30 &+ UInt8(truncatingIfNeeded: digit))
        rest = quotient
        at &-= 1
      }
      initialized &+= digits
    }
  }
}
