// `veilscope warrant new`: writes a valid document from flags, or from answers where a person sits at a terminal.

import ArgumentParser
import Cryptography
import JSON
import Platform
import Supervision
import Terms
import Warrants

struct WarrantNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Writes a warrant's document, and prints the line that signs it.",
    discussion: """
      What must be there and is not given is asked for where standard input is a terminal; otherwise all of it is named. \
      Nothing is written that `warrant check` would not take. Fields that have no option here can be put into the file \
      before it is signed; the schema is Documentation/schema/warrant.schema.json.

      Targets: an address, a prefix (192.0.2.0/24), a link address (02:00:5e:10:00:00), or everything:JUSTIFICATION.

      Example:
        veilscope warrant new warrant.json --reference 'SDW 2026/17' --act 'Search and Surveillance Act 2012' \
      --provision 's 53' --issued-by 'A. Judge' --office 'District Court Judge' --agency Police \
      --issued 2026-03-01T08:00:00Z --from 2026-03-01T08:00:00Z --until 2026-04-01T00:00:00Z --target 192.0.2.1 \
      --exhibit E1=seized.pcapng --category flow --category protocol_metadata
      """)

  @Argument(help: ArgumentHelp("Where the document goes.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: ArgumentHelp("The authority's reference.", valueName: "TEXT"))
  var reference: String?
  @Option(help: ArgumentHelp("The act it is issued under.", valueName: "TEXT"))
  var act: String?
  @Option(help: ArgumentHelp("Its section or article.", valueName: "TEXT"))
  var provision: String?
  @Option(help: ArgumentHelp("Kind of warrant, such as search_warrant.", valueName: "WORD"))
  var legalType: String?
  @Option(help: ArgumentHelp("When it was issued, RFC 3339 with a zone.", valueName: "TIME"))
  var issued: String?
  @Option(help: ArgumentHelp("Who issued it.", valueName: "NAME"))
  var issuedBy: String?
  @Option(help: ArgumentHelp("In which office.", valueName: "TEXT"))
  var office: String?
  @Option(help: ArgumentHelp("At which court.", valueName: "TEXT"))
  var court: String?
  @Option(help: ArgumentHelp("The agency that carries it out.", valueName: "TEXT"))
  var agency: String?
  @Option(help: ArgumentHelp("The officer who answers for it.", valueName: "NAME"))
  var officer: String?
  @Option(help: ArgumentHelp("When work may begin: first instant.", valueName: "TIME"))
  var from: String?
  @Option(help: ArgumentHelp("When work may no longer begin: first instant after.", valueName: "TIME"))
  var until: String?
  @Option(help: ArgumentHelp("First packet time that may be read.", valueName: "TIME"))
  var dataFrom: String?
  @Option(help: ArgumentHelp("First packet time that may no longer be read.", valueName: "TIME"))
  var dataUntil: String?
  @Option(help: ArgumentHelp("What is covered; may be given several times.", valueName: "TARGET"))
  var target: [String] = []
  @Option(help: ArgumentHelp("What is never read, and why: an address, prefix or link address.", valueName: "WHAT=WHY"))
  var exclude: [String] = []
  @Option(
    help: ArgumentHelp("A listed item of evidence, by its file, which is digested.", valueName: "ID=FILE"),
    completion: .file())
  var exhibit: [String] = []
  @Option(help: ArgumentHelp("A kind of values that may be put out.", valueName: "CATEGORY"))
  var category: [String] = []
  @Option(help: ArgumentHelp("recorded or live; unless given: recorded.", valueName: "WORD"))
  var covers: [String] = []
  @Option(help: ArgumentHelp("A condition in words.", valueName: "TEXT"))
  var condition: [String] = []
  @Option(help: ArgumentHelp("When the issuer must have a report.", valueName: "TIME"))
  var reportDue: String?
  @Option(help: ArgumentHelp("An offence that is investigated.", valueName: "PROVISION[=YEARS]"))
  var offence: [String] = []
  @Option(help: ArgumentHelp("National checks: nz-sdw or nz-search.", valueName: "NAME"))
  var profile: String?
  @Flag(help: "Packets inside tunnels may be read.")
  var insideTunnels = false
  @Flag(help: "For exercises: needs no signature, stamps every output.")
  var training = false

  mutating func run() throws {
    try askForMissing()
    let document = try WarrantDraft(self).document()
    let warrant: Warrant
    do {
      warrant = try Warrant.parse(document)
    } catch {
      throw CommandFailure(status: .usage, message: "the document would not be valid; nothing is written:\n\(error)")
    }
    try write(document)
    for problem in warrant.profileProblems { Say.error("veilscope: warning: \(Say.plain(problem.description))") }
    Say.output(after(warrant))
  }

  private func write(_ document: [UInt8]) throws {
    do throws(OutputError) {
      let output = try OutputFile(path: file)
      try output.write(document)
      try output.finish()
      try OutputFile.publish([output])
    } catch {
      throw CommandFailure(status: error.isOccupied ? .outputExists : .outputFailed, message: error.description)
    }
  }

  private func after(_ warrant: Warrant) -> String {
    var lines = ["Written: \(Say.plain(file)). Read it: veilscope warrant show \(Say.plain(file))"]
    if warrant.training { lines.append("A training warrant: it needs no signature.") }
    lines.append("The authority signs it with")
    lines.append("  " + WarrantNewCommand.signingLine(file))
    return lines.joined(separator: "\n")
  }

  /// The one right line: without -binary OpenSSL signs a text with other line ends.
  static func signingLine(_ file: String) -> String {
    let plain = file.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || [0x2d, 0x2e, 0x2f, 0x5f].contains(byte)
    }
    func quoted(_ text: String) -> String { plain ? text : "'" + text.replacing("'", with: "'\\''") + "'" }
    return "openssl cms -sign -binary -md sha256 -outform DER -in \(quoted(file)) -signer cert.pem -inkey key.pem"
      + " -certfile chain.pem -out \(quoted(file + ".p7s"))"
  }

  // MARK: - Asking

  private mutating func askForMissing() throws {
    var missing: [String] = []
    let isTerminal = Terminal.input.isTerminal
    func ask(_ option: String, _ question: String) -> String? {
      guard isTerminal else {
        missing.append(option)
        return nil
      }
      try? Terminal.error.write("\(question): ")
      return readLine()?.trimmingSpaces
    }
    func fill(_ value: inout String?, _ option: String, _ question: String) {
      if value == nil { value = ask(option, question) }
    }
    fill(&reference, "--reference", "The authority's reference")
    fill(&act, "--act", "The act it is issued under")
    fill(&provision, "--provision", "Its section or article")
    fill(&issuedBy, "--issued-by", "Who issued it")
    fill(&office, "--office", "In which office")
    fill(&issued, "--issued", "When, such as 2026-03-01T08:00:00Z")
    fill(&agency, "--agency", "The agency that carries it out")
    fill(&from, "--from", "Work may begin from")
    fill(&until, "--until", "Work may begin until before")
    if target.isEmpty, let answer = ask("--target", "Targets, with commas (addresses, prefixes, link addresses)") {
      target = WarrantNewCommand.list(answer)
    }
    let known = Category.allCases.map(\.name).joined(separator: ", ")
    if category.isEmpty, let answer = ask("--category", "What may be put out, with commas (\(known))") {
      category = WarrantNewCommand.list(answer)
    }
    let needsEvidence = !training && (covers.isEmpty || covers.contains("recorded"))
    if needsEvidence, exhibit.isEmpty, dataFrom == nil {
      if let answer = ask(
        "--exhibit or --data-from and --data-until", "Exhibits as ID=FILE, with commas (none: packet times)")
      {
        exhibit = WarrantNewCommand.list(answer)
        if exhibit.isEmpty {
          fill(&dataFrom, "--data-from", "Packet times from")
          fill(&dataUntil, "--data-until", "Packet times until before")
        }
      }
    }
    guard missing.isEmpty else {
      throw ValidationError("needed and not given: \(missing.joined(separator: ", "))")
    }
  }

  private static func list(_ answer: String) -> [String] {
    answer.split(separator: ",").map { String($0).trimmingSpaces }.filter { !$0.isEmpty }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var rest = Substring(self)
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return String(rest.drop { $0 == " " || $0 == "\t" })
  }
}
