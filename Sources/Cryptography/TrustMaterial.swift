// Anchors and lists of revoked certificates as files hold them: PEM with any number of parts, or DER with one.

import Bytes
import CVeilCrypto

/// Why a file of anchors or lists cannot be used.
public struct TrustMaterialError: Error, Hashable, Sendable, CustomStringConvertible {
  public let found: String
  public let expected: String
  public var description: String { "found \(found); expected \(expected)" }
}

/// Certificates that are trusted to name others.
public struct TrustAnchors: Hashable, Sendable {
  /// Each in DER.
  private(set) var certificates: [[UInt8]] = []
  /// Their subjects (RFC 4514).
  public private(set) var subjects: [String] = []

  public init() {}

  public var isEmpty: Bool { certificates.isEmpty }

  /// Bytes of a file, and anchors, at most.
  public static let longestFile = 1 << 20
  static let most = 500

  /// Adds the certificates of a file; each must be an authority's.
  public mutating func add(_ file: [UInt8]) throws(TrustMaterialError) {
    let found = PEMParts.read(file, .certificate)
    guard !found.isEmpty else {
      throw TrustMaterialError(found: "no certificate", expected: "X.509 certificates in PEM, or one in DER")
    }
    for der in found {
      guard let certificate = Certificate.decode(der), let values = certificate.values else {
        throw TrustMaterialError(found: "a certificate that cannot be read", expected: "X.509 (RFC 5280)")
      }
      guard certificate.isAuthority else {
        throw TrustMaterialError(
          found: "the certificate of \(values.subject), which is no authority's",
          expected: "certificates of authorities (basicConstraints CA:TRUE): a signer's own proves nothing about it")
      }
      guard certificates.count < TrustAnchors.most else {
        throw TrustMaterialError(found: "more certificates", expected: "at most \(TrustAnchors.most)")
      }
      guard !certificates.contains(der) else { continue }
      certificates.append(der)
      subjects.append(values.subject)
    }
  }

  /// A store of these and no others.
  func store() -> Owned? {
    // Sound: a new store is ours; it takes its own reference to each certificate.
    guard let store = unsafe Owned(X509_STORE_new(), { unsafe X509_STORE_free($0) }) else { return nil }
    for der in certificates {
      guard let certificate = Certificate.decode(der) else { return nil }
      guard unsafe X509_STORE_add_cert(store.pointer, certificate.pointer) == 1 else { return nil }
    }
    return store
  }
}

/// Lists of revoked certificates (CRLs).
public struct RevocationLists: Hashable, Sendable {
  /// Each in DER.
  private(set) var lists: [[UInt8]] = []

  public init() {}

  public var isEmpty: Bool { lists.isEmpty }

  /// Bytes of a file: large authorities have lists of some ten megabytes.
  public static let longestFile = 1 << 26
  static let most = 100

  /// Adds the lists of a file.
  public mutating func add(_ file: [UInt8]) throws(TrustMaterialError) {
    let found = PEMParts.read(file, .revocationList)
    guard !found.isEmpty else {
      throw TrustMaterialError(found: "no list of revoked certificates", expected: "CRLs in PEM, or one in DER")
    }
    guard lists.count + found.count <= RevocationLists.most else {
      throw TrustMaterialError(found: "more lists", expected: "at most \(RevocationLists.most)")
    }
    for der in found where !lists.contains(der) {
      guard RevocationLists.decode(der) != nil else {
        throw TrustMaterialError(found: "a list of revoked certificates that cannot be read", expected: "RFC 5280")
      }
      lists.append(der)
    }
  }

  static func decode(_ der: [UInt8]) -> Owned? {
    // Sound: reads `count` bytes from `start` during the call; what it gives is ours.
    let list = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var start = buffer.baseAddress
      return unsafe d2i_X509_CRL(nil, &start, buffer.count)
    }
    ERR_clear_error()
    return unsafe Owned(list) { unsafe X509_CRL_free($0) }
  }

  /// All of them, in order.
  func stack() -> Owned? {
    guard let stack = Owned.revocationLists() else { return nil }
    for der in lists {
      guard let list = RevocationLists.decode(der) else { return nil }
      // Sound: the stack gets a reference of its own.
      guard unsafe X509_CRL_up_ref(list.pointer) == 1 else { return nil }
      guard unsafe OPENSSL_sk_push(stack.pointer, UnsafeRawPointer(list.pointer)) > 0 else {
        unsafe X509_CRL_free(list.pointer)
        return nil
      }
    }
    return stack
  }
}

/// The parts of a file in PEM (RFC 7468), or the whole of one in DER.
enum PEMParts {
  enum Kind {
    case certificate, revocationList, signature

    var labels: [String] {
      switch self {
      case .certificate: ["CERTIFICATE", "X509 CERTIFICATE"]
      case .revocationList: ["X509 CRL"]
      case .signature: ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"]
      }
    }
  }

  /// The contents of the parts of a kind; other parts are left out.
  static func read(_ file: [UInt8], _ kind: Kind) -> [[UInt8]] {
    // A SEQUENCE: DER.
    if file.first == 0x30 { return [file] }
    // Sound: the BIO reads bytes that are lent for longer than it lives; what PEM_read_bio gives is ours and freed here.
    return unsafe file.withUnsafeBytes { buffer -> [[UInt8]] in
      guard let input = unsafe Owned.input(buffer) else { return [] }
      var parts: [[UInt8]] = []
      while true {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard unsafe PEM_read_bio(input.pointer, &name, &header, &data, &length) == 1 else { break }
        defer {
          unsafe CRYPTO_free(name, nil, 0)
          unsafe CRYPTO_free(header, nil, 0)
          unsafe CRYPTO_free(data, nil, 0)
        }
        guard let name = unsafe name, let data = unsafe data else { break }
        guard kind.labels.contains(unsafe String(cString: name)) else { continue }
        unsafe parts.append([UInt8](UnsafeBufferPointer(start: data, count: length)))
      }
      ERR_clear_error()
      return parts
    }
  }
}
