// National checks of a warrant. What a law asks for stands in data files (Profiles/NAME.json); here is only how each kind
// of check is made. A check finds what a person should look at: it knows no law.

import JSON
import Terms

/// The checks of one profile, read from its data file.
struct NationalProfile: Sendable {
  let act: String
  let checks: [Check]

  struct Check: Sendable {
    let section: String
    let kind: Kind
  }

  enum Kind: Sendable {
    /// `legal_type` is this.
    case legalType(String)
    /// `authority` ends at most so many days after `issued`.
    case authorityDays(Int64)
    /// `report_due` is there, at most so many days after the end of `authority`.
    case reportDays(Int64)
    /// An offence is named that carries so many years, or is one of these.
    case offence(years: Int64, listed: [String])
    /// A condition has one of these words.
    case condition([String])
    /// The evidence is listed.
    case exhibits
    /// `covers` has no live capture.
    case noLive
  }

  /// The profile of this name; nil where there are no checks, or where the data file cannot be read.
  static func named(_ profile: Warrant.Profile) -> NationalProfile? {
    switch profile {
    case .none: nil
    case .nzSurveillanceDeviceWarrant: NationalProfile(data: PackageResources.nz_sdw_json)
    case .nzSearch: NationalProfile(data: PackageResources.nz_search_json)
    }
  }

  init?(data: [UInt8]) {
    guard let document = try? JSONReader.read(data, limits: Warrant.limits), let act = document["act"]?.string,
      let entries = document["checks"]?.array
    else { return nil }
    var checks: [Check] = []
    for entry in entries {
      guard let section = entry["section"]?.string, let kind = Kind(entry) else { return nil }
      checks.append(Check(section: section, kind: kind))
    }
    self.act = act
    self.checks = checks
  }
}

extension NationalProfile.Kind {
  fileprivate init?(_ entry: JSONValue) {
    let words = { (key: String) in entry[key]?.array?.compactMap(\.string) }
    switch entry["check"]?.string {
    case "legal_type": self = .legalType(entry["is"]?.string ?? "")
    case "authority_days":
      guard let most = entry["most"]?.integer else { return nil }
      self = .authorityDays(most)
    case "report_days":
      guard let most = entry["most"]?.integer else { return nil }
      self = .reportDays(most)
    case "offence":
      guard let years = entry["years"]?.integer, let listed = words("listed") else { return nil }
      self = .offence(years: years, listed: listed)
    case "condition":
      guard let words = words("words") else { return nil }
      self = .condition(words)
    case "exhibits": self = .exhibits
    case "no_live": self = .noLive
    default: return nil
    }
  }
}

/// What a profile has against a warrant.
public struct ProfileProblem: Hashable, Sendable, CustomStringConvertible {
  /// The act and its section.
  public let source: String
  public let problem: WarrantProblem

  public var description: String { "\(problem) (\(source))" }
}

extension Warrant {
  /// What its profile has against it, in the order of the profile. Warnings, unless the configuration says otherwise.
  public var profileProblems: [ProfileProblem] {
    guard let profile = NationalProfile.named(profile) else { return [] }
    return profile.checks.compactMap { check in
      objection(check.kind).map { ProfileProblem(source: "\(profile.act), \(check.section)", problem: $0) }
    }
  }

  private static let day: Int64 = 86_400 * 1_000_000_000

  private func objection(_ kind: NationalProfile.Kind) -> WarrantProblem? {
    switch kind {
    case .legalType(let wanted):
      guard legalType?.rawValue != wanted else { return nil }
      return WarrantProblem("legal_type", found: legalType?.rawValue ?? "nothing", expected: wanted)
    case .authorityDays(let most):
      let latest = issued.advanced(by: most * Warrant.day)
      guard let until = authority.until, until > latest else { return nil }
      return WarrantProblem(
        "authority.until", found: until.text, expected: "at most \(most) days after `issued`: \(latest.text)")
    case .reportDays(let most):
      guard let until = authority.until else { return nil }
      let latest = until.advanced(by: most * Warrant.day)
      if let reportDue, reportDue <= latest { return nil }
      return WarrantProblem(
        "report_due", found: reportDue?.text ?? "nothing",
        expected: "at most \(most) days after the end of `authority`: \(latest.text)")
    case .offence(let years, let listed): return offenceObjection(years, listed)
    case .condition(let words):
      let holds = conditions.contains { text in words.contains { text.lowercased().contains($0.lowercased()) } }
      guard !holds else { return nil }
      return WarrantProblem(
        "conditions", found: conditions.isEmpty ? "none" : "\(conditions.count), none of them about that",
        expected: "one that says how \(words.joined(separator: ", ")) is protected")
    case .exhibits:
      guard exhibits.isEmpty else { return nil }
      return WarrantProblem("exhibits", found: "nothing", expected: "what was seized, each item with its SHA-256")
    case .noLive:
      guard covers.contains(.live) else { return nil }
      return WarrantProblem("covers", found: "live", expected: "recorded alone")
    }
  }

  private func offenceObjection(_ years: Int64, _ listed: [String]) -> WarrantProblem? {
    let holds = offences.contains { offence in
      (offence.maximumPenaltyYears ?? 0) >= years
        || listed.contains { Warrant.names(offence.provision, $0) }
    }
    guard !holds else { return nil }
    let found = offences.map { offence in
      "\(offence.provision.shortened)" + (offence.maximumPenaltyYears.map { " (\($0) years)" } ?? "")
    }
    let wanted =
      years == 0
      ? "an offence" : "an offence that carries \(years) years or more (maximum_penalty_years), or a listed one"
    return WarrantProblem(
      "offences", found: found.isEmpty ? "nothing" : found.prefix(8).joined(separator: "; "), expected: wanted)
  }

  /// Whether the text names this provision or a part of it: `Arms Act 1983, section 45(1)` does `Arms Act 1983 s 45`.
  private static func names(_ text: String, _ provision: String) -> Bool {
    func plain(_ text: String) -> String {
      text.lowercased().replacing(",", with: " ").replacing("section", with: "s").split(separator: " ")
        .joined(separator: " ")
    }
    let (text, provision) = (plain(text), plain(provision))
    guard text.hasPrefix(provision) else { return false }
    return !(text.dropFirst(provision.count).first?.isNumber ?? false)
  }
}
