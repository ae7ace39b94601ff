// What is counted of every frame, whatever it holds: how many by interface, and from when to when.

import Bytes
import Terms

/// Counts of the frames of a timeline's evidence items. Successive frames mostly come from one item and interface: they
/// are counted as a run, which is entered where it ends.
struct FrameCounts: ~Copyable {
  /// Interfaces of one evidence item whose frames are counted apart.
  private static let mostInterfaces = 4_096

  /// Packet times of one evidence item.
  struct Times: BitwiseCopyable {
    var first = Int64.max
    var latest = Int64.min
    var isKnown = false
    /// Frames with a time before the latest one's.
    var regressions: UInt64 = 0
  }

  private var times = Slab<Times>()
  private var frames: [UInt64]
  private var byInterface: [[UInt64]]
  private var runItem = 0
  private var runInterface: UInt32 = 0
  private var run: UInt64 = 0

  init(items: Int) {
    frames = Array(repeating: 0, count: items)
    byInterface = Array(repeating: [], count: items)
    for _ in 0..<items { _ = times.append(Times()) }
  }

  @inline(__always)
  mutating func count(_ header: FrameHeader, _ item: Int) {
    if item != runItem || header.interface != runInterface {
      enterRun()
      runItem = item
      runInterface = header.interface
    }
    run &+= 1
    guard header.hasTime else { return }
    let time = header.time.nanoseconds
    let place = UInt32(truncatingIfNeeded: item)
    if time >= times[place].latest {
      if !times[place].isKnown {
        times[place].isKnown = true
        times[place].first = time
      }
      times[place].latest = time
    } else {
      times[place].regressions &+= 1
      if time < times[place].first { times[place].first = time }
    }
  }

  private mutating func enterRun() {
    guard run > 0 else { return }
    frames[runItem] &+= run
    let interface = Int(runInterface)
    if interface < Self.mostInterfaces {
      while byInterface[runItem].count <= interface { byInterface[runItem].append(0) }
      byInterface[runItem][interface] &+= run
    }
    run = 0
  }

  /// Frames of each interface of an item, as far as any had one.
  mutating func interfaces(_ item: Int) -> [UInt64] {
    enterRun()
    return byInterface[item]
  }

  /// Frames of an item.
  mutating func frames(_ item: Int) -> UInt64 {
    enterRun()
    return frames[item]
  }

  /// Earliest and latest time of an item's frames, and how many came out of order; nil where none had a time.
  func times(_ item: Int) -> (first: Timestamp, latest: Timestamp, regressions: UInt64)? {
    let known = times[UInt32(truncatingIfNeeded: item)]
    guard known.isKnown else { return nil }
    return (
      Timestamp(nanoseconds: known.first), Timestamp(nanoseconds: known.latest), known.regressions
    )
  }
}
