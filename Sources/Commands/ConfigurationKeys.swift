// Every key of the configuration: its name, what it may hold, its value where nobody says otherwise, what it means.

import Analysis
import Cryptography
import JSON
import Terms

/// A key by its path: `signature.required_signers`.
struct ConfigurationKey: Sendable {
  enum Kind: Sendable {
    /// Paths; relative ones from the folder of the configuration's file.
    case files
    case texts
    /// Dotted numbers.
    case identifiers
    case integer(ClosedRange<Int>)
    case boolean
    case word([String])
  }

  let path: String
  let kind: Kind
  let builtIn: JSONValue
  let note: String

  /// The object it stands in, and its name there.
  var parts: [String] { path.split(separator: ".").map(String.init) }

  static let all: [ConfigurationKey] =
    [
      .init(
        path: "trust", kind: .files, builtIn: .array([]),
        note: "certificates of authorities that vouch for signers of warrants (--trust)"),
      .init(
        path: "trust_tsa", kind: .files, builtIn: .array([]),
        note: "certificates of authorities that vouch for time stamps (--trust-tsa)"),
      .init(path: "crl", kind: .files, builtIn: .array([]), note: "lists of revoked certificates (--crl)"),
      .init(
        path: "signature.required_signers", kind: .integer(1...16), builtIn: .integer(1),
        note: "how many different subjects must sign a warrant"),
      .init(
        path: "signature.allowed_subjects", kind: .texts, builtIn: .array([]),
        note: "subjects (RFC 4514) that may sign; empty: all that an anchor vouches for"),
      .init(
        path: "signature.extended_key_usages", kind: .identifiers, builtIn: .array([]),
        note: "accepted beside documentSigning"),
      .init(
        path: "signature.require_revocation_check", kind: .boolean, builtIn: .boolean(false),
        note: "refuse a signature where a certificate is on no list in force"),
      .init(
        path: "signature.require_timestamp", kind: .boolean, builtIn: .boolean(false),
        note: "refuse a signature without a time stamp"),
      .init(
        path: "profile_problems", kind: .word(["warning", "error"]), builtIn: .string("warning"),
        note: "what a warrant's national profile has against it"),
      .init(
        path: "custody.require_seal", kind: .boolean, builtIn: .boolean(false),
        note: "refuse to analyse without --sign-with: every custody record is sealed"),
      .init(
        path: "custody.require_timestamp", kind: .boolean, builtIn: .boolean(false),
        note: "a seal without a trusted time stamp counts as none"),
      .init(
        path: "defaults.workers", kind: .integer(1...256), builtIn: .integer(1),
        note: "evidence items side by side (--workers)"),
      .init(
        path: "defaults.quiet", kind: .boolean, builtIn: .boolean(false), note: "no progress, no summary (--quiet)"),
      .init(
        path: "defaults.separate_vlans", kind: .boolean, builtIn: .boolean(false),
        note: "VLAN ids are part of what makes a flow (--separate-vlans)"),
    ]
    + AnalysisSettings.entries.map {
      .init(
        path: "limits.\($0.name)", kind: .integer($0.range),
        builtIn: .integer(Int64($0.value(AnalysisSettings()))), note: $0.note)
    }

  /// What is wrong with a value; nil where nothing is.
  func objection(to value: JSONValue) -> String? {
    switch (kind, value) {
    case (.boolean, .boolean): return nil
    case (.boolean, _): return "true or false"
    case (.integer(let range), .integer(let number)) where range.contains(Int(number)): return nil
    case (.integer(let range), _): return "a number from \(range.lowerBound) to \(range.upperBound)"
    case (.word(let words), .string(let word)) where words.contains(word): return nil
    case (.word(let words), _): return "one of \(words.joined(separator: ", "))"
    case (.files, .array(let elements)), (.texts, .array(let elements)):
      let isText = { (element: JSONValue) in element.string.map { !$0.isEmpty } ?? false }
      return elements.allSatisfy(isText) ? nil : "an array of texts, none of them empty"
    case (.files, _), (.texts, _): return "an array of texts"
    case (.identifiers, .array(let elements)):
      for element in elements {
        guard let text = element.string, ConfigurationKey.isIdentifier(text) else {
          return "an array of dotted numbers, such as \"1.3.6.1.4.1.32473.1\""
        }
        guard !SignaturePolicy.neverEnough.contains(text) else {
          return "none of serverAuth, emailProtection and anyExtendedKeyUsage: \(text) signs no warrant"
        }
      }
      return nil
    case (.identifiers, _): return "an array of dotted numbers"
    }
  }

  private static func isIdentifier(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count > 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }
}
