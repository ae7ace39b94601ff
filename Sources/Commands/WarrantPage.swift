// A warrant as a page for people: who, what, when, what is covered, how long it still runs, what its signature proves.

import Bytes
import Cryptography
import Terms
import Warrants

struct WarrantPage {
  let warrant: Warrant
  let state: WarrantState

  var text: String {
    var lines = ["WARRANT \(warrant.reference)" + (warrant.training ? "   TRAINING: for exercises only" : ""), ""]
    lines += part("Document", document)
    lines += part("Who", who)
    lines += part("When", when)
    lines += part("Targets (any of these)", warrant.targets.map(WarrantPage.target))
    lines += part("Never read", warrant.excluded.map(WarrantPage.exclusion))
    lines += part("Evidence", evidence)
    lines += part("May be put out", [warrant.categories.members.map(\.name).joined(separator: ", ")])
    let withheld = Category.allCases.filter { !warrant.categories.holds($0) }.map(\.name)
    lines += part("Withheld", withheld.isEmpty ? [] : [withheld.joined(separator: ", ")])
    lines += part("Conditions", conditions)
    lines += part("Signature", signature)
    return Array(lines.dropLast()).map(Say.plain).joined(separator: "\n")
  }

  private func part(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : [title] + lines.flatMap { $0.split(separator: "\n").map { "  \($0)" } } + [""]
  }

  // MARK: - Parts

  private var document: [String] {
    var lines = [
      "\(state.path), SHA-256 \(Hex.text(warrant.digest.bytes))", "id \(warrant.id), generation \(warrant.generation)",
    ]
    if let replaced = warrant.supersedes { lines.append("replaces the document \(Hex.text(replaced.bytes))") }
    if let liid = warrant.liid { lines.append("lawful interception identifier \(liid)") }
    if let instrument = warrant.instrument {
      lines.append(
        "transcribed from \(instrument.name), SHA-256 \(Hex.text(instrument.digest.bytes))"
          + (instrument.transcribedBy.map { ", by \($0)" } ?? ""))
    }
    return lines
  }

  private var who: [String] {
    let issuer = warrant.issuedBy
    var lines = ["issued by \(issuer.name), \(issuer.office)" + (issuer.court.map { ", \($0)" } ?? "")]
    lines += warrant.approvals.map { "approved by \($0.name), \($0.office), \(WarrantPage.clock($0.at))" }
    lines.append(
      "under \(warrant.legalBasis.act), \(warrant.legalBasis.provision)"
        + (warrant.legalType.map { " (\($0.rawValue.replacing("_", with: " ")))" } ?? ""))
    let countries = [
      warrant.jurisdiction.map { "jurisdiction \($0)" }, warrant.authorisingCountry.map { "authorised in \($0)" },
      warrant.executingCountry.map { "carried out in \($0)" },
    ].compactMap { $0 }
    if !countries.isEmpty { lines.append(countries.joined(separator: ", ")) }
    for offence in warrant.offences {
      lines.append(
        "investigated: \(offence.provision)" + (offence.description.map { ", \($0)" } ?? "")
          + (offence.maximumPenaltyYears.map { ", up to \($0) years" } ?? ""))
    }
    lines.append("carried out by \(warrant.executingAgency)")
    if let officer = warrant.responsibleOfficer { lines.append("responsible: \(officer)") }
    if let applicant = warrant.applicant { lines.append("applied for by \(applicant)") }
    return lines
  }

  private var when: [String] {
    var lines = [
      "issued \(WarrantPage.clock(warrant.issued))" + (warrant.emergency ? ", in an emergency" : ""),
      "work may begin \(WarrantPage.interval(warrant.authority)): \(remaining)",
    ]
    if let data = warrant.data {
      lines.append("packets \(WarrantPage.interval(data))")
    } else {
      lines.append(
        warrant.covers.contains(.live)
          ? "packets of that time (live), of any time (recorded)" : "packets of any time")
    }
    if let due = warrant.reportDue { lines.append("report due \(WarrantPage.clock(due))") }
    return lines
  }

  /// How long it still runs.
  var remaining: String {
    let now = state.now
    if let from = warrant.authority.from, now < from { return "begins in \(WarrantPage.duration(from.since(now)))" }
    guard let until = warrant.authority.until else { return "without an end" }
    if warrant.authority.contains(now) { return "still runs \(WarrantPage.duration(until.since(now)))" }
    let again =
      warrant.exhibits.contains { $0.digest != nil } ? "; its exhibits may still be analysed again" : ""
    return "ended \(WarrantPage.duration(now.since(until))) ago\(again)"
  }

  private var evidence: [String] {
    var lines = ["for \(warrant.covers.map(\.rawValue).joined(separator: " and ")) evidence"]
    lines += warrant.exhibits.map { exhibit in
      "exhibit \(exhibit.id)" + (exhibit.description.map { ", \($0)" } ?? "")
        + (exhibit.digest.map { ", SHA-256 \(Hex.text($0.bytes))" } ?? "")
        + (exhibit.sourceClock.map { ", its clock was off by \($0.offsetNanoseconds) ns" } ?? "")
    }
    lines.append(warrant.exhibits.isEmpty ? "no exhibits listed: any evidence" : "nothing but these exhibits")
    lines.append(warrant.insideTunnels ? "packets inside tunnels may be read" : "nothing inside a tunnel is read")
    lines.append("metadata only: content is never read out, whatever a warrant says")
    return lines
  }

  private var conditions: [String] {
    var lines = warrant.conditions
    if let handling = warrant.handling {
      if let marking = handling.marking { lines.append("marking: \(marking)") }
      if !handling.discloseTo.isEmpty {
        lines.append("may be disclosed to \(handling.discloseTo.joined(separator: ", "))")
      }
    }
    if let retention = warrant.retention {
      lines.append(
        "kept: \(retention.rule.rawValue.replacing("_", with: " "))"
          + (retention.until.map { ", until \(WarrantPage.clock($0))" } ?? "")
          + (retention.plusYears.map { ", plus \($0) years" } ?? ""))
    }
    if warrant.profile != .none {
      lines.append(
        "profile \(warrant.profile.rawValue)" + (state.profileProblems.isEmpty ? ": nothing against it" : ":"))
      lines += state.profileProblems.map { "  \($0)" }
    }
    return lines
  }

  private var signature: [String] {
    switch state.signature {
    case .notNeeded:
      return ["none verified, as a training warrant may have it: nothing proves who wrote this document"]
    case .missing: return ["none: nothing proves who wrote this document, and `analyze` refuses it"]
    case .refused(let problem):
      return ["does not hold: \(problem)", "It proves nothing, and `analyze` refuses the warrant."]
    case .holds(let signature):
      var lines = SignatureText.lines(signature)
      lines.append(
        "It proves that this file, byte for byte, is what the key of each signer signed, and that an authority")
      lines.append("trusted here named that key's owner in a certificate that was valid then.")
      lines.append(
        "It does not prove who held the key, " + (transcription ?? "nor that what the document says is true."))
      if case .clock = signature.timeSource {
        lines.append("It does not prove when it was signed: the time in it is the signer's claim. A time stamp would.")
      }
      return lines
    }
  }

  private var transcription: String? {
    warrant.instrument.map {
      "nor that a judge signed: what is signed here is the transcription; compare it with \($0.name)."
    }
  }

  // MARK: - Words

  static func target(_ target: Target) -> String {
    if let why = target.everything { return "everything in the evidence: \(why)" }
    var words: [String] = []
    if let address = target.address { words.append("address \(address.text)") }
    if let prefix = target.prefix { words.append("prefix \(prefix.text)") }
    if let mac = target.mac { words.append("link address \(mac.text)") }
    if let interface = target.interface { words.append("interface \(interface)") }
    if let vlan = target.vlan { words.append("VLAN \(vlan)") }
    if let tunnel = target.tunnelID { words.append("inside the \(tunnel.kind.rawValue) tunnel \(tunnel.value)") }
    if let ports = target.ports {
      let range = ports.from == ports.to ? "port \(ports.from)" : "ports \(ports.from) to \(ports.to)"
      words.append("\(ports.transport.rawValue) \(range)")
    }
    if target.window != .always { words.append(interval(target.window)) }
    return words.joined(separator: ", ")
  }

  private static func exclusion(_ exclusion: Exclusion) -> String {
    let what =
      exclusion.address?.text ?? exclusion.prefix?.text ?? exclusion.mac.map { "link address \($0.text)" } ?? ""
    return "\(what): \(exclusion.reason)"
  }

  /// A time to its nanosecond, where it has one: a bound is not cut.
  static func clock(_ time: Timestamp) -> String { time.text.replacing("T", with: " ").replacing("Z", with: " UTC") }

  /// Half-open: the last instant named is the first after.
  private static func interval(_ interval: Interval) -> String {
    let from = interval.from.map { "from \(WarrantPage.clock($0))" }
    let until = interval.until.map { "until before \(WarrantPage.clock($0))" }
    return [from, until].compactMap { $0 }.joined(separator: " ")
  }

  /// The two greatest units.
  static func duration(_ nanoseconds: Int64) -> String {
    let seconds = max(0, nanoseconds / 1_000_000_000)
    let units = [
      ("day", seconds / 86_400), ("hour", seconds / 3600 % 24), ("minute", seconds / 60 % 60), ("second", seconds % 60),
    ]
    guard let first = units.firstIndex(where: { $0.1 > 0 }) else { return "less than a second" }
    return units[first..<min(first + 2, 4)].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)\($0.1 == 1 ? "" : "s")" }
      .joined(separator: " ")
  }
}
