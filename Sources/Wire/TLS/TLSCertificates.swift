// The Certificate message up to TLS 1.2: RFC 5246 section 7.4.2. Under TLS 1.3 it is encrypted.

import Bytes
import Cryptography
import Synchronization

/// A certificate as it was sent: its digests, and what it says where OpenSSL can read it.
///
/// A few issuers and sites sign most of what is seen, and reading a certificate takes longer than all else in a
/// handshake: those seen before are not read again.
public struct TLSCertificate: Hashable, Sendable {
  /// What the certificate's bytes alone decide; shared by all who sent the same.
  private final class Reading: Sendable {
    let sha1: String?
    let sha256: String?
    let content: X509Certificate?
    /// The record's members where the warrant allows them all.
    let members: [UInt8]

    init(_ der: RawSpan) {
      sha1 = DigestAlgorithm.sha1.text(of: der)
      sha256 = DigestAlgorithm.sha256.text(of: der)
      content = X509Certificate(der: der)
      members = ShownCertificate.members(sha1: sha1, sha256: sha256, content)
    }
  }

  private let reading: Reading

  /// Lower-case digits; nil where libcrypto does not offer the algorithm.
  public var sha1: String? { reading.sha1 }
  public var sha256: String? { reading.sha256 }
  /// Nil where the bytes are no X.509 certificate; a raw public key (RFC 7250) is none either.
  public var content: X509Certificate? { reading.content }
  var members: [UInt8] { reading.members }

  public init(_ der: RawSpan) {
    if let known = TLSCertificate.known.withLock({ $0.value(of: der) }) {
      reading = known
    } else {
      let new = Reading(der)
      if new.members.count <= TLSCertificate.longestMembers {
        TLSCertificate.known.withLock { $0.keep(new, of: der) }
      }
      reading = new
    }
  }

  /// No more than 1,024 certificates, of 24 KiB each at most with all that is kept of them; most have two thousand bytes.
  /// A serial number stands at their start and a signature at their end.
  private static let known = Mutex(
    ByteMemo<Reading>(places: 256, longestKey: 8_192, areEndsEnough: true))
  private static let longestMembers = 8_192

  public static func == (left: TLSCertificate, right: TLSCertificate) -> Bool {
    left.reading === right.reading
      || left.sha1 == right.sha1 && left.sha256 == right.sha256 && left.content == right.content
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(sha256)
    hasher.combine(content)
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
