// What a plugin may know of the flow at hand, and the engine's own observations.

import Findings
import Packets
import Terms

/// Sizes of one direction so far.
public struct DirectionFacts: Hashable, Sendable, BitwiseCopyable {
  /// Packets, those without payload too; duplicates of two tap points not counted.
  public var packets: UInt64
  /// Transport payload bytes on the wire.
  public var payloadBytes: UInt64

  @inlinable
  public init(packets: UInt64 = 0, payloadBytes: UInt64 = 0) {
    self.packets = packets
    self.payloadBytes = payloadBytes
  }
}

/// One step of a flow's shape.
public struct ShapeStep: Hashable, Sendable, BitwiseCopyable {
  public let side: Side
  /// Payload bytes on the wire.
  public let size: UInt16
  /// Microseconds since the step before; saturates.
  public let gap: UInt32

  @inlinable
  public init(side: Side, size: UInt16, gap: UInt32) {
    self.side = side
    self.size = size
    self.gap = gap
  }
}

/// The flow at hand, as far as it has been seen.
public struct FlowFacts: Sendable {
  public var transport: Transport
  /// IP protocol number.
  public var protocolNumber: UInt8
  public var initiator: Endpoint
  public var responder: Endpoint
  public var first: Timestamp?
  public var last: Timestamp?
  public var client: DirectionFacts
  public var server: DirectionFacts
  /// A TCP flow whose SYN the capture does not hold: its start is missing.
  public var beginsMidStream: Bool
  /// The flow record's `id`; 0 where there is none.
  public var id: UInt64 = 0
  /// Equal addresses are one host only where this is equal too: it tells tunnels and their inner networks apart.
  public var realm: UInt64 = 0
  /// How the flow came into its frames: `none`, or the tunnel.
  public var carrier: Carrier
  /// What this flow itself carries as a tunnel of addressed packets; `none` where nothing was recognised.
  public var tunnel: Carrier
  /// The sizes, directions and gaps of the first packets with payload, up to what the plugin declared; in `conclude` only.
  public var shape: [ShapeStep]

  public init(
    transport: Transport, protocolNumber: UInt8, initiator: Endpoint, responder: Endpoint, first: Timestamp? = nil,
    last: Timestamp? = nil, client: DirectionFacts = DirectionFacts(), server: DirectionFacts = DirectionFacts(),
    beginsMidStream: Bool = false, carrier: Carrier = .none, tunnel: Carrier = .none, shape: [ShapeStep] = []
  ) {
    self.transport = transport
    self.protocolNumber = protocolNumber
    self.initiator = initiator
    self.responder = responder
    self.first = first
    self.last = last
    self.client = client
    self.server = server
    self.beginsMidStream = beginsMidStream
    self.carrier = carrier
    self.tunnel = tunnel
    self.shape = shape
  }

  /// Whether packets of both directions were seen. Where not, an answer not seen says nothing.
  public var bothDirections: Bool { client.packets > 0 && server.packets > 0 }

  public subscript(side: Side) -> DirectionFacts { side == .client ? client : server }
}

/// The engine's observation of a flow's first packet in scope.
public struct FlowBegan: SilentObservation {
  public init() {}
}

/// The engine's observation of a flow's end.
public struct FlowEnded: SilentObservation {
  /// The end reason, as in the flow record.
  public let reason: StaticString
  public init(reason: StaticString) { self.reason = reason }
}
