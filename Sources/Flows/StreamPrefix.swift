// The start of a TCP stream, both directions, for as long as somebody wants to read it.

import Bytes
import Packets
import Terms

/// Directions of a flow, as a set.
public struct FlowDirections: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let fromInitiator = FlowDirections(rawValue: 1)
  public static let fromResponder = FlowDirections(rawValue: 2)

  @inlinable
  public init(_ direction: FlowDirection) { self.init(rawValue: 1 << direction.rawValue) }

  @inlinable
  public func contains(_ direction: FlowDirection) -> Bool { contains(FlowDirections(direction)) }
}

/// The directions of one stream, by the lower and the higher endpoint.
struct StreamPrefix: ~Copyable {
  var low: StreamDirection
  var high: StreamDirection

  var capacity: Int { low.buffer.capacity &+ high.buffer.capacity }
}

/// All stream prefixes of a table, within one bound of memory.
struct PrefixStore: ~Copyable {
  private var streams = Slab<StreamPrefix>()
  private let limits: FlowLimits
  /// Bytes held by all buffers.
  private(set) var bytes = 0
  /// Directions that were ended because the bound was reached.
  private(set) var refusals: UInt64 = 0

  init(_ limits: FlowLimits) { self.limits = limits }

  mutating func make(bytesPerDirection: Int, lowStart: UInt32?, highStart: UInt32?) -> UInt32 {
    let limit = min(max(bytesPerDirection, 0), limits.prefixBytesPerDirection)
    return streams.insert(
      StreamPrefix(
        low: StreamDirection(limit: limit, start: lowStart, limits: limits),
        high: StreamDirection(limit: limit, start: highStart, limits: limits)))
  }

  mutating func drop(_ index: UInt32) {
    bytes &-= streams[index].capacity
    streams[index] = StreamPrefix(
      low: StreamDirection(limit: 0, start: nil, limits: limits),
      high: StreamDirection(limit: 0, start: nil, limits: limits))
    streams.release(index)
  }

  mutating func finish(_ index: UInt32, _ reason: EndReason) {
    streams[index].low.finish(reason)
    streams[index].high.finish(reason)
  }

  /// Takes a segment into the stream of `side`; gives whether its bytes or end changed.
  mutating func take(_ index: UInt32, side: Int, _ segment: StreamDirection.Segment, _ payload: RawSpan) -> Bool {
    let held = streams[index].capacity
    let allowance = max(limits.prefixBytes &- bytes, 0)
    let result =
      side == 0
      ? streams[index].low.take(segment, payload, allowance: allowance)
      : streams[index].high.take(segment, payload, allowance: allowance)
    bytes &+= streams[index].capacity &- held
    if result == .refused { refusals &+= 1 }
    return result != .unchanged
  }

  /// Takes in an acknowledgement of the bytes of `side`; gives whether their end changed.
  mutating func acknowledge(_ index: UInt32, side: Int, _ number: UInt32) -> Bool {
    side == 0 ? streams[index].low.acknowledge(number) : streams[index].high.acknowledge(number)
  }

  subscript(index: UInt32) -> StreamPrefix {
    _read { yield streams[index] }
  }

  @_lifetime(borrow self)
  func bytes(_ index: UInt32, side: Int) -> RawSpan {
    let span = side == 0 ? streams[index].low.buffer.bytes : streams[index].high.buffer.bytes
    return span
  }
}

extension FlowTable {
  /// Begins to keep the start of a TCP flow's directions, up to so many bytes each, from the flow's first payload byte
  /// on: call it at the flow's first packet with payload at the latest, before `extendPrefix` for that packet. False
  /// where the flow is no TCP flow.
  @discardableResult
  public mutating func wantsPrefix(_ flow: FlowIndex, bytesPerDirection: Int) -> Bool {
    guard entries[flow.number].transport == .tcp else { return false }
    if entries[flow.number].hasPrefix { return true }
    entries[flow.number].prefix = prefixes.make(
      bytesPerDirection: bytesPerDirection, lowStart: start(flow.number, 0), highStart: start(flow.number, 1))
    return true
  }

  /// The sequence number of a side's first byte, where a SYN or its acknowledgement told.
  private func start(_ flow: UInt32, _ side: Int) -> UInt32? {
    let state = entries[flow].sideStates[side]
    return state.isDisjoint(with: [.syn, .synAck, .sequenceExpected])
      ? nil : entries[flow].sides[side].initialSequence &+ 1
  }

  /// Takes a packet that was accounted for into its flow's prefix, where it has one. Gives the directions whose bytes
  /// grew or whose end was decided.
  public mutating func extendPrefix(
    _ accounting: Accounting, _ packet: inout Packet, header: FrameHeader, bytes: RawSpan
  ) -> FlowDirections {
    let flow = accounting.flow.number
    let prefix = entries[flow].prefix
    guard prefix != .max, !accounting.isDuplicate, packet.hasTransportHeader else { return [] }
    let side = entries[flow].side(accounting.direction)
    var changed: FlowDirections = []
    let flags = packet.tcpFlags
    if !accounting.isKeepAlive, !flags.contains(.rst) {
      let segment = StreamDirection.Segment(
        sequence: packet.tcpSequence, length: Int(max(packet.payloadLength, 0)), isSYN: flags.contains(.syn),
        isFIN: flags.contains(.fin), frame: header.reference)
      let payload = bytes.slice(Int(packet.payloadOffset), Int(packet.payloadCaptured))
      if prefixes.take(prefix, side: side, segment, payload) { changed.insert(FlowDirections(accounting.direction)) }
    }
    if flags.contains(.ack), prefixes.acknowledge(prefix, side: side ^ 1, packet.tcpAcknowledgment) {
      changed.insert(FlowDirections(accounting.direction.other))
    }
    return changed
  }

  /// Gives the memory of a flow's prefix back.
  public mutating func dropPrefix(_ flow: FlowIndex) {
    let prefix = entries[flow.number].prefix
    guard prefix != .max else { return }
    prefixes.drop(prefix)
    entries[flow.number].prefix = .max
  }

  /// The contiguous bytes of a direction, from its first; empty where no prefix is kept.
  @_lifetime(borrow self)
  public func prefix(of flow: FlowIndex, _ direction: FlowDirection) -> RawSpan {
    let prefix = entries[flow.number].prefix
    guard prefix != .max else { return RawSpan() }
    return prefixes.bytes(prefix, side: entries[flow.number].side(direction))
  }

  /// How a direction's bytes end; `growing` where no prefix is kept.
  public func prefixEnd(of flow: FlowIndex, _ direction: FlowDirection) -> StreamEnd {
    let prefix = entries[flow.number].prefix
    guard prefix != .max else { return .growing }
    return entries[flow.number].side(direction) == 0 ? prefixes[prefix].low.end : prefixes[prefix].high.end
  }

  /// The lowest offset at which a byte came again with another content: from there on the two ends may have seen
  /// something else than what is kept. Nil where none did, or where no prefix is kept (any more).
  public func prefixContradiction(of flow: FlowIndex, _ direction: FlowDirection) -> Int? {
    let prefix = entries[flow.number].prefix
    guard prefix != .max else { return nil }
    return entries[flow.number].side(direction) == 0
      ? prefixes[prefix].low.buffer.contradiction : prefixes[prefix].high.buffer.contradiction
  }

  /// Bytes held by all prefixes.
  public var prefixBytes: Int { prefixes.bytes }
  /// Directions that ended because all prefixes together had used up their memory.
  public var prefixRefusals: UInt64 { prefixes.refusals }
}

extension FlowTable {
  /// The stretches of a direction's bytes and the frames that brought them, in order of arrival.
  public func prefixPieces(of flow: FlowIndex, _ direction: FlowDirection) -> [StreamPiece] {
    let prefix = entries[flow.number].prefix
    guard prefix != .max else { return [] }
    return entries[flow.number].side(direction) == 0 ? prefixes[prefix].low.pieces : prefixes[prefix].high.pieces
  }
}

extension FlowEntry {
  /// Whether the flow has an annex at all.
  @inlinable public var hasAnnex: Bool { annex != .max }
}
