// What the plugins know of one flow: its streams, and how far each plugin has read them.

import Bytes
import Findings
import Packets
import PluginKit
import Terms

/// A plugin that looks at a stream.
struct Member {
  let plugin: Int
  var slot = PluginRunner.none
  /// Calls so far.
  var looks = 0
  /// Bytes of each direction from which on asking again makes sense.
  var askAtClient = 0
  var askAtServer = 0
  /// The last call ran out of bytes: whether it can be told at all depends on how the view ends.
  var ranOut = false

  /// The call at hand has returned.
  mutating func answered(_ slot: PluginRunner.Slot) {
    self.slot = slot
    looks += 1
    ranOut = false
    askAtClient = 0
    askAtServer = 0
  }
}

/// A stream of a flow: the flow's own, or one that a plugin found inside.
struct WatchedStream {
  /// Bytes that a plugin put together, and their frames.
  struct Copied {
    var client: [UInt8]
    var server: [UInt8]
    var frames: [FrameReference]
  }

  /// The flow's bytes from these offsets on, where nothing was put together.
  var clientOffset = 0
  var serverOffset = 0
  var copied: Copied?
  /// The plugins whose verdict led here, outermost first.
  let way: [Int]
  var members: [Member] = []
  /// Plugins that are not to be asked (again) on this stream.
  var closed = BitSet128.empty
  /// Whether the first bytes of each direction were matched for good.
  var isClientMatched = false
  var isServerMatched = false
  /// Whether every stream plugin without constants is among the members, or was.
  var isSettled = false

  /// Forgets all but the memory that it took: of a flow's own stream.
  mutating func reset() {
    members.removeAll(keepingCapacity: true)
    closed = .empty
    isClientMatched = false
    isServerMatched = false
    isSettled = false
  }

  func member(_ plugin: Int) -> Int? { members.firstIndex { $0.plugin == plugin } }

  /// The first member from place `next` on that was not let go; `next` is the place behind it then.
  /// Changes nothing: a borrowed stream would be copied.
  mutating func open(from next: inout Int) -> Member? {
    while next < members.count {
      next &+= 1
      if !closed.contains(members[next &- 1].plugin) { return members[next &- 1] }
    }
    return nil
  }

  /// Makes the plugins members that are none and were not let go; tells whether anyone is left to be asked.
  mutating func admit(_ plugins: BitSet128) -> Bool {
    var new = plugins.subtracting(closed)
    while let plugin = new.popFirst() {
      if member(plugin) == nil { members.append(Member(plugin: plugin)) }
    }
    var first = 0
    return open(from: &first) != nil
  }

  /// Matches the first bytes of each direction, where that is still open.
  mutating func match(_ client: RawSpan, _ server: RawSpan, _ plugins: TransportPlugins) {
    guard !isClientMatched || !isServerMatched else { return }
    let matcher = plugins.matcher
    var found = BitSet128.empty
    if !isClientMatched, client.byteCount > 0 {
      found = found | matcher.plugins(client, side: .client, length: nil)
      isClientMatched = !matcher.mayStillMatch(client, side: .client)
    }
    if !isServerMatched, server.byteCount > 0 {
      found = found | matcher.plugins(server, side: .server, length: nil)
      isServerMatched = !matcher.mayStillMatch(server, side: .server)
    }
    _ = admit(found)
  }
}

/// The plugins' side of one flow: what is still being read, and what was said so far. It is lent as `inout`, and its
/// place is used again for other flows with the memory that it took.
struct FlowWatch {
  var streams: [WatchedStream]
  /// How far plugins have read the flow's own stream.
  var read = StreamPlace()
  var said = FlowStatement()

  init() { streams = [WatchedStream(way: [])] }

  private init(concluded said: FlowStatement) {
    streams = []
    self.said = said
  }

  /// Whether nothing is read any more: of a part of a flow that goes on in a later one.
  var isConcluded: Bool { streams.isEmpty }

  /// A further part of the flow begins: plugins go on reading, and what they said stays with the part before, which is
  /// given.
  mutating func beginPart() -> FlowWatch { FlowWatch(concluded: said.beginPart()) }

  mutating func note(notAssessable reason: String) {
    if !said.part.notAssessable.contains(reason) { said.part.notAssessable.append(reason) }
  }

  /// Forgets the flow.
  mutating func reset() {
    guard !streams.isEmpty else {
      self = FlowWatch()
      return
    }
    if streams.count > 1 { streams.removeLast(streams.count &- 1) }
    streams[0].reset()
    read = StreamPlace()
    said.reset()
  }
}
