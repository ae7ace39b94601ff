// Asks the plugins: which one, with which view, and what follows from its answer.

import Bytes
import Findings
import Packets
import Platform
import PluginKit
import Terms

/// What a stream's two directions hold at a moment.
struct StreamBytes: ~Escapable {
  let client: RawSpan
  let server: RawSpan
  let clientEnd: ViewEnd
  let serverEnd: ViewEnd

  @_lifetime(copy client, copy server)
  init(client: RawSpan, server: RawSpan, clientEnd: ViewEnd, serverEnd: ViewEnd) {
    self.client = client
    self.server = server
    self.clientEnd = clientEnd
    self.serverEnd = serverEnd
  }
}

/// Calls plugins on the streams and datagrams of one timeline.
final class Dispatch {
  let table: PluginTable
  let core: RecorderCore
  private let limits: RecordLimits
  private let page: PlaceNotes?
  /// The frame that is being worked on.
  var frame: UInt64 = 0
  /// Plugins to be kept off the flow of the frame at hand, from this frame on.
  var barred = BitSet128.empty

  init(table: PluginTable, allowed: Categories, limits: RecordLimits, page: PlaceNotes?) {
    self.table = table
    self.limits = limits
    self.page = page
    core = RecorderCore(
      allowed: allowed, emits: table.entries.map(\.manifest.emits), heard: table.topics.map(\.type),
      notes: table.notes, limits: limits)
  }

  // MARK: - Streams

  /// Whether the first bytes of a TCP flow concern any plugin, and whether more bytes are needed to tell.
  func matches(_ bytes: borrowing StreamBytes) -> (concerned: Bool, undecided: Bool) {
    let matcher = table.tcp.matcher
    let client = bytes.client
    let server = bytes.server
    let plugins =
      matcher.plugins(client, side: .client, length: nil) | matcher.plugins(server, side: .server, length: nil)
    let undecided =
      client.byteCount == 0 || server.byteCount == 0 || matcher.mayStillMatch(client, side: .client)
      || matcher.mayStillMatch(server, side: .server)
    var concerned = !plugins.isEmpty
    for plugin in table.tcp.constantless where isDue(plugin, bytes) { concerned = true }
    return (concerned, undecided)
  }

  /// Shows the grown stream to whoever waits for it.
  ///
  /// - Parameter ending: the flow has ended: whoever ran out of bytes is asked a last time.
  func show(
    _ watch: inout FlowWatch, bytes: borrowing StreamBytes, client: FrameMap, server: FrameMap, flow: FlowFacts,
    ending: Bool
  ) {
    core.beginRound()
    var index = 0
    while index < watch.streams.count, index < limits.streams {
      show(&watch, index, bytes, client, server, flow, ending)
      index += 1
    }
    core.endRound()
  }

  private func show(
    _ watch: inout FlowWatch, _ index: Int, _ bytes: borrowing StreamBytes, _ clientMap: FrameMap,
    _ serverMap: FrameMap,
    _ flow: FlowFacts, _ ending: Bool
  ) {
    if watch.streams[index].copied != nil {
      showCopied(&watch, index, flow, ending: ending)
      return
    }
    var clientMap = clientMap
    var serverMap = serverMap
    clientMap.origin = watch.streams[index].clientOffset
    serverMap.origin = watch.streams[index].serverOffset
    let inner = StreamBytes(
      client: bytes.client.slice(clientMap.origin), server: bytes.server.slice(serverMap.origin),
      clientEnd: bytes.clientEnd, serverEnd: bytes.serverEnd)
    ask(&watch, index, inner, .stream(client: clientMap, server: serverMap), flow, ending)
  }

  /// Matches the first bytes of a stream where that is still open, then asks its members.
  private func ask(
    _ watch: inout FlowWatch, _ index: Int, _ bytes: borrowing StreamBytes, _ scene: RecorderCore.Scene,
    _ flow: FlowFacts,
    _ ending: Bool
  ) {
    let client = bytes.client
    let server = bytes.server
    watch.streams[index].match(client, server, table.tcp)
    if !watch.streams[index].isSettled { settleConstantless(&watch, index, bytes, ending) }
    var next = 0
    while let member = watch.streams[index].open(from: &next) {
      let isDue =
        ending
        ? member.ranOut || member.looks == 0
        : client.byteCount >= member.askAtClient && server.byteCount >= member.askAtServer
      guard isDue, let inspect = table.runners[member.plugin].inspectStream else { continue }
      if barred.contains(member.plugin) {
        close(&watch, index, member.plugin)
      } else if member.looks >= limits.looks {
        watch.note(notAssessable: reason(member.plugin, "budget of looks"))
        close(&watch, index, member.plugin)
      } else {
        call(&watch, index, next &- 1, member, inspect, bytes, scene, flow, ending)
      }
    }
  }

  /// Makes members of the plugins without constants that are due.
  private func settleConstantless(
    _ watch: inout FlowWatch, _ index: Int, _ bytes: borrowing StreamBytes, _ ending: Bool
  ) {
    var due = BitSet128.empty
    var isSettled = true
    for plugin in table.tcp.constantless {
      if ending || isDue(plugin, bytes) { due.insert(plugin) } else { isSettled = false }
    }
    watch.streams[index].isSettled = isSettled
    _ = watch.streams[index].admit(due)
  }

  /// Whether a direction holds all the bytes that a plugin without constants declared: then it is asked.
  private func isDue(_ plugin: Int, _ bytes: borrowing StreamBytes) -> Bool {
    max(bytes.client.byteCount, bytes.server.byteCount) >= table.entries[plugin].manifest.bytes
  }

  private func call(
    _ watch: inout FlowWatch, _ index: Int, _ at: Int, _ member: Member,
    _ inspect: (Conversation, inout PluginRunner.Slot, inout Recorder) throws(ReadError) -> Verdict,
    _ bytes: borrowing StreamBytes, _ scene: RecorderCore.Scene, _ flow: FlowFacts, _ ending: Bool
  ) {
    let plugin = member.plugin
    let appetite = table.entries[plugin].manifest.bytes
    let client = bytes.client
    let server = bytes.server
    let conversation = Conversation(
      client: StreamSide(
        bytes: client.slice(0, appetite), end: client.byteCount >= appetite ? .budget : bytes.clientEnd, side: .client),
      server: StreamSide(
        bytes: server.slice(0, appetite), end: server.byteCount >= appetite ? .budget : bytes.serverEnd, side: .server),
      flow: flow, depth: index)
    page?.call(plugin: UInt16(plugin &+ 1), frame: frame)
    core.begin(&watch, stream: index, plugin: plugin, scene: scene)
    var recorder = Recorder(core)
    var slot = member.slot
    do {
      let verdict = try inspect(conversation, &slot, &recorder)
      watch.streams[index].members[at].answered(slot)
      core.keep(in: &watch)
      settle(&watch, index, plugin, verdict, flow)
    } catch {
      watch.streams[index].members[at].looks += 1
      core.undo()
      runShort(&watch, index, at, error, conversation, ending)
    }
    deliverFacts(&watch, flow)
  }

  /// What a call that threw leads to: closed, or asked again when there is more, or said to be not assessable.
  private func runShort(
    _ watch: inout FlowWatch, _ index: Int, _ at: Int, _ error: ReadError, _ conversation: borrowing Conversation,
    _ ending: Bool
  ) {
    let plugin = watch.streams[index].members[at].plugin
    guard error.kind == .ranOut else {
      close(&watch, index, plugin)
      return
    }
    let isServer = error.source == .server
    let end = isServer ? conversation.server.end : conversation.client.end
    let have = isServer ? conversation.server.bytes.byteCount : conversation.client.bytes.byteCount
    switch end {
    case .growing where !ending:
      watch.streams[index].members[at].ranOut = true
      if isServer {
        watch.streams[index].members[at].askAtServer = have &+ error.missing
      } else {
        watch.streams[index].members[at].askAtClient = have &+ error.missing
      }
    case .whole:
      close(&watch, index, plugin)
    case .snapLength:
      watch.note(notAssessable: reason(plugin, "cut by the snap length"))
      close(&watch, index, plugin)
    case .budget:
      watch.note(notAssessable: reason(plugin, "longer than the budget"))
      close(&watch, index, plugin)
    case .gap, .growing:
      watch.note(notAssessable: reason(plugin, ending ? "the evidence ends in it" : "a gap in the evidence"))
      close(&watch, index, plugin)
    }
  }

  private func reason(_ plugin: Int, _ what: String) -> String {
    "\(table.entries[plugin].manifest.identifier): \(what)"
  }

  /// Takes a plugin off a stream and gives its memory back.
  private func close(_ watch: inout FlowWatch, _ index: Int, _ plugin: Int) {
    watch.streams[index].closed.insert(plugin)
    guard let at = watch.streams[index].member(plugin) else { return }
    table.runners[plugin].release(watch.streams[index].members[at].slot)
    watch.streams[index].members[at].slot = PluginRunner.none
    watch.streams[index].members[at].ranOut = false
  }

  private func settle(
    _ watch: inout FlowWatch, _ index: Int, _ plugin: Int, _ verdict: Verdict, _ flow: FlowFacts
  ) {
    if let (client, server) = core.takeInner() {
      takeInner(&watch, index, plugin, client, server)
    }
    switch verdict {
    case .needMore: return
    case .notMine, .done: close(&watch, index, plugin)
    case .carries(let client, let server):
      close(&watch, index, plugin)
      watch.said.note(protocol: table.entries[plugin].manifest.identifier)
      guard client > 0 || server > 0, client >= 0, server >= 0 else { return }
      guard watch.streams[index].copied == nil else { return }
      guard watch.streams.count < limits.streams else {
        core.note(.streams)
        return
      }
      watch.streams.append(
        WatchedStream(
          clientOffset: watch.streams[index].clientOffset &+ client,
          serverOffset: watch.streams[index].serverOffset &+ server, way: watch.streams[index].way + [plugin]))
    }
  }

  /// Begins or grows the inner stream that a plugin puts together.
  private func takeInner(_ watch: inout FlowWatch, _ index: Int, _ plugin: Int, _ client: [UInt8], _ server: [UInt8]) {
    let way = watch.streams[index].way + [plugin]
    let frames = core.frames(of: .here)
    if let known = watch.streams.firstIndex(where: { $0.copied != nil && $0.way == way }) {
      let earlier = watch.streams[known].copied?.frames ?? []
      let isFull = earlier.count >= limits.innerFrames
      if isFull { core.note(.innerFrames) }
      let all = isFull ? earlier : FrameMap.merged(earlier, frames)
      watch.streams[known].copied = WatchedStream.Copied(client: client, server: server, frames: all)
    } else if watch.streams.count < limits.streams {
      watch.streams.append(
        WatchedStream(copied: WatchedStream.Copied(client: client, server: server, frames: frames), way: way))
    } else {
      core.note(.streams)
    }
  }

  /// Whether some plugin still reads some stream of the flow, or may come to.
  func wantsBytes(_ watch: inout FlowWatch) -> Bool {
    watch.streams.contains { stream in
      !stream.isClientMatched || !stream.isServerMatched || !stream.isSettled
        || stream.members.contains { !stream.closed.contains($0.plugin) && table.entries[$0.plugin].readsStreams }
    }
  }

  /// Whether some plugin still reads the flow's datagrams.
  func wantsDatagrams(_ watch: inout FlowWatch) -> Bool {
    watch.streams[0].members.contains {
      !watch.streams[0].closed.contains($0.plugin) && table.entries[$0.plugin].readsDatagrams
        && $0.looks < table.entries[$0.plugin].manifest.packets
    }
  }

  // MARK: - Datagrams

  /// Whether a datagram that the constants of `found` match would be shown to anyone.
  func isConcerned(_ watch: inout FlowWatch, found: BitSet128) -> Bool {
    !found.subtracting(watch.streams[0].closed).isEmpty || wantsDatagrams(&watch) || watch.streams.count > 1
  }

  /// Shows a datagram to the plugins `found` by their constants and to those that hold memory.
  func show(_ watch: inout FlowWatch, datagram: borrowing Datagram, found: BitSet128) {
    // Most have let the flow go before.
    guard watch.streams[0].admit(found) || watch.streams.count > 1 else { return }
    core.beginRound()
    let scene = RecorderCore.Scene.datagram(datagram.frame)
    var next = 0
    while let member = watch.streams[0].open(from: &next) {
      ask(&watch, next &- 1, member, datagram, scene)
    }
    showCopied(&watch, datagram.flow)
  }

  /// Shows a datagram that was kept to plugins that still wait for the flow's last one, and to no others.
  func showLast(_ watch: inout FlowWatch, datagram: borrowing Datagram, to waiting: BitSet128) {
    core.beginRound()
    var waiting = waiting
    _ = watch.streams[0].admit(waiting)
    while let plugin = waiting.popFirst() {
      guard !watch.streams[0].closed.contains(plugin), let at = watch.streams[0].member(plugin) else { continue }
      let member = watch.streams[0].members[at]
      // One that hears others' facts may have been shown the flow's datagrams for that.
      if member.looks == 0 { ask(&watch, at, member, datagram, RecorderCore.Scene.datagram(datagram.frame)) }
    }
    showCopied(&watch, datagram.flow)
  }

  /// Shows a datagram to one of a flow's plugins.
  private func ask(
    _ watch: inout FlowWatch, _ at: Int, _ member: Member, _ datagram: borrowing Datagram, _ scene: RecorderCore.Scene
  ) {
    let facts = datagram.flow
    let plugin = member.plugin
    guard let inspect = table.runners[plugin].inspectDatagram else { return }
    if barred.contains(plugin) {
      close(&watch, 0, plugin)
      return
    }
    guard member.looks < table.entries[plugin].manifest.packets else { return }
    page?.call(plugin: UInt16(plugin &+ 1), frame: frame)
    core.begin(&watch, stream: 0, plugin: plugin, scene: scene)
    var recorder = Recorder(core)
    var slot = member.slot
    do {
      let verdict = try inspect(datagram, &slot, &recorder)
      watch.streams[0].members[at].answered(slot)
      core.keep(in: &watch)
      settle(&watch, 0, plugin, verdict, facts)
    } catch {
      core.undo()
      if error.kind == .ranOut {
        if datagram.end == .snapLength { watch.note(notAssessable: reason(plugin, "cut by the snap length")) }
        if datagram.end == .budget { watch.note(notAssessable: reason(plugin, "longer than the budget")) }
      }
      close(&watch, 0, plugin)
    }
    deliverFacts(&watch, facts)
  }

  /// Shows the inner streams that plugins put together out of datagrams.
  private func showCopied(_ watch: inout FlowWatch, _ facts: FlowFacts) {
    var index = 1
    while index < watch.streams.count, index < limits.streams {
      if watch.streams[index].copied != nil { showCopied(&watch, index, facts, ending: false) }
      index += 1
    }
  }

  private func showCopied(_ watch: inout FlowWatch, _ index: Int, _ flow: FlowFacts, ending: Bool) {
    guard let copied = watch.streams[index].copied else { return }
    copied.client.withRawSpan { clientSpan in
      copied.server.withRawSpan { serverSpan in
        let bytes = StreamBytes(
          client: clientSpan, server: serverSpan, clientEnd: end(ofCopied: copied.client, ending),
          serverEnd: end(ofCopied: copied.server, ending))
        ask(&watch, index, bytes, .frames(copied.frames), flow, ending)
      }
    }
  }

  /// How a direction of a stream ends that a plugin puts together: beyond its bound it is never read.
  private func end(ofCopied bytes: [UInt8], _ ending: Bool) -> ViewEnd {
    bytes.count >= limits.innerBytes ? .budget : ending ? .gap : .growing
  }

  // MARK: - Observations

  /// Gives the facts of the last call to their subscribers; facts may give rise to facts, up to the bound.
  private func deliverFacts(_ watch: inout FlowWatch, _ flow: FlowFacts) {
    var queue = core.takeFacts()
    while !queue.isEmpty {
      for fact in queue { deliver(fact, &watch, flow) }
      queue = core.takeFacts()
    }
  }

  private func deliver(_ fact: RecorderCore.Fact, _ watch: inout FlowWatch, _ flow: FlowFacts) {
    let type = ObjectIdentifier(type(of: fact.value))
    for topic in table.topics where topic.type == type {
      guard !watch.streams[fact.stream].closed.contains(topic.plugin) else { continue }
      if barred.contains(topic.plugin) {
        close(&watch, fact.stream, topic.plugin)
        continue
      }
      var at = watch.streams[fact.stream].member(topic.plugin)
      var slot = at.map { watch.streams[fact.stream].members[$0].slot } ?? PluginRunner.none
      page?.call(plugin: UInt16(topic.plugin &+ 1), frame: frame)
      core.begin(&watch, stream: fact.stream, plugin: topic.plugin, scene: .frames(fact.frames))
      var recorder = Recorder(core)
      let verdict = table.runners[topic.plugin].deliver(topic.index, fact.value, flow, &slot, &recorder)
      core.keep(in: &watch)
      if at == nil, verdict == .needMore {
        at = watch.streams[fact.stream].members.count
        watch.streams[fact.stream].members.append(Member(plugin: topic.plugin))
      }
      if let at { watch.streams[fact.stream].members[at].slot = slot }
      if verdict != .needMore, table.entries[topic.plugin].readsStreams || table.entries[topic.plugin].readsDatagrams {
        // A reader that also listens goes on reading, whatever it answers to a fact.
        continue
      }
      if verdict != .needMore { watch.streams[fact.stream].closed.insert(topic.plugin) }
    }
  }

  /// Delivers one of the engine's own facts about a flow.
  func announce(_ fact: any Observation, _ watch: inout FlowWatch, _ flow: FlowFacts, frames: [FrameReference]) {
    core.beginRound()
    deliver(RecorderCore.Fact(value: fact, frames: frames, stream: 0, emitter: -1), &watch, flow)
    deliverFacts(&watch, flow)
  }

  // MARK: - The end

  /// Asks whoever put something together once more, then concludes every plugin that holds memory on the flow.
  func conclude(_ watch: inout FlowWatch, _ flow: FlowFacts, frames: [FrameReference]) {
    core.beginRound()
    var index = 1
    while index < watch.streams.count, index < limits.streams {
      showCopied(&watch, index, flow, ending: true)
      index += 1
    }
    index = 0
    while index < watch.streams.count {
      var at = 0
      while at < watch.streams[index].members.count {
        let member = watch.streams[index].members[at]
        if member.slot != PluginRunner.none, !watch.streams[index].closed.contains(member.plugin) {
          if !barred.contains(member.plugin) {
            page?.call(plugin: UInt16(member.plugin &+ 1), frame: frame)
            core.begin(&watch, stream: index, plugin: member.plugin, scene: .frames(frames))
            var recorder = Recorder(core)
            table.runners[member.plugin].conclude(flow, member.slot, &recorder)
            core.keep(in: &watch)
            deliverFacts(&watch, flow)
          }
          close(&watch, index, member.plugin)
        }
        at += 1
      }
      index += 1
    }
  }
}
