// Which flow has been idle longest: a list a timeout class, ordered by last packet. A touch is a constant few steps.

import Bytes

/// Flows that share a timeout.
enum IdleClass: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  case tcp, udp, other
  /// Closed by FIN or RST, waiting for what comes late.
  case closed
}

/// A flow's place in its list: 16 bytes, apart from the flow itself, as a touch writes three of them.
struct IdleLink: BitwiseCopyable {
  var previous = UInt32.max
  var next = UInt32.max
  /// When the flow was last touched: the timeline's clock or the packet's own time, the later of both.
  var touched: Int64 = 0
}

/// Doubly linked lists over the flows' indices, the longest idle first.
struct IdleLists: ~Copyable {
  private var links = Slab<IdleLink>()
  private var heads = InlineArray<4, UInt32>(repeating: .max)
  private var tails = InlineArray<4, UInt32>(repeating: .max)

  /// Puts a flow that is in no list at the end of one.
  @inline(__always)
  mutating func append(_ index: UInt32, to list: IdleClass, at time: Int64) {
    while links.count <= index { _ = links.append(IdleLink()) }
    let place = Int(list.rawValue)
    let tail = tails[place]
    links[index] = IdleLink(previous: tail, next: .max, touched: time)
    if tail == .max { heads[place] = index } else { links[tail].next = index }
    tails[place] = index
  }

  /// Takes a flow out of its list.
  @inline(__always)
  mutating func remove(_ index: UInt32, from list: IdleClass) {
    let place = Int(list.rawValue)
    let link = links[index]
    if link.previous == .max { heads[place] = link.next } else { links[link.previous].next = link.next }
    if link.next == .max { tails[place] = link.previous } else { links[link.next].previous = link.previous }
  }

  /// Moves a flow to the end of its list.
  @inline(__always)
  mutating func touch(_ index: UInt32, in list: IdleClass, at time: Int64) {
    if tails[Int(list.rawValue)] == index {
      links[index].touched = time
      return
    }
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
