// A flow that ended, as its record waits to be written: 152 bytes, numbers only, so that it can be kept as bytes.

import Bytes
import Packets
import Terms

/// What the record of an ended flow tells of the flow itself, its annex aside.
///
/// Every bit pattern is a summary: it may come back from a file. What it says is read through the properties below.
public struct FlowSummary: Sendable, AnyBitPattern {
  /// Addresses, ports and protocol, without direction.
  public private(set) var key = FlowKey()
  @usableFromInline var transportBits: UInt8 = 0
  @usableFromInline var reasonBits: UInt8 = 0
  @usableFromInline var marks: Marks = []
  /// Creation order in the timeline: 0, 1, 2, …
  public private(set) var ordinal: UInt64 = 0
  @usableFromInline var firstFrameBits: UInt64 = 0
  @usableFromInline var firstOffset: Int64 = 0
  @usableFromInline var lastFrameBits: UInt64 = 0
  @usableFromInline var lastOffset: Int64 = 0
  @usableFromInline var first: Int64 = 0
  @usableFromInline var last: Int64 = 0
  /// The initiator's direction, then the responder's.
  @usableFromInline var counts = InlineArray<2, Counts>(repeating: Counts())

  /// What is counted of one direction.
  public struct Counts: Sendable, BitwiseCopyable {
    /// Packets; fragments counted each, duplicates not.
    public fileprivate(set) var packets: UInt64 = 0
    /// IP bytes, headers included, by the IP headers.
    public fileprivate(set) var ipBytes: UInt64 = 0
    /// Transport payload, by the headers; retransmissions count again.
    public fileprivate(set) var payloadBytes: UInt64 = 0

    @inline(__always)
    fileprivate mutating func set(_ side: inout FlowSide) {
      packets = side.packets
      ipBytes = side.ipBytes
      payloadBytes = side.payloadBytes
    }
  }

  @usableFromInline
  struct Marks: OptionSet, Sendable, BitwiseCopyable {
    @usableFromInline let rawValue: UInt8
    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The higher endpoint is the initiator.
    @usableFromInline static let initiatorIsHigh = Marks(rawValue: 1)
    @usableFromInline static let continued = Marks(rawValue: 2)
    @usableFromInline static let cut = Marks(rawValue: 4)
    @usableFromInline static let beginsMidStream = Marks(rawValue: 8)
    @usableFromInline static let gap = Marks(rawValue: 16)
  }

  /// That of no flow.
  public init() {}

  /// Makes this the summary of a flow. The entry is lent, not changed.
  @inline(__always)
  mutating func set(_ entry: inout FlowEntry, _ reason: EndReason) {
    key = entry.key
    transportBits = entry.transport.rawValue
    reasonBits = reason.rawValue
    ordinal = entry.ordinal
    firstFrameBits = entry.firstFrameBits
    firstOffset = entry.firstOffset
    lastFrameBits = entry.lastFrameBits
    lastOffset = entry.lastOffset
    first = entry.first
    last = entry.last
    if entry.initiatorSide == 0 {
      marks = []
      counts[0].set(&entry.sides[0])
      counts[1].set(&entry.sides[1])
    } else {
      marks = .initiatorIsHigh
      counts[0].set(&entry.sides[1])
      counts[1].set(&entry.sides[0])
    }
    if entry.isContinued { marks.insert(.continued) }
    if entry.isCut { marks.insert(.cut) }
    if entry.beginsMidStream { marks.insert(.beginsMidStream) }
    if entry.hasGap(.fromInitiator) || entry.hasGap(.fromResponder) { marks.insert(.gap) }
  }

  @inlinable @inline(__always) public var transport: Transport { Transport(rawValue: transportBits) ?? .other }
  @inlinable @inline(__always) public var reason: EndReason { EndReason(rawValue: reasonBits) ?? .none }
  @inlinable @inline(__always) public var protocolNumber: UInt8 { key.protocolNumber }
  /// The tunnel that the flow came in.
  @inlinable @inline(__always) public var carrier: Carrier { key.carrier }

  /// The end that began: the sender of the SYN, else of the first packet. For ICMP the port is 0.
  @inlinable @inline(__always) public var initiator: Endpoint { endpoint(Int(marks.rawValue & 1)) }
  @inlinable @inline(__always) public var responder: Endpoint { endpoint(Int(marks.rawValue & 1) ^ 1) }

  @inlinable @inline(__always)
  func endpoint(_ side: Int) -> Endpoint {
    let end = key.endpoint(side)
    return transport == .icmp || transport == .icmpv6 ? Endpoint(end.address) : end
  }

  /// The frame of the first packet.
  @inlinable @inline(__always) public var firstFrame: FrameReference {
    FlowEntry.reference(firstFrameBits, firstOffset)
  }
  /// The frame of the packet that came last.
  @inlinable @inline(__always) public var lastFrame: FrameReference { FlowEntry.reference(lastFrameBits, lastOffset) }
  /// Time of the first packet that came; nil where none has a time.
  @inlinable @inline(__always) public var firstTime: Timestamp? { FlowEntry.time(first) }
  /// The latest time of a packet.
  @inlinable @inline(__always) public var lastTime: Timestamp? { FlowEntry.time(last) }

  @inlinable @inline(__always) public func counts(_ direction: FlowDirection) -> Counts {
    counts[Int(direction.rawValue)]
  }
  @inlinable @inline(__always) public func isSeen(_ direction: FlowDirection) -> Bool {
    counts[Int(direction.rawValue)].packets > 0
  }

  /// Whether a later record holds the rest of this flow, and is known to.
  @inlinable @inline(__always) public var isContinued: Bool { marks.contains(.continued) }
  /// Whether the capture's snap length cut the payload of any packet.
  @inlinable @inline(__always) public var isCut: Bool { marks.contains(.cut) }
  /// A TCP flow whose SYN the evidence does not hold.
  @inlinable @inline(__always) public var beginsMidStream: Bool { marks.contains(.beginsMidStream) }
  /// Whether bytes of a TCP direction are missing in the evidence.
  @inlinable @inline(__always) public var hasGap: Bool { marks.contains(.gap) }
}

extension FlowTable {
  /// Makes `summary` what is to be kept of an ended flow until its record is written.
  public mutating func summarize(_ ended: EndedFlow, into summary: inout FlowSummary) {
    summary.set(&entries[ended.flow.number], ended.reason)
  }
}
