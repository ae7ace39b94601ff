// What a plugin sees of a flow. Views cannot be kept: they end with the call.

import Bytes
import Packets
import Terms

/// The two sides of a flow. The client is the initiator.
public enum Side: UInt8, Hashable, Sendable, CaseIterable, BitwiseCopyable {
  case client, server

  @inlinable public var other: Side { self == .client ? .server : .client }
}

/// How a view ends.
public enum ViewEnd: UInt8, Hashable, Sendable {
  /// Nothing follows: a whole datagram, or a direction that was closed.
  case whole
  /// More may follow.
  case growing
  /// The capture's snap length cut it.
  case snapLength
  /// Bytes are missing that the capture does not hold.
  case gap
  /// The plugin's declared appetite, or the engine's bound, ends it.
  case budget
}

/// One datagram of a flow.
@frozen
public struct Datagram: ~Escapable {
  /// The payload, as far as captured and declared.
  public let bytes: RawSpan
  /// Payload bytes on the wire.
  public let length: Int
  public let side: Side
  /// How many datagrams with payload the flow had before this one, both directions together.
  public let index: Int
  public let end: ViewEnd
  public let frame: FrameReference
  /// Packet time; nil where the capture gives none.
  public let time: Timestamp?
  public let flow: FlowFacts

  @inlinable
  @_lifetime(copy bytes)
  public init(
    bytes: RawSpan, length: Int, side: Side, index: Int, end: ViewEnd, frame: FrameReference, time: Timestamp?,
    flow: FlowFacts
  ) {
    self.bytes = bytes
    self.length = length
    self.side = side
    self.index = index
    self.end = end
    self.frame = frame
    self.time = time
    self.flow = flow
  }

  @inlinable
  public var reader: ByteReader {
    @_lifetime(copy self) get { ByteReader(bytes, source: .datagram) }
  }
}

/// One direction of a stream: its contiguous bytes from the start.
@frozen
public struct StreamSide: ~Escapable {
  public let bytes: RawSpan
  public let end: ViewEnd
  public let side: Side

  @inlinable
  @_lifetime(copy bytes)
  public init(bytes: RawSpan, end: ViewEnd, side: Side) {
    self.bytes = bytes
    self.end = end
    self.side = side
  }

  @inlinable
  public var reader: ByteReader {
    @_lifetime(copy self) get { ByteReader(bytes, source: side == .client ? .client : .server) }
  }

  /// Bytes of this direction, by their offsets.
  public func place(_ range: Range<Int>) -> Place { side == .client ? .client(range) : .server(range) }
}

/// Both directions of a stream.
@frozen
public struct Conversation: ~Escapable {
  public let client: StreamSide
  public let server: StreamSide
  public let flow: FlowFacts
  /// 0 for the flow's own stream, 1 for one that a plugin found inside, and so on.
  public let depth: Int

  @inlinable
  @_lifetime(copy client, copy server)
  public init(client: StreamSide, server: StreamSide, flow: FlowFacts, depth: Int) {
    self.client = client
    self.server = server
    self.flow = flow
    self.depth = depth
  }
}
