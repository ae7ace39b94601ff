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
///     let accounting = table.account(packet, header: header, bytes: bytes, carrier: outer)
///     while accounting.hasEnded, let ended = table.nextEnded() { …; table.release(ended.flow) }
public struct FlowTable: ~Copyable {
  public let limits: FlowLimits
  let seed: UInt64
  var entries = Slab<FlowEntry>()
  var recents = Slab<RecentPackets>()
  var annexes = Slab<FlowAnnex>()
  var buckets = FlowBuckets()
  var idle = IdleLists()
  var clock = TimelineClock()
  var evicted: EvictedFlows
  var ending = EndingState()
  var prefixes: PrefixStore

  /// Flows ever made; the next one's ordinal.
  public internal(set) var created: UInt64 = 0
  /// Open flows that were closed for want of room.
  public internal(set) var evictions: UInt64 = 0

  /// An empty table. The seed spreads the hashes; it changes no result.
  public init(limits: FlowLimits = FlowLimits(), seed: UInt64 = 0x243f_6a88_85a3_08d3) {
    self.limits = limits
    self.seed = seed
    evicted = EvictedFlows(capacity: limits.rememberedEvictions)
    prefixes = PrefixStore(limits)
  }

  /// Flows in the table now, without those that ended and wait for their release.
  public var count: Int { buckets.count }

  /// A flow, from its first packet until its release.
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
  ///   - bytes: what the packet was decoded from: its offsets point into it.
  ///   - carrier: the flow of the tunnel that the packet came in, where it may be named.
  ///   - fragments: IP packets that a reassembled datagram came in.
  ///   - repeatsCarrier: the tunnel's packet was a duplicate, so this one is.
  public mutating func account(
    _ packet: Packet, header: FrameHeader, bytes: RawSpan, carrier: FlowIndex? = nil, fragments: UInt32 = 1,
    repeatsCarrier: Bool = false
  ) -> Accounting {
    let time = header.hasTime ? header.time.nanoseconds : FlowTime.none
    if header.hasTime { clock.advance(to: time, frame: header.reference) }
    let (key, side) = FlowKey.of(packet, separatesVLANs: limits.separatesVLANs)
    let hash = key.hash(seed: seed)
    let found = buckets.find(hash) { entries[$0].key == key }
    if found != .max {
      let reason = endBefore(packet, flow: found, side: side, time: time)
      if reason == .none {
        return update(
          found, packet, header: header, bytes: bytes, side: side, time: time, fragments: fragments,
          repeatsCarrier: repeatsCarrier)
      }
      if reason == .activeTimeout {
        return continuePart(
          found, packet, header: header, bytes: bytes, side: side, time: time, hash: hash, fragments: fragments)
      }
      end(found, hash: hash, reason: reason)
    }
    return begin(
      key, packet, header: header, bytes: bytes, side: side, time: time, hash: hash, carrier: carrier,
      fragments: fragments)
  }

  // MARK: - A known flow

  /// Why the flow is over before this packet, or `none`.
  @inline(__always)
  private func endBefore(_ packet: Packet, flow: UInt32, side: Int, time: Int64) -> EndReason {
    if time != FlowTime.none {
      let last = entries[flow].last
      if last != FlowTime.none, isApart(time, last, by: timeout(entries[flow].idleClass)) {
        return entries[flow].endReason == .none ? .idleTimeout : entries[flow].endReason
      }
    }
    if packet.transport == .tcp, packet.tcpFlags.contains(.syn), entries[flow].isAnotherConnection(packet, side: side) {
      return entries[flow].endReason == .none ? .portReuse : entries[flow].endReason
    }
    if let active = limits.activeTimeout, time != FlowTime.none, entries[flow].endReason == .none,
      entries[flow].first != FlowTime.none, isApart(time, entries[flow].first, by: active)
    {
      return .activeTimeout
    }
    return .none
  }

  /// The timeout of a class.
  @inline(__always)
  func timeout(_ list: IdleClass) -> Int64 {
    switch list {
    case .tcp: limits.tcpIdleTimeout
    case .udp: limits.udpIdleTimeout
    case .other: limits.otherIdleTimeout
    case .closed: limits.closedLinger
    }
  }

  @inline(__always)
  private mutating func update(
    _ flow: UInt32, _ packet: Packet, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64, fragments: UInt32,
    repeatsCarrier: Bool
  ) -> Accounting {
    if needsAnnex(packet, header) { noteInAnnex(flow, packet, header) }
    if isDuplicate(flow, packet, header: header, bytes: bytes, side: side, time: time) || repeatsCarrier {
      let annex = annexIndex(of: flow)
      annexes[annex].duplicates.increment()
      return accounting(flow, side: side, isDuplicate: true)
    }
    countRarities(flow, packet, fragments)
    entries[flow].count(packet, side: side, time: time, frame: header.reference, packets: fragments)
    var events: TCPEvents = []
    if packet.transport == .tcp, packet.hasTransportHeader { events = follow(flow, packet, side: side) }
    idle.touch(flow, in: entries[flow].idleClass, at: max(clock.now, time))
    return accounting(flow, side: side, events: events)
  }

  /// Takes in TCP's state; counts what is rare.
  @inline(__always)
  private mutating func follow(_ flow: UInt32, _ packet: Packet, side: Int) -> TCPEvents {
    let events = entries[flow].follow(packet, side: side)
    if !events.isEmpty { note(events, flow: flow) }
    return events
  }

  private mutating func note(_ events: TCPEvents, flow: UInt32) {
    if !events.isDisjoint(with: [.retransmission, .outOfOrder, .keepAlive]) {
      let annex = annexIndex(of: flow)
      if events.contains(.retransmission) { annexes[annex].retransmissions.increment() }
      if events.contains(.outOfOrder) { annexes[annex].outOfOrder.increment() }
      if events.contains(.keepAlive) { annexes[annex].keepAlives.increment() }
    }
    if events.contains(.closes) {
      let touched = idle.touched(flow)
      idle.remove(flow, from: entries[flow].idleClass)
      entries[flow].idleClass = .closed
      idle.append(flow, to: .closed, at: touched)
      ending.isDue(at: touched, after: limits.closedLinger)
    }
  }

  /// Whether the packet was seen at another tap point; if not, it is kept for those that follow.
  @inline(__always)
  private mutating func isDuplicate(
    _ flow: UInt32, _ packet: Packet, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64
  ) -> Bool {
    // Without a time nothing is known to lie within the window.
    guard time != FlowTime.none else { return false }
    let trace = PacketTrace(packet, header: header, bytes: bytes, side: side)
    let last = entries[flow].last
    if last != FlowTime.none, RecentPackets.areFar(time, last) {
      recents[flow].clear()
    } else if recents[flow].hold(trace, id: packet.identification) {
      return true
    }
    let place = entries[flow].marks.nextTrace()
    recents[flow].keep(trace, at: place)
    return false
  }

  @inline(__always)
  private func accounting(
    _ flow: UInt32, side: Int, isDuplicate: Bool = false, events: TCPEvents = []
  ) -> Accounting {
    var result = Accounting(
      flow: FlowIndex(number: flow), direction: entries[flow].direction(ofSide: side))
    result.isDuplicate = isDuplicate
    result.isKeepAlive = events.contains(.keepAlive)
    result.closes = events.contains(.closes)
    result.hasPrefix = entries[flow].hasPrefix
    result.hasEnded = ending.hasEnded(by: clock.now)
    return result
  }

  // MARK: - A new flow

  private mutating func begin(
    _ key: FlowKey, _ packet: Packet, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64, hash: UInt32,
    carrier: FlowIndex?, fragments: UInt32
  ) -> Accounting {
    if buckets.count >= max(limits.tableSize, 1) { evictOne() }
    let entry = FlowEntry(key: key, ordinal: created, packet: packet, side: side, frame: header.reference)
    let flow = insert(entry, hash: hash, time: time)
    if packet.carrier != .none {
      let annex = annexIndex(of: flow)
      if let carrier { annexes[annex].carrierOrdinal = entries[carrier.number].ordinal }
      if packet.hasTunnelID { annexes[annex].tunnelID = packet.tunnelID }
    }
    if !evicted.isEmpty { resume(flow, packet, hash: hash, time: time) }
    return count(flow, packet, header: header, bytes: bytes, side: side, time: time, fragments: fragments)
  }

  /// The first packet of an entry that was just made.
  private mutating func count(
    _ flow: UInt32, _ packet: Packet, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64, fragments: UInt32
  ) -> Accounting {
    var result = update(
      flow, packet, header: header, bytes: bytes, side: side, time: time, fragments: fragments, repeatsCarrier: false)
    result.isNew = true
    return result
  }

  private mutating func insert(_ entry: FlowEntry, hash: UInt32, time: Int64) -> UInt32 {
    let list = entry.idleClass
    let flow = entries.insert(entry)
    if flow == recents.count { _ = recents.append(RecentPackets()) } else { recents[flow] = RecentPackets() }
    buckets.insert(hash, flow)
    let touched = max(clock.now, time)
    idle.append(flow, to: list, at: touched)
    ending.isDue(at: touched, after: timeout(list))
    created &+= 1
    return flow
  }

  /// Where the flow is what is left of one that was closed for want of room, it is a further part of that.
  private mutating func resume(_ flow: UInt32, _ packet: Packet, hash: UInt32, time: Int64) {
    guard let earlier = evicted.take(entries[flow].key, hash: hash) else { return }
    // A new connection is none of it, nor is what comes after the timeout.
    if packet.transport == .tcp, packet.tcpFlags.contains(.syn) { return }
    if time != FlowTime.none, isApart(time, earlier.last, by: timeout(entries[flow].idleClass)) { return }
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
  private mutating func continuePart(
    _ earlier: UInt32, _ packet: Packet, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64, hash: UInt32,
    fragments: UInt32
  ) -> Accounting {
    entries[earlier].marks.insert(.continued)
    var entry = entries[earlier]
    entry.startPart(ordinal: created, frame: header.reference)
    entries[earlier].prefix = .max
    let old = annex(of: FlowIndex(number: earlier))
    let isNear = time != FlowTime.none && !RecentPackets.areFar(time, entries[earlier].last)
    let recent = isNear ? recents[earlier] : RecentPackets()
    end(earlier, hash: hash, reason: .activeTimeout, isQueued: false)
    let flow = insert(entry, hash: hash, time: time)
    ending.queue(FlowIndex(number: earlier), .activeTimeout, continuedBy: FlowIndex(number: flow))
    recents[flow] = recent
    let index = annexIndex(of: flow)
    annexes[index].part = old.part &+ 1
    annexes[index].previousPart = entries[earlier].ordinal
    annexes[index].carrierOrdinal = old.carrierOrdinal
    annexes[index].tunnelID = old.tunnelID
    var result = count(flow, packet, header: header, bytes: bytes, side: side, time: time, fragments: fragments)
    result.continues = FlowIndex(number: earlier)
    return result
  }

  // MARK: - Annex

  @inline(__always)
  private func needsAnnex(_ packet: Packet, _ header: FrameHeader) -> Bool {
    UInt32(packet.tags.vlanCount | packet.tags.mplsCount) | header.interface != 0
  }

  private mutating func noteInAnnex(_ flow: UInt32, _ packet: Packet, _ header: FrameHeader) {
    let annex = annexIndex(of: flow)
    annexes[annex].note(packet.tags)
    if header.interface != 0 || annexes[annex].interfaces.count > 0 { annexes[annex].interfaces.note(header.interface) }
  }

  /// An Ethernet frame's largest IP packet.
  private static let ethernetMTU: Int32 = 1_500

  @inline(__always)
  private mutating func countRarities(_ flow: UInt32, _ packet: Packet, _ fragments: UInt32) {
    let isLong = packet.ipLength > Self.ethernetMTU && fragments == 1
    guard isLong || packet.badNetworkChecksum else { return }
    let annex = annexIndex(of: flow)
    if isLong { annexes[annex].aboveMTU.increment() }
    if packet.badNetworkChecksum { annexes[annex].badChecksums.increment() }
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
