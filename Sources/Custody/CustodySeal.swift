// Who sealed a record, and what follows from that and from its chain.

import Bytes
import Cryptography
import JSON
import Terms

/// The four answers.
public enum CustodyState: Int, Comparable, Sendable {
  case sealed, unsealed, incomplete, broken

  public static func < (left: CustodyState, right: CustodyState) -> Bool { left.rawValue < right.rawValue }

  public var text: String {
    switch self {
    case .sealed: "complete and sealed"
    case .unsealed: "complete, unsealed"
    case .incomplete: "incomplete"
    case .broken: "broken"
    }
  }
}

/// What is known of a record by itself, without the files it names.
public struct CustodyJudgement: Sendable {
  public private(set) var state: CustodyState
  /// Why it is no better.
  public private(set) var reason: String?
  /// What a reader must know beside the answer.
  public private(set) var remarks: [String] = []
  /// Whose seal it is, where it is accepted.
  public private(set) var seal: VerifiedSignature?

  /// - Parameter now: seconds since 1970-01-01 UTC.
  public init(_ reading: CustodyReading, verifier: SignatureVerifier, now: Int64) {
    state = .sealed
    judge(reading, verifier, now)
  }

  private mutating func set(_ state: CustodyState, _ reason: String) {
    (self.state, self.reason) = (state, reason)
  }

  private mutating func judge(_ reading: CustodyReading, _ verifier: SignatureVerifier, _ now: Int64) {
    if let fault = reading.fault { return set(.broken, fault.description) }
    if let fault = CustodyJudgement.fault(in: reading, verifier.policy) { return set(.broken, fault.description) }
    guard let closed = reading.closed, let seal = reading.seal else {
      let last = reading.items.last
      let time = last?["time"]?.string.map { ", written at \($0)" } ?? ""
      let cut = reading.isCut ? ", and a line without an end behind it" : ""
      return set(
        .incomplete,
        "the record ends with entry \(last.map { "\($0.number), \($0.kind.rawValue)\(time)" } ?? "none")\(cut): the run was"
          + " killed, or the record cut; which of the two cannot be told")
    }
    guard !reading.isCut else {
      return set(.incomplete, "behind the run's last line, entry \(closed), stands a line without an end")
    }
    remarkFollowing(reading, closed)
    guard let signature = seal.signature else {
      return set(
        .unsealed, "nobody signed the record: whoever can write to it can have written all of it anew (--sign-with)")
    }
    judge(seal, signature, reading, verifier, now)
  }

  private mutating func remarkFollowing(_ reading: CustodyReading, _ closed: UInt64) {
    let after = reading.items.dropFirst(Int(closed) + 1).filter { $0.kind != .timestamp }
    guard !after.isEmpty else { return }
    let notes = after.filter { $0.kind == .note }.count
    remarks.append(
      "\(after.count) entr\(after.count == 1 ? "y" : "ies") behind the run (\(notes) note\(notes == 1 ? "" : "s")) that its"
        + " seal does not cover")
  }

  // MARK: - The seal

  private mutating func judge(
    _ seal: Checkpoint, _ signature: [UInt8], _ reading: CustodyReading, _ verifier: SignatureVerifier, _ now: Int64
  ) {
    let start = reading.items.first?["time"]?.string.flatMap { Timestamp($0) }.map { $0.nanoseconds / 1_000_000_000 }
    var refusal: SignatureRefusal?
    do throws(SignatureRefusal) {
      let stamps = try trusted(reading.all(.timestamp), over: signature, verifier, now)
      // Any of several will do; where none does, the first refusal is the one that is said.
      for stamp in stamps.isEmpty ? [nil] : stamps.map(Optional.some) {
        do throws(SignatureRefusal) {
          let found = try verifier.verify(
            DetachedSignature(signature, timestamp: stamp), over: seal.statement, now: now, notBefore: start)
          self.seal = found
          if found.revocation.state == .notChecked {
            remarks.append("whether the signer's certificate was revoked is not checked (--crl)")
          } else if found.revocation.state == .revokedLater {
            remarks.append(contentsOf: found.revocation.notes)
          }
          return
        } catch { refusal = refusal ?? error }
      }
    } catch { refusal = error }
    guard let refusal else { return }
    set(
      refusal.cause.isUnproven ? .unsealed : .broken, "entry \(seal.entries): the seal is not accepted: \(refusal)")
  }

  /// The time stamps whose authorities are trusted. One of an authority that is not says nothing of the seal, good or bad:
  /// anybody can ask anybody for one. One that contradicts itself is thrown.
  private mutating func trusted(
    _ entries: [CustodyItem], over seal: [UInt8], _ verifier: SignatureVerifier, _ now: Int64
  ) throws(SignatureRefusal) -> [[UInt8]] {
    var stamps: [[UInt8]] = []
    for item in entries {
      guard let reply = item["reply"]?.string.flatMap(Base64.bytes) else { continue }
      if verifier.timestampAnchors.isEmpty {
        remarks.append(
          "entry \(item.number): a time stamp that was not checked: name its authority (--trust-tsa); the time of the seal"
            + " is not vouched for")
        continue
      }
      do throws(SignatureRefusal) {
        try verifier.checkTimestamp(reply, over: seal, now: now)
        stamps.append(reply)
      } catch {
        guard CustodyJudgement.isOnlyUntrusted(error.cause) else { throw error }
        remarks.append(
          "entry \(item.number): the time stamp is not trusted, and the time of the seal not vouched for by it: \(error)"
        )
      }
    }
    return stamps
  }

  /// Refusals of a time stamp that are about its authority, not about what it says.
  private static func isOnlyUntrusted(_ cause: SignatureRefusal.Cause) -> Bool {
    switch cause {
    case .untrusted, .chain, .expired, .notYetValid, .revoked, .keyCompromised, .certificateMissing, .extendedKeyUsage,
      .timestampUsage, .timestampNoAnchor, .timestampAlgorithm, .unavailable:
      true
    default: false
    }
  }

  /// What is wrong with signatures, trust aside.
  private static func fault(in reading: CustodyReading, _ policy: SignaturePolicy) -> CustodyFault? {
    let declared = reading.first(.settings)?["signer"]?["certificate_sha256"]?.string
    for checkpoint in reading.checkpoints {
      let isOfRun = reading.closed.map { checkpoint.entries < $0 } ?? true
      guard let bytes = checkpoint.signature else {
        if isOfRun, let declared {
          return CustodyFault(
            entry: checkpoint.entries, "the checkpoint", found: "no signature",
            expected: "one by the certificate \(declared), which the settings name")
        }
        continue
      }
      do throws(SignatureRefusal) {
        let signers = try DetachedSignature(bytes).checkIntegrity(over: checkpoint.statement, policy: policy)
        // The first checkpoint comes after the settings, so that it knows them.
        if isOfRun, signers.count != 1 || signers[0].fingerprint != declared {
          return CustodyFault(
            entry: checkpoint.entries, "the checkpoint's signer",
            found: signers.map { "\($0.subject) (\($0.fingerprint))" }.joined(separator: ", "),
            expected: declared.map { "the certificate \($0), which the settings name" }
              ?? "no signature: the settings name no signer")
        }
      } catch {
        return CustodyFault(
          entry: checkpoint.entries, "the signature of the checkpoint: \(error.of)", found: error.found,
          expected: error.expected)
      }
    }
    for item in reading.all(.timestamp) {
      guard let reply = item["reply"]?.string.flatMap(Base64.bytes), let seal = reading.seal?.signature else {
        return CustodyFault(
          entry: item.number, "the time stamp", found: "none, or no seal that it could be over",
          expected: "a reply over the seal")
      }
      do throws(SignatureRefusal) { _ = try TimestampQuery.time(of: reply, over: seal) } catch {
        return CustodyFault(
          entry: item.number, "the time stamp: \(error.of)", found: error.found, expected: error.expected)
      }
    }
    return nil
  }
}
