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
  @usableFromInline var entries = Slab<FlowEntry>()
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
      let reason = entries[found].endReason(before: packet, side: side, time: time, limits)
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

  /// The timeout of a class.
  @inline(__always)
  func timeout(_ list: IdleClass) -> Int64 { limits.timeout(list) }

  @inline(__always)
  private mutating func update(
    _ flow: UInt32, _ packet: Packet, header: FrameHeader, bytes: RawSpan, side: Int, time: Int64, fragments: UInt32,
    repeatsCarrier: Bool
  ) -> Accounting {
    if UInt32(packet.tags.vlanCount | packet.tags.mplsCount) | header.interface != 0 {
      noteTags(flow, packet, header)
    }
    // Without a time nothing is known to lie within the window of duplicates.
    let trace =
      time == FlowTime.none ? nil : PacketTrace(packet, header: header, bytes: bytes, side: side)
    let taken = Self.take(
      &entries[flow], &recents[flow], packet, trace, side: side, time: time, frame: header.reference,
      fragments: fragments, repeatsCarrier: repeatsCarrier)
    if taken.isRare { noteRarities(flow, packet, taken, fragments) }
    if !taken.isDuplicate {
      let list = taken.events.contains(.closes) ? .closed : taken.list
      idle.touch(flow, in: list, at: max(clock.now, time))
    }
    var result = Accounting(flow: FlowIndex(number: flow), direction: taken.direction)
    result.isDuplicate = taken.isDuplicate
    result.isKeepAlive = taken.events.contains(.keepAlive)
    result.closes = taken.events.contains(.closes)
    result.hasPrefix = taken.hasPrefix
    result.hasEnded = ending.hasEnded(by: clock.now)
    return result
  }

  /// What taking a packet in gave.
  private struct Taken {
    var isDuplicate = false
    /// Something for the annex, or a close.
    var isRare = false
    var events: TCPEvents = []
    var list = IdleClass.other
    var direction = FlowDirection.fromInitiator
    var hasPrefix = false
  }

  /// An Ethernet frame's largest IP packet.
  private static let ethernetMTU: Int32 = 1_500

  /// Takes a packet into its flow's entry. One call with both addresses: the path of every packet.
  @inline(__always)
  private static func take(
    _ entry: inout FlowEntry, _ recent: inout RecentPackets, _ packet: Packet, _ trace: PacketTrace?, side: Int,
    time: Int64, frame: FrameReference, fragments: UInt32, repeatsCarrier: Bool
  ) -> Taken {
    var taken = Taken()
    taken.hasPrefix = entry.hasPrefix
    if let trace {
      let last = entry.last
      if last != FlowTime.none, RecentPackets.areFar(time, last) {
        recent.clear()
      } else if recent.hold(trace, id: packet.identification) {
        taken.isDuplicate = true
      }
    }
    if taken.isDuplicate || repeatsCarrier {
      taken.isDuplicate = true
      taken.isRare = true
      taken.direction = entry.direction(ofSide: side)
      return taken
    }
    if let trace { recent.keep(trace, at: entry.marks.nextTrace()) }
    entry.count(packet, side: side, time: time, frame: frame, packets: fragments)
    if packet.transport == .tcp, packet.hasTransportHeader { taken.events = entry.follow(packet, side: side) }
    taken.isRare = !taken.events.isEmpty || packet.ipLength > Self.ethernetMTU || packet.badNetworkChecksum
    taken.list = entry.idleClass
    taken.direction = entry.direction(ofSide: side)
    return taken
  }

  private mutating func noteTags(_ flow: UInt32, _ packet: Packet, _ header: FrameHeader) {
    let annex = annexIndex(of: flow)
    annexes[annex].note(packet.tags)
    guard header.interface != 0 || annexes[annex].interfaces.count > 0 else { return }
    // Nothing was noted while every packet came in on interface 0.
    if annexes[annex].interfaces.count == 0, entries[flow].packetCount > 0 { annexes[annex].interfaces.note(0) }
    annexes[annex].interfaces.note(header.interface)
  }

  /// Counts what few packets are, in the annex, and moves a flow that was closed to those that linger.
  private mutating func noteRarities(_ flow: UInt32, _ packet: Packet, _ taken: Taken, _ fragments: UInt32) {
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
