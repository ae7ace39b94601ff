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
  enum Source {
    /// The flow's bytes from these offsets on.
    case flow(client: Int, server: Int)
    /// Bytes that a plugin put together.
    case copied(client: [UInt8], server: [UInt8], frames: [FrameReference])
  }

  var source: Source
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

  func member(_ plugin: Int) -> Int? { members.firstIndex { $0.plugin == plugin } }

  /// The first member from place `next` on that was not let go; `next` is the place behind it then.
  func open(from next: inout Int) -> Member? {
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

/// The plugins' side of one flow: what is still being read, and what was said so far.
final class FlowWatch {
  var streams: [WatchedStream]
  /// How far plugins have read the flow's own stream.
  var read = StreamPlace()
  var said: FlowStatement

  init() {
    streams = [WatchedStream(source: .flow(client: 0, server: 0), way: [])]
    said = FlowStatement()
  }

  private init(concluded said: FlowStatement) {
    streams = []
    self.said = said
  }

  /// Whether nothing is read any more: of a part of a flow that goes on in a later one.
  var isConcluded: Bool { streams.isEmpty }

  /// A further part of the flow begins: plugins go on reading, and what they said stays with the part before, which is
  /// given.
  func beginPart() -> FlowWatch { FlowWatch(concluded: said.beginPart()) }

  func note(protocol name: StaticString) {
    if !said.protocols.contains(where: { $0.isSame(as: name) }) { said.protocols.append(name) }
  }

  /// Puts what one observation says into the last object of its record, or into a new one where that has the type.
  func add(_ type: ObjectIdentifier, of record: StaticString, stream: Int, members: [UInt8]) {
    said.part.objects.add(type, of: record, stream: stream, way: streams[stream].way, members: members)
  }

  func note(notAssessable reason: String) {
    if !said.part.notAssessable.contains(reason) { said.part.notAssessable.append(reason) }
  }
}
