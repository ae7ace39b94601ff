// HKDF with SHA-256 (RFC 5869) by libcrypto's digest, with one context for any number of derivations. libcrypto's own HKDF
// makes and fetches objects at each call, which takes several times as long.

import Bytes
import CVeilCrypto

/// Derives keys: HKDF with SHA-256, and TLS 1.3's labels over it.
///
///     var derivation = try KeyDerivation()
///     let secret = derivation.extract(salt: salt, secret: input)
///     let key = derivation.expand(secret, label: "quic key", count: 16)
@safe
public struct KeyDerivation: ~Copyable {
  /// Bytes of a digest.
  public static let length = 32
  /// Bytes of the digest's block (FIPS 180-4 section 1).
  private static let block = 64

  private let context: OpaquePointer
  /// A block for the inner key, one for the outer, and a digest.
  private let work: UnsafeMutablePointer<UInt8>

  public init() throws(CryptographyError) {
    guard let method = unsafe EVP_MD_fetch(nil, "SHA2-256", nil) else { throw .unavailable }
    // Sound: the context keeps its own reference to the method.
    defer { unsafe EVP_MD_free(method) }
    guard let context = unsafe EVP_MD_CTX_new() else { throw .unavailable }
    guard unsafe EVP_DigestInit_ex2(context, method, nil) == 1 else {
      unsafe EVP_MD_CTX_free(context)
      throw .unavailable
    }
    unsafe self.context = context
    // Sound: all of it is written.
    unsafe work = .allocate(capacity: 2 &* Self.block &+ Self.length)
    unsafe work.initialize(repeating: 0, count: 2 &* Self.block &+ Self.length)
  }

  deinit {
    // Sound: both were made in `init` and are given out nowhere. Keys do not stay in freed memory.
    unsafe EVP_MD_CTX_free(context)
    unsafe OPENSSL_cleanse(work, 2 &* Self.block &+ Self.length)
    unsafe work.deallocate()
  }

  /// HMAC (RFC 2104) of the message: 32 bytes.
  public mutating func authenticate(_ message: RawSpan, key: RawSpan) -> [UInt8] {
    var count = key.byteCount
    if count > Self.block {
      // A long key counts by its digest (RFC 2104 section 3).
      update(key)
      finish()
      count = Self.length
      for index in 0..<count { unsafe work[index] = work[2 &* Self.block &+ index] }
    } else {
      for index in 0..<count { unsafe work[index] = key.u8(index) }
    }
    // Sound: each index is below the blocks' length.
    for index in 0..<Self.block {
      let byte = index < count ? unsafe work[index] : 0
      unsafe work[index] = byte ^ 0x36
      unsafe work[Self.block &+ index] = byte ^ 0x5c
    }
    update(0, Self.block)
    update(message)
    finish()
    update(Self.block, Self.block &+ Self.length)
    finish()
    // Sound: the digest lies behind the two blocks.
    return unsafe [UInt8](UnsafeBufferPointer(start: work + 2 &* Self.block, count: Self.length))
  }

  /// HKDF-Extract: 32 bytes.
  public mutating func extract(salt: RawSpan, secret: RawSpan) -> [UInt8] { authenticate(secret, key: salt) }

  /// HKDF-Expand. No more than 255 digests' length is given (RFC 5869 section 2.3).
  public mutating func expand(_ secret: [UInt8], info: [UInt8], count: Int) -> [UInt8] {
    let wanted = max(0, min(count, 255 &* Self.length))
    var out: [UInt8] = []
    var last: [UInt8] = []
    var counter: UInt8 = 0
    while out.count < wanted {
      counter &+= 1
      last = secret.withRawSpan { key in (last + info + [counter]).withRawSpan { authenticate($0, key: key) } }
      out += last
    }
    return Array(out.prefix(wanted))
  }

  /// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1): length, label behind "tls13 ", context.
  public mutating func expand(_ secret: [UInt8], label: StaticString, count: Int) -> [UInt8] {
    var info: [UInt8] = []
    info.reserveCapacity(32)
    info.append(UInt8(truncatingIfNeeded: count >> 8))
    info.append(UInt8(truncatingIfNeeded: count))
    info.append(UInt8(truncatingIfNeeded: 6 &+ label.utf8CodeUnitCount))
    info.append("tls13 ")
    info.append(label)
    info.append(0)
    guard (0...Self.length).contains(count) else { return expand(secret, info: info, count: count) }
    info.append(1)
    var out = secret.withRawSpan { key in info.withRawSpan { authenticate($0, key: key) } }
    out.removeLast(Self.length &- count)
    return out
  }

  private mutating func update(_ bytes: RawSpan) {
    // Sound: libcrypto reads `count` bytes during the call and keeps none of them.
    let status = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    // Cannot fail on a context that is set up; a digest that missed bytes must not pass for one.
    precondition(status == 1, "digest update failed")
  }

  /// Adds bytes of the blocks.
  private mutating func update(_ start: Int, _ count: Int) {
    // Sound: the callers' ranges lie within the memory.
    let status = unsafe EVP_DigestUpdate(context, work + start, count)
    precondition(status == 1, "digest update failed")
  }

  /// Ends the message, puts its digest behind the blocks, and begins an empty one.
  private mutating func finish() {
    // Sound: there is room for a digest; a nil method keeps the one that the context has.
    let status = unsafe EVP_DigestFinal_ex(context, work + 2 &* Self.block, nil)
    let again = unsafe EVP_DigestInit_ex2(context, nil, nil)
    precondition(status == 1 && again == 1, "digest end failed")
  }
}
