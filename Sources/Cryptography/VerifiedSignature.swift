// What is asked of a signature, what is given to check it, and what is known once it holds.

/// A detached signature as its files hold it: CMS (RFC 5652) in DER or PEM, and the RFC 3161 time stamp over it, if any.
public struct DetachedSignature: Sendable {
  public let bytes: [UInt8]
  public let timestamp: [UInt8]?

  /// Bytes of a file, at most; one with certificates and RSA has some ten thousand.
  public static let longestFile = 1 << 18

  public init(_ bytes: [UInt8], timestamp: [UInt8]? = nil) {
    self.bytes = bytes
    self.timestamp = timestamp
  }
}

/// What the configuration asks for beyond the profile that always holds.
public struct SignaturePolicy: Hashable, Sendable {
  /// How many signers, each of another subject.
  public var requiredSigners = 1
  /// Subjects (RFC 4514, as `X509Certificate.subject` has them) of which every signer must be one; empty: any.
  public var allowedSubjects: [String] = []
  /// Extended key usages, as dotted numbers, that are accepted beside documentSigning.
  public var extendedKeyUsages: [String] = []
  /// Every certificate below the anchor must be covered by a list that is in force.
  public var requiresRevocationCheck = false
  public var requiresTimestamp = false

  public init() {}

  /// id-kp-documentSigning (RFC 9336 section 3.1).
  public static let documentSigning = "1.3.6.1.5.5.7.3.36"
  /// Never enough by themselves, whatever a configuration says: serverAuth and emailProtection (RFC 5280 section
  /// 4.2.1.12); and anyExtendedKeyUsage, with which no certificate signs.
  public static let neverEnough = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.4", anyUsage]
  var acceptedUsages: [String] { [Self.documentSigning] + extendedKeyUsages.filter { !Self.neverEnough.contains($0) } }
  static let anyUsage = "2.5.29.37.0"
  /// id-kp-timeStamping (RFC 3161 section 2.3).
  static let timestamping = "1.3.6.1.5.5.7.3.8"
}

/// Whose signature it is.
public struct Signer: Hashable, Sendable {
  /// RFC 4514.
  public let subject: String
  public let issuer: String
  /// Lower-case hexadecimal digits.
  public let serialNumber: String
  /// SHA-256 of the certificate, lower-case hexadecimal digits.
  public let fingerprint: String
  /// The signer's own claim, seconds since 1970-01-01 UTC: it proves nothing.
  public let signingTime: Int64?
}

/// What the lists of revoked certificates say.
public struct Revocation: Hashable, Sendable {
  public enum State: String, CaseIterable, Sendable {
    /// Of at least one certificate no list in force was given.
    case notChecked = "not_checked"
    /// Every certificate below the anchors is on no list.
    case good
    /// One was revoked after the time of the signature, and not because its key was compromised.
    case revokedLater = "revoked_later"
  }
  public let state: State
  /// What was not checked and why, what was revoked and when.
  public let notes: [String]

  public init(_ state: State, notes: [String] = []) {
    self.state = state
    self.notes = notes
  }
}

/// A signature that holds, as of a time.
public struct VerifiedSignature: Hashable, Sendable {
  /// How the time is known at which the certificates had to be valid.
  public enum TimeSource: Hashable, Sendable {
    /// By a time stamp of this authority.
    case timestamp(Signer)
    /// There is no time stamp: the present, or the time asked about.
    case clock
  }

  /// In the order of the file.
  public let signers: [Signer]
  /// Seconds since 1970-01-01 UTC.
  public let time: Int64
  public let timeSource: TimeSource
  public let revocation: Revocation

  /// The same, with what was known of revocation at another time.
  public func with(_ revocation: Revocation) -> VerifiedSignature {
    VerifiedSignature(signers: signers, time: time, timeSource: timeSource, revocation: revocation)
  }
}
