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

/// What a flow record needs beside the flow itself.
struct FlowLine {
  /// What all flows of an evidence item share.
  final class Context {
    let evidence: EvidenceName
    /// The member `"evidence":{…}`, written once.
    let evidenceText: [UInt8]
    let plugins: PluginTable
    let showsEvidence: Bool
    let text = FlowLineText()

    init(_ evidence: EvidenceName, plugins: PluginTable, showsEvidence: Bool) {
      self.evidence = evidence
      self.plugins = plugins
      self.showsEvidence = showsEvidence
      var member = FieldWriter(allowing: .all)
      member.put(EvidenceName.field, evidence)
      evidenceText = member.json.bytes
    }
  }

  let initiator: ShownAddress
  let responder: ShownAddress
  let context: Context
  let indications: [Indication]
  let core: CoreReasons

  @inline(__always)
  static func hasPorts(_ transport: Transport) -> Bool {
    transport == .tcp || transport == .udp || transport == .sctp
  }

  func identity(_ entry: FlowEntry) -> FlowIdentity {
    let hasPorts = FlowLine.hasPorts(entry.transport)
    return FlowIdentity(
      transport: Label(FlowIdentity.transportName(protocolNumber: entry.protocolNumber)),
      initiator: ShownEndpoint(initiator, port: hasPorts ? entry.initiator.port : nil),
      responder: ShownEndpoint(responder, port: hasPorts ? entry.responder.port : nil))
  }

  /// Writes the record's line.
  ///
  /// - Parameters:
  ///   - communityID: written as it is; empty where the warrant withholds it.
  ///   - clock: what was last written of packet times.
  func write(
    _ ended: inout TimelineOutput.Ended, communityID: [UInt8], to record: inout FieldWriter,
    clock: inout TimestampWriter
  ) {
    let showsFlow = record.allowed.holds(.flow)
    if !showsFlow { record.withhold(.flow, FlowLine.flowFields) }
    record.json.bytes.append(addingCapacity: FlowLine.longestCore &+ context.evidenceText.count &+ communityID.count) {
      (out: inout OutputSpan<UInt8>) in
      if showsFlow {
        out.append(context.text.ordinal)
        out.append(decimal: ended.entry.ordinal &+ 1)
        out.append(0x2c)
      } else {
        out.append(0x7b)
      }
      writeEnds(&ended.entry, showsPorts: showsFlow, to: &out)
      if !communityID.isEmpty {
        out.append(context.text.communityID)
        out.append(communityID)
        out.append(0x22)
      }
      out.append(0x2c)
      out.append(context.evidenceText)
      guard showsFlow else { return }
      writeTimes(&ended.entry, to: &out, &clock)
      write(ended.entry.firstFrame, context.text.firstFrame, to: &out)
      write(ended.entry.lastFrame, context.text.lastFrame, to: &out)
      writeCounts(&ended.entry, .fromInitiator, context.text.fromInitiator, to: &out)
      writeCounts(&ended.entry, .fromResponder, context.text.fromResponder, to: &out)
      out.append(context.text.directions)
      out.append(
        DirectionsText(
          fromInitiator: ended.entry.isSeen(.fromInitiator), fromResponder: ended.entry.isSeen(.fromResponder)
        )
        .text)
      out.append(context.text.end)
      out.append(ended.reason.name)
      out.append(0x22)
    }
    record.json.continueObject()
    let tunnel = ended.watch?.said.tunnel ?? .none
    if ended.entry.beginsMidStream { record.put(FlowFields.beginsMidStream, FlowFlag(true)) }
    if tunnel != .none { record.put(FlowFields.tunnel, Label(tunnel.name)) }
    if ended.entry.carrier != .none { record.put(FlowFields.carrier, Label(ended.entry.carrier.name)) }
    if ended.entry.isContinued { record.put(FlowFields.continues, FlowFlag(true)) }
    if let annex = ended.annex { write(annex, isContinued: ended.entry.isContinued, to: &record) }
    if let watch = ended.watch { write(watch.said, to: &record) }
    if let name = ended.name { write(name, to: &record) }
    if !indications.isEmpty { record.put(Indication.field, indications) }
    writeReasons(ended.watch, to: &record)
    record.json.endObject()
    record.json.endLine()
  }

  // MARK: - The core, written in one piece

  /// Values of category `flow` in the core: ordinal, times, frames, counters, directions, end.
  private static let flowFields: UInt64 = 17
  /// Bytes that the core takes at most, evidence and Community ID aside: two addresses, two times, a score of numbers.
  private static let longestCore = 1_536

  @_lifetime(out: copy out)
  private func writeEnds(_ entry: inout FlowEntry, showsPorts: Bool, to out: inout OutputSpan<UInt8>) {
    let hasPorts = showsPorts && FlowLine.hasPorts(entry.transport)
    switch entry.protocolNumber {
    case 6: out.append(context.text.tcp)
    case 17: out.append(context.text.udp)
    default:
      out.append(context.text.transport)
      for byte in FlowIdentity.transportName(protocolNumber: entry.protocolNumber).utf8 { out.append(byte) }
      out.append(context.text.initiator)
    }
    initiator.append(to: &out)
    write(hasPorts ? entry.initiator.port : nil, to: &out)
    out.append(context.text.responder)
    responder.append(to: &out)
    write(hasPorts ? entry.responder.port : nil, to: &out)
    out.append(0x7d)
    out.append(0x7d)
  }

  /// What follows an address.
  @inline(__always)
  @_lifetime(out: copy out)
  private func write(_ port: UInt16?, to out: inout OutputSpan<UInt8>) {
    if let port {
      out.append(context.text.port)
      out.append(decimal: UInt64(port))
    } else {
      out.append(0x22)
    }
  }

  @_lifetime(out: copy out)
  private func writeTimes(
    _ entry: inout FlowEntry, to out: inout OutputSpan<UInt8>, _ clock: inout TimestampWriter
  ) {
    if let first = entry.firstTime {
      out.append(context.text.first)
      clock.append(first, to: &out)
      out.append(0x22)
    }
    if let last = entry.lastTime {
      out.append(context.text.last)
      clock.append(last, to: &out)
      out.append(0x22)
    }
  }

  @inline(__always)
  @_lifetime(out: copy out)
  private func write(_ frame: FrameReference, _ name: TextChunk, to out: inout OutputSpan<UInt8>) {
    out.append(name)
    out.append(decimal: frame.number)
    if frame.offset >= 0 {
      out.append(context.text.offset)
      out.append(decimal: UInt64(frame.offset))
    }
    if context.showsEvidence {
      out.append(context.text.evidence)
      out.append(decimal: UInt64(frame.evidence))
    }
    out.append(0x7d)
  }

  @inline(__always)
  @_lifetime(out: copy out)
  private func writeCounts(
    _ entry: inout FlowEntry, _ direction: FlowDirection, _ name: TextChunk, to out: inout OutputSpan<UInt8>
  ) {
    out.append(name)
    out.append(decimal: entry.packets(direction))
    out.append(context.text.bytes)
    out.append(decimal: entry.ipBytes(direction))
    out.append(context.text.payload)
    out.append(decimal: entry.payloadBytes(direction))
    out.append(0x7d)
  }

  // MARK: - What few flows have

  private func write(_ name: NameNote, to record: inout FieldWriter) {
    guard record.allowed.holds(.dnsName) || record.allowed.holds(.dnsNameFull) else {
      record.withhold(.dnsName, 1)
      record.withhold(.dnsNameFull, 1)
      return
    }
    record.put(
      InferredName.field,
      InferredName(
        name.name, registrable: name.registrable, others: name.others,
        frame: ShownFrame(name.frame, showsEvidence: context.showsEvidence)))
  }

  private func writeReasons(_ watch: FlowWatch?, to record: inout FieldWriter) {
    let others = watch?.said.part.notAssessable ?? []
    guard !core.isEmpty || !others.isEmpty else { return }
    record.json.key(FlowFields.notAssessable.name)
    record.json.beginArray()
    core.forEach { record.json.plain($0) }
    for reason in others { record.json.string(reason) }
    record.json.endArray()
  }

  private func write(_ annex: FlowAnnex, isContinued: Bool, to record: inout FieldWriter) {
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
  private func write(_ said: FlowStatement, to record: inout FieldWriter) {
    if !said.protocols.isEmpty {
      record.put(FlowFields.protocols, said.protocols.map { Label($0.description) })
    }
    var written: [String] = []
    for object in said.part.objects {
      let name = object.record.description
      guard !written.contains(name) else { continue }
      written.append(name)
      let same = said.part.objects.filter { $0.record.description == name }
      record.json.key(object.record)
      if same.count > 1 { record.json.beginArray() }
      for each in same {
        record.json.beginObject()
        record.json.fragment(each.json)
        if !each.way.isEmpty {
          record.put(
            StreamWay.field, each.way.map { Label(context.plugins.entries[$0].manifest.identifier.description) })
        }
        record.json.endObject()
      }
      if same.count > 1 { record.json.endArray() }
    }
  }
}
