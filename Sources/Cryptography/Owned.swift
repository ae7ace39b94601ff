// What libcrypto hands out, held by one owner and freed on every way out.

import Bytes
import CVeilCrypto

/// An object of libcrypto that is ours to free.
@safe
struct Owned: ~Copyable {
  let pointer: OpaquePointer
  private let release: (OpaquePointer) -> Void

  /// Nil where libcrypto gave nothing.
  init?(_ pointer: OpaquePointer?, _ release: @escaping (OpaquePointer) -> Void) {
    // Sound: kept, not followed.
    guard let pointer = unsafe pointer else { return nil }
    unsafe self.pointer = pointer
    unsafe self.release = release
  }

  // Sound: the object is given out for the owner's life only, and freed once, here.
  deinit { unsafe release(pointer) }
}

extension Owned {
  /// A stack of objects, empty.
  static func stack(_ release: @escaping @convention(c) (UnsafeMutableRawPointer?) -> Void) -> Owned? {
    // Sound: the elements are of the kind that `release` frees; the stack owns them.
    unsafe Owned(OPENSSL_sk_new_null()) { unsafe OPENSSL_sk_pop_free($0, release) }
  }

  static func certificates() -> Owned? {
    unsafe stack { unsafe X509_free($0.map { OpaquePointer($0) }) }
  }

  static func revocationLists() -> Owned? {
    unsafe stack { unsafe X509_CRL_free($0.map { OpaquePointer($0) }) }
  }

  /// A memory BIO over bytes that must outlive it.
  static func input(_ bytes: UnsafeRawBufferPointer) -> Owned? {
    guard bytes.count > 0, let count = Int32(exactly: bytes.count) else { return nil }
    // Sound: a read-only BIO over `count` bytes, which the caller lends for longer.
    return unsafe Owned(BIO_new_mem_buf(bytes.baseAddress, count)) { unsafe BIO_free($0) }
  }
}

/// The elements of a stack that somebody owns: valid as long as the owner.
@safe
struct StackView {
  private let stack: OpaquePointer?

  init(_ stack: OpaquePointer?) { unsafe self.stack = stack }

  // Sound: no stack has no elements.
  var count: Int { unsafe Int(max(0, OPENSSL_sk_num(stack))) }

  subscript(_ index: Int) -> OpaquePointer? {
    guard index >= 0, index < count else { return nil }
    // Sound: the index is below the number of elements.
    return unsafe OPENSSL_sk_value(stack, Int32(index)).map { OpaquePointer($0) }
  }
}

/// Times of certificates, lists and signatures as seconds since 1970-01-01 UTC.
enum UnixTime {
  /// Nil where it is no time.
  static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
    // Sound: `epoch` is ours; both are read during the call.
    defer { unsafe ASN1_TIME_free(epoch) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
    return Int64(days) * 86_400 + Int64(seconds)
  }

  /// RFC 3339, UTC.
  static func text(_ seconds: Int64) -> String {
    // Sound: `time` is ours and freed on the way out.
    guard let time = unsafe ASN1_TIME_set(nil, time_t(seconds)) else { return "\(seconds) s after 1970" }
    defer { unsafe ASN1_TIME_free(time) }
    return unsafe X509Certificate.time(time) ?? "\(seconds) s after 1970"
  }
}

/// Numbers of objects and algorithms.
enum ObjectIdentifier {
  /// Dotted numbers.
  static func dotted(_ object: OpaquePointer?) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    // Sound: at most as many bytes as the array has are written, with a zero at the end.
    let count = unsafe OBJ_obj2txt(&buffer, Int32(buffer.count), object, 1)
    guard count > 0, Int(count) < buffer.count else { return "an object identifier that is too long" }
    return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A name where libcrypto has one, else dotted numbers.
  static func name(_ nid: Int32) -> String {
    // Sound: libcrypto's table lives for ever; a number that it does not have gives nil.
    unsafe OBJ_nid2sn(nid).map { unsafe String(cString: $0) } ?? "\(nid)"
  }

  static func algorithm(_ algorithm: UnsafePointer<X509_ALGOR>?) -> Int32 {
    var object: OpaquePointer?
    guard let algorithm = unsafe algorithm else { return NID_undef }
    // Sound: gives a pointer into the caller's object.
    unsafe X509_ALGOR_get0(&object, nil, nil, algorithm)
    return unsafe OBJ_obj2nid(object)
  }
}
