// `veilscope verify`: whether findings are what a run made of its evidence, and who vouches for that.

import ArgumentParser
import Custody

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verifies findings with the custody record of their run, its outputs, warrant and evidence.",
    discussion: """
      The answer is the last line, and the exit status: complete and sealed (0); complete, unsealed (5, or 0 with \
      --allow-unsealed); incomplete (4): the run was killed or the record cut, or a file is not there; broken (1): with the \
      entry, the digest found and the one expected.

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

  @Flag(help: "Leave the evidence out: nothing is said of it.")
  var skipEvidence = false

  @Flag(help: "Status 0 for complete, unsealed.")
  var allowUnsealed = false

  @Flag(help: "Analyse the evidence again, with the settings of the record, and compare byte for byte.")
  var again = false

  @OptionGroup var trust: TrustOptions

  func validate() throws {
    if again, skipEvidence { throw ValidationError("--again needs the evidence: leave --skip-evidence out") }
  }

  mutating func run() throws {
    var verification = RunVerification(self)
    let state = try verification.run()
    Say.output((verification.lines + [state.text]).joined(separator: "\n"))
    switch state {
    case .sealed: Say.end(.done)
    case .unsealed: Say.end(allowUnsealed ? .done : .unsealed)
    case .incomplete: Say.end(.incomplete)
    case .broken: Say.end(.broken)
    }
  }
}
