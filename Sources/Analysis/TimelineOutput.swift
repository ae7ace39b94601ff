// What leaves a timeline: flow lines and findings in order, and the sums and notices of its report.

import Bytes
import Findings
import Flows
import JSON
import Packets
import PluginKit
import Terms
import Warrants

/// Writes a timeline's records and hands them to the sink in batches.
struct TimelineOutput: ~Copyable {
  /// A batch of lines is handed over when it has grown to this.
  private static let batch = 256 * 1024
  /// Places kept of one kind of notice; more of the same are counted with the last.
  private static let mostNotices = 64

  private let job: AnalysisJob
  private let table: PluginTable
  private let allowed: Categories
  private let sink: any RecordSink
  /// One for each evidence item.
  private let contexts: [FlowLine.Context]
  private var clock = TimestampWriter()
  private let showsEvidence: Bool

  private var names: ThirdParties
  private var order: RecordOrder
  private var line: FieldWriter
  private var finding: FieldWriter
  private var communityID: CommunityIDWriter?
  private var communityText: [UInt8] = []
  private var inherited: [UInt64: [Indication]] = [:]
  private(set) var hosts = HostSums()
  private(set) var reasons: ReasonSums
  private var reached = LimitsReached()
  private(set) var notices: [Notice] = []
  private(set) var withheld = Withheld()
  private(set) var flows: UInt64
  /// Of evidence that an earlier worker began to read: the first packet's time, from which on flows may be rests.
  private var takenUp: Timestamp?
  /// Of evidence that cannot be read twice: flows handed over, and the second of packet time in which that was.
  private var marked: UInt64 = 0
  private var markedSecond: Int64 = 0

  init(job: AnalysisJob, table: PluginTable, sink: any RecordSink, spill: (any SpillStorage)?) {
    self.job = job
    self.table = table
    self.sink = sink
    allowed = job.categories.categories
    showsEvidence = job.items.count > 1
    contexts = job.items.map {
      FlowLine.Context(
        EvidenceName(name: $0.name, sha256: $0.sha256, place: $0.place), plugins: table,
        showsEvidence: job.items.count > 1)
    }
    flows = job.flowsBefore
    marked = job.flowsBefore
    reasons = ReasonSums(most: job.settings.records.reasons)
    names = ThirdParties(
      scope: job.scope, categories: job.categories, limit: job.settings.thirdParties, named: job.thirdPartiesBefore)
    order = RecordOrder(bound: job.settings.waitingBytes, spill: spill, first: job.flowsBefore)
    line = FieldWriter(JSONWriter(reserving: 4_096), allowing: allowed)
    finding = FieldWriter(JSONWriter(reserving: 4_096), allowing: allowed)
    order.lines.reserveCapacity(TimelineOutput.batch + 65_536)
    do {
      communityID = try CommunityIDWriter()
    } catch {
      notices.append(
        Notice(
          .fault, "analysis.no-community-id",
          "the cryptographic library gives no SHA-1: flow records are without Community ID"))
    }
  }

  // MARK: - Flows

  /// A flow begins, by a packet of this time.
  mutating func beginFlow(at time: Timestamp?) {
    flows &+= 1
    if job.framesBefore > 0, takenUp == nil { takenUp = time }
  }

  /// Whether third parties are named by ordinals.
  var namesThirdParties: Bool { !names.isShowingAll }

  /// The ends of a flow that begins: third parties get their ordinals now, in order of first appearance.
  mutating func name(_ initiator: Address, _ responder: Address) {
    names.meet(initiator)
    names.meet(responder)
  }

  /// The last third party's ordinal that was given.
  var thirdParties: UInt64 { names.named }

  /// Whether a flow may be the rest of one that an earlier worker had begun: it began without a SYN, before the timeout
  /// of flows that were open then could pass.
  private func mayBeRest(_ entry: inout FlowEntry) -> Bool {
    guard let takenUp else { return false }
    if entry.transport == .tcp, !entry.beginsMidStream { return false }
    guard let first = entry.firstTime else { return true }
    let timeout =
      switch entry.transport {
      case .tcp: job.settings.tcpIdle
      case .udp: job.settings.udpIdle
      default: job.settings.otherIdle
      }
    return (first.nanoseconds &- takenUp.nanoseconds) / 1_000_000_000 < Int64(timeout)
  }

  /// A flow's end, with everything that was said of it. It is lent as `inout`, never changed: its 400 bytes would be
  /// copied otherwise.
  struct Ended {
    var entry: FlowEntry
    var annex: FlowAnnex?
    let reason: EndReason
    let watch: FlowWatch?
    /// The name by which it was probably reached.
    let name: NameNote?
  }

  /// Writes the flow's line and findings, and releases what may go.
  mutating func finish(_ ended: inout Ended) throws(SinkError) {
    let start = line.json.bytes.count
    if finding.json.bytes.count > 0 { finding.json.clear() }
    var core = CoreReasons(&ended)
    if mayBeRest(&ended.entry) { core.insert(.afterFault) }
    if !core.isEmpty { reasons.add(core) }
    var settled: [PendingFinding] = []
    if let watch = ended.watch {
      if !watch.said.part.findings.isEmpty {
        settled = Conflicts.settle(watch.said.part.findings, contradiction: watch.said.contradiction)
      }
      for reason in watch.said.part.notAssessable { reasons.add(reason) }
    }
    let indications = indications(of: &ended, settled)
    if job.writesFlows || !settled.isEmpty {
      communityText.removeAll(keepingCapacity: true)
      if names.isShowingAll { communityID?.append(&ended.entry, to: &communityText) }
      let flowLine = FlowLine(
        initiator: names.name(ended.entry.initiator.address), responder: names.name(ended.entry.responder.address),
        context: contexts[Int(ended.entry.firstFrame.evidence)], indications: indications, core: core)
      if job.writesFlows { flowLine.write(&ended, communityID: communityText, to: &line, clock: &clock) }
      for each in settled { write(each, &ended, flowLine) }
    }
    do {
      try order.end(ended.entry.ordinal, tail: &line.json.bytes, from: start, findings: finding.json.bytes)
      var isMore = true
      while isMore {
        isMore = try order.release(upTo: TimelineOutput.batch, tail: &line.json.bytes)
        if isMore || order.lines.count >= TimelineOutput.batch || order.findings.count >= TimelineOutput.batch {
          try handOver()
        }
      }
      if job.isStream { try handOverStream(ended.entry) }
    } catch let error as SpillError {
      throw SinkError(message: error.message)
    } catch let error as SinkError {
      throw error
    } catch {
      throw SinkError(message: "\(error)")
    }
  }

  /// The flow's indications: those of its findings, and those that an earlier part of it left.
  private mutating func indications(of ended: inout Ended, _ settled: [PendingFinding]) -> [Indication] {
    var indications: [Indication] = []
    if let previous = ended.annex?.previousPart, let earlier = inherited.removeValue(forKey: previous) {
      indications = earlier
      // What an earlier part claimed rests on the start of the stream: a contradiction seen here may be of those bytes.
      if let watch = ended.watch, watch.said.contradiction != .never {
        indications = indications.map {
          Indication(
            $0.indicates, rule: $0.rule, certainty: min($0.certainty, Conflicts.highestWhereContradicted),
            inherited: true)
        }
      }
    }
    for each in settled {
      let rule = each.rule.identifier.description
      if indications.contains(where: { $0.rule.description == rule && !$0.inherited && $0.certainty > each.certainty })
      {
        continue
      }
      indications.removeAll { $0.rule.description == rule }
      indications.append(
        Indication(
          Indicates(each.rule, variant: each.variant), rule: each.rule.identifier, certainty: each.certainty,
          inherited: false))
    }
    if !indications.isEmpty, ended.reason == .activeTimeout || ended.reason == .tableFull {
      keep(indications, of: ended.entry.ordinal)
    }
    return indications
  }

  private mutating func keep(_ indications: [Indication], of ordinal: UInt64) {
    guard inherited.count < job.settings.records.inherited else {
      reached.note(.inherited)
      return
    }
    inherited[ordinal] = indications.map(\.asInherited)
  }

  /// Of evidence that cannot be read twice what is not handed over is lost with the worker: it goes out when a flow
  /// ends in another second of packet time than the last that did.
  private mutating func handOverStream(_ entry: FlowEntry) throws(SinkError) {
    let second = (entry.lastTime?.nanoseconds ?? 0) / 1_000_000_000
    guard second != markedSecond, order.base > marked else { return }
    markedSecond = second
    try handOver()
  }

  /// Hands over what has been released.
  private mutating func handOver() throws(SinkError) {
    defer { marked = order.base }
    if !order.lines.isEmpty {
      try order.lines.withRawSpan { (span) throws(SinkError) in try sink.take(.flows, span) }
      order.lines.removeAll(keepingCapacity: true)
    }
    if !order.findings.isEmpty {
      try order.findings.withRawSpan { (span) throws(SinkError) in try sink.take(.findings, span) }
      order.findings.removeAll(keepingCapacity: true)
    }
    if job.isStream, order.base > marked {
      let count = Array(String(order.base).utf8)
      try count.withRawSpan { (span) throws(SinkError) in try sink.take(.mark, span) }
    }
  }

  // MARK: - Findings

  private mutating func write(_ pending: PendingFinding, _ ended: inout Ended, _ flow: FlowLine) {
    let entry = ended.entry
    let emits = table.entries[pending.plugin].manifest.emits
    var frames: [FrameReference] = []
    let marks = pending.marks.map { mark in
      frames += mark.frames
      return MarkRecord(
        name: mark.name, value: emits.holds(mark.category) ? mark.value : nil, category: mark.category,
        frames: mark.frames.map { ShownFrame($0, showsEvidence: showsEvidence) })
    }
    let portField: String? =
      switch entry.transport {
      case .tcp: "tcp.port"
      case .udp: "udp.port"
      case .sctp: "sctp.port"
      case .icmp, .icmpv6, .other: nil
      }
    let ends =
      names.isShowingAll
      ? DisplayFilter.Ends(left: entry.initiator, right: entry.responder, portField: portField) : nil
    let identity = flow.identity(entry)
    let filter = DisplayFilter.text(FrameMap.merged(frames, []), ends: ends)
    let manifest = table.entries[pending.plugin].manifest
    let record = FindingRecord(
      rule: pending.rule, plugin: PluginName(identifier: manifest.identifier, version: manifest.version),
      certainty: pending.certainty, variant: pending.variant, marks: marks, conflicts: pending.conflicts,
      isContradicted: pending.isContradicted,
      flow: identity, flowID: entry.ordinal &+ 1,
      communityID: communityText.isEmpty ? nil : String(decoding: communityText, as: UTF8.self),
      first: entry.firstTime, last: entry.lastTime, evidence: flow.context.evidence, warrant: job.warrant,
      displayFilter: filter)
    finding.json.beginObject()
    record.write(to: &finding)
    finding.json.endObject()
    finding.json.endLine()
    hosts.add(
      host: flow.initiator, family: pending.rule.family.rawValue, tool: pending.rule.tool.description,
      certainty: pending.certainty, first: entry.firstTime, last: entry.lastTime,
      contact: HostSummary.Contact(
        sourcePort: identity.initiator.port, peer: identity.responder, time: entry.firstTime,
        displayFilter: filter, evidence: flow.context.evidence))
  }

  // MARK: - Notices and the report

  /// Takes a notice; those of one code and evidence item beyond a bound are counted with the last one kept.
  mutating func note(_ notice: Notice) {
    let same = notices.indices.filter { notices[$0].code == notice.code && notices[$0].evidence == notice.evidence }
    if same.count >= TimelineOutput.mostNotices, let last = same.last {
      notices[last].count &+= notice.count
    } else {
      notices.append(notice)
    }
  }

  /// Hands over what is left, then the report, then the end.
  ///
  /// - Parameter reached: the bounds that plugins reached.
  mutating func close(_ report: TimelineReport, reached ofPlugins: LimitsReached) throws(SinkError) {
    do { try order.checkEnd() } catch { throw SinkError(message: error.message) }
    try handOver()
    var report = report
    report.flows = flows
    report.notices += notices
    reached.add(ofPlugins)
    reached[.reasons] = reasons.leftOut
    reached[.thirdParties] = names.leftOut
    report.notices += reached.notices
    // Sums are times, ports and counts: without their category there is nothing left of them.
    report.hosts = allowed.holds(.flow) ? hosts.finished() : []
    if hosts.leftOut > 0 {
      report.notices.append(
        Notice(
          .limit, "analysis.hosts", "more hosts and tools than are summed; all findings are in the document",
          count: hosts.leftOut))
    }
    report.notAssessable = reasons.finished()
    report.scope.withheld.add(line.takeWithheld())
    report.scope.withheld.add(finding.takeWithheld())
    // The report says what became of the analysis: no category withholds it.
    var writer = FieldWriter(JSONWriter(reserving: 65_536), allowing: .all)
    writer.json.beginObject()
    report.write(to: &writer)
    writer.json.endObject()
    try writer.json.bytes.withRawSpan { (span) throws(SinkError) in try sink.take(.report, span) }
    try RecordSinkEnd.bytes.withRawSpan { (span) throws(SinkError) in try sink.take(.end, span) }
  }

  private enum RecordSinkEnd { static let bytes: [UInt8] = [] }
}
