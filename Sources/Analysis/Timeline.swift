// The way of a frame: decoded layer by layer, judged by the scope, counted for its flow, shown to plugins.

import Bytes
import CaptureFiles
import Findings
import Flows
import Packets
import Platform
import PluginKit
import Terms
import Warrants

/// One timeline: frames of one evidence item, or of a set of files merged by time, from first to last.
///
///     var timeline = Timeline(job: job, catalog: catalog, page: notes, sink: sink, spill: spill)
///     try timeline.run(&reader) { reader.facts }
public struct Timeline: ~Copyable {
  let job: AnalysisJob
  let table: PluginTable
  let dispatch: Dispatch
  var output: TimelineOutput
  private let page: PlaceNotes?
  private let isSet: Bool

  /// One for each evidence item; in a slab, as an element of an array would be copied to be asked.
  var scopes = Slab<EvidenceScope>()
  /// The verdict on every packet, where the warrant covers everything: nothing is asked then.
  private let verdictOnAll: ScopeVerdict?
  var fragmentScopes = Slab<FragmentScope>()
  var interfacesKnown: [Int]
  var flows: FlowTable
  var fragments: FragmentTable
  var decoder = LayerDecoder()

  /// For each flow's number: what the plugins have of it.
  var watchOf: [WatchIndex] = []
  /// For each flow's number: its datagrams with payload so far.
  var datagramCounts: [UInt32] = []
  var watches = Slab<FlowWatch>()
  var waiting: WaitingDatagrams
  /// For each flow's number, one more than the place of its name in `names`; empty where no plugin notes names.
  var nameOf: [UInt32] = []
  var names = Slab<NameNote>()
  /// The flow's shape: `table.shape` steps a flow number, and how many are known.
  var shapes: [ShapeStep] = []
  var shapeCounts: [UInt8] = []
  var shapeTimes: [Int64] = []

  var scopeCounts = ScopeCounts()
  var insideNotRead = Tally()
  var evidence: [EvidenceRecord]
  var unreadLinkTypes: [[UInt16: UInt64]]
  var frames: FrameCounts
  private(set) var framesTaken: UInt64 = 0
  private let skipped: [UInt64: String]
  private let barred: [UInt64: [AnalysisJob.Barred]]
  private let announcesBeginnings: Bool
  let announcesEnds: Bool
  /// The table of names among those of notes; nil where no plugin notes names.
  let nameTable: Int?

  /// Which watch a flow has, and whether plugins are through with its bytes.
  struct WatchIndex: BitwiseCopyable {
    private var bits: UInt32 = 0
    private static let through: UInt32 = 0x8000_0000
    private static let settled: UInt32 = 0x4000_0000
    private static let flags = through | settled

    /// Index into `watches`; nil where there is none.
    var watch: UInt32? { bits & ~Self.flags == 0 ? nil : (bits & ~Self.flags) &- 1 }
    var isThrough: Bool { bits & Self.through != 0 }
    /// Whether all datagram plugins without constants were asked.
    var isSettled: Bool { bits & Self.settled != 0 }
    mutating func set(watch: UInt32) { bits = bits & Self.flags | watch &+ 1 }
    mutating func setThrough() { bits |= Self.through }
    mutating func setSettled() { bits |= Self.settled }
  }

  /// What a layer came in.
  struct Carriage: BitwiseCopyable {
    var verdict = ScopeVerdict.outermost
    /// The flow of the tunnel, where it is covered itself.
    var flow: FlowIndex?
    var isDuplicate = false
    var isInside = false
  }

  // MARK: - Set-up

  public init(
    job: AnalysisJob, catalog: PluginCatalog, page: PlaceNotes? = nil, sink: any RecordSink,
    spill: (any SpillStorage)? = nil
  ) {
    self.job = job
    self.page = page
    isSet = job.items.count > 1
    let allowed = job.categories.categories
    let disabled = job.disabled.filter(catalog.entries.indices.contains).map {
      catalog.entries[$0].manifest.identifier.description
    }
    table = PluginTable(catalog) { entry in
      allowed.isSuperset(of: entry.manifest.needs)
        && !disabled.contains(entry.manifest.identifier.description)
    }
    dispatch = Dispatch(table: table, allowed: allowed, limits: job.settings.records, page: page)
    output = TimelineOutput(job: job, table: table, sink: sink, spill: spill)
    let facts = job.items.map { EvidenceFacts(clockOffsetNanoseconds: $0.clockOffset) }
    verdictOnAll = EvidenceScope(job.scope, EvidenceFacts()).verdictOnAll
    for facts in facts { _ = scopes.append(EvidenceScope(job.scope, facts)) }
    for facts in facts { _ = fragmentScopes.append(FragmentScope(job.scope, facts)) }
    interfacesKnown = job.items.map { _ in 0 }
    let limits = job.settings.flowLimits
    waiting = WaitingDatagrams(limit: limits.prefixBytes)
    flows = FlowTable(limits: limits, firstOrdinal: job.flowsBefore)
    fragments = FragmentTable(limits: limits)
    evidence = job.items.map { _ in EvidenceRecord() }
    unreadLinkTypes = job.items.map { _ in [:] }
    frames = FrameCounts(items: job.items.count)
    skipped = Dictionary(job.skipped.map { ($0.frame, $0.cause) }, uniquingKeysWith: { first, _ in first })
    barred = Dictionary(grouping: job.barred, by: \.frame)
    nameTable = table.notes.firstIndex { $0.isSame(as: NameNote.topic) }
    announcesBeginnings = table.wants(ObjectIdentifier(FlowBegan.self))
    announcesEnds = table.wants(ObjectIdentifier(FlowEnded.self))
  }

  // MARK: - Frames

  /// The place of the frame at hand, as the shared page and the job count it.
  private mutating func place(_ header: FrameHeader) -> UInt64 {
    framesTaken &+= 1
    return isSet ? framesTaken : header.reference.number
  }

  /// Takes one frame in. `interfaces` are those that the evidence item has described so far.
  public mutating func take(_ header: FrameHeader, _ bytes: RawSpan) throws(SinkError) {
    let place = place(header)
    dispatch.frame = place
    page?.takeUp(frame: place)
    let item = Int(header.reference.evidence)
    frames.count(header, item)
    if !skipped.isEmpty, let cause = skipped[place] {
      noteFault("fault.analysis", "the analysis \(cause) on this frame; it was left out", header.reference)
      return
    }
    dispatch.barred = .empty
    if !barred.isEmpty {
      bar(at: place, flow: 0, header.reference, "it was kept off that flow from this frame on")
    }
    decoder.begin(
      linkType: header.linkType, fcsLength: header.fcsLength, originalLength: Int(header.originalLength), bytes: bytes)
    try takeLayers(header, bytes, item)
  }

  /// Takes note of an Ethernet frame that comes soon. A hint, which changes nothing.
  @inline(__always)
  mutating func foresee(_ frame: RawSpan) { flows.foresee(frame) }

  /// Reads the layers that the decoder stands before.
  ///
  /// - Parameters:
  ///   - carrier: the verdict on the packet around them; only for a reassembled datagram.
  ///   - fragments: IP packets that the first layer came in.
  mutating func takeLayers(
    _ header: FrameHeader, _ bytes: RawSpan, _ item: Int, carrier outer: Carriage = Carriage(), fragments: UInt32 = 1
  ) throws(SinkError) {
    var carrier = outer
    var fragments = fragments
    // Here and not in the timeline, whose members are copied to be passed on.
    var packet = Packet(source: Address(v4: 0), destination: Address(v4: 0))
    while true {
      let step = decoder.next(bytes, into: &packet)
      guard step == .packet else {
        count(step, header, item)
        if decoder.isAtEnd { return }
        continue
      }
      // A subframe of an aggregate stands beside the one before, not inside it.
      if packet.depth == 0, carrier.isInside { carrier = Carriage() }
      if packet.isFragment {
        try takeFragment(&packet, header, bytes, item, carrier)
        if decoder.isAtEnd { return }
        continue
      }
      let verdict = judge(&packet, header, bytes, item, carrier.verdict)
      scopeCounts.add(verdict.reason, packets: UInt64(fragments), bytes: UInt64(max(packet.ipLength, 0)))
      var flow: FlowIndex?
      var isDuplicate = false
      if verdict.covered {
        (flow, isDuplicate) = try account(&packet, header, bytes, carrier, fragments: fragments)
      }
      if decoder.isAtEnd { return }
      if let flow {
        let tunnel = decoder.pendingCarrier(bytes)
        if tunnel != .none { note(tunnel: tunnel, flow) }
        if !verdict.lookInside, tunnel != .none { insideNotRead.add(bytes: Int(packet.ipLength)) }
      }
      if !verdict.lookInside { decoder.skipInside() }
      carrier = Carriage(verdict: verdict, flow: flow, isDuplicate: isDuplicate, isInside: true)
      fragments = 1
    }
  }

  /// The scope's verdict on the packet at hand. Changes nothing: a borrowed timeline would be copied.
  @inline(__always)
  mutating func judge(
    _ packet: inout Packet, _ header: FrameHeader, _ bytes: RawSpan, _ item: Int, _ carrier: ScopeVerdict
  ) -> ScopeVerdict {
    if let verdictOnAll, carrier.lookInside { return verdictOnAll }
    let verdict = scopes[UInt32(truncatingIfNeeded: item)].decide(
      &packet, time: header.time, hasTime: header.hasTime, interface: header.interface, carrier: carrier)
    guard packet.transport == .icmp || packet.transport == .icmpv6 else { return verdict }
    return judgeQuoting(&packet, verdict, header, bytes, item, carrier)
  }

  /// An ICMP error belongs to the packet it quotes too (RFC 792; RFC 4443 section 3).
  private mutating func judgeQuoting(
    _ packet: inout Packet, _ own: ScopeVerdict, _ header: FrameHeader, _ bytes: RawSpan, _ item: Int,
    _ carrier: ScopeVerdict
  ) -> ScopeVerdict {
    let isError =
      packet.transport == .icmp
      ? [3, 4, 5, 11, 12].contains(packet.icmpType) : packet.icmpType < 128
    guard isError, packet.hasTransportHeader else { return own }
    // Type, code, checksum and four further bytes stand before the quoted packet (RFC 792, RFC 4443 section 2.1).
    let start = Int(packet.ipPayloadOffset) &+ 8
    let inner = bytes.slice(start, Int(packet.ipPayloadCaptured) &- 8)
    guard inner.byteCount > 0 else { return own }
    var quoting = LayerDecoder()
    quoting.begin(linkType: LinkType(101), fcsLength: 0, originalLength: inner.byteCount, bytes: inner)
    var quoted = Packet(source: Address(v4: 0), destination: Address(v4: 0))
    guard quoting.next(inner, into: &quoted) == .packet else { return own }
    return scopes[UInt32(truncatingIfNeeded: item)].decide(
      &packet, quoting: quoted, time: header.time, hasTime: header.hasTime, interface: header.interface,
      carrier: carrier)
  }

  // MARK: - Packets

  /// Counts the packet at hand for its flow and shows it to plugins. The packet is not changed: `inout` spares copies.
  private mutating func account(
    _ packet: inout Packet, _ header: FrameHeader, _ bytes: RawSpan, _ carrier: Carriage, fragments: UInt32
  ) throws(SinkError) -> (FlowIndex?, Bool) {
    let accounting = flows.account(
      &packet, header: header, bytes: bytes, carrier: carrier.flow, fragments: fragments,
      repeatsCarrier: carrier.isDuplicate)
    if accounting.isNew { begin(accounting, header) }
    if !accounting.isDuplicate, packet.payloadLength > 0 || packet.badNetworkChecksum {
      checkSums(&packet, accounting, header, bytes, isRead: !watchOf[Int(accounting.flow.number)].isThrough)
    }
    if !accounting.isDuplicate, packet.payloadLength > 0 {
      if table.shape > 0 { noteShape(accounting, packet.payloadLength, header) }
      if packet.transport == .tcp {
        if !watchOf[Int(accounting.flow.number)].isThrough, packet.hasTransportHeader, !accounting.isKeepAlive {
          extend(accounting, &packet, header, bytes)
        }
      } else {
        showDatagram(accounting, &packet, header, bytes)
      }
    }
    if accounting.hasEnded { try drain() }
    return (accounting.flow, accounting.isDuplicate)
  }

  private mutating func begin(_ accounting: Accounting, _ header: FrameHeader) {
    let number = Int(accounting.flow.number)
    if number >= watchOf.count {
      watchOf.append(WatchIndex())
      datagramCounts.append(0)
      if table.shape > 0 {
        shapes.append(contentsOf: repeatElement(ShapeStep(side: .client, size: 0, gap: 0), count: table.shape))
        shapeCounts.append(0)
        shapeTimes.append(.min)
      }
    } else {
      watchOf[number] = WatchIndex()
      datagramCounts[number] = 0
      if table.shape > 0 { shapeCounts[number] = 0 }
    }
    output.beginFlow(at: header.hasTime ? header.time : nil)
    if output.namesThirdParties {
      output.name(flows[accounting.flow].initiator.address, flows[accounting.flow].responder.address)
    }
    if let nameTable { inferName(accounting, header, from: nameTable) }
    if job.isStream { page?.counted(flows: output.flows, thirdParties: output.thirdParties) }
    if let earlier = accounting.continues {
      moveWatch(from: Int(earlier.number), to: number)
    }
    if announcesBeginnings {
      let watch = watch(accounting.flow)
      let facts = facts(accounting.flow)
      dispatch.announce(FlowBegan(), &watches[watch], facts, frames: [header.reference])
    }
  }

  /// Ends what has ended, in order.
  ///
  /// Many flows may end by one frame: each is named on the page, so that a plugin that fails at the end of one is kept off
  /// that one only.
  ///
  /// - Parameter isClosing: the last frame was taken: each flow then has a place of its own behind it.
  mutating func drain(isClosing: Bool = false) throws(SinkError) {
    let ownBarred = dispatch.barred
    while let ended = flows.nextEnded() {
      if isClosing {
        dispatch.frame &+= 1
        page?.takeUp(frame: dispatch.frame)
      }
      let id = flows[ended.flow].ordinal &+ 1
      page?.end(flow: id)
      dispatch.barred = .empty
      if !barred.isEmpty {
        bar(at: dispatch.frame, flow: id, flows[ended.flow].lastFrame, "it was kept off the end of that flow")
      }
      try finish(ended)
      flows.release(ended.flow)
    }
    page?.end(flow: 0)
    dispatch.barred = ownBarred
  }

  // MARK: - Counting

  private mutating func count(_ step: LayerStep, _ header: FrameHeader, _ item: Int) {
    switch step {
    case .packet, .end: break
    case .notIP: evidence[item].notIP &+= 1
    case .unreadLinkType: unreadLinkTypes[item][header.linkType.number, default: 0] &+= 1
    case .malformed: evidence[item].malformed &+= 1
    case .protected: evidence[item].protectedFrames &+= 1
    case .tooDeep: evidence[item].tooDeep &+= 1
    case .truncated: evidence[item].cutHeaders &+= 1
    }
  }

  /// Keeps plugins off the flow at hand that failed here before. Said here, since the supervisor knows a frame's place in
  /// the timeline only, and here are its file and number.
  private mutating func bar(at place: UInt64, flow: UInt64, _ frame: FrameReference, _ consequence: String) {
    for entry in barred[place] ?? [] where entry.flow == flow && !dispatch.barred.contains(entry.plugin) {
      guard table.entries.indices.contains(entry.plugin) else { continue }
      dispatch.barred.insert(entry.plugin)
      let name = table.entries[entry.plugin].manifest.identifier
      noteFault("fault.plugin", "the plugin \(name) \(entry.cause); \(consequence)", frame)
    }
  }

  private mutating func noteFault(_ code: String, _ message: String, _ frame: FrameReference) {
    output.note(
      Notice(.fault, code, message, evidence: frame.evidence, frame: frame.number, offset: frame.offset))
  }
}
