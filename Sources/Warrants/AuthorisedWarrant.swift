// From a warrant that was read to one that allows this use now. The only way to a scope leads through here.

import Bytes
import Cryptography
import Terms

/// How it is known that a warrant is what the authority issued.
public enum WarrantAuthenticity: Hashable, Sendable {
  /// Not signed, or not verified, as only an exercise may be.
  case unsignedTraining
  /// A signature over the document's exact bytes holds.
  case signed(VerifiedSignature)

  /// The signature, where there is one that holds.
  public var signature: VerifiedSignature? { if case .signed(let signature) = self { signature } else { nil } }
}

/// A warrant that holds now, for this purpose. Nothing but `authorise` makes one.
public struct AuthorisedWarrant: Sendable {
  public let warrant: Warrant
  public let purpose: Warrant.Purpose
  public let authenticity: WarrantAuthenticity
  /// `authority` had ended: only listed exhibits are admitted, and the output says "re-run after expiry".
  public let isAfterExpiry: Bool

  /// Evidence of an earlier run that is admitted after expiry, listed or not.
  private let earlierDigests: Set<Digest>

  private init(
    _ warrant: Warrant, _ purpose: Warrant.Purpose, _ authenticity: WarrantAuthenticity, afterExpiry: Bool,
    earlier: Set<Digest>
  ) {
    earlierDigests = earlier
    self.warrant = warrant
    self.purpose = purpose
    self.authenticity = authenticity
    isAfterExpiry = afterExpiry
  }

  /// Whether `warrant` allows work of this purpose to begin at `now`; otherwise every reason why not.
  ///
  /// - Parameters:
  ///   - signature: over the exact bytes of the document. Only a training warrant needs none; where an anchor is given,
  ///     its signature too is verified if there is one.
  ///   - verifier: what is trusted, and the policy. Live capture asks for a check of revocation whatever it says.
  ///   - asked: when this is asked, where it is about another time, `now`, at which work began. Lists of revoked certificates
  ///     must be in force at it. Without a time stamp the signer's certificate must hold at `now` where that is proven,
  ///     otherwise at `asked`.
  ///   - earlier: a run whose evidence may be analysed again after expiry; a warrant older than its own is refused.
  public static func authorise(
    _ warrant: Warrant, signature: DetachedSignature? = nil, verifier: SignatureVerifier = SignatureVerifier(),
    now: Timestamp, asked: Asked? = nil, purpose: Warrant.Purpose = .recorded, earlier: EarlierRun? = nil
  ) throws(WarrantRefusal) -> AuthorisedWarrant {
    var reasons: [WarrantRefusal.Reason] = []
    var authenticity = WarrantAuthenticity.unsignedTraining
    do throws(WarrantRefusal.Reason) {
      authenticity = try authenticate(warrant, signature, verifier, now, asked, purpose)
    } catch {
      reasons.append(error)
    }
    var afterExpiry = false
    let objection = earlier.flatMap { $0.objection(under: warrant) }
    if let objection { reasons.append(objection) }
    if !warrant.authority.contains(now) {
      if let from = warrant.authority.from, now < from {
        reasons.append(.notYetValid(from: from, now: now))
      } else if purpose == .recorded, earlier != nil || warrant.exhibits.contains(where: { $0.digest != nil }) {
        // Expiry stops new evidence, never proof: what is listed may be analysed again.
        afterExpiry = true
      } else if let until = warrant.authority.until {
        reasons.append(.expired(until: until, now: now))
      }
    }
    if !warrant.covers.contains(purpose) { reasons.append(.notCovering(purpose, covers: warrant.covers)) }
    guard reasons.isEmpty else { throw WarrantRefusal(reasons: reasons) }
    return AuthorisedWarrant(
      warrant, purpose, authenticity, afterExpiry: afterExpiry, earlier: afterExpiry ? earlier?.digests ?? [] : [])
  }

  /// A question about a time that has passed.
  public struct Asked: Sendable {
    /// When it is asked.
    public let at: Timestamp
    /// Whether it is proven that the work began when it says.
    public let isProven: Bool

    public init(at: Timestamp, isProven: Bool) {
      self.at = at
      self.isProven = isProven
    }
  }

  /// How the document is known to be the authority's.
  public static func authenticate(
    _ warrant: Warrant, _ signature: DetachedSignature?, _ verifier: SignatureVerifier, _ now: Timestamp,
    _ asked: Asked?, _ purpose: Warrant.Purpose
  ) throws(WarrantRefusal.Reason) -> WarrantAuthenticity {
    if warrant.training, signature == nil || verifier.anchors.isEmpty { return .unsignedTraining }
    guard let signature else { throw .notSigned }
    var verifier = verifier
    if purpose == .live { verifier.policy.requiresRevocationCheck = true }
    do throws(SignatureRefusal) {
      return .signed(
        try verifier.verify(
          signature, over: warrant.document, now: (asked?.at ?? now).wholeSeconds,
          at: asked.map { $0.isProven ? now : $0.at }?.wholeSeconds, notBefore: warrant.issued.wholeSeconds))
    } catch {
      throw .signature(error)
    }
  }

  public var scope: Scope { Scope(self) }
  public var categories: CategorySet { CategorySet(self) }
  public var identity: WarrantIdentity { WarrantIdentity(self) }

  // MARK: - Evidence

  /// Whether evidence is admitted by its digest only, so that it must be digested before it is read.
  public var requiresDigest: Bool { isAfterExpiry || warrant.exhibits.contains { $0.digest != nil } }

  /// What follows from an evidence item's being admitted.
  public struct Admission: Hashable, Sendable {
    /// The exhibit it is; nil where the warrant lists none.
    public let exhibit: Warrant.Exhibit?
    /// What the clock that stamped its packets showed, minus the true time; 0 where the warrant does not say.
    public var clockOffsetNanoseconds: Int64 { exhibit?.sourceClock?.offsetNanoseconds ?? 0 }
  }

  /// Admits the evidence item of this SHA-256 (of the file as it is, compressed or not); nil for evidence that cannot be
  /// digested first, such as standard input.
  public func admit(_ digest: Digest?) throws(WarrantRefusal) -> Admission {
    guard requiresDigest else { return Admission(exhibit: nil) }
    if let digest {
      if let exhibit = warrant.exhibits.first(where: { $0.digest == digest }) { return Admission(exhibit: exhibit) }
      if earlierDigests.contains(digest) { return Admission(exhibit: nil) }
    }
    throw WarrantRefusal(reasons: [.notAnExhibit(digest)])
  }
}

/// Why a well-formed warrant does not allow what was asked: each reason names its field and what was expected.
public struct WarrantRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Reason: Error, Hashable, Sendable {
    case notSigned
    /// There is a signature, which does not hold.
    case signature(SignatureRefusal)
    case notYetValid(from: Timestamp, now: Timestamp)
    case expired(until: Timestamp, now: Timestamp)
    case notCovering(Warrant.Purpose, covers: [Warrant.Purpose])
    /// The earlier run was made under the warrant of another id.
    case earlierUnderOther(found: String, expected: String)
    /// The earlier run was made under a later generation of this warrant.
    case olderThanEarlier(found: Int64, earlier: Int64)
    case earlierTooLate(began: Timestamp)
    case earlierUnsealed
    /// The earlier run was made under a training warrant.
    case earlierTraining
    /// Evidence with this SHA-256, or evidence that has none, is not listed.
    case notAnExhibit(Digest?)

    public var problem: WarrantProblem {
      switch self {
      case .notSigned:
        WarrantProblem(
          "signature", found: "none",
          expected:
            "the authority's signature over this file, beside it as FILE.p7s (only \"training\": true needs none)")
      case .signature(let refusal):
        WarrantProblem("signature", found: "\(refusal.of): \(refusal.found)", expected: refusal.expected)
      case .notYetValid(let from, let now):
        WarrantProblem("authority.from", found: from.text, expected: "a time not after now, \(now.text)")
      case .expired(let until, let now):
        WarrantProblem("authority.until", found: until.text, expected: "a time after now, \(now.text)")
      case .notCovering(let purpose, let covers):
        WarrantProblem(
          "covers", found: covers.map(\.rawValue).joined(separator: ", "), expected: "\"\(purpose.rawValue)\" among it")
      case .earlierUnderOther(let found, let expected):
        WarrantProblem("id", found: "an earlier run under the warrant \(found)", expected: "one under \(expected)")
      case .olderThanEarlier(let found, let earlier):
        WarrantProblem(
          "generation", found: "\(found)", expected: "at least \(earlier), under which the earlier run was made")
      case .earlierTooLate(let began):
        WarrantProblem("authority", found: "an earlier run begun at \(began.text)", expected: "one begun within it")
      case .earlierUnsealed:
        WarrantProblem(
          "earlier", found: "a custody record without an accepted seal", expected: "one that is complete and sealed")
      case .earlierTraining:
        WarrantProblem(
          "earlier", found: "the custody record of a training run", expected: "one of a run under a signed warrant")
      case .notAnExhibit(.some(let digest)):
        WarrantProblem(
          "exhibits", found: "no exhibit with the SHA-256 of this evidence", expected: Hex.text(digest.bytes))
      case .notAnExhibit(.none):
        WarrantProblem(
          "exhibits", found: "evidence that cannot be digested before it is read", expected: "a file that is listed")
      }
    }
  }

  public let reasons: [Reason]

  public var description: String { reasons.map(\.problem.description).joined(separator: "\n") }

  /// Whether all of them say only that the signature proves nothing here and now, with what was given.
  public var isUnproven: Bool {
    reasons.allSatisfy { if case .signature(let refusal) = $0 { refusal.cause.isUnproven } else { false } }
  }
}

extension Timestamp {
  /// Seconds since 1970-01-01 UTC, the fraction cut off: what certificates and signatures count in.
  public var wholeSeconds: Int64 { nanoseconds / 1_000_000_000 - (nanoseconds % 1_000_000_000 < 0 ? 1 : 0) }

  /// Saturates at the ends of Int64.
  public init(wholeSeconds: Int64) {
    let (product, overflow) = wholeSeconds.multipliedReportingOverflow(by: 1_000_000_000)
    self.init(nanoseconds: overflow ? (wholeSeconds < 0 ? .min : .max) : product)
  }
}
