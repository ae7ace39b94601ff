// A run of `analyze`: the warrant first, then the evidence, then the outputs; then the work; then what is said.

import Analysis
import Bytes
import Findings
import JSON
import Platform
import PluginKit
import Supervision
import Terms
import Warrants

/// One capture of the command line.
struct EvidenceItem {
  let path: String
  var file: InputFile?
  var digest: Digest?
  var size: UInt64?
  var clockOffset: Int64 = 0
  /// Why it is not analysed, with the status it would have alone.
  var problem: CommandFailure?

  /// Base name, as output gives it.
  var name: String { path == "-" ? "-" : path.split(separator: "/").last.map(String.init) ?? path }

  mutating func refuse(_ status: ExitStatus, _ message: String) {
    problem = CommandFailure(status: status, message: message)
  }
}

struct AnalyzeRun {
  private let command: AnalyzeCommand
  private let configuration: Configuration
  private let authorised: AuthorisedWarrant
  private var items: [EvidenceItem]

  /// Reads the warrant and opens the evidence; nothing is written yet.
  init(_ command: AnalyzeCommand) throws {
    self.command = command
    configuration = try command.configuration()
    let trust = command.trust
    let file = try WarrantFile(path: command.warrant, signature: trust.signature, timestamp: trust.timestamp)
    authorised = try file.authorise(try configuration.verifier(), configuration)
    if command.noDigest, authorised.requiresDigest {
      throw CommandFailure(
        status: .usage, message: "--no-digest cannot go with this warrant: its exhibits are known by their digests")
    }
    items = command.captures.map { EvidenceItem(path: $0) }
  }

  mutating func run() throws -> ExitStatus {
    openEvidence()
    try admit()
    try refuseRepeats()
    try failIfNoneIsLeft()
    let document = try output(command.output)
    let flows: OutputFile?
    do {
      flows = try command.flows.map { try output($0) }
    } catch {
      document.discard()
      throw error
    }
    do {
      return try analyse(document, flows)
    } catch {
      document.discard()
      flows?.discard()
      throw error
    }
  }

  // MARK: - Evidence

  private mutating func openEvidence() {
    for index in items.indices {
      do {
        items[index].file =
          items[index].path == "-" ? try InputFile.standardInput() : try InputFile(path: items[index].path)
      } catch {
        // A word too many on the command line is a capture that is not there.
        let isMissing = error.isMissing && items.count > 1
        items[index].refuse(
          .cannotOpen, "\(error)" + (isMissing ? "; every word that belongs to no option names a capture" : ""))
      }
    }
  }

  /// Whether digests must be known before anything is read.
  private var needsDigestsFirst: Bool {
    authorised.requiresDigest || command.continuous && items.count > 1 || (!command.noDigest && hasNamesTwice)
  }

  private var hasNamesTwice: Bool { Set(items.map(\.name)).count < items.count }

  /// Digests the evidence where the warrant or the command line asks for it first, and admits what the warrant lists.
  private mutating func admit() throws {
    for index in items.indices where items[index].problem == nil {
      guard let file = items[index].file else { continue }
      if needsDigestsFirst, file.isSeekable {
        switch EvidenceDigest.compute(file) {
        case .digest(let digest, let size):
          items[index].digest = digest
          items[index].size = size
        case .changed: throw CommandFailure(status: .evidenceChanged, message: "\(file.name) changed while it was read")
        case .failed(let error):
          items[index].refuse(.cannotOpen, error.description)
          continue
        case .unavailable:
          throw CommandFailure(status: .evidenceChanged, message: "the cryptographic library gives no SHA-256")
        }
      }
      do {
        items[index].clockOffset = try authorised.admit(items[index].digest).clockOffsetNanoseconds
      } catch {
        items[index].refuse(.notAllowed, "\(error)")
      }
    }
  }

  private func refuseRepeats() throws {
    guard command.continuous else { return }
    var known: [Digest: String] = [:]
    for item in items {
      guard let digest = item.digest else { continue }
      if let first = known[digest] {
        throw CommandFailure(
          status: .usage,
          message: "\(item.path) holds the same bytes as \(first): with --continuous each packet would count twice")
      }
      known[digest] = item.path
    }
  }

  private func failIfNoneIsLeft() throws {
    guard items.allSatisfy({ $0.problem != nil }), let first = items.first?.problem else { return }
    for item in items.dropFirst() { if let problem = item.problem { sayRefused(item, problem) } }
    throw CommandFailure(
      status: first.status, message: "\(Say.plain(items[0].path)): \(Say.plain(first.message))")
  }

  private func sayRefused(_ item: EvidenceItem, _ problem: CommandFailure) {
    Say.error("veilscope: \(Say.plain(item.path)): not analysed: \(Say.plain(problem.message))")
  }

  // MARK: - Outputs

  private func output(_ path: String) throws -> OutputFile {
    do throws(OutputError) {
      return try OutputFile(path: path, overwrite: command.overwrite)
    } catch {
      throw CommandFailure(status: error.isOccupied ? .outputExists : .outputFailed, message: error.description)
    }
  }

  // MARK: - The work

  private func name(_ item: EvidenceItem, place: Int) -> AnalysisJob.Item {
    let isTwice = items.filter { $0.name == item.name }.count > 1
    return AnalysisJob.Item(
      name: item.name, sha256: isTwice ? item.digest.map { Hex.text($0.bytes) } : nil,
      place: isTwice && item.digest == nil ? place + 1 : nil, clockOffset: item.clockOffset)
  }

  /// The timelines: each the places of its items on the command line.
  private var timelines: [[Int]] {
    let usable = items.indices.filter { items[$0].problem == nil }
    return command.continuous ? [usable] : usable.map { [$0] }
  }

  private mutating func analyse(_ document: OutputFile, _ flows: OutputFile?) throws -> ExitStatus {
    let timelines = timelines
    var work: [WorkItem] = []
    for timeline in timelines {
      var job = AnalysisJob(
        items: timeline.map { name(items[$0], place: $0) }, scope: authorised.scope, categories: authorised.categories,
        warrant: authorised.identity.id)
      job.settings = configuration.analysis
      job.writesFlows = flows != nil
      job.isStream = timeline.contains { items[$0].file?.isSeekable == false }
      work.append(
        WorkItem(
          evidence: timeline.compactMap { items[$0].file }, settings: job.encoded(), takesDigests: !command.noDigest))
    }
    var runSettings = RunSettings()
    runSettings.workers = configuration.workers
    if !configuration.quiet { runSettings.progress = Progress(total: totalSize) }
    let outcomes: [ItemOutcome]
    do {
      outcomes = try Run.analyse(work, flows: flows, scratch: document, settings: runSettings)
    } catch {
      throw CommandFailure(status: .outputFailed, message: error.description)
    }
    var result = RunResult(items: items, timelines: timelines, outcomes: outcomes)
    try result.gather(plugins: Commands.plugins)
    items = result.items
    try failIfNoneIsLeft()
    for item in items { if let problem = item.problem { sayRefused(item, problem) } }
    do {
      let writer = FindingsWriter(result: result, authorised: authorised, plugins: Commands.plugins)
      try writer.write(to: document)
      // Both are whole on disk before either has its name, and both get theirs or neither.
      try document.finish()
      try flows?.finish()
      try OutputFile.publish([flows, document].compactMap { $0 })
    } catch {
      throw CommandFailure(status: .outputFailed, message: "\(error)")
    }
    sayReported(result)
    if !configuration.quiet {
      Say.output(
        Summary(result: result, authorised: authorised, findings: document.path, flows: flows?.path).text)
    }
    return result.isClean ? .done : .reported
  }

  private var totalSize: UInt64? {
    var total: UInt64 = 0
    for item in items where item.problem == nil {
      guard let file = item.file, file.isSeekable else { return nil }
      total += file.identity.size
    }
    return total
  }

  /// Damage, limits and faults are said on standard error too, quiet or not.
  private func sayReported(_ result: RunResult) {
    for notice in result.reported {
      let place = notice.evidence.flatMap { Int($0) < result.items.count ? result.items[Int($0)].path : nil }
      var text = "veilscope: \(notice.kind.rawValue): "
      if let place { text += "\(Say.plain(place)): " }
      if let frame = notice.frame { text += "frame \(frame): " }
      if let offset = notice.offset, offset >= 0 { text += "offset \(offset): " }
      text += Say.plain(notice.message)
      if notice.count > 1 { text += " (\(notice.count) times)" }
      Say.error(text)
    }
  }
}
