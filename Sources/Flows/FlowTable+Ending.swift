// How flows leave the table: by their own packets, by sweeps, for want of room, and at the end of the evidence.

import Terms

/// Flows that ended and wait to be drained, and when to look for more.
struct EndingState {
  private var queue: [EndedFlow] = []
  private var taken = 0
  /// No flow is due before the clock shows this.
  var nextDue = Int64.max
  /// At the end of the evidence: what is left, by ordinal above and flow in the low 32 bits, the first one last.
  var remaining: [UInt64] = []
  var finalReason = EndReason.none

  @inline(__always)
  func hasEnded(by now: Int64) -> Bool { now >= nextDue || taken < queue.count || finalReason != .none }

  /// A flow touched at `time` may be due after its timeout.
  @inline(__always)
  mutating func isDue(at time: Int64, after timeout: Int64) {
    let (due, overflow) = time.addingReportingOverflow(timeout)
    if !overflow, due < nextDue { nextDue = due }
  }

  mutating func queue(_ flow: FlowIndex, _ reason: EndReason, continuedBy: FlowIndex? = nil) {
    queue.append(EndedFlow(flow: flow, reason: reason, continuedBy: continuedBy))
  }

  mutating func next() -> EndedFlow? {
    guard taken < queue.count else { return nil }
    let ended = queue[taken]
    taken &+= 1
    if taken == queue.count {
      queue.removeAll(keepingCapacity: true)
      taken = 0
    }
    return ended
  }
}

extension FlowTable {
  /// The next flow that ended; nil where none waits. Drain it after each packet whose accounting says so: the order is
  /// the same on every run, first those that the packet ended, then those that a sweep found.
  public mutating func nextEnded() -> EndedFlow? {
    if let ended = ending.next() { return ended }
    if ending.finalReason != .none { return nextRemaining() }
    guard clock.now >= ending.nextDue else { return nil }
    return sweepOne()
  }

  /// Gives the entry of an ended flow back; its index may then name another flow.
  public mutating func release(_ flow: FlowIndex) {
    dropPrefix(flow)
    let annex = entries[flow.number].annex
    if annex != .max {
      annexes.release(annex)
      entries[flow.number].annex = .max
    }
    entries.release(flow.number)
  }

  /// Ends every flow that is left, in the order of their first packets; drain `nextEnded`, then begin no more.
  ///
  /// A closed flow has its own reason, and one that was idle for its timeout by the last packet's time has that.
  public mutating func endAll(_ reason: EndReason = .endOfEvidence) {
    ending.finalReason = reason
    ending.remaining = []
    ending.remaining.reserveCapacity(buckets.count)
    // 32 bits of the ordinal suffice: counted from the next one back, no flow in the table is 4 billion flows old.
    let newest = created
    for list in IdleClass.allCases {
      var next = idle.head(of: list)?.index
      while let flow = next {
        let age = min(newest &- entries[flow].ordinal, UInt64(UInt32.max))
        ending.remaining.append(age << 32 | UInt64(flow))
        next = idle.next(after: flow)
      }
    }
    // The oldest last: the last is taken each time.
    ending.remaining.sort()
  }

  private mutating func nextRemaining() -> EndedFlow? {
    guard let last = ending.remaining.popLast() else {
      ending.finalReason = .none
      ending.remaining = []
      buckets = FlowBuckets()
      idle = IdleLists()
      return nil
    }
    let flow = UInt32(truncatingIfNeeded: last)
    var reason = entries[flow].endReason
    if reason == .none {
      let now = max(clock.now, clock.latest)
      let isIdle = isApart(now, idle.touched(flow), by: limits.timeout(entries[flow].idleClass))
      reason = isIdle ? .idleTimeout : ending.finalReason
    }
    // Nothing begins any more: the index and the lists need not know.
    entries[flow].endReason = reason
    if entries[flow].hasPrefix { prefixes.finish(entries[flow].prefix, reason) }
    return EndedFlow(flow: FlowIndex(number: flow), reason: reason, continuedBy: nil)
  }

  /// Takes a flow out of the index and the lists; its entry stays.
  mutating func end(_ flow: UInt32, hash: UInt32, reason: EndReason, isQueued: Bool = true) {
    buckets.remove(hash, flow)
    idle.remove(flow, from: entries[flow].idleClass)
    entries[flow].endReason = reason
    if entries[flow].hasPrefix { prefixes.finish(entries[flow].prefix, reason) }
    if isQueued { ending.queue(FlowIndex(number: flow), reason) }
  }

  /// Ends one flow whose timeout the clock has passed.
  private mutating func sweepOne() -> EndedFlow? {
    ending.nextDue = .max
    for list in IdleClass.allCases {
      guard let head = idle.head(of: list) else { continue }
      if isApart(clock.now, head.touched, by: limits.timeout(list)) {
        // The next flow to end was not touched for as long: it comes from memory while this one is dealt with.
        if let next = idle.next(after: head.index) {
          entries.prefetch(next)
          idle.prefetch(next)
        }
        let own = entries[head.index].endReason
        let hash = entries[head.index].key.hash(seed: seed)
        end(head.index, hash: hash, reason: own == .none ? .idleTimeout : own)
        ending.nextDue = clock.now
        return ending.next()
      }
      if head.touched > clock.now, idle.hasSeveral(list) {
        // Its frame's date lies ahead of the others': it must not keep them from being swept.
        idle.move(head.index, to: list, at: head.touched)
        ending.nextDue = clock.now
      } else {
        ending.isDue(at: head.touched, after: limits.timeout(list))
      }
    }
    return nil
  }

  /// Closes the flow that has been idle longest.
  mutating func evictOne() {
    var oldest: (index: UInt32, touched: Int64)?
    for list in IdleClass.allCases {
      guard let head = idle.head(of: list) else { continue }
      if let known = oldest, known.touched <= head.touched { continue }
      oldest = head
    }
    guard let flow = oldest?.index else { return }
    let hash = entries[flow].key.hash(seed: seed)
    guard entries[flow].endReason == .none else {
      // It was over: nothing is lost.
      end(flow, hash: hash, reason: entries[flow].endReason)
      return
    }
    evictions &+= 1
    evicted.remember(
      EvictedFlows.Flow(
        key: entries[flow].key, ordinal: entries[flow].ordinal, part: annex(of: FlowIndex(number: flow)).part,
        initiatorIsHigh: entries[flow].marks.contains(.initiatorIsHigh), last: entries[flow].last),
      hash: hash)
    end(flow, hash: hash, reason: .tableFull)
  }
}
