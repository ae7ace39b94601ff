// `veilscope analyze`: what the user may say, and the checks that need no file.

import Analysis
import ArgumentParser
import JSON
import Terms

struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Analyses captures under a warrant and writes findings in JSON.",
    discussion: """
      Captures are pcap or pcapng files, plain or compressed by gzip or zstd (found by content), or - for standard input. \
      Each file is an evidence item of its own; with --continuous all of them are one timeline.

      A warrant needs a signature that holds: detached CMS over its exact bytes, beside it as WARRANT.p7s, by a signer for \
      whom an authority of --trust or of the configuration vouches. Only a warrant with "training": true needs none, and \
      then the output is stamped TRAINING.

      Every run writes a custody record beside the findings, as NAME.custody.jsonl: who did what to which bytes, each entry \
      naming the digest of the one before. --sign-with seals it; `veilscope verify` verifies it. A refused call (64 to 66, \
      73, 77, 78) writes none.

      Limits hold for each timeline: N workers may use N times the setting. Bounds, with their defaults:
      \(bounds.map { entry in
        "  \(entry.name)=\(entry.value(AnalysisSettings()))  \(entry.note)"
      }.joined(separator: "\n"))

      \(ExitStatus.table)

      Example:
        veilscope analyze seized.pcapng --warrant warrant.json --trust authority.pem --output findings.json --flows flows.jsonl
      """)

  /// What --limit knows.
  static let bounds = AnalysisSettings.entries

  @Argument(help: "Captures, or - for standard input.", completion: .file())
  var captures: [String]

  @Option(help: ArgumentHelp("The warrant: what may be read and put out.", valueName: "FILE"), completion: .file())
  var warrant: String

  @OptionGroup var trust: TrustOptions

  @Option(help: ArgumentHelp("Where the findings go.", valueName: "FILE"), completion: .file())
  var output = AnalyzeCommand.standardOutput
  static let standardOutput = "findings.json"

  @Option(help: ArgumentHelp("Write a line of JSON for each flow here.", valueName: "FILE"), completion: .file())
  var flows: String?

  @Option(help: ArgumentHelp("Evidence items analysed side by side (unless given or configured: 1).", valueName: "N"))
  var workers: Int?

  @Flag(help: "All captures are one timeline, merged by packet time: a flow over a file border is one flow.")
  var continuous = false

  @Flag(help: "Replace outputs that exist.")
  var overwrite = false

  @Flag(help: "No progress line and no summary; errors and damage are still said.")
  var quiet = false

  @Flag(help: "Skip the SHA-256 of the evidence; not with exhibits or --continuous.")
  var noDigest = false

  @OptionGroup var custody: CustodyOptions

  @Option(help: ArgumentHelp("Set a bound, as NAME=NUMBER; may be given several times.", valueName: "NAME=N"))
  var limit: [String] = []

  @Flag(name: .customLong("separate-vlans"), help: "VLAN ids are part of what makes a flow.")
  var separateVLANs = false

  mutating func validate() throws {
    guard !captures.isEmpty else { throw ValidationError("no capture given: name one or more files, or -") }
    if let workers, !(1...256).contains(workers) {
      throw ValidationError("--workers is \(workers); expected a number from 1 to 256")
    }
    if output == "-" || flows == "-" { throw ValidationError("outputs are files, not standard output: name one") }
    if noDigest, continuous {
      throw ValidationError("--no-digest cannot go with --continuous: a file given twice is found by its digest")
    }
    if captures.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input (-) can be given once") }
    if continuous, captures.contains("-"), captures.count > 1 {
      throw ValidationError("standard input (-) cannot be part of a set: it has no digest before it is read")
    }
    _ = try bounds()
  }

  /// The bounds that flags set.
  private func bounds() throws -> [(name: String, value: Int)] {
    try limit.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let names = AnalyzeCommand.bounds.map(\.name)
      guard parts.count == 2, let entry = AnalyzeCommand.bounds.first(where: { $0.name == parts[0] }) else {
        let near = Spelling.nearest(parts.first ?? "", among: names).map { " Did you mean '\($0)'?" } ?? ""
        throw ValidationError(
          "--limit \(text): expected NAME=NUMBER, NAME being one of \(names.joined(separator: ", ")).\(near)")
      }
      guard let value = Int(parts[1]), entry.range.contains(value) else {
        throw ValidationError(
          "--limit \(text): expected a number from \(entry.range.lowerBound) to \(entry.range.upperBound)")
      }
      return (entry.name, value)
    }
  }

  /// The settings in force, and where each came from.
  func configuration() throws -> Configuration {
    var configuration = try trust.configuration()
    for (name, value) in try bounds() { configuration.set("limits.\(name)", .integer(Int64(value)), byFlag: "--limit") }
    if let workers { configuration.set("defaults.workers", .integer(Int64(workers)), byFlag: "--workers") }
    if quiet { configuration.set("defaults.quiet", .boolean(true), byFlag: "--quiet") }
    if separateVLANs { configuration.set("defaults.separate_vlans", .boolean(true), byFlag: "--separate-vlans") }
    return configuration
  }

  mutating func run() throws {
    var run = try AnalyzeRun(self)
    Say.end(try run.run())
  }
}
