// What the table says of a packet, and of a flow that ended.

import Terms

/// Names a flow in the table, from its first packet until the caller releases it after its end; then the number is given
/// to another flow. An array beside the table may be addressed by it.
public struct FlowIndex: Hashable, Sendable, BitwiseCopyable {
  public let number: UInt32
  @inlinable public init(number: UInt32) { self.number = number }
}

/// Where a packet belongs, and what it was.
@frozen
public struct Accounting: Sendable, BitwiseCopyable {
  public let flow: FlowIndex
  /// `UInt32.max` where no earlier part goes on here.
  @usableFromInline let earlierPart: UInt32
  public let direction: FlowDirection
  @usableFromInline let flags: Flags

  @usableFromInline
  struct Flags: OptionSet, Sendable, BitwiseCopyable {
    @usableFromInline let rawValue: UInt8
    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable static var isNew: Flags { Flags(rawValue: 1) }
    @inlinable static var isDuplicate: Flags { Flags(rawValue: 2) }
    /// These two stand where `TCPEvents` has them.
    @inlinable static var isKeepAlive: Flags { Flags(rawValue: 4) }
    @inlinable static var closes: Flags { Flags(rawValue: 8) }
    @inlinable static var hasEnded: Flags { Flags(rawValue: 16) }
    @inlinable static var hasPrefix: Flags { Flags(rawValue: 32) }
  }

  init(flow: UInt32, earlierPart: UInt32, direction: FlowDirection, flags: Flags) {
    self.flow = FlowIndex(number: flow)
    self.earlierPart = earlierPart
    self.direction = direction
    self.flags = flags
  }

  /// The packet is its flow's first.
  @inlinable public var isNew: Bool { flags.contains(.isNew) }
  /// Seen before at another tap point: counted as that, and in nothing else. Show it to no plugin.
  @inlinable public var isDuplicate: Bool { flags.contains(.isDuplicate) }
  /// A TCP keep-alive: its byte, if it has one, belongs to no stream.
  @inlinable public var isKeepAlive: Bool { flags.contains(.isKeepAlive) }
  /// The packet closed its flow, by FIN of the second end or RST; the flow stays for what comes late.
  @inlinable public var closes: Bool { flags.contains(.closes) }
  /// Flows ended, by this packet or before it: drain `nextEnded`.
  @inlinable public var hasEnded: Bool { flags.contains(.hasEnded) }
  /// The flow has a stream prefix: call `extendPrefix`.
  @inlinable public var hasPrefix: Bool { flags.contains(.hasPrefix) }
  /// The flow whose later part begins here, where the active timeout cut it: still in the table, and among the ended.
  @inlinable public var continues: FlowIndex? { earlierPart == .max ? nil : FlowIndex(number: earlierPart) }
}

/// A flow that ended and left the table's index. Its entry stays readable until `release`.
public struct EndedFlow: Hashable, Sendable, BitwiseCopyable {
  public let flow: FlowIndex
  public let reason: EndReason
  /// The part that goes on with it, where the active timeout cut it.
  public let continuedBy: FlowIndex?
}
