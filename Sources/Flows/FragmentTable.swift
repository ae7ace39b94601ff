// Fragments waiting to be datagrams, bounded in time, number and bytes.
//
// Overlaps are resolved one way: the byte that arrived first stays. For IPv6 a fragment that overlaps others, and is no
// mere repetition, ends its whole datagram, as every receiver must (RFC 8200 section 4.5, RFC 5722). Both are counted.

import Bytes
import Packets
import Terms

/// Names a datagram that is whole, until it is released.
public struct DatagramIndex: Hashable, Sendable, BitwiseCopyable {
  let number: UInt32
}

/// What became of a fragment.
public enum FragmentOutcome: Hashable, Sendable, BitwiseCopyable {
  /// Others are missing.
  case waiting
  /// The datagram is whole: read it, then release it.
  case complete(DatagramIndex)
  /// It holds nothing new: a repetition, or the second copy of a datagram that is whole.
  case duplicate
  /// It is impossible, or its datagram was given up.
  case discarded
}

/// How often what happened to fragments; all of it is worth a notice.
public struct FragmentCounts: Hashable, Sendable, BitwiseCopyable {
  /// Fragments taken in.
  public internal(set) var fragments: UInt64 = 0
  /// Datagrams that became whole.
  public internal(set) var datagrams: UInt64 = 0
  /// Datagrams given up after the timeout, or at the end of the evidence.
  public internal(set) var incomplete: UInt64 = 0
  /// Datagrams given up for want of room.
  public internal(set) var evicted: UInt64 = 0
  /// Fragments that overlapped others in part, or with other bytes.
  public internal(set) var overlaps: UInt64 = 0
  /// IPv6 datagrams given up because of an overlap.
  public internal(set) var overlappingDatagrams: UInt64 = 0
  /// Fragments that cannot be: beyond 65,535 bytes, of a length that is no multiple of 8, against a known end.
  public internal(set) var malformed: UInt64 = 0
  public internal(set) var duplicates: UInt64 = 0
}

/// All datagrams of a timeline that are being put together.
///
///     if case .complete(let datagram) = fragments.add(packet, header: header, bytes: bytes) {
///       decoder.begin(reassembled: fragments.packet(datagram), bytes: fragments.payload(datagram))
///       …
///       fragments.release(datagram)
///     }
public struct FragmentTable: ~Copyable {
  private let limits: FlowLimits
  private var datagrams = Slab<FragmentedDatagram>()
  private var known: [FragmentKey: UInt32] = [:]
  /// `other` holds those that wait, by first fragment; `closed` those that were whole, by completion.
  private var lists = IdleLists()
  private var clock = TimelineClock()
  private var bytes = 0
  public private(set) var counts = FragmentCounts()

  /// How long a whole datagram is remembered, so that fragments of its second copy begin no other: the window in which
  /// packets of two tap points count as duplicates.
  private static let copyWindow: Int64 = 100_000_000

  public init(limits: FlowLimits = FlowLimits()) { self.limits = limits }

  /// Takes a fragment in.
  public mutating func add(_ packet: Packet, header: FrameHeader, bytes span: RawSpan) -> FragmentOutcome {
    if header.hasTime { clock.advance(to: header.time.nanoseconds, frame: header.reference) }
    let time = header.hasTime ? header.time.nanoseconds : max(clock.now, 0)
    expire()
    let length = packet.ipPayloadLength
    // RFC 8200 section 4.5: every fragment but the last is a multiple of 8 bytes long.
    guard length > 0, packet.fragmentOffset >= 0, !packet.moreFragments || length & 7 == 0,
      Int(packet.fragmentOffset) &+ Int(length) <= FragmentedDatagram.longest
    else {
      counts.malformed &+= 1
      return .discarded
    }
    counts.fragments &+= 1
    let key = FragmentKey(packet)
    let index: UInt32
    switch place(key, at: time) {
    case .found(let found): index = found
    case .copy:
      counts.duplicates &+= 1
      return .duplicate
    case .none: index = begin(key, at: time)
    }
    let payload = span.slice(Int(packet.ipPayloadOffset), Int(packet.ipPayloadCaptured))
    return take(index, packet, header.reference, payload, at: time)
  }

  /// The payload of a whole datagram, up to the first byte that the snap length cut.
  @_lifetime(borrow self)
  public func payload(_ datagram: DatagramIndex) -> RawSpan { datagrams[datagram.number].buffer.bytes }

  /// The payload's length on the wire.
  public func payloadLength(_ datagram: DatagramIndex) -> Int { datagrams[datagram.number].total ?? 0 }

  /// The first fragment's packet, which stands for the datagram's: its link, IP and tunnel fields hold for the whole.
  public func packet(_ datagram: DatagramIndex) -> Packet {
    datagrams[datagram.number].head ?? Packet(source: Address(v4: 0), destination: Address(v4: 0))
  }

  /// The frames that it came in, in order of arrival, at most 64.
  public func frames(_ datagram: DatagramIndex) -> [FrameReference] { datagrams[datagram.number].frames }

  /// How many fragments it came in.
  public func fragmentCount(_ datagram: DatagramIndex) -> UInt32 { datagrams[datagram.number].fragments }

  /// The fragments' IP lengths together.
  public func ipBytes(_ datagram: DatagramIndex) -> Int64 { datagrams[datagram.number].ipBytes }

  /// Gives a whole datagram's memory back.
  public mutating func release(_ datagram: DatagramIndex) {
    let index = datagram.number
    guard datagrams[index].state == .complete else { return }
    bytes &-= datagrams[index].buffer.capacity
    datagrams[index].buffer.removeAll()
    datagrams[index].frames = []
    datagrams[index].state = .done
  }

  /// Gives up what still waits: the evidence has ended.
  public mutating func endAll() {
    while let head = lists.head(of: .other) {
      counts.incomplete &+= 1
      remove(head.index, from: .other)
    }
    while let head = lists.head(of: .closed) { remove(head.index, from: .closed) }
  }

  // MARK: - Finding

  private enum Place { case found(UInt32), copy, none }

  private mutating func place(_ key: FragmentKey, at time: Int64) -> Place {
    guard let index = known[key] else { return .none }
    if datagrams[index].state == .waiting {
      guard isApart(time, datagrams[index].time, by: limits.fragmentTimeout) else { return .found(index) }
      counts.incomplete &+= 1
      remove(index, from: .other)
      return .none
    }
    if !isApart(time, datagrams[index].time, by: Self.copyWindow &+ 1) { return .copy }
    remove(index, from: .closed)
    return .none
  }

  private mutating func begin(_ key: FragmentKey, at time: Int64) -> UInt32 {
    if known.count >= max(limits.fragmentedDatagrams, 1) { makeRoom() }
    let index = datagrams.insert(FragmentedDatagram(key: key, time: time))
    known[key] = index
    lists.append(index, to: .other, at: max(clock.now, time))
    return index
  }

  private mutating func take(
    _ index: UInt32, _ packet: Packet, _ frame: FrameReference, _ payload: RawSpan, at time: Int64
  ) -> FragmentOutcome {
    let held = datagrams[index].buffer.capacity
    let change = datagrams[index].take(packet, frame, payload)
    bytes &+= datagrams[index].buffer.capacity &- held
    let isStrict = packet.source.family == .v6
    switch change {
    case .repeats:
      counts.duplicates &+= 1
      return .duplicate
    case .contradicts, .overlaps:
      if change == .overlaps { counts.overlaps &+= 1 } else { counts.malformed &+= 1 }
      if isStrict {
        counts.overlappingDatagrams &+= 1
        remove(index, from: .other)
        return .discarded
      }
      if change == .contradicts { return .discarded }
    case .added: break
    }
    if datagrams[index].state == .complete {
      counts.datagrams &+= 1
      lists.remove(index, from: .other)
      datagrams[index].time = time
      lists.append(index, to: .closed, at: max(clock.now, time))
      return .complete(DatagramIndex(number: index))
    }
    while bytes > limits.fragmentBytes, let oldest = lists.head(of: .other) {
      counts.evicted &+= 1
      remove(oldest.index, from: .other)
      if oldest.index == index { return .discarded }
    }
    return .waiting
  }

  // MARK: - Giving up

  private mutating func expire() {
    while let head = lists.head(of: .closed), isApart(clock.now, head.touched, by: Self.copyWindow &+ 1),
      datagrams[head.index].state == .done
    {
      remove(head.index, from: .closed)
    }
    while let head = lists.head(of: .other), isApart(clock.now, head.touched, by: limits.fragmentTimeout) {
      counts.incomplete &+= 1
      remove(head.index, from: .other)
    }
  }

  private mutating func makeRoom() {
    if let done = lists.head(of: .closed), datagrams[done.index].state == .done {
      remove(done.index, from: .closed)
    } else if let oldest = lists.head(of: .other) {
      counts.evicted &+= 1
      remove(oldest.index, from: .other)
    }
  }

  private mutating func remove(_ index: UInt32, from list: IdleClass) {
    known[datagrams[index].key] = nil
    lists.remove(index, from: list)
    bytes &-= datagrams[index].buffer.capacity
    datagrams[index].buffer.removeAll()
    datagrams[index].frames = []
    datagrams.release(index)
  }
}
