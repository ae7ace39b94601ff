// The Certificate message up to TLS 1.2: RFC 5246 section 7.4.2. Under TLS 1.3 it is encrypted.

import Bytes
import Cryptography

/// A certificate as it was sent: its digests, and what it says where OpenSSL can read it.
public struct TLSCertificate: Hashable, Sendable {
  /// Lower-case digits; nil where libcrypto does not offer the algorithm.
  public let sha1: String?
  public let sha256: String?
  /// Nil where the bytes are no X.509 certificate; a raw public key (RFC 7250) is none either.
  public let content: X509Certificate?

  public init(_ der: RawSpan) {
    guard let sha256 = DigestAlgorithm.sha256.text(of: der) else {
      self.init(der, sha256: nil)
      return
    }
    self = CertificateMemo.certificate(sha256: sha256) { TLSCertificate(der, sha256: sha256) }
  }

  private init(_ der: RawSpan, sha256: String?) {
    sha1 = DigestAlgorithm.sha1.text(of: der)
    self.sha256 = sha256
    content = X509Certificate(der: der)
  }
}

/// A chain as one side sent it, its own certificate first.
public struct TLSCertificateChain: Hashable, Sendable {
  public private(set) var certificates: [TLSCertificate] = []
  /// Certificates after the first `longest`.
  public private(set) var leftOut = 0

  /// Chains in use have two to five certificates.
  public static let longest = 16

  /// Reads the body of a Certificate message, without the message's header. A client without a certificate sends an
  /// empty list.
  ///
  /// - Throws: `invalid` where the body contradicts its format.
  public init(_ body: RawSpan, source: ReadSource = .server) throws(ReadError) {
    var whole = ByteReader(body, source: source)
    var reader = try whole.block(body.byteCount)
    let length = Int(try reader.u24())
    var list = try reader.block(length)
    guard reader.isAtEnd else { throw reader.invalid() }
    while !list.isAtEnd {
      let length = Int(try list.u24())
      let der = try list.span(length)
      if certificates.count < TLSCertificateChain.longest {
        certificates.append(TLSCertificate(der))
      } else {
        leftOut += 1
      }
    }
  }
}
