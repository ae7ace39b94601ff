// The end of a timeline: every flow ended, and the report of what it held.

import CaptureFiles
import Findings
import Flows
import Terms
import Warrants

extension Timeline {
  /// Makes an evidence item's interfaces known, in order; gives what the warrant asks for and they cannot tell.
  mutating func learn(_ interfaces: [EvidenceFacts.Interface], _ item: Int) -> [WarrantProblem] {
    for interface in interfaces.dropFirst(interfacesKnown[item]) {
      scopes[UInt32(truncatingIfNeeded: item)].addInterface(interface)
      fragmentScopes[UInt32(truncatingIfNeeded: item)].addInterface(interface)
    }
    interfacesKnown[item] = max(interfacesKnown[item], interfaces.count)
    return job.scope.undecidable(for: EvidenceFacts(interfaces: interfaces))
  }

  /// An item of a set that is no capture.
  mutating func refuse(_ item: Int, _ error: CaptureError) { evidence[item].problem = error.message }

  /// Ends every flow and hands over the report.
  ///
  /// - Parameter facts: what the readers know of each evidence item; nil for one that could not be read.
  mutating func close(facts: [CaptureFacts?]) throws(SinkError) {
    fragments.endAll()
    countUnfinished()
    flows.endAll(.endOfEvidence)
    try drain(isClosing: true)
    var report = TimelineReport()
    for item in evidence.indices {
      report.evidence.append(record(item, facts[item]))
    }
    report.scope = scopeRecord
    report.notices = limitNotices
    try output.close(report, reached: dispatch.core.reached)
  }

  private mutating func record(_ item: Int, _ facts: CaptureFacts?) -> EvidenceRecord {
    var record = evidence[item]
    record.frames = frames.frames(item)
    if let times = frames.times(item) {
      record.first = times.first
      record.last = times.latest
      record.timeRegressions = times.regressions
    }
    let byInterface = frames.interfaces(item)
    if job.framesBefore > 0 {
      record.uncountedFrames = job.framesBefore
      record.lostFlows = job.lostFlows
    }
    record.unreadLinkTypes = unreadLinkTypes[item].sorted { $0.key < $1.key }.map {
      UnreadLinkType(linkType: $0.key, frames: $0.value)
    }
    guard let facts else { return record }
    record.format = facts.format.rawValue
    record.compression = facts.compression == .none ? job.compression : facts.compression.rawValue
    // What an earlier worker read is read; the preamble, which came again, is not counted twice.
    record.bytesRead = UInt64(clamping: Int64(clamping: facts.bytes) &+ job.offsetBefore)
    record.frames = facts.frames &+ job.framesBefore
    record.interfaces = facts.interfaces.enumerated().map { index, interface in
      let drops = [interface.dropped.byRecords, interface.dropped.byInterface, interface.dropped.bySystem]
      let known = drops.compactMap { $0 }
      return InterfaceRecord(
        name: interface.name, linkType: interface.linkType.number, snapLength: UInt64(interface.snapLength),
        frames: index < byInterface.count ? byInterface[index] : 0,
        dropped: known.isEmpty ? nil : known.reduce(0, &+))
    }
    for notice in facts.notices {
      // Behind a fault there may be no frame; before it there was one.
      if job.framesBefore > 0, notice.code == "capture.no-frames" { continue }
      var placed = notice
      placed.evidence = UInt32(item)
      if notice.kind == .damage { record.damage.append(placed) } else { output.note(placed) }
    }
    return record
  }

  private var scopeRecord: ScopeRecord {
    func tally(_ reason: ScopeReason) -> Tally {
      var tally = Tally()
      tally.packets = scopeCounts[reason].packets
      tally.bytes = scopeCounts[reason].bytes
      return tally
    }
    var record = ScopeRecord()
    record.covered = tally(.covered)
    record.outOfScope = tally(.address)
    record.outOfScope.add(tally(.undecided))
    record.outOfTime = tally(.time)
    record.excluded = tally(.excluded)
    record.noTime = tally(.noTime)
    record.insideNotRead = insideNotRead
    record.withheld = dispatch.core.withheld
    return record
  }

  /// The bounds that were reached.
  private var limitNotices: [Notice] {
    var notices: [Notice] = []
    if flows.evictions > 0 {
      notices.append(
        Notice(
          .limit, "flows.table-full",
          "the table of flows was full: the longest idle flows were ended early; raise --limit flows",
          count: flows.evictions))
    }
    let refusals = flows.prefixRefusals &+ waiting.refusals
    if refusals > 0 {
      notices.append(
        Notice(
          .limit, "flows.prefix-memory",
          "the memory for bytes that plugins wait for was used up: some were not shown; raise --limit prefix-bytes",
          count: refusals))
    }
    if scopeCounts[.noTime].packets > 0 {
      notices.append(
        Notice(
          .limit, "scope.no-time",
          "packets without a time lie outside every window of the warrant and were not read",
          count: scopeCounts[.noTime].packets))
    }
    return notices + fragmentNotices
  }

  private var fragmentNotices: [Notice] {
    let counts = fragments.counts
    var notices: [Notice] = []
    func add(_ kind: Notice.Kind, _ code: String, _ message: String, _ count: UInt64) {
      if count > 0 { notices.append(Notice(kind, code, message, count: count)) }
    }
    add(
      .limit, "fragments.given-up",
      "datagrams were given up for want of room before all their fragments had come; raise --limit fragment-bytes",
      counts.evicted)
    add(
      .gap, "fragments.incomplete", "datagrams of which fragments are missing in the evidence; they were not read",
      counts.incomplete)
    add(
      .information, "fragments.overlap",
      "fragments overlapped others with other bytes or in part; the byte that came first was kept", counts.overlaps)
    add(
      .information, "fragments.malformed", "fragments that no datagram can have; they were not read", counts.malformed)
    return notices
  }
}
