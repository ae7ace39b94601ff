// What `analyze` prints, for a person who has a minute.

import JSON
import Platform
import Terms
import Warrants

struct Summary {
  let result: RunResult
  let authorised: AuthorisedWarrant
  let findings: String
  let flows: String?
  /// What is said of the custody record.
  var custody: [String] = []

  /// Hosts, and contacts of each, that are printed; the rest is in the document.
  private static let mostHosts = 20
  private static let mostContacts = 4

  var text: String {
    var lines: [String] = []
    if authorised.identity.training { lines += ["TRAINING: made under a warrant for exercises", ""] }
    lines += signature
    lines += hosts
    lines += notAssessed
    lines += scope
    lines += evidence
    lines.append("")
    lines.append("Findings: \(Say.plain(findings))")
    if let flows { lines.append("Flows:    \(Say.plain(flows))") }
    lines += custody
    if !result.isClean { lines.append("Exit status 3: see the messages above.") }
    return lines.joined(separator: "\n")
  }

  // MARK: - Parts

  private var signature: [String] {
    authorised.authenticity.signature.map { SignatureText.lines($0) + [""] } ?? []
  }

  private var hosts: [String] {
    guard result.flows > 0 else {
      return ["Nothing in this evidence is covered by the warrant: no flow was read.", ""]
    }
    guard !result.hosts.isEmpty else {
      return ["No finding in \(result.flows) flows. That is no proof of absence: see what could not be assessed.", ""]
    }
    var lines = ["What is indicated (a host is an address in this evidence, never a person or a device):"]
    for host in result.hosts.prefix(Summary.mostHosts) {
      let flows = host["flows"]?.integer ?? 0
      lines.append("")
      lines.append(
        "  \(Say.plain(host["host"]?.string ?? ""))  \(host["tool"]?.string ?? "")"
          + "  \(host["certainty"]?.string ?? "")  \(flows) flow\(flows == 1 ? "" : "s")")
      if let first = host["first"]?.string, let last = host["last"]?.string {
        lines.append("    first \(Summary.clock(first))  last \(Summary.clock(last))")
      }
      let contacts = host["contacts"]?.array ?? []
      for contact in contacts.prefix(Summary.mostContacts) { lines.append("    " + line(contact)) }
      if flows > Summary.mostContacts {
        lines.append("    and \(flows - Int64(min(contacts.count, Summary.mostContacts))) more")
      }
    }
    if result.hosts.count > Summary.mostHosts {
      lines.append("")
      lines.append("  and \(result.hosts.count - Summary.mostHosts) more hosts and tools in the document")
    }
    return lines + [""]
  }

  /// Source port and time to the microsecond are what a request for a subscriber needs (RFC 6302 section 2).
  private func line(_ contact: JSONValue) -> String {
    let port = contact["source_port"]?.integer.map { "from port \($0) " } ?? ""
    let address = Say.plain(contact["peer"]?["address"]?.string ?? "")
    let isSix = address.contains(":")
    let peer = contact["peer"]?["port"]?.integer.map { (isSix ? "[\(address)]" : address) + ":\($0)" } ?? address
    let time = contact["time"]?.string.map { " at \(Summary.clock($0))" } ?? ""
    let evidence = result.items.count > 1 ? "  \(Say.plain(contact["evidence"]?["name"]?.string ?? ""))" : ""
    return "\(port)to \(peer)\(time)\(evidence)  \(contact["display_filter"]?.string ?? "")"
  }

  /// `2026-01-01T00:00:00.123456789Z` as `2026-01-01 00:00:00.123456 UTC`.
  static func clock(_ text: String) -> String {
    guard let time = Timestamp(text) else { return text }
    let shown = time.text(fractionDigits: 6)
    return shown.replacing("T", with: " ").replacing("Z", with: " UTC")
  }

  private var notAssessed: [String] {
    guard !result.notAssessable.isEmpty else { return [] }
    return ["What could not be assessed:"]
      + result.notAssessable.map { "  \($0.flows) flow\($0.flows == 1 ? "" : "s"): \(Say.plain($0.reason))" } + [""]
  }

  private var scope: [String] {
    func packets(_ name: String) -> Int64 { result.scope["\(name).packets"] }
    var lines = [
      "Warrant: \(packets("in")) packets inside, \(packets("out")) of no target, \(packets("out_of_time")) outside its time,"
        + " \(packets("excluded")) excluded, \(packets("no_time")) without a time."
    ]
    let withheld = result.scope.names.filter { $0.hasPrefix("withheld.") && result.scope[$0] > 0 }
    if !withheld.isEmpty {
      lines.append(
        "Withheld: "
          + withheld.map { "\(result.scope[$0]) of \($0.dropFirst("withheld.".count))" }.joined(separator: ", ") + ".")
    }
    return lines + [""]
  }

  private var evidence: [String] {
    var lines = ["Evidence:"]
    for (index, item) in result.items.enumerated() {
      if let problem = item.problem {
        lines.append("  \(Say.plain(item.name)): not analysed: \(Say.plain(problem.message))")
        continue
      }
      let object = result.evidence[index]
      let frames = object?["frames"]?.integer ?? 0
      var line = "  \(Say.plain(item.name)): \(object?["format"]?.string ?? ""), \(frames) frames"
      if let first = object?["first_packet"]?.string, let last = object?["last_packet"]?.string {
        line += ", \(Summary.clock(first)) to \(Summary.clock(last))"
      }
      if let uncounted = object?["uncounted_frames"]?.integer {
        line += ", the first \(uncounted) of them in no other count of this page (see the fault)"
      }
      let damage = object?["damage"]?.array ?? []
      if !damage.isEmpty { line += ", DAMAGED" }
      lines.append(line)
      for entry in damage { lines.append("    \(Say.plain(entry["message"]?.string ?? ""))") }
    }
    return lines
  }
}
