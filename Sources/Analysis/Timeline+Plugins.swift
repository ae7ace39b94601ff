// What a packet means for the plugins: stream prefixes, datagrams, shapes, and the end of a flow.

import Bytes
import Flows
import Packets
import PluginKit
import Terms

extension Side {
  init(_ direction: FlowDirection) { self = direction == .fromInitiator ? .client : .server }
}

extension ViewEnd {
  init(_ end: StreamEnd) {
    switch end {
    case .whole: self = .whole
    case .growing: self = .growing
    case .snapLength: self = .snapLength
    case .gap: self = .gap
    case .budget: self = .budget
    }
  }
}

// Methods that change nothing are `mutating` all the same: a borrowed timeline is copied, all 3,000 bytes of it.
extension Timeline {
  // MARK: - Watches

  /// The flow's watch, made where it has none.
  mutating func watch(_ flow: FlowIndex) -> UInt32 {
    if let known = watchOf[Int(flow.number)].watch { return known }
    // The place of a flow that has ended, empty but for the memory that it took.
    let new = watches.reuse() ?? watches.append(FlowWatch())
    watchOf[Int(flow.number)].set(watch: new)
    return new
  }

  /// A flow goes on in a new part: plugins go on with what they know, and what they said stays with the part before.
  mutating func moveWatch(from earlier: Int, to later: Int) {
    let index = watchOf[earlier]
    waiting.move(from: earlier, to: later)
    datagramCounts[later] = datagramCounts[earlier]
    guard let at = index.watch else {
      watchOf[later] = index
      return
    }
    noteContradiction(FlowIndex(number: UInt32(truncatingIfNeeded: later)), at)
    watchOf[later] = index
    watchOf[earlier] = WatchIndex()
    watchOf[earlier].set(watch: watches.insert(watches[at].beginPart()))
  }

  mutating func note(tunnel: Carrier, _ flow: FlowIndex) {
    let watch = watch(flow)
    if watches[watch].said.tunnel == .none { watches[watch].said.tunnel = tunnel }
  }

  /// What a plugin may know of the flow now.
  mutating func facts(_ flow: FlowIndex, shape: [ShapeStep] = []) -> FlowFacts {
    let entry = flows[flow]
    let realm = realm(flow)
    func direction(_ direction: FlowDirection) -> DirectionFacts {
      DirectionFacts(packets: entry.packets(direction), payloadBytes: entry.payloadBytes(direction))
    }
    var facts = FlowFacts(
      transport: entry.transport, protocolNumber: entry.protocolNumber, initiator: entry.initiator,
      responder: entry.responder, first: entry.firstTime, last: entry.lastTime, client: direction(.fromInitiator),
      server: direction(.fromResponder), beginsMidStream: entry.beginsMidStream, carrier: entry.carrier,
      tunnel: watchOf[Int(flow.number)].watch.map { watches[$0].said.tunnel } ?? .none, shape: shape)
    facts.id = entry.ordinal &+ 1
    facts.realm = realm
    return facts
  }

  // MARK: - Streams

  /// Bytes a direction that are kept while no plugin's constants have matched.
  private static var undecidedBytes: Int { 4_096 }

  /// Takes a TCP segment into the flow's prefix and shows what grew.
  mutating func extend(_ accounting: Accounting, _ packet: inout Packet, _ header: FrameHeader, _ bytes: RawSpan) {
    guard table.tcp.any else {
      watchOf[Int(accounting.flow.number)].setThrough()
      return
    }
    let flow = accounting.flow
    if !accounting.hasPrefix { flows.wantsPrefix(flow, bytesPerDirection: max(table.tcp.bytes, 8)) }
    let changed = flows.extendPrefix(accounting, &packet, header: header, bytes: bytes)
    guard !changed.isEmpty else { return }
    if watchOf[Int(flow.number)].watch == nil {
      guard isConcerned(flow) else { return }
      _ = watch(flow)
    }
    show(flow, ending: false)
  }

  /// Whether a plugin's constants stand at the start of the flow; where none can come to, its bytes are given back.
  private mutating func isConcerned(_ flow: FlowIndex) -> Bool {
    let (concerned, mayStill) = assess(flow)
    if !concerned, !mayStill { leave(flow) }
    return concerned
  }

  private mutating func assess(_ flow: FlowIndex) -> (concerned: Bool, mayStill: Bool) {
    let client = flows.prefix(of: flow, .fromInitiator)
    let server = flows.prefix(of: flow, .fromResponder)
    let (concerned, undecided) = dispatch.matches(
      StreamBytes(client: client, server: server, clientEnd: .growing, serverEnd: .growing))
    let count = client.byteCount + server.byteCount
    return (concerned, undecided && count < Self.undecidedBytes || !table.tcp.constantless.isEmpty)
  }

  private mutating func leave(_ flow: FlowIndex) {
    if let watch = watchOf[Int(flow.number)].watch { noteContradiction(flow, watch) }
    flows.dropPrefix(flow)
    watchOf[Int(flow.number)].setThrough()
  }

  /// Shows the flow's prefix to its plugins; gives its memory back once nobody wants more.
  private mutating func show(_ flow: FlowIndex, ending: Bool) {
    guard let watch = watchOf[Int(flow.number)].watch else { return }
    present(flow, watch, ending)
    if !ending, !dispatch.wantsBytes(&watches[watch]) { leave(flow) }
  }

  private mutating func present(_ flow: FlowIndex, _ watch: UInt32, _ ending: Bool) {
    let clientEnd = end(flow, .fromInitiator, ending)
    let serverEnd = end(flow, .fromResponder, ending)
    let known = facts(flow)
    let bytes = StreamBytes(
      client: flows.prefix(of: flow, .fromInitiator), server: flows.prefix(of: flow, .fromResponder),
      clientEnd: clientEnd, serverEnd: serverEnd)
    watches[watch].read = watches[watch].read.maximum(
      StreamPlace(client: bytes.client.byteCount, server: bytes.server.byteCount))
    dispatch.show(
      &watches[watch], bytes: bytes, client: FrameMap(pieces: flows.prefixPieces(of: flow, .fromInitiator)),
      server: FrameMap(pieces: flows.prefixPieces(of: flow, .fromResponder)), flow: known, ending: ending)
  }

  /// Where bytes of the flow's stream came twice with other contents, its plugins' claims lose their certainty. Asked once,
  /// before the bytes are given back, since a contradiction may come after what it contradicts was read.
  private mutating func noteContradiction(_ flow: FlowIndex, _ watch: UInt32) {
    let client = flows.prefixContradiction(of: flow, .fromInitiator)
    let server = flows.prefixContradiction(of: flow, .fromResponder)
    guard client != nil || server != nil else { return }
    watches[watch].note(
      notAssessable: "bytes of the stream came twice with other contents: the ends may have seen others")
    watches[watch].said.contradiction = watches[watch].said.contradiction.minimum(
      StreamPlace(client: client ?? .max, server: server ?? .max))
  }

  /// At the end of a flow a direction that was not closed ends in a gap: what follows is not in the evidence.
  private mutating func end(_ flow: FlowIndex, _ direction: FlowDirection, _ ending: Bool) -> ViewEnd {
    let end = ViewEnd(flows.prefixEnd(of: flow, direction))
    guard ending else { return end }
    let wasClosed = flows[flow].endReason == .fin || flows[flow].endReason == .rst
    return end == .growing || end == .whole && !wasClosed ? .gap : end
  }

  // MARK: - Datagrams

  mutating func showDatagram(
    _ accounting: Accounting, _ packet: inout Packet, _ header: FrameHeader, _ bytes: RawSpan
  ) {
    let number = Int(accounting.flow.number)
    let index = watchOf[number]
    guard !index.isThrough else { return }
    let isMessage = packet.transport == .icmp || packet.transport == .icmpv6 || packet.transport == .other
    let offset = Int(isMessage ? packet.ipPayloadOffset : packet.payloadOffset)
    let captured = Int(isMessage ? packet.ipPayloadCaptured : packet.payloadCaptured)
    let length = Int(isMessage ? packet.ipPayloadLength : packet.payloadLength)
    let payload = bytes.slice(offset, captured)
    let side = Side(accounting.direction)
    let ports = (packet.sourcePort, packet.destinationPort)
    guard let match = table.match(packet.transport, packet.protocolNumber, payload, side, length, ports) else {
      watchOf[number].setThrough()
      return
    }
    let seen = datagramCounts[number] &+ 1
    datagramCounts[number] = seen
    // Most datagrams concern nobody.
    if match.found.isEmpty, index.watch == nil, index.isSettled || !match.hasConstantless {
      if seen >= match.packets { watchOf[number].setThrough() }
      return
    }
    let outline = DatagramOutline(
      length: length, side: side, end: captured < length ? .snapLength : .whole, frame: header.reference,
      time: header.hasTime ? header.time : nil)
    show(accounting.flow, packet.transport, packet.protocolNumber, payload, outline, match, seen: Int(seen))
  }

  /// Shows a datagram to those that it may concern.
  private mutating func show(
    _ flow: FlowIndex, _ transport: Transport, _ protocolNumber: UInt8, _ payload: RawSpan, _ outline: DatagramOutline,
    _ match: PluginTable.Match, seen: Int
  ) {
    let number = Int(flow.number)
    var found = match.found
    if match.hasConstantless, !watchOf[number].isSettled,
      let plugins = table.datagramPlugins(transport, protocolNumber)
    {
      found = found | due(number, payload, outline, plugins)
    }
    let isOver = seen >= match.packets && (watchOf[number].isSettled || !match.hasConstantless)
    if watchOf[number].watch == nil, found.isEmpty {
      if isOver { watchOf[number].setThrough() }
      return
    }
    let watch = watch(flow)
    guard dispatch.isConcerned(&watches[watch], found: found) else {
      if isOver { watchOf[number].setThrough() }
      return
    }
    let datagram = Datagram(
      bytes: payload, length: outline.length, side: outline.side, index: seen &- 1, end: outline.end,
      frame: outline.frame, time: outline.time, flow: facts(flow))
    dispatch.show(&watches[watch], datagram: datagram, found: found)
    if isOver, !dispatch.wantsDatagrams(&watches[watch]) { watchOf[number].setThrough() }
  }

  // MARK: - Shape

  mutating func noteShape(_ accounting: Accounting, _ payloadLength: Int32, _ header: FrameHeader) {
    let number = Int(accounting.flow.number)
    let known = Int(shapeCounts[number])
    guard known < table.shape else { return }
    var gap: Int64 = 0
    if header.hasTime {
      if known > 0, shapeTimes[number] != .min { gap = max(0, header.time.nanoseconds &- shapeTimes[number]) / 1_000 }
      shapeTimes[number] = header.time.nanoseconds
    }
    shapes[number * table.shape + known] = ShapeStep(
      side: Side(accounting.direction), size: UInt16(clamping: payloadLength), gap: UInt32(clamping: gap))
    shapeCounts[number] = UInt8(known + 1)
  }

  private mutating func shape(_ flow: FlowIndex) -> [ShapeStep] {
    guard table.shape > 0 else { return [] }
    let start = Int(flow.number) * table.shape
    return Array(shapes[start..<(start + Int(shapeCounts[Int(flow.number)]))])
  }

  // MARK: - The end of a flow

  /// A flow has ended: plugins are asked a last time, and its record is written.
  mutating func finish(_ ended: EndedFlow) throws(SinkError) {
    let number = Int(ended.flow.number)
    let index = watchOf[number]
    if flows[ended.flow].hasPrefix, index.watch != nil || !table.tcp.constantless.isEmpty {
      let watch = watch(ended.flow)
      if !index.isThrough { show(ended.flow, ending: true) }
      noteContradiction(ended.flow, watch)
    }
    askWaiting(ended.flow)
    let last = watchOf[number].watch
    if let last, !watches[last].isConcluded {
      let facts = facts(ended.flow, shape: shape(ended.flow))
      let frames = FrameMap.merged([flows[ended.flow].firstFrame], [flows[ended.flow].lastFrame])
      if announcesEnds {
        dispatch.announce(FlowEnded(reason: ended.reason.name), &watches[last], facts, frames: frames)
      }
      dispatch.conclude(&watches[last], facts, frames: frames)
    }
    watchOf[number] = WatchIndex()
    var statement = FlowEnd()
    flows.summarize(ended, into: &statement.core.flow)
    if flows[ended.flow].hasAnnex { statement.annex = flows.annex(of: ended.flow) }
    if let last { statement.said = watches[last].said }
    if nameTable != nil { statement.name = takeName(ended.flow) }
    try output.finish(&statement)
    // Held no longer, so that the watch's memory can be used again.
    statement.said = nil
    if let last {
      watches[last].reset()
      watches.release(last)
    }
  }
}
