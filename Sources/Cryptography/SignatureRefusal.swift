// Why a signature is not accepted: one cause each, with whose part it is, what was found and what was expected.

/// A signature that does not hold. The first cause that is met.
public struct SignatureRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Cause: String, CaseIterable, Sendable {
    // The file
    case missing, unreadable, noSigner, tooManySigners, embeddedContent, contentType
    // What was signed
    case contentDiffers, signedAsText, lineEnds
    // A signer's entry
    case noSignedAttributes, attributes, digestAlgorithm, signatureAlgorithm, signatureWrong
    // A signer's certificate
    case certificateMissing, certificateUnreadable, authorityCertificate, keyUsage, extendedKeyUsage, weakKey
    case noAnchor, untrusted, expired, notYetValid, chain
    // Time
    case signingTimeAfter, signingTimeBefore
    // Revocation
    case revoked, keyCompromised, revocationNotChecked
    // The policy
    case subject, tooFewSigners, timestampMissing
    // The time stamp
    case timestampUnreadable, timestampNotGranted, timestampOfOther, timestampAlgorithm, timestampUsage, timestampWrong
    case timestampAfter, timestampNoAnchor
    /// libcrypto could not do its part: memory, or a provider that offers less.
    case unavailable

    /// Whether it says only that the signature proves nothing here and now, with what was given; any other says that it is
    /// wrong.
    public var isUnproven: Bool {
      switch self {
      case .noAnchor, .expired, .timestampNoAnchor, .timestampMissing, .revocationNotChecked, .tooFewSigners,
        .unavailable:
        true
      default: false
      }
    }
  }

  public let cause: Cause
  /// Whose part it is: the signature, a certificate by its subject, the time stamp.
  public let of: String
  public let found: String
  public let expected: String

  public init(_ cause: Cause, of: String, found: String, expected: String) {
    self.cause = cause
    self.of = of
    self.found = found
    self.expected = expected
  }

  public var description: String { "\(of): found \(found); expected \(expected)" }

  static let unavailable = SignatureRefusal(
    .unavailable, of: "the signature", found: "a cryptographic library that cannot check it",
    expected: "OpenSSL 3 with its default provider")
}
