// What a reader says when the bytes do not hold what was asked for.

/// The reading layer an error comes from.
public enum ReadLayer: UInt8, Sendable, CustomStringConvertible {
  case capture, link, network, tunnel, transport, application

  public var description: String {
    switch self {
    case .capture: "capture"
    case .link: "link"
    case .network: "network"
    case .tunnel: "tunnel"
    case .transport: "transport"
    case .application: "application"
    }
  }
}

/// The view of a flow that an error speaks of.
public enum ReadSource: UInt8, Sendable {
  /// One datagram, or bytes that belong to no stream.
  case datagram
  /// The initiator's direction of a stream.
  case client
  /// The responder's direction of a stream.
  case server
}

/// A failed read: which layer, where, how much was wanted and how much was there.
///
/// `invalid` means that the bytes contradict the format; `ranOut` that the view ended early, so that more bytes might
/// still decide.
public struct ReadError: Error, Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    case invalid, ranOut
  }

  public let kind: Kind
  public let layer: ReadLayer
  public let source: ReadSource
  /// Byte offset in the view at which reading failed.
  public let offset: UInt32
  /// Bytes wanted from `offset` on; 0 where a value, not a length, was wrong.
  public let wanted: UInt32
  /// Bytes that were there from `offset` on.
  public let found: UInt32

  @inlinable
  public init(
    _ kind: Kind, layer: ReadLayer = .application, source: ReadSource = .datagram, offset: Int = 0, wanted: Int = 0,
    found: Int = 0
  ) {
    self.kind = kind
    self.layer = layer
    self.source = source
    self.offset = UInt32(clamping: offset)
    self.wanted = UInt32(clamping: wanted)
    self.found = UInt32(clamping: found)
  }

  /// How many further bytes are needed before asking again makes sense; at least 1 for `ranOut`, else 0.
  @inlinable
  public var missing: Int {
    guard kind == .ranOut else { return 0 }
    return wanted > found ? Int(wanted - found) : 1
  }
}
