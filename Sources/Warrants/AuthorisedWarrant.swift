// From a warrant that was read to one that allows this use now. The only way to a scope leads through here.

import Bytes
import Terms

/// How it is known that a warrant is what the authority issued.
public enum WarrantAuthenticity: Hashable, Sendable {
  /// Not signed, as only an exercise may be. A verified signature becomes a case of its own, with the signer it names.
  case unsignedTraining
}

/// A warrant that holds now, for this purpose. Nothing but `authorise` makes one.
public struct AuthorisedWarrant: Sendable {
  public let warrant: Warrant
  public let purpose: Warrant.Purpose
  public let authenticity: WarrantAuthenticity
  /// `authority` had ended: only listed exhibits are admitted, and the output says "re-run after expiry".
  public let isAfterExpiry: Bool

  private init(_ warrant: Warrant, _ purpose: Warrant.Purpose, _ authenticity: WarrantAuthenticity, afterExpiry: Bool) {
    self.warrant = warrant
    self.purpose = purpose
    self.authenticity = authenticity
    isAfterExpiry = afterExpiry
  }

  /// Whether `warrant` allows work of this purpose to begin at `now`; otherwise every reason why not.
  public static func authorise(
    _ warrant: Warrant, now: Timestamp, purpose: Warrant.Purpose = .recorded
  ) throws(WarrantRefusal) -> AuthorisedWarrant {
    var reasons: [WarrantRefusal.Reason] = []
    if !warrant.training { reasons.append(.notSigned) }
    var afterExpiry = false
    if !warrant.authority.contains(now) {
      if let from = warrant.authority.from, now < from {
        reasons.append(.notYetValid(from: from, now: now))
      } else if purpose == .recorded, warrant.exhibits.contains(where: { $0.digest != nil }) {
        // Expiry stops new evidence, never proof: what is listed may be analysed again.
        afterExpiry = true
      } else if let until = warrant.authority.until {
        reasons.append(.expired(until: until, now: now))
      }
    }
    if !warrant.covers.contains(purpose) { reasons.append(.notCovering(purpose, covers: warrant.covers)) }
    guard reasons.isEmpty else { throw WarrantRefusal(reasons: reasons) }
    return AuthorisedWarrant(warrant, purpose, .unsignedTraining, afterExpiry: afterExpiry)
  }

  public var scope: Scope { Scope(self) }
  public var categories: CategorySet { CategorySet(self) }
  public var identity: WarrantIdentity { WarrantIdentity(self) }

  // MARK: - Evidence

  /// Whether evidence is admitted by its digest only, so that it must be digested before it is read.
  public var requiresDigest: Bool { warrant.exhibits.contains { $0.digest != nil } }

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
    guard let digest, let exhibit = warrant.exhibits.first(where: { $0.digest == digest }) else {
      throw WarrantRefusal(reasons: [.notAnExhibit(digest)])
    }
    return Admission(exhibit: exhibit)
  }
}

/// Why a well-formed warrant does not allow what was asked: each reason names its field and what was expected.
public struct WarrantRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case notSigned
    case notYetValid(from: Timestamp, now: Timestamp)
    case expired(until: Timestamp, now: Timestamp)
    case notCovering(Warrant.Purpose, covers: [Warrant.Purpose])
    /// Evidence with this SHA-256, or evidence that has none, is not listed.
    case notAnExhibit(Digest?)

    public var problem: WarrantProblem {
      switch self {
      case .notSigned:
        WarrantProblem(
          "training", found: "false",
          expected: "true: signatures are not verified by this version: only training warrants (\"training\": true)"
            + " are accepted")
      case .notYetValid(let from, let now):
        WarrantProblem("authority.from", found: from.text, expected: "a time not after now, \(now.text)")
      case .expired(let until, let now):
        WarrantProblem("authority.until", found: until.text, expected: "a time after now, \(now.text)")
      case .notCovering(let purpose, let covers):
        WarrantProblem(
          "covers", found: covers.map(\.rawValue).joined(separator: ", "), expected: "\"\(purpose.rawValue)\" among it")
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
}
