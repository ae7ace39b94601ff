// Which flow has been idle longest: a list a timeout class, ordered by last packet to an eighth of a second, so that most
// packets of a burst move nothing. When a flow was last touched is kept exactly.

import Bytes

/// Flows that share a timeout.
enum IdleClass: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  case tcp, udp, other
  /// Closed by FIN or RST, waiting for what comes late.
  case closed
}

/// A flow's place in its list: 24 bytes, apart from the flow itself, as a move writes four of them.
struct IdleLink: BitwiseCopyable {
  var previous = UInt32.max
  var next = UInt32.max
  /// When the flow was last touched: the timeline's clock or the packet's own time, the later of both.
  var touched: Int64 = 0
  /// When the flow was last moved to the end: the lists are in order of this.
  var moved: Int64 = 0
}

/// Doubly linked lists over the flows' indices, the longest idle first.
struct IdleLists: ~Copyable {
  private var links = Slab<IdleLink>()
  private var heads = InlineArray<4, UInt32>(repeating: .max)
  private var tails = InlineArray<4, UInt32>(repeating: .max)
  /// Nanoseconds that a flow may have been touched after it was moved.
  private static let grain: Int64 = 125_000_000

  /// Puts a flow that is in no list at the end of one.
  @inline(__always)
  mutating func append(_ index: UInt32, to list: IdleClass, at time: Int64) {
    while links.count <= index { _ = links.append(IdleLink()) }
    let place = Int(list.rawValue)
    let tail = tails[place]
    links[index] = IdleLink(previous: tail, next: .max, touched: time, moved: time)
    if tail == .max { heads[place] = index } else { links[tail].next = index }
    tails[place] = index
  }

  @inline(__always)
  func prefetch(_ index: UInt32) { links.prefetch(index) }

  /// Takes a flow out of its list.
  @inline(__always)
  mutating func remove(_ index: UInt32, from list: IdleClass) {
    let place = Int(list.rawValue)
    let link = links[index]
    if link.previous == .max { heads[place] = link.next } else { links[link.previous].next = link.next }
    if link.next == .max { tails[place] = link.previous } else { links[link.next].previous = link.previous }
  }

  /// Moves a flow to the end of its list, if it was not moved a moment ago.
  @inline(__always)
  mutating func touch(_ index: UInt32, in list: IdleClass, at time: Int64) {
    let (since, overflow) = time.subtractingReportingOverflow(links[index].moved)
    if !overflow, since >= 0, since < Self.grain {
      links[index].touched = time
      return
    }
    move(index, to: list, at: time)
  }

  /// Moves a flow to the end of its list.
  mutating func move(_ index: UInt32, to list: IdleClass, at time: Int64) {
    remove(index, from: list)
    append(index, to: list, at: time)
  }

  /// The flow that has been idle longest, and since when.
  func head(of list: IdleClass) -> (index: UInt32, touched: Int64)? {
    let index = heads[Int(list.rawValue)]
    return index == .max ? nil : (index, links[index].touched)
  }

  /// Whether the list has more than one flow.
  func hasSeveral(_ list: IdleClass) -> Bool { heads[Int(list.rawValue)] != tails[Int(list.rawValue)] }

  /// The flow after this one in its list.
  func next(after index: UInt32) -> UInt32? {
    let next = links[index].next
    return next == .max ? nil : next
  }

  func touched(_ index: UInt32) -> Int64 { links[index].touched }
}
