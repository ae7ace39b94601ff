// MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4) by libcrypto, over spans, with contexts that are used again.
// MD5 and SHA-1 serve fingerprints whose definitions name them (JA3, Community ID), never trust.

import Bytes
import CVeilCrypto
import Synchronization

public enum DigestAlgorithm: UInt8, Hashable, Sendable, CaseIterable {
  case md5, sha1, sha256

  /// Bytes of a digest.
  @inlinable
  public var length: Int {
    switch self {
    case .md5: 16
    case .sha1: 20
    case .sha256: 32
    }
  }
}

/// What libcrypto could not give.
public enum CryptographyError: Error, Equatable, Sendable {
  /// The algorithm is not offered by this machine's libcrypto (a restricted provider), or memory ran out.
  case unavailable
}

/// One running digest. Made once and used for any number of messages: starting again costs a tenth of a new context.
///
///     var context = try DigestContext(.sha1)
///     context.update(bytes)
///     context.finish()
///     context.digest          // 20 bytes, until the next finish
@safe
public struct DigestContext: ~Copyable {
  public let algorithm: DigestAlgorithm
  private let context: OpaquePointer
  private let output: UnsafeMutablePointer<UInt8>

  /// An empty message.
  public init(_ algorithm: DigestAlgorithm) throws(CryptographyError) {
    guard let method = unsafe Methods.of(algorithm), let context = unsafe EVP_MD_CTX_new() else { throw .unavailable }
    // Sound: `context` was just made; libcrypto keeps its own reference to the method.
    guard unsafe EVP_DigestInit_ex2(context, method, nil) == 1 else {
      unsafe EVP_MD_CTX_free(context)
      throw .unavailable
    }
    self.algorithm = algorithm
    unsafe self.context = context
    // Sound: as many bytes as any digest here has, all of them written.
    unsafe output = .allocate(capacity: Int(EVP_MAX_MD_SIZE))
    unsafe output.initialize(repeating: 0, count: Int(EVP_MAX_MD_SIZE))
  }

  deinit {
    // Sound: both were made in `init` and are given out nowhere.
    unsafe EVP_MD_CTX_free(context)
    unsafe output.deallocate()
  }

  /// Adds the bytes to the message.
  public mutating func update(_ bytes: RawSpan) {
    // Sound: libcrypto reads `count` bytes during the call and keeps none of them.
    let status = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    // Cannot fail on a context that is set up; a digest that missed bytes must not pass for one.
    precondition(status == 1, "digest update failed")
  }

  /// Ends the message, so that `digest` holds its digest, and begins an empty one.
  public mutating func finish() {
    // Sound: `output` has room for the longest digest; a nil method keeps the one that the context has.
    let status = unsafe EVP_DigestFinal_ex(context, output, nil)
    let again = unsafe EVP_DigestInit_ex2(context, nil, nil)
    precondition(status == 1 && again == 1, "digest end failed")
  }

  /// The digest of the last message that was finished; zeros before.
  public var digest: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: `output` lives as long as self, and only `finish`, which is mutating, writes it.
      let span = unsafe RawSpan(_unsafeStart: output, byteCount: algorithm.length)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The digest of one message; whatever was added before and not finished belongs to it.
  @_lifetime(&self)
  public mutating func digest(of bytes: RawSpan) -> RawSpan {
    update(bytes)
    finish()
    return digest
  }
}

extension DigestContext {
  /// Ends the message and gives a copy of its digest.
  public mutating func finished() -> [UInt8] {
    finish()
    return digest.array
  }

  /// The same as lower-case hexadecimal text.
  public mutating func text(of bytes: RawSpan) -> String {
    update(bytes)
    finish()
    return Hex.text(digest)
  }
}

extension DigestAlgorithm {
  /// The digest of the bytes as lower-case hexadecimal text; nil where libcrypto does not offer the algorithm. For many
  /// short messages: one context an algorithm serves them all, under a lock.
  public func text(of bytes: RawSpan) -> String? {
    switch self {
    case .md5: Shared.text(Shared.md5, bytes)
    case .sha1: Shared.text(Shared.sha1, bytes)
    case .sha256: Shared.text(Shared.sha256, bytes)
    }
  }

  /// The digest of the bytes. Makes a context: where many are wanted, keep a `DigestContext`.
  public func digest(of bytes: RawSpan) throws(CryptographyError) -> [UInt8] {
    var context = try DigestContext(self)
    return context.digest(of: bytes).array
  }
}

/// Contexts for messages that come one at a time from anywhere.
private enum Shared {
  static let md5 = Mutex(try? DigestContext(.md5))
  static let sha1 = Mutex(try? DigestContext(.sha1))
  static let sha256 = Mutex(try? DigestContext(.sha256))

  static func text(_ shared: borrowing Mutex<DigestContext?>, _ bytes: RawSpan) -> String? {
    shared.withLock { $0?.text(of: bytes) }
  }
}

/// libcrypto's methods, fetched once: a fetch takes a lock and a search by name.
private enum Methods {
  // Sound: an EVP_MD is immutable once fetched, counts its references atomically, and these are never freed.
  nonisolated(unsafe) private static let md5 = unsafe EVP_MD_fetch(nil, "MD5", nil)
  nonisolated(unsafe) private static let sha1 = unsafe EVP_MD_fetch(nil, "SHA1", nil)
  nonisolated(unsafe) private static let sha256 = unsafe EVP_MD_fetch(nil, "SHA2-256", nil)

  static func of(_ algorithm: DigestAlgorithm) -> OpaquePointer? {
    switch algorithm {
    case .md5: unsafe md5
    case .sha1: unsafe sha1
    case .sha256: unsafe sha256
    }
  }
}
