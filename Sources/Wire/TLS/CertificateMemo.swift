// Certificates that were read before. A few issuers and sites sign most of what is seen, and reading a certificate takes
// longer than all else in a handshake; what it says depends on its bytes alone, so remembering changes no result.

import Synchronization

/// A table of certificates by their SHA-256, of fixed size: a newcomer takes the place of whoever had its row.
struct CertificateMemo: ~Copyable {
  /// Rows. With `longestText` a row, 4 MiB at most.
  private static let rows = 512
  /// Certificates with longer names are not kept: bytes.
  private static let longestText = 8192

  private static let shared = Mutex(CertificateMemo())

  private var entries: [TLSCertificate?] = Array(repeating: nil, count: rows)

  /// The certificate with this digest, made by `read` where it is not known.
  static func certificate(sha256: String, read: () -> TLSCertificate) -> TLSCertificate {
    let row = row(of: sha256)
    if let known = shared.withLock({ $0.entries[row] }), known.sha256 == sha256 { return known }
    let certificate = read()
    if certificate.textLength <= longestText { shared.withLock { $0.entries[row] = certificate } }
    return certificate
  }

  /// By the first four digits.
  private static func row(of sha256: String) -> Int {
    var value = 0
    for digit in sha256.utf8.prefix(4) { value = value << 4 | Int(digit & 0x0f) + (digit > 0x39 ? 9 : 0) }
    return value % rows
  }
}

extension TLSCertificate {
  /// Bytes of all names in it.
  fileprivate var textLength: Int {
    guard let content else { return 0 }
    return content.subjectAlternativeNames.reduce(content.subject.utf8.count + content.issuer.utf8.count) { sum, name in
      switch name {
      case .dns(let text): sum + text.utf8.count
      case .address(let bytes): sum + bytes.count
      }
    }
  }
}
