// AES with keys of 128 bits: one block (FIPS 197), and authenticated opening in Galois counter mode (NIST SP 800-38D), by
// libcrypto, with contexts that only take a new key. For packets whose keys are public by their protocol's design.

import Bytes
import CVeilCrypto

/// Encrypts single blocks.
@safe
public struct AES128Block: ~Copyable {
  /// Bytes of a block, and of a key.
  public static let length = 16

  private let context: OpaquePointer
  private let output: UnsafeMutablePointer<UInt8>

  public init() throws(CryptographyError) {
    unsafe context = try CipherContext.make("AES-128-ECB", encrypts: true)
    // Sound: an update without padding gives no more than it takes, one block; libcrypto may ask for one more.
    unsafe output = .allocate(capacity: 2 &* Self.length)
    unsafe output.initialize(repeating: 0, count: 2 &* Self.length)
    unsafe EVP_CIPHER_CTX_set_padding(context, 0)
  }

  deinit {
    // Sound: both were made in `init` and are given out nowhere.
    unsafe EVP_CIPHER_CTX_free(context)
    unsafe output.deallocate()
  }

  /// The first eight bytes of the block's encryption, the first byte highest; nil unless key and block have 16 bytes.
  public mutating func encrypt(_ block: RawSpan, key: RawSpan) -> UInt64? {
    guard block.byteCount == Self.length, key.byteCount == Self.length else { return nil }
    // Sound: 16 bytes each; a nil cipher keeps the one that the context has.
    var written: Int32 = 0
    let isReady = unsafe key.withUnsafeBytes {
      unsafe EVP_EncryptInit_ex2(context, nil, $0.bindMemory(to: UInt8.self).baseAddress, nil, nil)
    }
    let isDone = unsafe block.withUnsafeBytes {
      unsafe EVP_EncryptUpdate(
        context, output, &written, $0.bindMemory(to: UInt8.self).baseAddress, Int32(Self.length))
    }
    guard isReady == 1, isDone == 1, written == Self.length else { return nil }
    // Sound: 16 bytes were written.
    return unsafe UInt64(bigEndian: UnsafeRawPointer(output).loadUnaligned(as: UInt64.self))
  }
}

/// Opens what was sealed in Galois counter mode with a nonce of 96 bits and a tag of 128.
@safe
public struct AES128GCM: ~Copyable {
  public static let keyLength = 16
  public static let nonceLength = 12
  public static let tagLength = 16

  private let context: OpaquePointer

  public init() throws(CryptographyError) {
    unsafe context = try CipherContext.make("AES-128-GCM", encrypts: false)
  }

  // Sound: it was made in `init` and is given out nowhere.
  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  /// What is sealed, without its tag; nil where the tag does not hold for it and `header`, or a length is wrong.
  ///
  /// - Parameter sealed: the ciphertext and the tag behind it.
  public mutating func open(_ sealed: RawSpan, key: RawSpan, nonce: RawSpan, header: RawSpan) -> [UInt8]? {
    let count = sealed.byteCount &- Self.tagLength
    guard count >= 0, key.byteCount == Self.keyLength, nonce.byteCount == Self.nonceLength,
      let length = Int32(exactly: count), let headerLength = Int32(exactly: header.byteCount)
    else { return nil }
    var isOpen = false
    let opened = unsafe [UInt8](unsafeUninitializedCapacity: count) { output, initialised in
      // Sound: libcrypto reads the spans during the calls and keeps none of them (the tag is copied); it writes `count`
      // bytes, all within the capacity. A nil cipher keeps the one that the context has.
      let isReady = unsafe key.withUnsafeBytes { key in
        unsafe nonce.withUnsafeBytes { nonce in
          unsafe EVP_DecryptInit_ex2(
            context, nil, key.bindMemory(to: UInt8.self).baseAddress, nonce.bindMemory(to: UInt8.self).baseAddress, nil)
        }
      }
      guard isReady == 1 else { return }
      isOpen = unsafe decrypt(sealed, count: length, header, headerLength, into: output)
      initialised = isOpen ? count : 0
    }
    return isOpen ? opened : nil
  }

  private mutating func decrypt(
    _ sealed: RawSpan, count: Int32, _ header: RawSpan, _ headerLength: Int32,
    into output: UnsafeMutableBufferPointer<UInt8>
  ) -> Bool {
    var written: Int32 = 0
    var unused: UInt8 = 0
    return unsafe sealed.withUnsafeBytes { sealed in
      // Sound: as in `open`; `unused` is never written, as a final call gives no bytes in this mode.
      let bytes = unsafe sealed.bindMemory(to: UInt8.self)
      guard let start = bytes.baseAddress else { return false }
      let hasTag = unsafe EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), UnsafeMutableRawPointer(mutating: start + Int(count)))
      guard hasTag == 1 else { return false }
      if headerLength > 0 {
        let isTaken = unsafe header.withUnsafeBytes {
          unsafe EVP_DecryptUpdate(
            context, nil, &written, $0.bindMemory(to: UInt8.self).baseAddress, headerLength)
        }
        guard isTaken == 1 else { return false }
      }
      if count > 0 {
        guard unsafe EVP_DecryptUpdate(context, output.baseAddress, &written, start, count) == 1, written == count
        else { return false }
      }
      return unsafe EVP_DecryptFinal_ex(context, &unused, &written) == 1
    }
  }
}

private enum CipherContext {
  /// A context of the cipher, which wants a key.
  static func make(_ name: String, encrypts: Bool) throws(CryptographyError) -> OpaquePointer {
    guard let cipher = unsafe EVP_CIPHER_fetch(nil, name, nil) else { throw .unavailable }
    // Sound: the context keeps its own reference to the cipher.
    defer { unsafe EVP_CIPHER_free(cipher) }
    guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .unavailable }
    guard unsafe EVP_CipherInit_ex2(context, cipher, nil, nil, encrypts ? 1 : 0, nil) == 1 else {
      unsafe EVP_CIPHER_CTX_free(context)
      throw .unavailable
    }
    return unsafe context
  }
}
