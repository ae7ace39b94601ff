// The flow table: each packet to its flow, in constant time, with its state in plain slabs.
//
// Time is packet time. When a flow ends is defined by its own packets: one that comes `timeout` or more after the latest
// before it begins a new flow, whether or not a sweep ran in between. Sweeps only give memory back, by a clock that two
// successive frames must confirm, so that one frame with a wrong date ends nothing.

import Bytes
import Packets
import Terms

/// All flows of one timeline.
///
///     let accounting = table.account(&packet, header: header, bytes: bytes, carrier: outer)
///     while accounting.hasEnded, let ended = table.nextEnded() { …; table.release(ended.flow) }
public struct FlowTable: ~Copyable {
  public let limits: FlowLimits
  let seed: UInt64
  /// The timeouts by class.
  let timeouts: InlineArray<4, Int64>
  @usableFromInline var entries = Slab<FlowEntry>()
  var recents = Slab<RecentPackets>()
  var annexes = Slab<FlowAnnex>()
  var buckets = FlowBuckets()
  var idle = IdleLists()
  var clock = TimelineClock()
  var foresight = Foresight()
  var evicted: EvictedFlows
  var ending = EndingState()
  var prefixes: PrefixStore

  /// Flows ever made; the next one's ordinal.
  public internal(set) var created: UInt64
  /// Open flows that were closed for want of room.
  public internal(set) var evictions: UInt64 = 0

  /// An empty table. The seed spreads the hashes; it changes no result.
  public init(limits: FlowLimits = FlowLimits(), seed: UInt64 = 0x243f_6a88_85a3_08d3, firstOrdinal: UInt64 = 0) {
    created = firstOrdinal
    self.limits = limits
    self.seed = seed
    timeouts = InlineArray { limits.timeout(IdleClass(rawValue: UInt8($0)) ?? .other) }
    evicted = EvictedFlows(capacity: limits.rememberedEvictions)
    prefixes = PrefixStore(limits)
  }

  /// Flows in the table now, without those that ended and wait for their release.
  public var count: Int { buckets.count }

  /// A flow, from its first packet until its release.
  @inlinable
  public subscript(flow: FlowIndex) -> FlowEntry {
    @inline(__always) _read { yield entries[flow.number] }
  }

  /// The rarer facts of a flow.
  public func annex(of flow: FlowIndex) -> FlowAnnex {
    let annex = entries[flow.number].annex
    return annex == .max ? FlowAnnex() : annexes[annex]
  }

  /// Counts a packet for its flow, which is made where it is not there.
  ///
  /// - Parameters:
  ///   - packet: not changed; `inout` as its 184 bytes would be copied otherwise.
  ///   - bytes: what the packet was decoded from: its offsets point into it.
  ///   - carrier: the flow of the tunnel that the packet came in, where it may be named.
  ///   - fragments: IP packets that a reassembled datagram came in.
  ///   - repeatsCarrier: the tunnel's packet was a duplicate, so this one is.
  public mutating func account(
    _ packet: inout Packet, header: FrameHeader, bytes: RawSpan, carrier: FlowIndex? = nil, fragments: UInt32 = 1,
    repeatsCarrier: Bool = false
  ) -> Accounting {
    let time = header.hasTime ? header.time.nanoseconds : FlowTime.none
    if header.hasTime { clock.advance(to: time, frame: header.reference) }
    let (key, side) = FlowKey.of(&packet, separatesVLANs: limits.separatesVLANs)
    let hash = key.hash(seed: seed)
    var flow = buckets.find(hash) { entries[$0].key == key }
    var earlierPart = UInt32.max
    var flags: Accounting.Flags = []
    while true {
      if flow == .max {
        flow = begin(key, &packet, header: header, side: side, time: time, hash: hash, carrier: carrier)
        flags = .isNew
      }
      let taken = take(
        &packet, into: flow, header: header, bytes: bytes, side: side, time: time, fragments: fragments,
        isNew: !flags.isEmpty, isCopy: repeatsCarrier && flags.isEmpty)
      if taken.end == .none {
        if taken.isRare { note(&packet, taken, flow, header, fragments, isNew: !flags.isEmpty) }
        if !taken.isDuplicate {
          let list = taken.events.contains(.closes) ? .closed : taken.list
          idle.touch(flow, in: list, at: max(clock.now, time))
        } else {
          flags.insert(.isDuplicate)
        }
        flags.formUnion(.init(rawValue: taken.events.rawValue & TCPEvents.told.rawValue))
        if taken.hasPrefix { flags.insert(.hasPrefix) }
        if ending.hasEnded(by: clock.now) { flags.insert(.hasEnded) }
        return Accounting(flow: flow, earlierPart: earlierPart, direction: taken.direction, flags: flags)
      }
      if taken.end == .activeTimeout {
        earlierPart = flow
        flow = continuePart(flow, header: header, time: time, hash: hash)
        flags = .isNew
      } else {
        end(flow, hash: hash, reason: taken.end)
        flow = .max
      }
    }
  }

  // MARK: - A packet of a known flow

  /// What taking a packet in gave.
  private struct Taken {
    /// The flow was over before the packet, which then was not taken in.
    var end = EndReason.none
    var isDuplicate = false
    /// Something for the annex, or a close.
    var isRare = false
    var hasPrefix = false
    var events: TCPEvents = []
    var list = IdleClass.other
    var direction = FlowDirection.fromInitiator
  }

  /// An Ethernet frame's largest IP packet.
  private static let ethernetMTU: Int32 = 1_500

  @inline(__always)
  private mutating func take(
    _ packet: inout Packet, into flow: UInt32, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64,
    fragments: UInt32, isNew: Bool, isCopy: Bool
  ) -> Taken {
    Self.take(
      &entries[flow], &recents[flow], &packet, header: header, bytes: bytes, side: side, time: time,
      fragments: fragments, isNew: isNew, isCopy: isCopy, timeouts: timeouts, active: limits.activeTimeout)
  }

  /// Takes a packet into its flow's entry, unless the flow was over before it. The path of every packet: one call with
  /// both addresses, and one subtraction of times for both questions that they decide.
  @inline(__always)
  private static func take(
    _ entry: inout FlowEntry, _ recent: inout RecentPackets, _ packet: inout Packet, header: FrameHeader,
    bytes: RawSpan,
    side: Int, time: Int64, fragments: UInt32, isNew: Bool, isCopy: Bool, timeouts: InlineArray<4, Int64>,
    active: Int64?
  ) -> Taken {
    var taken = Taken()
    taken.list = entry.idleClass
    var isFar = false
    let last = entry.last
    if time != FlowTime.none, last != FlowTime.none {
      let (gap, overflow) = time.subtractingReportingOverflow(last)
      if overflow ? time > last : gap >= timeouts[Int(taken.list.rawValue)] {
        taken.end = entry.endReason == .none ? .idleTimeout : entry.endReason
        return taken
      }
      isFar = overflow || RecentPackets.isFar(gap)
    }
    let isTCP = packet.transport == .tcp
    if !isNew {
      if isTCP, packet.tcpFlags.contains(.syn), entry.isAnotherConnection(&packet, side: side) {
        taken.end = entry.endReason == .none ? .portReuse : entry.endReason
        return taken
      }
      if let active, time != FlowTime.none, entry.endReason == .none, entry.first != FlowTime.none,
        isApart(time, entry.first, by: active)
      {
        taken.end = .activeTimeout
        return taken
      }
    }

    var isDuplicate = isCopy
    // Without a time nothing is known to lie within the window of duplicates.
    if time != FlowTime.none {
      let trace = PacketTrace(&packet, header: header, bytes: bytes, side: side)
      if isFar {
        recent.clear()
      } else if recent.hold(trace, id: packet.identification) {
        isDuplicate = true
      }
      if !isDuplicate { recent.keep(trace, at: entry.marks.nextTrace()) }
    }
    taken.isDuplicate = isDuplicate
    taken.isRare = isDuplicate || UInt32(packet.tags.vlanCount | packet.tags.mplsCount) | header.interface != 0
    taken.hasPrefix = entry.hasPrefix
    if !isDuplicate {
      entry.count(&packet, side: side, time: time, frame: header.reference, packets: fragments)
      if isTCP, packet.hasTransportHeader { taken.events = entry.follow(&packet, side: side) }
      if packet.ipLength > ethernetMTU || packet.badNetworkChecksum || !taken.events.isEmpty { taken.isRare = true }
    }
    taken.direction = entry.direction(ofSide: side)
    return taken
  }

  /// Keeps what few packets have or are in the annex, and moves a flow that was closed to those that linger.
  private mutating func note(
    _ packet: inout Packet, _ taken: Taken, _ flow: UInt32, _ header: FrameHeader, _ fragments: UInt32, isNew: Bool
  ) {
    if UInt32(packet.tags.vlanCount | packet.tags.mplsCount) | header.interface != 0 {
      noteTags(flow, packet.tags, header, isNew: isNew)
    }
    if taken.isDuplicate {
      annexes[annexIndex(of: flow)].duplicates.increment()
      return
    }
    let events = taken.events
    if events.contains(.retransmission) { annexes[annexIndex(of: flow)].retransmissions.increment() }
    if events.contains(.outOfOrder) { annexes[annexIndex(of: flow)].outOfOrder.increment() }
    if events.contains(.keepAlive) { annexes[annexIndex(of: flow)].keepAlives.increment() }
    if packet.badNetworkChecksum { annexes[annexIndex(of: flow)].badChecksums.increment() }
    if packet.ipLength > Self.ethernetMTU, fragments == 1 { annexes[annexIndex(of: flow)].aboveMTU.increment() }
    if events.contains(.closes) {
      let touched = idle.touched(flow)
      idle.remove(flow, from: entries[flow].idleClass)
      entries[flow].idleClass = .closed
      idle.append(flow, to: .closed, at: touched)
      ending.isDue(at: touched, after: limits.closedLinger)
    }
  }

  private mutating func noteTags(_ flow: UInt32, _ tags: LinkTags, _ header: FrameHeader, isNew: Bool) {
    let annex = annexIndex(of: flow)
    annexes[annex].note(tags)
    guard header.interface != 0 || annexes[annex].interfaces.count > 0 else { return }
    // Nothing was noted while every packet came in on interface 0.
    if annexes[annex].interfaces.count == 0, !isNew { annexes[annex].interfaces.note(0) }
    annexes[annex].interfaces.note(header.interface)
  }

  // MARK: - A new flow

  private mutating func begin(
    _ key: FlowKey, _ packet: inout Packet, header: FrameHeader, side: Int, time: Int64, hash: UInt32,
    carrier: FlowIndex?
  ) -> UInt32 {
    if buckets.count >= max(limits.tableSize, 1) { evictOne() }
    let entry = FlowEntry(key: key, ordinal: created, packet: &packet, side: side, frame: header.reference)
    let flow = insert(entry, hash: hash, time: time)
    if packet.carrier != .none {
      let annex = annexIndex(of: flow)
      if let carrier { annexes[annex].carrierOrdinal = entries[carrier.number].ordinal }
      if packet.hasTunnelID { annexes[annex].tunnelID = packet.tunnelID }
    }
    if !evicted.isEmpty { resume(flow, &packet, hash: hash, time: time) }
    return flow
  }

  private mutating func insert(_ entry: FlowEntry, hash: UInt32, time: Int64) -> UInt32 {
    let list = entry.idleClass
    let flow = entries.insert(entry)
    if flow == recents.count { _ = recents.append(RecentPackets()) } else { recents[flow] = RecentPackets() }
    buckets.insert(hash, flow)
    let touched = max(clock.now, time)
    idle.append(flow, to: list, at: touched)
    ending.isDue(at: touched, after: limits.timeout(list))
    created &+= 1
    return flow
  }

  /// Where the flow is what is left of one that was closed for want of room, it is a further part of that.
  private mutating func resume(_ flow: UInt32, _ packet: inout Packet, hash: UInt32, time: Int64) {
    guard let earlier = evicted.take(entries[flow].key, hash: hash) else { return }
    // A new connection is none of it, nor is what comes after the timeout.
    if packet.transport == .tcp, packet.tcpFlags.contains(.syn) { return }
    if time != FlowTime.none, isApart(time, earlier.last, by: limits.timeout(entries[flow].idleClass)) { return }
    entries[flow].marks.insert(.isLaterPart)
    if earlier.initiatorIsHigh {
      entries[flow].marks.insert(.initiatorIsHigh)
    } else {
      entries[flow].marks.remove(.initiatorIsHigh)
    }
    let annex = annexIndex(of: flow)
    annexes[annex].part = earlier.part &+ 1
    annexes[annex].previousPart = earlier.ordinal
  }

  /// Cuts a flow at the active timeout: the packet begins its next part, which keeps the connection's state and stream.
  private mutating func continuePart(_ earlier: UInt32, header: FrameHeader, time: Int64, hash: UInt32) -> UInt32 {
    entries[earlier].marks.insert(.continued)
    var entry = entries[earlier]
    entry.startPart(ordinal: created, frame: header.reference)
    entries[earlier].prefix = .max
    let old = annex(of: FlowIndex(number: earlier))
    let (gap, overflow) = time.subtractingReportingOverflow(entries[earlier].last)
    let recent = overflow || RecentPackets.isFar(gap) ? RecentPackets() : recents[earlier]
    end(earlier, hash: hash, reason: .activeTimeout, isQueued: false)
    let flow = insert(entry, hash: hash, time: time)
    ending.queue(FlowIndex(number: earlier), .activeTimeout, continuedBy: FlowIndex(number: flow))
    recents[flow] = recent
    let index = annexIndex(of: flow)
    annexes[index].part = old.part &+ 1
    annexes[index].previousPart = entries[earlier].ordinal
    annexes[index].carrierOrdinal = old.carrierOrdinal
    annexes[index].tunnelID = old.tunnelID
    return flow
  }

  /// The flow's annex, made where it has none.
  mutating func annexIndex(of flow: UInt32) -> UInt32 {
    let known = entries[flow].annex
    if known != .max { return known }
    let made = annexes.insert(FlowAnnex())
    entries[flow].annex = made
    return made
  }
}

/// Whether `time` lies `span` nanoseconds or more after `earlier`.
@inline(__always)
func isApart(_ time: Int64, _ earlier: Int64, by span: Int64) -> Bool {
  let (difference, overflow) = time.subtractingReportingOverflow(earlier)
  return overflow ? time > earlier : difference >= span
}
