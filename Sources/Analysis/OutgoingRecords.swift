// The batch that is handed over next: flow lines and findings, each written when its turn has come.

import Bytes
import Findings
import Flows
import JSON
import Terms

/// Writes flow records into the batch, those that waited and those whose turn it is at once.
struct OutgoingRecords: ~Copyable, OutputTaker {
  /// A batch is handed over when its lines or findings have grown to this.
  private static let batch = 256 * 1024

  /// One for each evidence item; in a slab, where they are used in place.
  var lines = Slab<FlowLine>()
  var names: ThirdParties
  let communityID: CommunityIDWriter?
  private var clock = TimestampWriter()
  /// The lines that are due.
  var record: FieldWriter
  /// The findings that are due.
  var findings: [UInt8] = []

  init(
    evidence: [EvidenceName], plugins: PluginTable, names: ThirdParties, communityID: CommunityIDWriter?,
    allowed: Categories
  ) {
    for name in evidence { _ = lines.append(FlowLine(name, plugins: plugins, showsEvidence: evidence.count > 1)) }
    self.names = names
    self.communityID = names.isShowingAll ? communityID : nil
    record = FieldWriter(JSONWriter(reserving: OutgoingRecords.batch + 65_536), allowing: allowed)
  }

  var isFull: Bool {
    record.json.bytes.count >= OutgoingRecords.batch || findings.count >= OutgoingRecords.batch
  }

  /// Writes the line of a flow whose turn it is. Everything is lent; nothing is changed but the batch.
  mutating func write(_ ended: inout FlowEnd) {
    writeCore(&ended.core)
    lines.writeRest(&ended, to: &record)
  }

  /// Writes what waited: the rest of the record stands behind what is kept of its flow, or is made of that.
  mutating func take(_ waited: RawSpan, findings: RawSpan) {
    if let core = waited.value(as: FlowCore.self) {
      var ended = FlowEnd(core: core)
      writeCore(&ended.core)
      let rest = waited.slice(MemoryLayout<FlowCore>.size)
      if rest.isEmpty {
        lines.writeRest(&ended, to: &record)
      } else {
        record.json.bytes.append(rest)
      }
    }
    if !findings.isEmpty { self.findings.append(findings) }
  }

  @inline(__always)
  private mutating func writeCore(_ ended: inout FlowCore) {
    let (initiator, responder) = ends(&ended.flow)
    lines.writeCore(
      &ended, initiator, responder, communityID: communityID, to: &record, clock: &clock)
  }

  /// The flow's ends, as they are shown.
  @inline(__always)
  private mutating func ends(_ flow: inout FlowSummary) -> (ShownEndpoint, ShownEndpoint) {
    let hasPorts = flow.transport == .tcp || flow.transport == .udp || flow.transport == .sctp
    let (initiator, responder) = (flow.initiator, flow.responder)
    return (
      ShownEndpoint(names.name(initiator.address), port: hasPorts ? initiator.port : nil),
      ShownEndpoint(names.name(responder.address), port: hasPorts ? responder.port : nil)
    )
  }

  /// Transport and ends for a finding.
  mutating func identity(_ flow: inout FlowSummary) -> FlowIdentity {
    let (initiator, responder) = ends(&flow)
    return FlowIdentity(
      transport: Label(FlowIdentity.transportName(protocolNumber: flow.protocolNumber)), initiator: initiator,
      responder: responder)
  }
}
