// A run of `analyze`: the warrant first, then the evidence, then the outputs; then the work; then what is said.

import Analysis
import Bytes
import Cryptography
import Custody
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
  var name: String

  init(path: String) {
    self.path = path
    name = path == "-" ? "-" : path.split(separator: "/").last.map(String.init) ?? path
  }

  mutating func refuse(_ status: ExitStatus, _ message: String) {
    problem = CommandFailure(status: status, message: message)
  }
}

struct AnalyzeRun {
  /// A run of a record once more: it decides nothing anew, writes no record and says nothing.
  struct Again {
    /// When the run began: the warrant is asked whether it allowed it then. Expiry stops new evidence, never proof.
    let began: Timestamp
    /// Whether a seal stands for that time: anybody can write a record that nobody sealed.
    let isSealed: Bool
    /// What the run knew of the warrant's signature: findings say that, whatever is known now.
    let signature: RecordedSignature
    /// The record's settings.
    let values: [String: JSONValue]
    /// The names of the evidence in the findings.
    let names: [String]
  }

  private let command: AnalyzeCommand
  private let configuration: Configuration
  private let authorised: AuthorisedWarrant
  private let signer: CMSSigner?
  private let recorded: RecordedSignature?
  private var isAgain: Bool { recorded != nil }
  private var items: [EvidenceItem]

  /// Reads the warrant and the signer's key; nothing is opened or written yet.
  init(_ command: AnalyzeCommand, again: Again? = nil) throws {
    self.command = command
    recorded = again?.signature
    var configuration = try command.configuration()
    if let again { configuration.takeAnalysis(of: again.values) }
    self.configuration = configuration
    let trust = command.trust
    let file = try WarrantFile(
      path: command.warrant, signature: trust.signature, timestamp: trust.timestamp,
      stamped: again?.signature.isStamped ?? true)
    let earlier = try command.custody.earlier.map { try EarlierRun.read($0, of: command.warrant, configuration) }
    authorised = try file.authorise(
      try configuration.verifier(), configuration, at: again?.began, isProven: again?.isSealed ?? false,
      earlier: earlier)
    if let again, !again.isSealed, !authorised.warrant.training,
      !authorised.warrant.authority.contains(Timestamp(nanoseconds: Clock.wall))
    {
      throw WarrantFile.refusal(
        command.warrant,
        "authority: it does not hold now, and the record is not sealed, so that its time proves nothing;"
          + " expected a sealed record")
    }
    if command.noDigest, authorised.requiresDigest {
      throw CommandFailure(
        status: .usage, message: "--no-digest cannot go with this warrant: its exhibits are known by their digests")
    }
    items = command.captures.map { EvidenceItem(path: $0) }
    for (index, name) in (again?.names ?? []).enumerated() where index < items.count { items[index].name = name }
    signer = again != nil ? nil : try command.custody.seal.signer(SealPolicy.policy(configuration))
    if signer == nil, again == nil, configuration.requiresSeal {
      throw CommandFailure(
        status: .usage,
        message: "the configuration asks for a sealed record (custody.require_seal): give --sign-with and"
          + " --sign-key")
    }
  }

  /// What is known now of the revocation of the warrant's signers.
  var revocation: Revocation? { authorised.authenticity.signature?.revocation }

  mutating func run() throws -> ExitStatus {
    openEvidence()
    try admit()
    try refuseRepeats()
    try failIfNoneIsLeft()
    var opened: [OutputFile] = []
    var record: RunRecord?
    do {
      let document = try open(command.output, &opened)
      let flows = try command.flows.map { try open($0, &opened) }
      let query = try command.custody.timestampQuery.map { try open($0, &opened) }
      if !isAgain {
        record = try RunRecord(
          findings: document, others: Array(opened.dropFirst()), overwrite: command.overwrite,
          warrant: authorised.identity.sha256, durability: command.custody.durable, signer: signer)
        try record?.watch(document, as: "findings")
        if let flows { try record?.watch(flows, as: "flows") }
        try record?.begin(RunStart(command: command, configuration: configuration, authorised: authorised), items)
      }
      return try analyse(document, flows, query, record)
    } catch {
      for file in opened { file.discard() }
      record?.fail(error)
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

  private func open(_ path: String, _ opened: inout [OutputFile]) throws -> OutputFile {
    do throws(OutputError) {
      let file = try OutputFile(path: path, overwrite: command.overwrite)
      opened.append(file)
      return file
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

  private mutating func analyse(
    _ document: OutputFile, _ flows: OutputFile?, _ query: OutputFile?, _ record: RunRecord?
  ) throws -> ExitStatus {
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
    let opened = self.items
    do throws(RunError) {
      outcomes = try Run.analyse(work, flows: flows, scratch: document, settings: runSettings) {
        (event) throws(RunError) in
        do {
          switch event {
          case .waited: try record?.waited()
          case .finished(let index, let outcome): try record?.finished(outcome, opened, timelines[index])
          }
        } catch { throw .watcher((error as? CommandFailure)?.message ?? "\(error)") }
      }
    } catch {
      throw CommandFailure(status: .outputFailed, message: error.description)
    }
    var result = RunResult(items: items, timelines: timelines, outcomes: outcomes)
    try result.gather(plugins: Commands.plugins)
    self.items = result.items
    try failIfNoneIsLeft()
    try record?.take(result)
    if !isAgain { for item in self.items { if let problem = item.problem { sayRefused(item, problem) } } }
    let status: ExitStatus = result.isClean ? .done : .reported
    do {
      let signature = authorised.authenticity.signature
      let writer = FindingsWriter(
        result: result, authorised: authorised, signature: recorded.map { $0.applied(to: signature) } ?? signature,
        plugins: Commands.plugins)
      try writer.write(to: document)
      // Both are whole on disk before either has its name, and both get theirs or neither.
      try document.finish()
      try flows?.finish()
      try record?.takeOutputs()
      // Where the record cannot be ended, on a disk that is full by now, they are taken back.
      try OutputFile.publish([flows, document].compactMap { $0 }) { try record?.end(status) }
    } catch {
      throw error as? CommandFailure ?? CommandFailure(status: .outputFailed, message: "\(error)")
    }
    if let query, let seal = record?.seal { try write(seal, to: query) }
    guard !isAgain else { return status }
    sayReported(result)
    if !configuration.quiet {
      var summary = Summary(result: result, authorised: authorised, findings: document.path, flows: flows?.path)
      summary.custody = record?.summary ?? []
      Say.output(summary.text)
    }
    return status
  }

  /// The query for the time of the seal.
  private func write(_ seal: [UInt8], to query: OutputFile) throws {
    do {
      try query.write(try TimestampQuery.over(seal))
      try query.finish()
      try query.publish()
    } catch {
      throw CommandFailure(status: .outputFailed, message: "\(error); findings and record are whole")
    }
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
