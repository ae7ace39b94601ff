// The Internet checksum's sum (RFC 1071), at memory speed.
//
// Sums of 16-bit words in ones' complement may be made of wider words, in any byte order, and be folded at the end
// (RFC 1071 section 2). Words of 64 bits are added in two ways, whole and their upper halves alone, both wrapping: the
// sum of the lower halves is the difference. That is two additions and a shift a word, with no carry to wait for.

extension RawSpan {
  /// The ones' complement sum of the `count` bytes at `offset`, taken as big-endian 16-bit words, the last one of an odd
  /// number filled up with zero (RFC 1071 section 4.1). Not complemented: a checksum holds where the sum over
  /// everything that it covers, itself included, is 0xffff.
  ///
  /// - Returns: 0 for bytes that are all zero, else 1 to 0xffff; nil where the bytes are not in the span.
  @inlinable
  public func onesComplementSum(_ offset: Int, _ count: Int) -> UInt16? {
    guard offset >= 0, count >= 0, count <= byteCount &- offset else { return nil }
    // Sound: the buffer is used within the closure only, and `sum` reads inside it.
    return unsafe extracting(offset..<(offset &+ count)).withUnsafeBytes { unsafe Self.sum($0) }
  }

  @usableFromInline
  static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
    let count = bytes.count
    var at = 0
    // Sums of 2^32 halves at most: no span is that long, so neither overflows what is got back from it.
    var high: UInt64 = 0
    var whole: UInt64 = 0
    if count >= 64 {
      var wholes = SIMD8<UInt64>()
      var highs = SIMD8<UInt64>()
      repeat {
        // Sound: `at` + 64 does not pass `count`; any bit pattern is eight words.
        let words = unsafe bytes.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt64>.self)
        wholes &+= words
        highs &+= words &>> 32
        at &+= 64
      } while count &- at >= 64
      whole = wholes.wrappedSum()
      high = highs.wrappedSum()
    }
    while count &- at >= 8 {
      // Sound: `at` + 8 does not pass `count`; any bit pattern is a word.
      let word = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      whole &+= word
      high &+= word &>> 32
      at &+= 8
    }
    if at < count {
      let word = unsafe last(bytes, count &- at)
      whole &+= word
      high &+= word &>> 32
    }
    let low = whole &- high &<< 32
    return UInt16(truncatingIfNeeded: folded(low, high)).bigEndian
  }

  /// The last `rest` (1 to 7) bytes as a word in memory order, filled up with zeros.
  @inline(__always)
  private static func last(_ bytes: UnsafeRawBufferPointer, _ rest: Int) -> UInt64 {
    let count = bytes.count
    if count >= 8 {
      // Sound: the last eight bytes, some of which were read before; the shift leaves those out.
      let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
      return UInt64(littleEndian: word &>> UInt64(truncatingIfNeeded: 64 &- rest &* 8))
    }
    var word: UInt64 = 0
    for index in 0..<rest {
      // Sound: fewer than eight bytes in all, none of them read before.
      word |= unsafe UInt64(bytes[index]) &<< UInt64(truncatingIfNeeded: index &* 8)
    }
    return UInt64(littleEndian: word)
  }

  /// Two sums of halves as one of 16 bits.
  @inline(__always)
  private static func folded(_ low: UInt64, _ high: UInt64) -> UInt64 {
    var sum = (low & 0xffff_ffff) &+ (low &>> 32) &+ (high & 0xffff_ffff) &+ (high &>> 32)
    sum = (sum & 0xffff) &+ (sum &>> 16 & 0xffff) &+ (sum &>> 32)
    sum = (sum & 0xffff) &+ (sum &>> 16)
    return (sum & 0xffff) &+ (sum &>> 16)
  }
}
