// What the table says of a packet, and of a flow that ended.

import Terms

/// Names a flow in the table, from its first packet until the caller releases it after its end; then the number is given
/// to another flow. An array beside the table may be addressed by it.
public struct FlowIndex: Hashable, Sendable, BitwiseCopyable {
  public let number: UInt32
  @inlinable public init(number: UInt32) { self.number = number }
}

/// Where a packet belongs.
public struct Accounting: Sendable, BitwiseCopyable {
  public internal(set) var flow: FlowIndex
  public internal(set) var direction: FlowDirection
  /// The packet is its flow's first.
  public internal(set) var isNew = false
  /// Seen before at another tap point: counted as that, and in nothing else. Show it to no plugin.
  public internal(set) var isDuplicate = false
  /// A TCP keep-alive: its byte, if it has one, belongs to no stream.
  public internal(set) var isKeepAlive = false
  /// Flows ended, by this packet or before it: drain `nextEnded`.
  public internal(set) var hasEnded = false
  /// The flow has a stream prefix: call `extendPrefix`.
  public internal(set) var hasPrefix = false
  /// The packet closed its flow, by FIN of the second end or RST; the flow stays for what comes late.
  public internal(set) var closes = false
  /// The flow whose later part begins here, where the active timeout cut it: still in the table, and among the ended.
  public internal(set) var continues: FlowIndex?
}

/// A flow that ended and left the table's index. Its entry stays readable until `release`.
public struct EndedFlow: Hashable, Sendable, BitwiseCopyable {
  public let flow: FlowIndex
  public let reason: EndReason
  /// The part that goes on with it, where the active timeout cut it.
  public let continuedBy: FlowIndex?
}
