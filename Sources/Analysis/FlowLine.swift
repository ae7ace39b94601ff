// Writes a flow's record: its core fields, then an object for each kind of observation.

import Bytes
import Findings
import Flows
import JSON
import Packets
import PluginKit
import Terms

extension EndReason {
  /// The name in output.
  var name: StaticString {
    switch self {
    case .none: "end-of-evidence"
    case .fin: "fin"
    case .rst: "rst"
    case .idleTimeout: "idle-timeout"
    case .activeTimeout: "active-timeout"
    case .tableFull: "table-full"
    case .portReuse: "port-reuse"
    case .endOfEvidence: "end-of-evidence"
    case .fault: "fault"
    }
  }
}

/// A flow that ended, in the form in which its record waits for its turn. Text of what few flows have may stand behind it.
struct FlowCore: AnyBitPattern {
  var flow = FlowSummary()
  var reasons: CoreReasons = []

  /// The evidence item of its first frame: an index.
  var item: UInt32 { @inline(__always) get { flow.firstFrame.evidence } }
}

/// A flow that ended, with everything that was said of it. It is lent as `inout`, never changed by who writes it: it would
/// be copied otherwise.
struct FlowEnd {
  var core = FlowCore()
  var annex: FlowAnnex?
  /// What plugins said of it; nil where none had it.
  var said: FlowStatement?
  /// The name by which it was probably reached.
  var name: NameNote?
  var indications: [Indication] = []

  /// Whether the core tells everything.
  var isPlain: Bool { annex == nil && said == nil && name == nil && indications.isEmpty }
}

/// Writes the records of an evidence item's flows.
///
/// A record is written in two parts: the core, always when its turn has come, and the rest, which is made of the annex and
/// of what plugins said. Of a flow that has neither, the rest too is written from what is kept of it.
struct FlowLine: ~Copyable {
  let evidence: EvidenceName
  /// The member `"evidence":{…}`, written once.
  private let evidenceText: [UInt8]
  private let plugins: PluginTable
  private let showsEvidence: Bool
  private let text = FlowLineText()

  init(_ evidence: EvidenceName, plugins: PluginTable, showsEvidence: Bool) {
    self.evidence = evidence
    self.plugins = plugins
    self.showsEvidence = showsEvidence
    var member = FieldWriter(allowing: .all)
    member.put(EvidenceName.field, evidence)
    evidenceText = member.json.bytes
  }

  // MARK: - The core, written in one piece

  /// Values of category `flow` in the core: ordinal, times, frames, counters, directions, end.
  private static let flowFields: UInt64 = 17
  /// Bytes that the core takes at most, the evidence aside: two addresses, two times, a score of numbers.
  private static let longestCore = 1_536 + CommunityIDWriter.length

  /// Writes a record's core.
  ///
  /// - Parameters:
  ///   - flow: lent, not changed.
  ///   - communityID: nil where the warrant withholds it.
  ///   - clock: what was last written of packet times.
  mutating func writeCore(
    _ flow: inout FlowSummary, _ initiator: ShownEndpoint, _ responder: ShownEndpoint,
    communityID: CommunityIDWriter?, to record: inout FieldWriter, clock: inout TimestampWriter
  ) {
    let showsFlow = record.allowed.holds(.flow)
    if !showsFlow { record.withhold(.flow, FlowLine.flowFields) }
    record.json.bytes.append(addingCapacity: FlowLine.longestCore &+ evidenceText.count) {
      (out: inout OutputSpan<UInt8>) in
      if showsFlow {
        out.append(text.ordinal)
        out.append(decimal: flow.ordinal &+ 1)
        out.append(0x2c)
      } else {
        out.append(0x7b)
      }
      writeEnds(flow.protocolNumber, initiator, responder, showsPorts: showsFlow, to: &out)
      if let communityID {
        out.append(text.communityID)
        communityID.append(flow.key, to: &out)
        out.append(0x22)
      }
      out.append(0x2c)
      out.append(evidenceText)
      guard showsFlow else { return }
      writeTimes(&flow, to: &out, &clock)
      write(flow.firstFrame, text.firstFrame, to: &out)
      write(flow.lastFrame, text.lastFrame, to: &out)
      write(flow.counts(.fromInitiator), text.fromInitiator, to: &out)
      write(flow.counts(.fromResponder), text.fromResponder, to: &out)
      out.append(text.directions)
      out.append(
        DirectionsText(fromInitiator: flow.isSeen(.fromInitiator), fromResponder: flow.isSeen(.fromResponder)).text)
      out.append(text.end)
      out.append(flow.reason.name)
      out.append(0x22)
    }
    record.json.continueObject()
  }

  @_lifetime(out: copy out)
  private mutating func writeEnds(
    _ protocolNumber: UInt8, _ initiator: ShownEndpoint, _ responder: ShownEndpoint, showsPorts: Bool,
    to out: inout OutputSpan<UInt8>
  ) {
    switch protocolNumber {
    case 6: out.append(text.tcp)
    case 17: out.append(text.udp)
    default:
      out.append(text.transport)
      for byte in FlowIdentity.transportName(protocolNumber: protocolNumber).utf8 { out.append(byte) }
      out.append(text.initiator)
    }
    initiator.address.append(to: &out)
    write(showsPorts ? initiator.port : nil, to: &out)
    out.append(text.responder)
    responder.address.append(to: &out)
    write(showsPorts ? responder.port : nil, to: &out)
    out.append(0x7d)
    out.append(0x7d)
  }

  /// What follows an address.
  @inline(__always)
  @_lifetime(out: copy out)
  private mutating func write(_ port: UInt16?, to out: inout OutputSpan<UInt8>) {
    if let port {
      out.append(text.port)
      out.append(decimal: UInt64(port))
    } else {
      out.append(0x22)
    }
  }

  @_lifetime(out: copy out)
  private mutating func writeTimes(
    _ flow: inout FlowSummary, to out: inout OutputSpan<UInt8>, _ clock: inout TimestampWriter
  ) {
    if let first = flow.firstTime {
      out.append(text.first)
      clock.append(first, to: &out)
      out.append(0x22)
    }
    if let last = flow.lastTime {
      out.append(text.last)
      clock.append(last, to: &out)
      out.append(0x22)
    }
  }

  @inline(__always)
  @_lifetime(out: copy out)
  private mutating func write(_ frame: FrameReference, _ name: TextChunk, to out: inout OutputSpan<UInt8>) {
    out.append(name)
    out.append(decimal: frame.number)
    if frame.offset >= 0 {
      out.append(text.offset)
      out.append(decimal: UInt64(frame.offset))
    }
    if showsEvidence {
      out.append(text.evidence)
      out.append(decimal: UInt64(frame.evidence))
    }
    out.append(0x7d)
  }

  @inline(__always)
  @_lifetime(out: copy out)
  private mutating func write(_ counts: FlowSummary.Counts, _ name: TextChunk, to out: inout OutputSpan<UInt8>) {
    out.append(name)
    out.append(decimal: counts.packets)
    out.append(text.bytes)
    out.append(decimal: counts.ipBytes)
    out.append(text.payload)
    out.append(decimal: counts.payloadBytes)
    out.append(0x7d)
  }

  // MARK: - The rest

  /// Writes the rest of a record, and its end.
  mutating func writeRest(_ ended: inout FlowEnd, to record: inout FieldWriter) {
    let isContinued = ended.core.flow.isContinued
    let carrier = ended.core.flow.carrier
    if ended.core.flow.beginsMidStream { record.put(FlowFields.beginsMidStream, FlowFlag(true)) }
    if let said = ended.said, said.tunnel != .none { record.put(FlowFields.tunnel, Label(said.tunnel.name)) }
    if carrier != .none { record.put(FlowFields.carrier, Label(carrier.name)) }
    if isContinued { record.put(FlowFields.continues, FlowFlag(true)) }
    // Not asked for where there is none: it would be copied all the same.
    if ended.annex != nil, let annex = ended.annex { write(annex, isContinued: isContinued, to: &record) }
    if let said = ended.said { write(said, to: &record) }
    if let name = ended.name { write(name, to: &record) }
    if !ended.indications.isEmpty { record.put(Indication.field, ended.indications) }
    writeReasons(ended.core.reasons, ended.said?.part.notAssessable ?? [], to: &record)
    record.json.endObject()
    record.json.endLine()
  }

  private mutating func write(_ name: NameNote, to record: inout FieldWriter) {
    guard record.allowed.holds(.dnsName) || record.allowed.holds(.dnsNameFull) else {
      record.withhold(.dnsName, 1)
      record.withhold(.dnsNameFull, 1)
      return
    }
    record.put(
      InferredName.field,
      InferredName(
        name.name, registrable: name.registrable, others: name.others,
        frame: ShownFrame(name.frame, showsEvidence: showsEvidence)))
  }

  private mutating func writeReasons(_ core: CoreReasons, _ others: [String], to record: inout FieldWriter) {
    guard !core.isEmpty || !others.isEmpty else { return }
    record.json.key(FlowFields.notAssessable.name)
    record.json.beginArray()
    core.forEach { record.json.plain($0) }
    for reason in others { record.json.string(reason) }
    record.json.endArray()
  }

  private mutating func write(_ annex: FlowAnnex, isContinued: Bool, to record: inout FieldWriter) {
    if annex.part > 1 || isContinued { record.put(FlowFields.part, Count(annex.part)) }
    record.put(FlowFields.carrierFlow, annex.carrierOrdinal.map { Count($0 &+ 1) })
    record.put(FlowFields.tunnelID, annex.tunnelID.map { Count($0) })
    if annex.vlans.count > 0 { record.put(FlowFields.vlans, annex.vlans.array.map { Count($0) }) }
    if annex.mplsLabels.count > 0 { record.put(FlowFields.mpls, annex.mplsLabels.array.map { Count($0) }) }
    if annex.duplicates > 0 { record.put(FlowFields.duplicates, Count(annex.duplicates)) }
    if annex.badChecksums > 0 { record.put(FlowFields.badChecksums, Count(annex.badChecksums)) }
    if annex.badTransportChecksums > 0 {
      record.put(FlowFields.badTransportChecksums, Count(annex.badTransportChecksums))
    }
    if annex.retransmissions > 0 { record.put(FlowFields.retransmissions, Count(annex.retransmissions)) }
    if annex.aboveMTU > 0 { record.put(FlowFields.aboveMTU, Count(annex.aboveMTU)) }
  }

  /// One object a kind of observation; an array of them where a kind was seen more than once.
  private mutating func write(_ said: FlowStatement, to record: inout FieldWriter) {
    if !said.protocols.isEmpty {
      record.put(FlowFields.protocols, said.protocols.map { Label($0.description) })
    }
    let objects = said.part.objects.objects
    for (first, object) in objects.enumerated() {
      let isWritten = objects[..<first].contains { $0.record.isSame(as: object.record) }
      if isWritten { continue }
      let isOne = !objects[(first + 1)...].contains { $0.record.isSame(as: object.record) }
      record.json.key(object.record)
      if !isOne { record.json.beginArray() }
      for (index, each) in objects.enumerated() where index >= first && each.record.isSame(as: object.record) {
        record.json.beginObject()
        said.part.objects.forEachPiece(of: index) { record.json.fragment($0) }
        if !each.way.isEmpty {
          record.put(
            StreamWay.field, each.way.map { Label(plugins.entries[$0].manifest.identifier.description) })
        }
        record.json.endObject()
      }
      if !isOne { record.json.endArray() }
    }
  }
}

// The line stays in its slab: what is written to lies elsewhere in the caller, which could not lend both otherwise.
extension Slab where Element == FlowLine {
  @inline(__always)
  mutating func writeCore(
    _ ended: inout FlowCore, _ initiator: ShownEndpoint, _ responder: ShownEndpoint,
    communityID: CommunityIDWriter?, to record: inout FieldWriter, clock: inout TimestampWriter
  ) {
    self[ended.item].writeCore(
      &ended.flow, initiator, responder, communityID: communityID, to: &record, clock: &clock)
  }

  @inline(__always)
  mutating func writeRest(_ ended: inout FlowEnd, to record: inout FieldWriter) {
    self[ended.core.item].writeRest(&ended, to: &record)
  }
}
