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

  /// Appends the number in decimal. Traps where there is no room for 20 digits, however small it is.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func append(decimal value: UInt64) {
    precondition(freeCapacity >= 20)
    // Eight digits at a time: 2^64 has twenty.
    if value < 10 {
      append(0x30 &+ UInt8(truncatingIfNeeded: value))
    } else if value < 100_000_000 {
      append(upToEightDigits: value)
    } else if value < 10_000_000_000_000_000 {
      let (high, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
      append(upToEightDigits: high)
      append(eightDigits: low)
    } else {
      let (high, low) = value.quotientAndRemainder(dividingBy: 10_000_000_000_000_000)
      let (middle, last) = low.quotientAndRemainder(dividingBy: 100_000_000)
      append(upToEightDigits: high)
      append(eightDigits: middle)
      append(eightDigits: last)
    }
  }

  /// Appends a number below 100,000,000 with zeros in front. Traps where there is no room for eight digits.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(eightDigits value: UInt64) {
    append(Decimal.eightDigits(value) | Decimal.zeros, count: 8)
  }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func append(upToEightDigits value: UInt64) {
    let digits = Decimal.eightDigits(value)
    // The last digit stays, whatever it is.
    let leading = (digits | 1 << 56).trailingZeroBitCount / 8
    append((digits | Decimal.zeros) >> UInt64(truncatingIfNeeded: 8 &* leading), count: 8 &- leading)
  }

  /// Appends the number in decimal, with zeros in front up to `width` digits. Traps where there is no room.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func append(decimal value: UInt64, width: Int) {
    var power: UInt64 = 10
    var digits = 1
    while digits < 20, value >= power {
      power &*= 10
      digits &+= 1
    }
    while digits < width {
      append(0x30)
      digits &+= 1
    }
    append(decimal: value)
  }

  /// Appends the first `count` characters of a word, the lowest byte first; traps where there is no room for all eight.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(_ characters: UInt64, count: Int) {
    precondition(freeCapacity >= 8 && count >= 0 && count <= 8)
    // Sound: the capacity was checked; what lies behind `count` is written but not counted. No alignment is asked for.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      unsafe UnsafeMutableRawPointer(start + initialized).storeBytes(of: characters.littleEndian, as: UInt64.self)
      initialized &+= count
    }
  }

  /// Appends the four characters of half a word, the lowest byte first. Traps where there is no room.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(four characters: UInt32) {
    precondition(freeCapacity >= 4)
    // Sound: the capacity was checked. No alignment is asked for.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      unsafe UnsafeMutableRawPointer(start + initialized).storeBytes(of: characters.littleEndian, as: UInt32.self)
      initialized &+= 4
    }
  }

  /// Appends the four octets of a number, the highest first, in decimal with dots between. Traps where there is no room for
  /// 16 characters.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func append(dottedQuad value: UInt32) {
    precondition(freeCapacity >= 16)
    // Sound: the capacity was checked; an octet takes four characters at most, its dot among them, and what lies behind
    // the shorter ones is written again or not counted. No alignment is asked for.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      var end = initialized
      var shift: UInt32 = 32
      while shift > 0 {
        shift &-= 8
        let digits = Decimal.threeDigits(value >> shift & 0xff)
        // The last digit stays, whatever it is.
        let leading = (digits | 1 << 16).trailingZeroBitCount / 8
        let text = (digits | 0x2e30_3030) >> UInt32(truncatingIfNeeded: 8 &* leading)
        unsafe UnsafeMutableRawPointer(start + end).storeBytes(of: text.littleEndian, as: UInt32.self)
        end &+= 4 &- leading
      }
      initialized = end &- 1
    }
  }
}

/// Digits of small numbers, a byte each and the first one lowest, worked out side by side in one word: no table, and no
/// branch that depends on how long a number is.
@usableFromInline
enum Decimal {
  /// The character `0` in each byte.
  @inlinable static var zeros: UInt64 { 0x3030_3030_3030_3030 }

  /// The digits of a number below 100,000,000. Divisions are multiplications by 2^20 / 100 and 2^10 / 10, rounded up, which
  /// are exact for four and for two digits.
  @inlinable @inline(__always)
  static func eightDigits(_ value: UInt64) -> UInt64 {
    let (high, low) = value.quotientAndRemainder(dividingBy: 10_000)
    let fours = high | low << 32
    let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007f_0000_007f
    let twos = hundreds | (fours &- hundreds &* 100) << 16
    let tens = ((twos &* 103) >> 10) & 0x000f_000f_000f_000f
    return tens | (twos &- tens &* 10) << 8
  }

  /// The digits of a number below 256.
  @inlinable @inline(__always)
  static func threeDigits(_ value: UInt32) -> UInt32 {
    // 41 is 2^12 / 100, 103 is 2^10 / 10, both rounded up: exact below 256.
    let hundreds = (value &* 41) >> 12
    let rest = value &- hundreds &* 100
    let tens = (rest &* 103) >> 10
    return hundreds | tens << 8 | (rest &- tens &* 10) << 16
  }
}
