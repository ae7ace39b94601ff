// Datagram plugins without constants are asked once a flow: with the datagram that is the last of those they declared, or,
// where the flow ends before, with the last one there was. That one is kept for them, for as long as they wait.

import Bytes
import Flows
import Packets
import PluginKit
import Terms

/// What is known of a datagram, its bytes and its flow aside.
struct DatagramOutline {
  let length: Int
  let side: Side
  let end: ViewEnd
  let frame: FrameReference
  let time: Timestamp?
}

/// The last datagram of each flow on which plugins without constants have yet to be asked, within one bound of memory.
struct WaitingDatagrams {
  /// A datagram that was kept, and who waits.
  struct Kept {
    /// Datagrams with a payload so far.
    fileprivate(set) var seen = 0
    fileprivate var asked = BitSet128.empty
    fileprivate(set) var waiting = BitSet128.empty
    /// As many bytes as the plugins want; nil where there was no room for them.
    fileprivate(set) var bytes: [UInt8]? = []
    fileprivate(set) var outline: DatagramOutline
  }

  private var kept: [Int: Kept] = [:]
  private var held = 0
  private let limit: Int
  /// Datagrams for which there was no room.
  private(set) var refusals: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  /// Takes a flow's datagram in.
  ///
  /// - Returns: those that are to be asked with this datagram, and whether none waits any more.
  mutating func take(
    _ flow: Int, _ bytes: RawSpan, _ outline: DatagramOutline, _ plugins: TransportPlugins
  ) -> (due: BitSet128, isSettled: Bool) {
    let known = kept.removeValue(forKey: flow)
    if let known { held -= Self.cost(known) }
    var entry = known ?? Kept(outline: outline)
    entry.seen += 1
    entry.waiting = .empty
    var due = BitSet128.empty
    for (plugin, packets) in plugins.constantlessPackets where !entry.asked.contains(plugin) {
      if entry.seen >= packets {
        due.insert(plugin)
        entry.asked.insert(plugin)
      } else {
        entry.waiting.insert(plugin)
      }
    }
    if entry.waiting.isEmpty { return (due, true) }
    entry.outline = outline
    keep(bytes.slice(0, plugins.constantlessBytes), in: &entry)
    held += Self.cost(entry)
    kept[flow] = entry
    return (due, false)
  }

  private mutating func keep(_ bytes: RawSpan, in entry: inout Kept) {
    var room = entry.bytes ?? []
    entry.bytes = nil
    guard held <= limit &- bytes.byteCount &- Self.entryCost else {
      refusals &+= 1
      return
    }
    // A room much too large is given back: its memory counts.
    if room.capacity > 2 &* bytes.byteCount &+ 64 { room = [] }
    room.removeAll(keepingCapacity: true)
    room.append(bytes)
    entry.bytes = room
  }

  /// What an entry takes beside its bytes, with its share of the table.
  private static let entryCost = 256

  private static func cost(_ entry: Kept) -> Int { entryCost &+ (entry.bytes?.capacity ?? 0) }

  /// Gives what was kept of a flow, and forgets it.
  mutating func remove(_ flow: Int) -> Kept? {
    guard !kept.isEmpty, let entry = kept.removeValue(forKey: flow) else { return nil }
    held -= Self.cost(entry)
    return entry
  }

  /// A flow goes on in a further part.
  mutating func move(from earlier: Int, to later: Int) {
    if !kept.isEmpty { kept[later] = kept.removeValue(forKey: earlier) }
  }
}

extension Timeline {
  /// The plugins without constants that are to be asked with this datagram of a flow.
  mutating func due(
    _ flow: Int, _ bytes: RawSpan, _ outline: DatagramOutline, _ plugins: TransportPlugins
  ) -> BitSet128 {
    let (due, isSettled) = waiting.take(flow, bytes, outline, plugins)
    if isSettled { watchOf[flow].setSettled() }
    return due
  }

  /// The flow has ended: plugins without constants that still wait are asked with its last datagram.
  mutating func askWaiting(_ flow: FlowIndex) {
    guard let kept = waiting.remove(Int(flow.number)) else { return }
    let watch = watch(flow)
    guard let bytes = kept.bytes else {
      watches[watch].note(notAssessable: "no room was left to keep its datagrams for the plugins that ask at its end")
      return
    }
    let outline = kept.outline
    let facts = facts(flow)
    bytes.withRawSpan { span in
      let isWhole = span.byteCount >= outline.length
      let datagram = Datagram(
        bytes: span, length: outline.length, side: outline.side, index: kept.seen &- 1,
        end: outline.end == .whole && !isWhole ? .budget : outline.end, frame: outline.frame, time: outline.time,
        flow: facts)
      dispatch.showLast(&watches[watch], datagram: datagram, to: kept.waiting)
    }
  }
}
