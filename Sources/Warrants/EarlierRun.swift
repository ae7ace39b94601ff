// A run before this one: what its custody record says once that is verified. Expiry stops new evidence, never proof: what was
// begun in time may be analysed again.

import Terms

public struct EarlierRun: Hashable, Sendable {
  /// When it began.
  public let began: Timestamp
  /// The warrant it was made under.
  public let warrant: String
  public let generation: Int64
  /// What its evidence had.
  public let digests: Set<Digest>
  /// Whether somebody who is trusted sealed its record.
  public let isSealed: Bool
  /// Whether its warrant was a training one, which nobody need have signed.
  public let isTraining: Bool

  public init(
    began: Timestamp, warrant: String, generation: Int64, digests: Set<Digest>, isSealed: Bool, isTraining: Bool
  ) {
    self.began = began
    self.warrant = warrant
    self.generation = generation
    self.digests = digests
    self.isSealed = isSealed
    self.isTraining = isTraining
  }

  /// What there is against it as an earlier run under `warrant`; nil where nothing is.
  func objection(under warrant: Warrant) -> WarrantRefusal.Reason? {
    guard self.warrant.utf8.elementsEqual(warrant.id.utf8) else {
      return .earlierUnderOther(found: self.warrant, expected: warrant.id)
    }
    guard generation <= warrant.generation else {
      return .olderThanEarlier(found: warrant.generation, earlier: generation)
    }
    guard warrant.authority.contains(began) else { return .earlierTooLate(began: began) }
    // Anybody can write a record that nobody sealed.
    guard isSealed || warrant.training else { return .earlierUnsealed }
    // The seal of a run whose warrant nobody signed stands for no authority.
    guard !isTraining || warrant.training else { return .earlierTraining }
    return nil
  }
}
