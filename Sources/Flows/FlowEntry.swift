// The state of one flow, as the table keeps it: 216 bytes, plain values only.

import Packets
import Terms

/// Which of a flow's ends sent something.
public enum FlowDirection: UInt8, Hashable, Sendable, CaseIterable, BitwiseCopyable {
  case fromInitiator, fromResponder

  @inlinable public var other: FlowDirection { self == .fromInitiator ? .fromResponder : .fromInitiator }
}

/// Why a flow ended.
public enum EndReason: UInt8, Hashable, Sendable, CaseIterable, BitwiseCopyable {
  /// It has not.
  case none
  case fin, rst, idleTimeout, activeTimeout, tableFull
  /// A SYN with another initial sequence number began a new connection on the same addresses and ports.
  case portReuse
  case endOfEvidence
  /// The analysis was cut here by a fault, and goes on without what it knew.
  case fault
}

/// How far a TCP handshake was seen.
public enum HandshakeState: UInt8, Hashable, Sendable, Comparable, BitwiseCopyable {
  /// No SYN of either end.
  case unseen
  case syn
  /// A SYN with ACK was seen, its acknowledgement was not.
  case synAck
  /// The initiator acknowledged.
  case complete

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Nanoseconds, or none.
@usableFromInline
enum FlowTime {
  @usableFromInline static let none = Int64.min
}

/// What is counted of one endpoint's packets; duplicates of a second tap point are in none of it.
@usableFromInline
struct FlowSide: Sendable, BitwiseCopyable {
  @usableFromInline var packets: UInt64 = 0
  @usableFromInline var ipBytes: UInt64 = 0
  @usableFromInline var payloadBytes: UInt64 = 0
  @usableFromInline var first = FlowTime.none
  @usableFromInline var last = FlowTime.none
  /// The initial sequence number; only with `.sequenceKnown` or `.sequenceExpected`.
  var initialSequence: UInt32 = 0
  /// The sequence number after the furthest byte seen.
  @usableFromInline var nextSequence: UInt32 = 0
  /// The furthest acknowledgement sent.
  @usableFromInline var acknowledgment: UInt32 = 0
  /// Bytes in holes before `nextSequence`.
  @usableFromInline var missing: UInt32 = 0
}

/// What was seen of one endpoint's TCP.
@usableFromInline
struct SideState: OptionSet, Sendable, BitwiseCopyable {
  @usableFromInline let rawValue: UInt8
  @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }
  /// A SYN without ACK.
  @usableFromInline static let syn = SideState(rawValue: 1)
  /// A SYN with ACK.
  @usableFromInline static let synAck = SideState(rawValue: 2)
  /// `nextSequence` holds.
  @usableFromInline static let sequenceKnown = SideState(rawValue: 4)
  /// Nothing was seen yet, but the other end's first acknowledgement says where it would begin.
  static let sequenceExpected = SideState(rawValue: 8)
  /// `acknowledgment` holds.
  @usableFromInline static let acknowledged = SideState(rawValue: 16)
  @usableFromInline static let anySYN: SideState = [.syn, .synAck]
}

/// One flow. Read it through the table: `table[index]`.
public struct FlowEntry: Sendable, BitwiseCopyable {
  /// Addresses, ports and protocol, without direction.
  public internal(set) var key: FlowKey
  /// Index of the annex; `UInt32.max` where there is none.
  @usableFromInline var annex = UInt32.max
  /// Creation order in the timeline: 0, 1, 2, …
  public internal(set) var ordinal: UInt64
  @usableFromInline var firstFrameBits: UInt64
  @usableFromInline var firstOffset: Int64
  @usableFromInline var lastFrameBits: UInt64
  @usableFromInline var lastOffset: Int64
  /// The lower endpoint's and the higher's.
  @usableFromInline var sides = InlineArray<2, FlowSide>(repeating: FlowSide())
  /// Index of the stream prefix; `UInt32.max` where there is none.
  @usableFromInline var prefix = UInt32.max
  var flagBits = InlineArray<2, UInt8>(repeating: 0)
  @usableFromInline var sideStates = InlineArray<2, SideState>(repeating: [])
  @usableFromInline var marks: Marks = []
  /// `none` while the flow goes on; FIN and RST stand here before the flow leaves the table.
  public internal(set) var endReason = EndReason.none
  var idleClass: IdleClass
  public let transport: Transport

  @usableFromInline
  struct Marks: OptionSet, Sendable, BitwiseCopyable {
    @usableFromInline let rawValue: UInt8
    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The higher endpoint is the initiator.
    @usableFromInline static let initiatorIsHigh = Marks(rawValue: 1)
    static let handshakeComplete = Marks(rawValue: 2)
    /// A later part holds the rest of this flow.
    @usableFromInline static let continued = Marks(rawValue: 4)
    /// An earlier part holds the start of this flow.
    @usableFromInline static let isLaterPart = Marks(rawValue: 8)
    /// A packet's payload was cut by the snap length.
    @usableFromInline static let cut = Marks(rawValue: 16)

    /// The upper two bits count packets modulo four: which of the four kept traces is the oldest.
    @inline(__always)
    mutating func nextTrace() -> Int {
      defer { self = Marks(rawValue: rawValue &+ 0x40) }
      return Int(rawValue >> 6)
    }
  }

  init(key: FlowKey, ordinal: UInt64, packet: inout Packet, side: Int, frame: FrameReference) {
    self.key = key
    self.ordinal = ordinal
    transport = packet.transport
    idleClass = packet.transport == .tcp ? .tcp : packet.transport == .udp ? .udp : .other
    firstFrameBits = Self.pack(frame)
    firstOffset = frame.offset
    lastFrameBits = firstFrameBits
    lastOffset = frame.offset
    if side == 1 { marks.insert(.initiatorIsHigh) }
  }

  // MARK: - Frames

  /// A frame number in the low 40 bits, the evidence item above: a trillion records of sixteen million files.
  @usableFromInline static let numberBits: UInt64 = 40

  @inline(__always)
  private static func pack(_ frame: FrameReference) -> UInt64 {
    frame.number & (1 << numberBits &- 1) | UInt64(frame.evidence) << numberBits
  }

  @inlinable @inline(__always)
  static func reference(_ bits: UInt64, _ offset: Int64) -> FrameReference {
    FrameReference(
      number: bits & (1 << numberBits &- 1), offset: offset, evidence: UInt32(truncatingIfNeeded: bits >> numberBits))
  }

  /// The frame of the first packet.
  @inlinable public var firstFrame: FrameReference { Self.reference(firstFrameBits, firstOffset) }
  /// The frame of the packet that came last.
  @inlinable public var lastFrame: FrameReference { Self.reference(lastFrameBits, lastOffset) }

  // MARK: - Counting

  /// Counts a packet of `side` that is no duplicate. `packets` is the number of IP packets it came in.
  @inline(__always)
  mutating func count(_ packet: inout Packet, side: Int, time: Int64, frame: FrameReference, packets: UInt32) {
    sides[side].packets &+= UInt64(packets)
    sides[side].ipBytes &+= UInt64(UInt32(bitPattern: max(packet.ipLength, 0)))
    sides[side].payloadBytes &+= UInt64(UInt32(bitPattern: max(packet.payloadLength, 0)))
    if time != FlowTime.none {
      if sides[side].first == FlowTime.none { sides[side].first = time }
      if time > sides[side].last { sides[side].last = time }
    }
    lastFrameBits = Self.pack(frame)
    lastOffset = frame.offset
    if packet.payloadCaptured < packet.payloadLength { marks.insert(.cut) }
  }

  /// Begins a further part: counters from zero, the connection's state as it was.
  mutating func startPart(ordinal: UInt64, frame: FrameReference) {
    self.ordinal = ordinal
    annex = .max
    firstFrameBits = Self.pack(frame)
    firstOffset = frame.offset
    lastFrameBits = firstFrameBits
    lastOffset = frame.offset
    for side in 0..<2 {
      sides[side].packets = 0
      sides[side].ipBytes = 0
      sides[side].payloadBytes = 0
      sides[side].first = FlowTime.none
      sides[side].last = FlowTime.none
    }
    marks.insert(.isLaterPart)
    marks.remove([.continued, .cut])
  }

  /// Time of the last packet, or `FlowTime.none`.
  @inlinable @inline(__always)
  var last: Int64 { max(sides[0].last, sides[1].last) }

  /// Time of the first packet that came, or `FlowTime.none`.
  @inlinable @inline(__always)
  var first: Int64 {
    let low = sides[0].first
    let high = sides[1].first
    return low == FlowTime.none ? high : high == FlowTime.none ? low : min(low, high)
  }
}

// MARK: - What others read

extension FlowEntry {
  /// Index of the initiator's side.
  @inlinable @inline(__always)
  var initiatorSide: Int { Int(marks.rawValue & 1) }

  @inlinable @inline(__always)
  func side(_ direction: FlowDirection) -> Int { initiatorSide ^ Int(direction.rawValue) }

  @inline(__always)
  func direction(ofSide side: Int) -> FlowDirection { side == initiatorSide ? .fromInitiator : .fromResponder }

  @inlinable public var protocolNumber: UInt8 { key.protocolNumber }

  /// The end that began: the sender of the SYN, else of the first packet. For ICMP the port is 0.
  @inlinable public var initiator: Endpoint { endpoint(.fromInitiator) }
  @inlinable public var responder: Endpoint { endpoint(.fromResponder) }

  @inlinable @inline(__always)
  func endpoint(_ direction: FlowDirection) -> Endpoint {
    let end = key.endpoint(side(direction))
    return transport == .icmp || transport == .icmpv6 ? Endpoint(end.address) : end
  }

  /// The tunnel that the flow came in.
  @inlinable public var carrier: Carrier { key.carrier }

  /// Packets of a direction; fragments counted each, duplicates not.
  @inlinable
  public func packets(_ direction: FlowDirection) -> UInt64 { sides[side(direction)].packets }
  /// IP bytes, headers included, by the IP headers.
  @inlinable
  public func ipBytes(_ direction: FlowDirection) -> UInt64 { sides[side(direction)].ipBytes }
  /// Transport payload, by the headers; retransmissions count again.
  @inlinable
  public func payloadBytes(_ direction: FlowDirection) -> UInt64 { sides[side(direction)].payloadBytes }
  /// Time of the first packet of a direction; nil where there is none, or none with a time.
  @inlinable
  public func firstTime(_ direction: FlowDirection) -> Timestamp? { Self.time(sides[side(direction)].first) }
  /// The latest time of a direction's packets.
  @inlinable
  public func lastTime(_ direction: FlowDirection) -> Timestamp? { Self.time(sides[side(direction)].last) }
  @inlinable public var firstTime: Timestamp? { Self.time(first) }
  @inlinable public var lastTime: Timestamp? { Self.time(last) }

  @inlinable @inline(__always)
  static func time(_ nanoseconds: Int64) -> Timestamp? {
    nanoseconds == FlowTime.none ? nil : Timestamp(nanoseconds: nanoseconds)
  }

  @inlinable
  public func isSeen(_ direction: FlowDirection) -> Bool { packets(direction) > 0 }

  /// All TCP flags that a direction's packets had.
  public func tcpFlags(_ direction: FlowDirection) -> TCPFlags { TCPFlags(rawValue: flagBits[side(direction)]) }

  public var handshake: HandshakeState {
    if marks.contains(.handshakeComplete) { return .complete }
    let both = sideStates[0].union(sideStates[1])
    return both.contains(.synAck) ? .synAck : both.contains(.syn) ? .syn : .unseen
  }

  /// A TCP flow whose SYN the evidence does not hold. A later part of a flow is judged by its first.
  @inlinable @inline(__always)
  public var beginsMidStream: Bool {
    transport == .tcp && sideStates[0].union(sideStates[1]).isDisjoint(with: .anySYN)
      && !marks.contains(.isLaterPart)
  }

  /// Whether bytes of a TCP direction are missing in the evidence: a hole that nothing filled, or bytes that the other
  /// end acknowledged and nobody saw.
  @inlinable @inline(__always)
  public func hasGap(_ direction: FlowDirection) -> Bool {
    let sender = side(direction)
    guard transport == .tcp, sideStates[sender].contains(.sequenceKnown) else { return false }
    if sides[sender].missing > 0 { return true }
    guard sideStates[sender ^ 1].contains(.acknowledged) else { return false }
    return Int32(bitPattern: sides[sender ^ 1].acknowledgment &- sides[sender].nextSequence) > 0
  }

  /// Whether the capture's snap length cut the payload of any packet.
  @inlinable public var isCut: Bool { marks.contains(.cut) }
  /// Whether a later record holds the rest of this flow, and is known to.
  @inlinable public var isContinued: Bool { marks.contains(.continued) }
  @inlinable public var hasPrefix: Bool { prefix != .max }
}
