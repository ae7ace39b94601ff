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
  /// Places kept of one kind of notice; more of the same are counted with the last.
  private static let mostNotices = 64

  private let job: AnalysisJob
  private let table: PluginTable
  private let allowed: Categories
  private let sink: any RecordSink
  private let showsEvidence: Bool

  private var out: OutgoingRecords
  private var order: RecordOrder
  /// The records that wait, in its memory: the tail of `order`.
  private var waiting: FieldWriter
  private var finding: FieldWriter
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
    flows = job.flowsBefore
    marked = job.flowsBefore
    reasons = ReasonSums(most: job.settings.records.reasons)
    order = RecordOrder(bound: job.settings.waitingBytes, spill: spill, first: job.flowsBefore)
    waiting = FieldWriter(JSONWriter(reserving: 4_096), allowing: allowed)
    finding = FieldWriter(JSONWriter(reserving: 4_096), allowing: allowed)
    let communityID = try? CommunityIDWriter()
    out = OutgoingRecords(
      evidence: job.items.map { EvidenceName(name: $0.name, sha256: $0.sha256, place: $0.place) }, plugins: table,
      names: ThirdParties(
        scope: job.scope, categories: job.categories, limit: job.settings.thirdParties, named: job.thirdPartiesBefore),
      communityID: communityID, allowed: allowed)
    if communityID == nil {
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
  var namesThirdParties: Bool { !out.names.isShowingAll }

  /// The ends of a flow that begins: third parties get their ordinals now, in order of first appearance.
  mutating func name(_ initiator: Address, _ responder: Address) {
    out.names.meet(initiator)
    out.names.meet(responder)
  }

  /// The last third party's ordinal that was given.
  var thirdParties: UInt64 { out.names.named }

  /// Whether a flow may be the rest of one that an earlier worker had begun: it began without a SYN, before the timeout
  /// of flows that were open then could pass. Changes nothing: a borrowed output would be copied.
  private mutating func mayBeRest(_ flow: inout FlowSummary) -> Bool {
    guard let takenUp else { return false }
    if flow.transport == .tcp, !flow.beginsMidStream { return false }
    guard let first = flow.firstTime else { return true }
    let timeout =
      switch flow.transport {
      case .tcp: job.settings.tcpIdle
      case .udp: job.settings.udpIdle
      default: job.settings.otherIdle
      }
    return (first.nanoseconds &- takenUp.nanoseconds) / 1_000_000_000 < Int64(timeout)
  }

  /// Writes the flow's line and findings, or keeps what they are made of, and releases what may go.
  mutating func finish(_ ended: inout FlowEnd) throws(SinkError) {
    ended.core.reasons = CoreReasons(&ended)
    if mayBeRest(&ended.core.flow) { ended.core.reasons.insert(.afterFault) }
    if !ended.core.reasons.isEmpty { reasons.add(ended.core.reasons) }
    if finding.json.bytes.count > 0 { finding.json.clear() }
    settle(&ended)
    let ordinal = ended.core.flow.ordinal
    if order.isTurn(of: ordinal) {
      if job.writesFlows { out.write(&ended) }
      if !finding.json.bytes.isEmpty { out.findings.append(contentsOf: finding.json.bytes) }
      order.pass()
      try release()
    } else {
      let start = waiting.json.bytes.count
      if job.writesFlows { keep(&ended) }
      do {
        try order.wait(ordinal, tail: &waiting.json.bytes, from: start, findings: finding.json.bytes)
      } catch { throw SinkError(message: error.message) }
    }
    if job.isStream { try handOverStream(&ended.core.flow) }
  }

  /// Settles what plugins said, and writes the findings; tells the flow its indications.
  private mutating func settle(_ ended: inout FlowEnd) {
    var settled: [PendingFinding] = []
    if let said = ended.said {
      if !said.part.findings.isEmpty {
        settled = Conflicts.settle(said.part.findings, contradiction: said.contradiction)
      }
      for reason in said.part.notAssessable { reasons.add(reason) }
    }
    if !settled.isEmpty || ended.annex?.previousPart != nil {
      ended.indications = indications(of: &ended, settled)
    }
    for each in settled { write(each, &ended) }
  }

  /// Puts a flow's record, as it waits, at the end of those that do.
  private mutating func keep(_ ended: inout FlowEnd) {
    waiting.json.bytes.append(bytesOf: &ended.core)
    if ended.isPlain { return }
    waiting.json.continueObject()
    out.lines.writeRest(&ended, to: &waiting)
  }

  /// Hands over what is due, batch after batch.
  private mutating func release() throws(SinkError) {
    var isMore = true
    while isMore {
      do {
        isMore = try order.release(to: &out, tail: &waiting.json.bytes)
      } catch { throw SinkError(message: error.message) }
      if out.isFull { try handOver() }
    }
  }

  /// The flow's indications: those of its findings, and those that an earlier part of it left.
  private mutating func indications(of ended: inout FlowEnd, _ settled: [PendingFinding]) -> [Indication] {
    var indications: [Indication] = []
    if let previous = ended.annex?.previousPart, let earlier = inherited.removeValue(forKey: previous) {
      indications = earlier
      // What an earlier part claimed rests on the start of the stream: a contradiction seen here may be of those bytes.
      if let said = ended.said, said.contradiction != .never {
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
    if !indications.isEmpty, ended.core.flow.reason == .activeTimeout || ended.core.flow.reason == .tableFull {
      keep(indications, of: ended.core.flow.ordinal)
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
  private mutating func handOverStream(_ flow: inout FlowSummary) throws(SinkError) {
    let second = (flow.lastTime?.nanoseconds ?? 0) / 1_000_000_000
    guard second != markedSecond, order.base > marked else { return }
    markedSecond = second
    try handOver()
  }

  /// Hands over what has been released.
  private mutating func handOver() throws(SinkError) {
    defer { marked = order.base }
    if !out.record.json.bytes.isEmpty {
      try out.record.json.bytes.withRawSpan { (span) throws(SinkError) in try sink.take(.flows, span) }
      out.record.json.clear()
    }
    if !out.findings.isEmpty {
      try out.findings.withRawSpan { (span) throws(SinkError) in try sink.take(.findings, span) }
      out.findings.removeAll(keepingCapacity: true)
    }
    if job.isStream, order.base > marked {
      let count = Array(String(order.base).utf8)
      try count.withRawSpan { (span) throws(SinkError) in try sink.take(.mark, span) }
    }
  }

  // MARK: - Findings

  private mutating func write(_ pending: PendingFinding, _ ended: inout FlowEnd) {
    let flow = ended.core.flow
    let emits = table.entries[pending.plugin].manifest.emits
    var frames: [FrameReference] = []
    let marks = pending.marks.map { mark in
      frames += mark.frames
      return MarkRecord(
        name: mark.name, value: emits.holds(mark.category) ? mark.value : nil, category: mark.category,
        frames: mark.frames.map { ShownFrame($0, showsEvidence: showsEvidence) })
    }
    let portField: String? =
      switch flow.transport {
      case .tcp: "tcp.port"
      case .udp: "udp.port"
      case .sctp: "sctp.port"
      case .icmp, .icmpv6, .other: nil
      }
    let ends =
      out.names.isShowingAll
      ? DisplayFilter.Ends(left: flow.initiator, right: flow.responder, portField: portField) : nil
    let identity = out.identity(&ended.core.flow)
    let evidence = out.lines[ended.core.item].evidence
    let filter = DisplayFilter.text(FrameMap.merged(frames, []), ends: ends)
    let manifest = table.entries[pending.plugin].manifest
    let record = FindingRecord(
      rule: pending.rule, plugin: PluginName(identifier: manifest.identifier, version: manifest.version),
      certainty: pending.certainty, variant: pending.variant, marks: marks, conflicts: pending.conflicts,
      isContradicted: pending.isContradicted,
      flow: identity, flowID: flow.ordinal &+ 1,
      communityID: out.communityID?.text(flow.key),
      first: flow.firstTime, last: flow.lastTime, evidence: evidence, warrant: job.warrant,
      displayFilter: filter)
    finding.json.beginObject()
    record.write(to: &finding)
    finding.json.endObject()
    finding.json.endLine()
    hosts.add(
      host: identity.initiator.address, family: pending.rule.family.rawValue, tool: pending.rule.tool.description,
      certainty: pending.certainty, first: flow.firstTime, last: flow.lastTime,
      contact: HostSummary.Contact(
        sourcePort: identity.initiator.port, peer: identity.responder, time: flow.firstTime,
        displayFilter: filter, evidence: evidence))
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
    reached[.thirdParties] = out.names.leftOut
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
    out.record.moveWithheld(to: &report.scope.withheld)
    waiting.moveWithheld(to: &report.scope.withheld)
    finding.moveWithheld(to: &report.scope.withheld)
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
