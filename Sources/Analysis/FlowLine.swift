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
  let entry: FlowEntry
  let annex: FlowAnnex?
  let endReason: EndReason
  let initiator: ShownAddress
  let responder: ShownAddress
  let evidence: EvidenceName
  let showsEvidence: Bool
  /// Written as they are; empty where the warrant withholds them.
  let communityID: [UInt8]
  let indications: [Indication]
  let core: CoreReasons
  let watch: FlowWatch?
  let tunnel: Carrier
  let plugins: PluginTable

  var hasPorts: Bool { entry.transport == .tcp || entry.transport == .udp || entry.transport == .sctp }

  var identity: FlowIdentity {
    FlowIdentity(
      transport: Label(FlowIdentity.transportName(protocolNumber: entry.protocolNumber)),
      initiator: ShownEndpoint(initiator, port: hasPorts ? entry.initiator.port : nil),
      responder: ShownEndpoint(responder, port: hasPorts ? entry.responder.port : nil))
  }

  func write(to record: inout FieldWriter) {
    record.json.beginObject()
    record.put(FlowFields.ordinal, Count(entry.ordinal &+ 1))
    record.put(FlowIdentity.field, identity)
    if !communityID.isEmpty {
      record.json.key(FlowFields.communityID.name)
      record.json.string { $0.append(contentsOf: communityID) }
    }
    record.put(EvidenceName.field, evidence)
    record.put(FlowFields.first, entry.firstTime.map { PacketTime($0) })
    record.put(FlowFields.last, entry.lastTime.map { PacketTime($0) })
    record.put(ShownFrame.first, ShownFrame(entry.firstFrame, showsEvidence: showsEvidence))
    record.put(ShownFrame.last, ShownFrame(entry.lastFrame, showsEvidence: showsEvidence))
    record.put(DirectionCounts.fromInitiator, counts(.fromInitiator))
    record.put(DirectionCounts.fromResponder, counts(.fromResponder))
    record.put(
      FlowFields.directionsSeen,
      DirectionsText(
        fromInitiator: entry.isSeen(.fromInitiator), fromResponder: entry.isSeen(.fromResponder)))
    record.put(FlowFields.endReason, EndReasonText(endReason.name))
    if entry.beginsMidStream { record.put(FlowFields.beginsMidStream, FlowFlag(true)) }
    if tunnel != .none { record.put(FlowFields.tunnel, Label(tunnel.name)) }
    if entry.carrier != .none { record.put(FlowFields.carrier, Label(entry.carrier.name)) }
    if entry.isContinued { record.put(FlowFields.continues, FlowFlag(true)) }
    if let annex { write(annex, to: &record) }
    if let watch { write(watch, to: &record) }
    if !indications.isEmpty { record.put(Indication.field, indications) }
    writeReasons(to: &record)
    record.json.endObject()
    record.json.endLine()
  }

  private func writeReasons(to record: inout FieldWriter) {
    let others = watch?.notAssessable ?? []
    guard !core.isEmpty || !others.isEmpty else { return }
    record.json.key(FlowFields.notAssessable.name)
    record.json.beginArray()
    core.forEach { record.json.plain($0) }
    for reason in others { record.json.string(reason) }
    record.json.endArray()
  }

  private func counts(_ direction: FlowDirection) -> DirectionCounts {
    DirectionCounts(
      packets: entry.packets(direction), bytes: entry.ipBytes(direction), payload: entry.payloadBytes(direction))
  }

  private func write(_ annex: FlowAnnex, to record: inout FieldWriter) {
    if annex.part > 1 || entry.isContinued { record.put(FlowFields.part, Count(annex.part)) }
    record.put(FlowFields.carrierFlow, annex.carrierOrdinal.map { Count($0 &+ 1) })
    record.put(FlowFields.tunnelID, annex.tunnelID.map { Count($0) })
    if annex.vlans.count > 0 { record.put(FlowFields.vlans, annex.vlans.array.map { Count($0) }) }
    if annex.mplsLabels.count > 0 { record.put(FlowFields.mpls, annex.mplsLabels.array.map { Count($0) }) }
    if annex.duplicates > 0 { record.put(FlowFields.duplicates, Count(annex.duplicates)) }
    if annex.badChecksums > 0 { record.put(FlowFields.badChecksums, Count(annex.badChecksums)) }
    if annex.retransmissions > 0 { record.put(FlowFields.retransmissions, Count(annex.retransmissions)) }
    if annex.aboveMTU > 0 { record.put(FlowFields.aboveMTU, Count(annex.aboveMTU)) }
  }

  /// One object a kind of observation; an array of them where a kind was seen more than once.
  private func write(_ watch: FlowWatch, to record: inout FieldWriter) {
    if !watch.protocols.isEmpty {
      record.put(FlowFields.protocols, watch.protocols.map { Label($0.description) })
    }
    var written: [String] = []
    for object in watch.objects {
      let name = object.record.description
      guard !written.contains(name) else { continue }
      written.append(name)
      let same = watch.objects.filter { $0.record.description == name }
      record.json.key(object.record)
      if same.count > 1 { record.json.beginArray() }
      for each in same {
        record.json.beginObject()
        record.json.fragment(each.json)
        let way = watch.streams[each.stream].way
        if !way.isEmpty {
          record.put(
            StreamWay.field, way.map { Label(plugins.entries[$0].manifest.identifier.description) })
        }
        record.json.endObject()
      }
      if same.count > 1 { record.json.endArray() }
    }
  }
}
