// What a run knew of its warrant's signature. Lists of revoked certificates change from day to day; what the findings say of
// them is of their day, so that it comes from the record when the run is made again.

import Cryptography
import Custody

struct RecordedSignature {
  /// Nil where the signature was not verified: of a training warrant.
  let revocation: Revocation?
  /// Whether a time stamp lay beside it and was verified.
  let isStamped: Bool

  /// - Parameter warrant: the record's entry.
  init(_ warrant: CustodyItem?) {
    let state = warrant?["revocation"]?.string.flatMap(Revocation.State.init)
    revocation = state.map {
      Revocation($0, notes: warrant?["revocation_notes"]?.array?.compactMap(\.string) ?? [])
    }
    isStamped = warrant?["time_stamp"]?.string != nil
  }

  /// What the findings said of it.
  func applied(to signature: VerifiedSignature?) -> VerifiedSignature? { revocation.flatMap { signature?.with($0) } }
}
