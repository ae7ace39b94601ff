// `veilscope verify`: whether findings are what a run made of its evidence, and who vouches for that.

import ArgumentParser
import Bytes
import Custody

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verifies findings with the custody record of their run, its outputs, warrant and evidence.",
    discussion: """
      The answer is the last line, and the exit status: complete and sealed (0); complete, unsealed (5, or 0 with \
      --allow-unsealed); incomplete (4): the run was killed or the record cut, or a file is not there; broken (1): with the \
      entry, the digest found and the one expected.

      Evidence of which the run took no digest is in no seal: the first line says so, and the answer is unsealed at best \
      unless the evidence is left out by --skip-evidence. Evidence that came by a pipe needs a copy, by --evidence.

      The record is beside the findings, as NAME.custody.jsonl. Warrant and evidence are looked for where they were, or \
      where --warrant and --evidence say. Whoever sealed the record must have the vouching of an authority of --trust or \
      of the configuration. Documentation/verify-by-hand.md does the same with a shell and openssl.

      Example:
        veilscope verify findings.json --trust authority.pem
      """)

  @Argument(help: "The findings document.", completion: .file())
  var findings: String

  @Option(help: ArgumentHelp("The custody record, if not beside the findings.", valueName: "FILE"), completion: .file())
  var record: String?

  @Option(help: ArgumentHelp("The flow records, if not where they were.", valueName: "FILE"), completion: .file())
  var flows: String?

  @Option(help: ArgumentHelp("The warrant, if not where it was.", valueName: "FILE"), completion: .file())
  var warrant: String?

  @Option(
    help: ArgumentHelp(
      "Evidence, if not where it was; known by its digest; may be given several times.", valueName: "FILE"),
    completion: .file())
  var evidence: [String] = []

  @Option(
    help: ArgumentHelp(
      "The record's head as it was noted when it was printed; shows that no entry was cut off since.", valueName: "HEX")
  )
  var head: String?

  @Flag(help: "Leave the evidence out: its bytes are not looked at.")
  var skipEvidence = false

  @Flag(help: "Status 0 for complete, unsealed.")
  var allowUnsealed = false

  @Flag(help: "Analyse the evidence again, with the settings of the record, and compare byte for byte.")
  var again = false

  @Flag(help: "Put this verification and its answer down in the record, behind what is there.")
  var enter = false

  @Option(
    help: ArgumentHelp(
      "With --enter: who says to be at work; goes into the custody record as that person's claim.", valueName: "TEXT"))
  var `operator`: String?

  @OptionGroup var trust: TrustOptions

  func validate() throws {
    if `operator` != nil, !enter { throw ValidationError("--operator goes with --enter") }
    if let head, head.utf8.count != 64 || Hex.bytes(head.lowercased()) == nil {
      throw ValidationError("--head is a SHA-256 in hexadecimal, 64 digits, as `analyze` and `custody` print it")
    }
    if again, skipEvidence { throw ValidationError("--again needs the evidence: leave --skip-evidence out") }
  }

  mutating func run() throws {
    var verification = RunVerification(self)
    let state = try verification.run()
    Say.output((verification.lines + [state.text]).joined(separator: "\n"))
    if enter { try putDown(state, head: verification.head) }
    switch state {
    case .sealed: Say.end(.done)
    case .unsealed: Say.end(allowUnsealed ? .done : .unsealed)
    case .incomplete: Say.end(.incomplete)
    case .broken: Say.end(.broken)
    }
  }

  /// Enters the answer into the record, if that holds: behind a break nothing can be put.
  private func putDown(_ state: CustodyState, head: String?) throws {
    let path = record ?? RunRecord.path(of: findings)
    guard let head else {
      throw CommandFailure(
        status: state == .broken ? .broken : .incomplete,
        message: "\(Say.plain(path)): the verification is not put down: there is no record that holds")
    }
    var entry = CustodyEntry(.verification)
    entry.put("answer", state.text)
    entry.put("head", head)
    entry.put("evidence", skipEvidence ? "not looked at" : "looked at")
    entry.put("again", again)
    entry.put("operator", RunStart.who(`operator`))
    entry.put("version", Version.text)
    try CustodyAddition.add(entry, to: path, signer: nil) { (reading) throws(CustodyError) in
      guard reading.head == head else { throw .notContinued("it was changed while it was verified") }
    }
  }
}
