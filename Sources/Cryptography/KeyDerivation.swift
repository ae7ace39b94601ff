// HKDF with SHA-256 (RFC 5869) over the digest of this room, with one context for any number of derivations. libcrypto's own HKDF
// makes and fetches objects at each call, which takes several times as long.

import Bytes

/// Derives keys: HKDF with SHA-256, and TLS 1.3's labels over it.
///
///     var derivation = try KeyDerivation()
///     let secret = derivation.extract(salt: salt, secret: input)
///     let key = derivation.expand(secret, label: "quic key", count: 16)
public struct KeyDerivation: ~Copyable {
  /// Bytes of a digest.
  public static let length = 32
  /// Bytes of the digest's block (FIPS 180-4 section 1).
  private static let block = 64

  private var digest: DigestContext
  /// The key, filled up to a block.
  private var pad: [UInt8] = []

  public init() throws(CryptographyError) { digest = try DigestContext(.sha256) }

  /// HMAC (RFC 2104) of the message: 32 bytes.
  public mutating func authenticate(_ message: RawSpan, key: RawSpan) -> [UInt8] {
    pad.removeAll(keepingCapacity: true)
    // A long key counts by its digest (RFC 2104 section 3).
    if key.byteCount > Self.block {
      digest.update(key)
      pad += digest.finished()
    } else {
      pad.append(key)
    }
    while pad.count < Self.block { pad.append(0) }
    addKey(0x36)
    digest.update(message)
    let inner = digest.finished()
    addKey(0x5c)
    return inner.withRawSpan { digest.digest(of: $0).array }
  }

  /// Adds the key to the message, each byte changed by `mask`; leaves it as it was.
  private mutating func addKey(_ mask: UInt8) {
    for index in pad.indices { pad[index] ^= mask }
    pad.withRawSpan { digest.update($0) }
    for index in pad.indices { pad[index] ^= mask }
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
}
