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

  /// Decimal digits of a number: 1 for 0.
  @inlinable @inline(__always)
  static func decimalDigits(_ value: UInt64) -> Int {
    var digits = 1
    var rest = value
    while rest >= 10_000 {
      rest /= 10_000
      digits &+= 4
    }
    return digits &+ (rest >= 10 ? 1 : 0) &+ (rest >= 100 ? 1 : 0) &+ (rest >= 1_000 ? 1 : 0)
  }

  /// Appends `value` in decimal, with zeros in front up to `width` digits. Needs capacity for 20 digits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(decimal value: UInt64, width: Int = 1) {
    let digits = max(width, Self.decimalDigits(value))
    precondition(digits <= freeCapacity)
    // Sound: the capacity was checked; every place up to `digits` is written, two at a time from the last; the table has
    // two characters for each number below 100.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      let target = unsafe start + initialized
      let pairs = unsafe Decimal.pairs.utf8Start
      var rest = value
      var at = digits
      while at > 1 {
        let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
        at &-= 2
        unsafe (target + at).initialize(to: pairs[Int(pair) &* 2])
        unsafe (target + (at &+ 1)).initialize(to: pairs[Int(pair) &* 2 &+ 1])
        rest = quotient
      }
      if at == 1 { unsafe target.initialize(to: 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)) }
      initialized &+= digits
    }
  }
}

/// The two characters of each number below 100.
@usableFromInline
enum Decimal {
  @inlinable static var pairs: StaticString {
    """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """
  }
}
