// One item with all its attempts: until one gets through, or until there is nothing left to try.

import Bytes
import Platform

/// What is analysed as one timeline: one file, or several with `--continuous`.
public struct WorkItem: Sendable {
  /// In the order in which the worker gets them. A stream among several is passed on as it is: no digest, no second
  /// attempt.
  public let evidence: [InputFile]
  /// The job's settings, as Analysis encodes them.
  public let settings: [UInt8]
  /// Whether the evidence is digested beside the analysis.
  public let takesDigests: Bool

  public init(evidence: [InputFile], settings: [UInt8], takesDigests: Bool) {
    self.evidence = evidence
    self.settings = settings
    self.takesDigests = takesDigests
  }
}

/// What came of an item.
public struct ItemOutcome: Sendable {
  public enum End: Equatable, Sendable {
    case complete
    /// The evidence cannot be analysed; the record of kind `refusal` says why.
    case refused
    /// No attempt got through; there are no records.
    case failed
  }
  public let end: End
  /// The digest of each piece of evidence; nil where none was asked for.
  public let digests: [DigestOutcome?]
  /// Whether each piece of evidence changed during the run, as far as its properties show.
  public let changed: [Bool]
  public let faults: [Fault]
  /// What the worker was shut in by; nil where it did not come so far.
  public let protections: Sandbox?
  /// All records but those of flows.
  public let records: RecordStore
  public let frames: UInt64
  /// Processor time of all attempts, nanoseconds.
  public let cpu: Int64
  /// Largest resident size of an attempt, bytes.
  public let peakMemory: UInt64
}

/// Carries one item through. Used by one thread.
struct ItemRun {
  let item: WorkItem
  let index: Int
  let settings: WorkerSettings
  let scratch: OutputFile
  let flows: FlowOrder?
  let meter: RunMeter
  let stop: StopFlag

  private var ledger = FaultLedger()
  private var records: RecordStore
  private var flowSpool: SpoolFile?
  private var protections: Sandbox?
  private var preamble: [UInt8] = []
  /// How a stream is compressed, as its worker calls it.
  private var compression: String?
  private var mark: StreamMark?
  private var use = AttemptUse()

  init(
    _ item: WorkItem, index: Int, settings: WorkerSettings, scratch: OutputFile, flows: FlowOrder?, meter: RunMeter,
    stop: StopFlag
  ) {
    self.item = item
    self.index = index
    self.settings = settings
    self.scratch = scratch
    self.flows = flows
    self.meter = meter
    self.stop = stop
    records = RecordStore(beside: scratch)
  }

  mutating func run() throws(RunError) -> ItemOutcome {
    if let flows, !flows.begin(index) { flowSpool = flows.spool() }
    let page = try system { () throws(SystemError) in try SharedPage() }
    let slots = try system { () throws(SystemError) in try SharedSlots() }
    let worker = WorkerProcess(
      settings: settings, page: page, slots: slots,
      spill: try writing { () throws(SystemError) in try SpillSpace(beside: scratch) },
      stop: stop)
    meter.begin(index, page)
    defer { meter.end(index) }

    let end: ItemOutcome.End
    let digests: [DigestOutcome?]
    if item.evidence.count == 1, let stream = item.evidence.first, !stream.isSeekable {
      let feed = StreamFeed(
        stream, takesDigest: item.takesDigests, step: settings.streamKept, most: settings.streamMost)
      end = try analyse(feed, with: worker)
      digests = [item.takesDigests ? feed.digest() : nil]
    } else {
      let passes = try startDigests()
      do throws(RunError) {
        end = try analyse(with: worker)
      } catch {
        for pass in passes { pass?.cancel() }
        throw error
      }
      digests = passes.map { $0?.outcome() }
    }
    try finishFlows()
    return ItemOutcome(
      end: end, digests: digests, changed: item.evidence.map(hasChanged), faults: ledger.faults,
      protections: protections, records: records, frames: page.framesDone, cpu: use.cpu, peakMemory: use.peakMemory)
  }

  // MARK: - Evidence that can be read again

  private mutating func analyse(with worker: WorkerProcess) throws(RunError) -> ItemOutcome.End {
    while true {
      for file in item.evidence where file.isSeekable {
        try system { () throws(SystemError) in try file.rewind() }
      }
      var job = Job(evidenceCount: item.evidence.count, settings: item.settings)
      job.exclusions = ledger.exclusions
      switch try attempt(job, item.evidence.map(\.descriptor), with: worker) {
      case .done: return .complete
      case .refused:
        try throwAwayFlows()
        return .refused
      case .stopped: return .failed
      case .died(let place, let cause):
        try throwAwayAll()
        let canRepeat = item.evidence.allSatisfy(\.isSeekable)
        let measure = canRepeat ? ledger.take(place, cause) : ledger.takeOfStream(place, cause, canGoOn: false)
        if measure == .gaveUp { return .failed }
      }
    }
  }

  private func startDigests() throws(RunError) -> [EvidenceDigest?] {
    guard item.takesDigests else { return item.evidence.map { _ in nil } }
    var passes: [EvidenceDigest?] = []
    for file in item.evidence {
      passes.append(file.isSeekable ? try system { () throws(SystemError) in try EvidenceDigest(of: file) } : nil)
    }
    return passes
  }

  private func hasChanged(_ file: InputFile) -> Bool {
    guard file.isSeekable else { return false }
    guard let now = try? file.currentIdentity() else { return true }
    return !now.hasSameContents(as: file.identity)
  }

  // MARK: - A stream

  /// How far a worker of a stream had handed its records on, flow by flow.
  private struct StreamMark {
    /// Flows whose lines and findings are all there, by the last one's id.
    let flows: UInt64
    let lines: UInt64
    let records: RecordStore.Mark
  }

  /// As long as all of a stream is kept, a fault is taken as with a file: everything again, and the plugin kept off.
  /// After that what a worker has handed on stays, since it cannot be made again, and the next one goes on behind the
  /// fatal frame.
  private mutating func analyse(_ feed: StreamFeed, with worker: WorkerProcess) throws(RunError) -> ItemOutcome.End {
    var job = Job(evidenceCount: 1, settings: item.settings)
    while true {
      let end = try feed.during(page: worker.page) { (descriptor) throws(RunError) in
        try attempt(job, [descriptor], of: feed, with: worker)
      }
      switch end {
      case .done:
        // A damaged capture is read up to the damage, and digested to its end.
        if item.takesDigests { try feed.digestRest() }
        return .complete
      case .refused:
        try throwAwayFlows()
        return .refused
      case .stopped: return .failed
      case .died(let place, let cause):
        if feed.canBeRepeated {
          try throwAwayAll()
          if ledger.take(place, cause) == .gaveUp { return .failed }
          feed.startAgain()
        } else if try !goOn(behind: place, cause, feed, worker.page, &job) {
          try throwAwayAll()
          return .failed
        }
        job.exclusions = ledger.exclusions
      }
    }
  }

  /// Makes `job` that of a worker that goes on behind a fatal frame; false where none can.
  private mutating func goOn(
    behind place: WorkerPlace, _ cause: FaultCause, _ feed: StreamFeed, _ page: SharedPage, _ job: inout Job
  ) throws(RunError) -> Bool {
    var start: Int64?
    if !preamble.isEmpty {
      start =
        compression == nil
        ? feed.goOn(behind: page.offset, preamble: preamble) : feed.end(behind: page.offset, preamble: preamble)
    }
    // While the last flows are closed each has a place of its own behind the last frame: what goes on, goes on behind
    // the frames that there are.
    var place = place
    place.frame = min(place.frame, min(job.framesBefore &+ page.framesDone, ItemRun.mostCounted) &+ 1)
    // A flow is there with its line and all its findings, or not at all.
    try rollBackToMark()
    let kept = min(max(mark?.flows ?? 0, job.flowsBefore), ItemRun.mostCounted)
    let begun = min(max(page.flowsBegun, kept), ItemRun.mostCounted)
    let measure = ledger.takeOfStream(
      place, cause, canGoOn: start != nil, isCompressed: compression != nil, lostFlows: begun - kept)
    guard let start, place.frame > 0, job.exclusions.endBefore == nil else { return false }
    // Of a compressed stream, and after too many faults, the last worker reads nothing more: it says what there is.
    if measure != .wentOn { ledger.endNow() }
    job.framesBefore = place.frame
    job.offsetBefore = start
    job.compression = compression
    job.flowsBefore = begun
    job.lostFlows += begun - kept
    job.thirdPartiesBefore = min(max(page.thirdPartiesNamed, job.thirdPartiesBefore), ItemRun.mostCounted)
    return true
  }

  /// What a worker counts is believed up to here, so that the next one can count on from it.
  private static let mostCounted: UInt64 = 1 << 48

  private mutating func rollBackToMark() throws(RunError) {
    let lines = mark?.lines ?? 0
    if let flowSpool {
      try writing { () throws(SystemError) in try flowSpool.truncate(to: lines) }
    } else if let flows {
      try output { () throws(OutputError) in try flows.rollBack(to: lines) }
    }
    let kept = mark?.records ?? RecordStore.Mark()
    try writing { () throws(SystemError) in try records.rollBack(to: kept) }
  }

  // MARK: - Attempts and their records

  private mutating func attempt(
    _ job: Job, _ evidence: [Int32], of feed: StreamFeed? = nil, with worker: WorkerProcess
  ) throws(RunError) -> AttemptEnd {
    try worker.attempt(job, evidence: evidence, use: &use) { (kind, payload) throws(RunError) in
      switch kind {
      case .flow:
        if let flowSpool {
          try writing { () throws(SystemError) in try flowSpool.write(payload) }
        } else if let flows {
          try output { () throws(OutputError) in try flows.write(payload) }
        }
      case .protections: protections = UInt8(String(decoding: payload.array, as: UTF8.self)).map(Sandbox.init)
      case .preamble:
        let words = String(decoding: payload.array, as: UTF8.self).split(separator: " ")
        preamble = words.last.flatMap { Hex.bytes(String($0)) } ?? []
        compression = words.count > 1 ? words.first.map(String.init) : nil
        if compression == nil { feed?.isPlain() }
      case .mark:
        mark = StreamMark(
          flows: UInt64(String(decoding: payload.array, as: UTF8.self)) ?? 0,
          lines: flowSpool?.size ?? flows?.size ?? 0, records: records.mark)
      case .flowSlot: break  // taken out of its slot before it comes here
      case .finding, .summary, .refusal, .end:
        try writing { () throws(SystemError) in try records.append(kind, payload) }
      }
    }
  }

  private mutating func throwAwayAll() throws(RunError) {
    try throwAwayFlows()
    try writing { () throws(SystemError) in try records.removeAll() }
    mark = nil
  }

  private func throwAwayFlows() throws(RunError) {
    if let flowSpool {
      try writing { () throws(SystemError) in try flowSpool.removeAll() }
    } else if let flows {
      try output { () throws(OutputError) in try flows.rollBack() }
    }
  }

  private func finishFlows() throws(RunError) {
    guard let flows else { return }
    try output { () throws(OutputError) in try flows.finish(index, flowSpool) }
  }
}
