// What is said of a warrant's signature, for people.

import Cryptography
import Terms

enum SignatureText {
  /// Who signed, as of when, and what is known of revocation.
  static func lines(_ signature: VerifiedSignature) -> [String] {
    var lines = signature.signers.map { signer in
      "Signed by \(Say.plain(signer.subject)) (serial \(signer.serialNumber), certificate SHA-256 \(signer.fingerprint))."
    }
    let time = WarrantPage.clock(Timestamp(wholeSeconds: signature.time))
    switch signature.timeSource {
    case .timestamp(let authority):
      lines.append("  Valid at \(time), by the time stamp of \(Say.plain(authority.subject)).")
    case .clock: lines.append("  Valid at \(time), this machine's time: there is no time stamp.")
    }
    switch signature.revocation.state {
    case .good: lines.append("  Revocation: checked, none.")
    case .notChecked: lines.append("  Revocation: not checked.")
    case .revokedLater: lines.append("  Revocation: revoked since, which does not touch this signature.")
    }
    return lines + signature.revocation.notes.map { "    \(Say.plain($0))" }
  }
}
