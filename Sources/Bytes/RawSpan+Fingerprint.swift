// A 64-bit fingerprint of bytes, at memory speed: equal bytes have equal fingerprints, and unequal ones hardly ever.
// Multiply-and-fold over four lanes. It is no cryptographic digest, and it is the same on every run.

extension UInt64 {
  /// The 128-bit product of both, its halves combined.
  @inlinable @inline(__always)
  public func folded(_ other: UInt64) -> UInt64 {
    let product = multipliedFullWidth(by: other)
    return product.high ^ product.low
  }
}

/// Odd constants with as many ones as zeros and no regular pattern: the leading digits of the fractional parts of the
/// square roots of 2, 3, 5 and 7 (FIPS 180-4 section 5.3.5 uses the same as "nothing up my sleeve" numbers).
@usableFromInline
enum Mixing {
  @usableFromInline static let first: UInt64 = 0x6a09_e667_f3bc_c909
  @usableFromInline static let second: UInt64 = 0xbb67_ae85_84ca_a73b
  @usableFromInline static let third: UInt64 = 0x3c6e_f372_fe94_f82b
  @usableFromInline static let fourth: UInt64 = 0xa54f_f53a_5f1d_36f1
}

extension RawSpan {
  /// A fingerprint of the bytes and their number.
  @inlinable
  public func fingerprint(seed: UInt64 = 0) -> UInt64 {
    // Sound: the buffer is used within the closure only, and every load below stays inside `count`.
    unsafe withUnsafeBytes { unsafe Self.fingerprint($0, seed) }
  }

  /// A fingerprint of the number of bytes and, beyond 64, of the first 32 and the last 32 only: as good as one of all of
  /// them where a checksum stands among those, at the same cost for any length.
  @inlinable
  public func fingerprintOfEnds(seed: UInt64 = 0) -> UInt64 {
    // Sound: the buffer is used within the closure only, and every load below stays inside `count`.
    unsafe withUnsafeBytes { unsafe Self.fingerprintOfEnds($0, seed) }
  }

  @inlinable @inline(__always)
  static func fingerprintOfEnds(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
    let count = bytes.count
    guard count > 64 else { return unsafe fingerprint(bytes, seed) }
    let state = seed ^ (UInt64(truncatingIfNeeded: count) &* Mixing.fourth)
    // Sound: `count` is above 64.
    let a = unsafe (word(bytes, 0) ^ state).folded(word(bytes, 8) ^ Mixing.first)
    let b = unsafe (word(bytes, 16) ^ state ^ Mixing.first).folded(word(bytes, 24) ^ Mixing.second)
    let c = unsafe (word(bytes, count &- 32) ^ state ^ Mixing.second).folded(word(bytes, count &- 24) ^ Mixing.third)
    let d = unsafe (word(bytes, count &- 16) ^ state ^ Mixing.third).folded(word(bytes, count &- 8) ^ Mixing.fourth)
    return (a ^ b.folded(Mixing.third)).folded(c ^ Mixing.first) ^ d
  }

  @inlinable @inline(__always)
  static func fingerprint(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
    let count = bytes.count
    var state = seed ^ (UInt64(truncatingIfNeeded: count) &* Mixing.fourth)
    guard count > 16 else {
      let (low, high) = unsafe ends(bytes)
      return (low ^ Mixing.first).folded(high ^ state ^ Mixing.second).folded(Mixing.third)
    }
    var at = 0
    if count > 64 {
      var (a, b, c, d) = (state, state ^ Mixing.first, state ^ Mixing.second, state ^ Mixing.third)
      repeat {
        // Sound: `at` + 64 does not pass `count`.
        a = unsafe (word(bytes, at) ^ a).folded(word(bytes, at &+ 8) ^ Mixing.first)
        b = unsafe (word(bytes, at &+ 16) ^ b).folded(word(bytes, at &+ 24) ^ Mixing.second)
        c = unsafe (word(bytes, at &+ 32) ^ c).folded(word(bytes, at &+ 40) ^ Mixing.third)
        d = unsafe (word(bytes, at &+ 48) ^ d).folded(word(bytes, at &+ 56) ^ Mixing.fourth)
        at &+= 64
      } while count &- at >= 64
      state = (a ^ b.folded(Mixing.third)).folded(c ^ Mixing.first) ^ d
    }
    while count &- at > 16 {
      // Sound: more than 16 bytes are left.
      state = unsafe (word(bytes, at) ^ state).folded(word(bytes, at &+ 8) ^ Mixing.second)
      at &+= 16
    }
    // Sound: `count` is above 16; the last 16 bytes may have been read before.
    let low = unsafe word(bytes, count &- 16)
    let high = unsafe word(bytes, count &- 8)
    return (low ^ Mixing.first).folded(high ^ state).folded(Mixing.third)
  }

  /// Up to 16 bytes as two words.
  @inlinable @inline(__always)
  static func ends(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
    let count = bytes.count
    // Sound: each branch reads no byte at or beyond `count`.
    if count >= 8 { return unsafe (word(bytes, 0), word(bytes, count &- 8)) }
    if count >= 4 {
      let low = unsafe bytes.loadUnaligned(as: UInt32.self)
      let high = unsafe bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
      return (UInt64(low), UInt64(high))
    }
    guard count > 0 else { return (0, 0) }
    return unsafe (UInt64(bytes[0]) << 8 | UInt64(bytes[count >> 1]), UInt64(bytes[count &- 1]))
  }

  @inlinable @inline(__always)
  static func word(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
    // Sound: callers keep `at` + 8 within the buffer; any bit pattern is a UInt64. Little-endian, so that the value does
    // not depend on the machine.
    unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
  }
}
