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
    var questions = Questions(isTerminal: Terminal.input.isTerminal)
    func fill(_ value: inout String?, _ option: String, _ question: String, _ path: String...) {
      if value == nil { value = questions.ask(option, question) { Warrant.problems(of: .string($0), at: path) } }
    }
    fill(&reference, "--reference", "The authority's reference", "reference")
    fill(&act, "--act", "The act it is issued under", "legal_basis", "act")
    fill(&provision, "--provision", "Its section or article", "legal_basis", "provision")
    fill(&issuedBy, "--issued-by", "Who issued it", "issued_by", "name")
    fill(&office, "--office", "In which office", "issued_by", "office")
    fill(&issued, "--issued", "When, such as 2026-03-01T08:00:00Z", "issued")
    fill(&agency, "--agency", "The agency that carries it out", "executing_agency")
    fill(&from, "--from", "Work may begin from", "authority", "from")
    fill(&until, "--until", "Work may begin until before", "authority", "until")
    if target.isEmpty {
      target = questions.askList("--target", "Targets, with commas (addresses, prefixes, link addresses)") {
        Warrant.problems(of: WarrantDraft.target($0), at: ["targets"])
      }
    }
    if category.isEmpty {
      let known = Category.allCases.map(\.name).joined(separator: ", ")
      category = questions.askList("--category", "What may be put out, with commas (\(known))") {
        Warrant.problems(of: .string($0), at: ["categories"])
      }
    }
    let needsEvidence = !training && (covers.isEmpty || covers.contains("recorded"))
    if needsEvidence, exhibit.isEmpty, dataFrom == nil {
      exhibit = questions.askList(
        "--exhibit or --data-from and --data-until", "Exhibits as ID=FILE, with commas (none: by packet times)",
        mayBeEmpty: true
      ) { $0.contains("=") ? [] : [WarrantProblem("exhibits", found: $0, expected: "ID=FILE")] }
      if questions.isTerminal, exhibit.isEmpty {
        fill(&dataFrom, "--data-from", "Packet times from", "data", "from")
        fill(&dataUntil, "--data-until", "Packet times until before", "data", "until")
      }
    }
    guard questions.missing.isEmpty else {
      throw ValidationError("needed and not given: \(questions.missing.joined(separator: ", "))")
    }
  }
}

/// Asks a person, again until the answer fits; where there is none, notes which option was needed.
private struct Questions {
  let isTerminal: Bool
  private(set) var missing: [String] = []

  init(isTerminal: Bool) { self.isTerminal = isTerminal }

  mutating func ask(_ option: String, _ question: String, _ problems: (String) -> [WarrantProblem]) -> String? {
    while isTerminal {
      try? Terminal.error.write("\(question): ")
      guard let answer = readLine()?.trimmingSpaces else { break }
      let found = problems(answer)
      if found.isEmpty { return answer }
      for problem in found { Say.error("  \(Say.plain(problem.description))") }
    }
    missing.append(option)
    return nil
  }

  mutating func askList(
    _ option: String, _ question: String, mayBeEmpty: Bool = false, _ problems: (String) -> [WarrantProblem]
  ) -> [String] {
    func parts(_ answer: String) -> [String] {
      answer.split(separator: ",").map { String($0).trimmingSpaces }.filter { !$0.isEmpty }
    }
    let answer = ask(option, question) { answer in
      let given = parts(answer)
      if given.isEmpty, !mayBeEmpty { return [WarrantProblem("", found: "nothing", expected: "one or more")] }
      return given.flatMap(problems)
    }
    return answer.map(parts) ?? []
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var rest = Substring(self)
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return String(rest.drop { $0 == " " || $0 == "\t" })
  }
}
