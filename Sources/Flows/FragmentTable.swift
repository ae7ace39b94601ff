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
  /// Others are missing. It is told of with its datagram, by `complete` or by `nextUnfinished`.
  case waiting
  /// The datagram is whole: read it, then release it.
  case complete(DatagramIndex)
  /// It repeats what is there, and is told of with its datagram.
  case duplicate
  /// Its datagram was released or refused before, with this note.
  case settled(UInt8)
  /// It fits no datagram.
  case discarded
}

/// Fragments that no whole datagram came of.
public struct UnfinishedDatagram: Hashable, Sendable, BitwiseCopyable {
  /// Fragments, repetitions too, and their IP lengths together.
  public let packets: UInt64
  public let bytes: UInt64
  /// The caller's note on the first fragment; where that is missing, on the one that came before the others.
  public let note: UInt8
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
///       fragments.release(datagram, note: verdict)
///     }
///     while let unfinished = fragments.nextUnfinished() { … }
///
/// A note is a number that the caller keeps with a fragment: its verdict on it.
public struct FragmentTable: ~Copyable {
  private let limits: FlowLimits
  private var datagrams = Slab<FragmentedDatagram>()
  private var known: [FragmentKey: UInt32] = [:]
  /// `other` holds those that wait, by first fragment; `closed` those that were whole, by completion.
  private var lists = IdleLists()
  private var clock = TimelineClock()
  private var bytes = 0
  private var unfinished: [UnfinishedDatagram] = []
  public private(set) var counts = FragmentCounts()

  /// How long a whole datagram is remembered, so that fragments of its second copy begin no other: the window in which
  /// packets of two tap points count as duplicates.
  private static let copyWindow: Int64 = 100_000_000

  public init(limits: FlowLimits = FlowLimits()) { self.limits = limits }

  /// Takes a fragment in.
  public mutating func add(
    _ packet: Packet, header: FrameHeader, bytes span: RawSpan, note: UInt8 = 0
  ) -> FragmentOutcome {
    let time = advance(header)
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
    switch place(key, packet, at: time) {
    case .found(let found): index = found
    case .copy(let copied):
      counts.duplicates &+= 1
      return .settled(datagrams[copied].note)
    case .refused(let refused): return .settled(datagrams[refused].note)
    case .none: index = begin(key, at: time)
    }
    let payload = span.slice(Int(packet.ipPayloadOffset), Int(packet.ipPayloadCaptured))
    let outcome = take(index, packet, header.reference, payload, at: time)
    guard outcome != .discarded else { return .discarded }
    datagrams[index].tell(packet, header, note: note)
    if outcome == .waiting { makeRoomForBytes() }
    return outcome
  }

  /// Settles a datagram by its first fragment, which is not to be read, and so the others are not: those that wait are
  /// unfinished, those to come are `settled`, with this note, for as long as a datagram waits.
  public mutating func refuse(_ first: Packet, header: FrameHeader, note: UInt8) {
    let time = advance(header)
    let key = FragmentKey(first)
    switch place(key, first, at: time) {
    case .copy, .refused: return
    // Its first fragment is there: what came first stays, and decides.
    case .found(let index) where datagrams[index].head != nil: return
    case .found(let index): settle(index, refusedWith: note)
    case .none: settle(begin(key, at: time), refusedWith: note)
    }
  }

  /// What became of no whole datagram, one after the other; to be asked after each call of `add`, `refuse` and `endAll`.
  public mutating func nextUnfinished() -> UnfinishedDatagram? { unfinished.popLast() }

  /// Takes a fragment's time in; gives the time that counts for it.
  private mutating func advance(_ header: FrameHeader) -> Int64 {
    if header.hasTime { clock.advance(to: header.time.nanoseconds, frame: header.reference) }
    let time = header.hasTime ? header.time.nanoseconds : max(clock.now, 0)
    expire()
    return time
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

  /// The first fragment's frame, whose time and interface hold for the whole; nil where there is no such datagram.
  public func header(_ datagram: DatagramIndex) -> FrameHeader? { datagrams[datagram.number].header }

  /// The note on the first fragment.
  public func note(_ datagram: DatagramIndex) -> UInt8 { datagrams[datagram.number].note }

  /// All its fragments, repetitions too, and their IP lengths together.
  public func seen(_ datagram: DatagramIndex) -> (packets: UInt64, bytes: UInt64) {
    (datagrams[datagram.number].seenPackets, datagrams[datagram.number].seenBytes)
  }

  /// The frames that it came in, in order of arrival, at most 64.
  public func frames(_ datagram: DatagramIndex) -> [FrameReference] { datagrams[datagram.number].frames }

  /// How many fragments it came in.
  public func fragmentCount(_ datagram: DatagramIndex) -> UInt32 { datagrams[datagram.number].fragments }

  /// The fragments' IP lengths together.
  public func ipBytes(_ datagram: DatagramIndex) -> Int64 { datagrams[datagram.number].ipBytes }

  /// Gives a whole datagram's memory back. Copies of its fragments are `settled` with this note.
  public mutating func release(_ datagram: DatagramIndex, note: UInt8 = 0) {
    let index = datagram.number
    guard datagrams[index].state == .complete else { return }
    empty(index)
    datagrams[index].state = .done
    datagrams[index].note = note
  }

  /// Gives up what still waits: the evidence has ended.
  public mutating func endAll() {
    while let head = lists.head(of: .other) { giveUp(head.index, \.incomplete) }
    while let head = lists.head(of: .closed) { remove(head.index, from: .closed) }
  }

  // MARK: - Finding

  private enum Place { case found(UInt32), copy(UInt32), refused(UInt32), none }

  private mutating func place(_ key: FragmentKey, _ packet: Packet, at time: Int64) -> Place {
    guard let index = known[key] else { return .none }
    switch datagrams[index].state {
    case .waiting:
      if !isApart(time, datagrams[index].time, by: limits.fragmentTimeout) { return .found(index) }
      giveUp(index, \.incomplete)
    case .refused:
      // Another first fragment is another datagram's.
      let isOver = isApart(time, datagrams[index].time, by: limits.fragmentTimeout) || packet.fragmentOffset == 0
      if !isOver { return .refused(index) }
      remove(index, from: .other)
    case .complete, .done:
      if !isApart(time, datagrams[index].time, by: Self.copyWindow &+ 1) { return .copy(index) }
      remove(index, from: .closed)
    }
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
        giveUp(index, \.overlappingDatagrams)
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
    return .waiting
  }

  // MARK: - Giving up

  /// Gives up a datagram that waits, and counts that; of one that was refused nothing is left to tell.
  private mutating func giveUp(_ index: UInt32, _ count: WritableKeyPath<FragmentCounts, UInt64>) {
    if datagrams[index].state != .refused {
      counts[keyPath: count] &+= 1
      tellUnfinished(index, note: datagrams[index].note)
    }
    remove(index, from: .other)
  }

  private mutating func settle(_ index: UInt32, refusedWith note: UInt8) {
    tellUnfinished(index, note: note)
    empty(index)
    datagrams[index].state = .refused
    datagrams[index].note = note
  }

  private mutating func tellUnfinished(_ index: UInt32, note: UInt8) {
    guard datagrams[index].seenPackets > 0 else { return }
    unfinished.append(
      UnfinishedDatagram(packets: datagrams[index].seenPackets, bytes: datagrams[index].seenBytes, note: note))
  }

  /// Gives the memory of a datagram's bytes back.
  private mutating func empty(_ index: UInt32) {
    bytes &-= datagrams[index].buffer.capacity
    datagrams[index].buffer.removeAll()
    datagrams[index].frames = []
  }

  private mutating func expire() {
    while let head = lists.head(of: .closed), isApart(clock.now, head.touched, by: Self.copyWindow &+ 1),
      datagrams[head.index].state == .done
    {
      remove(head.index, from: .closed)
    }
    while let head = lists.head(of: .other), isApart(clock.now, head.touched, by: limits.fragmentTimeout) {
      giveUp(head.index, \.incomplete)
    }
  }

  private mutating func makeRoomForBytes() {
    while bytes > limits.fragmentBytes, let oldest = lists.head(of: .other) { giveUp(oldest.index, \.evicted) }
  }

  private mutating func makeRoom() {
    if let done = lists.head(of: .closed), datagrams[done.index].state == .done {
      remove(done.index, from: .closed)
    } else if let oldest = lists.head(of: .other) {
      giveUp(oldest.index, \.evicted)
    }
  }

  private mutating func remove(_ index: UInt32, from list: IdleClass) {
    known[datagrams[index].key] = nil
    lists.remove(index, from: list)
    empty(index)
    datagrams.release(index)
  }
}
