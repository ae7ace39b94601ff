// Every bound of this room, with its default and the reason for it.

import Terms

/// Bounds on what flows, fragments and streams may hold. Times are nanoseconds of packet time.
public struct FlowLimits: Sendable {
  /// Flows in the table at once. At some 290 bytes each, two million take less than 600 MiB, and more concurrent flows
  /// than that pass no link of 100 Gbit/s.
  public var tableSize = 2_097_152

  /// A TCP flow ends when a packet comes this long after its last one, or would. RFC 5382 lets a translator forget an
  /// established connection after two hours, but what is seen as one conversation seldom pauses five minutes.
  public var tcpIdleTimeout = FlowLimits.seconds(300)
  /// As above for UDP. RFC 4787 section 4.3 asks for at least two minutes and recommends five; three keep DNS-like
  /// flows from filling the table.
  public var udpIdleTimeout = FlowLimits.seconds(180)
  /// As above for every other protocol, which answers at once or not at all.
  public var otherIdleTimeout = FlowLimits.seconds(60)
  /// How long after its last packet a TCP flow that FIN or RST closed still takes in late acknowledgements and
  /// retransmissions; a new SYN begins a new flow at once. Hosts keep TIME-WAIT for one minute.
  public var closedLinger = FlowLimits.seconds(60)
  /// A flow is cut into a further part this long after the part's first packet. None: a conversation is one record.
  public var activeTimeout: Int64?
  /// Flows closed for want of room whose next packets are still known for a later part of them. At 80 bytes each, 5 MiB,
  /// taken when the first is closed.
  public var rememberedEvictions = 65_536

  /// Whether VLAN ids belong to a flow's key. Off: mirror ports tag the two directions differently.
  public var separatesVLANs = false

  /// Datagrams being put together at once.
  public var fragmentedDatagrams = 4_096
  /// Bytes that they may hold together. Linux allows itself 4 MiB a host (ipfrag_high_thresh); a tap sees many hosts.
  public var fragmentBytes = 16_777_216
  /// A datagram is given up this long after its first fragment (RFC 8200 section 4.5: 60 seconds).
  public var fragmentTimeout = FlowLimits.seconds(60)

  /// Bytes kept of one direction of a stream, at most, whatever is asked for. The longest certificate chains and
  /// post-quantum key shares in use end below 32 KiB.
  public var prefixBytesPerDirection = 65_536
  /// Bytes kept of all streams together.
  public var prefixBytes = 67_108_864
  /// A hole in a stream is given up when the sender has gone on this far beyond it: more than a window scaled by 4 lets
  /// be in flight, so a retransmission that is to come has come.
  public var reorderWindow: Int64 = 1_048_576
  /// Pieces of one direction whose frames are remembered. Later bytes are named by the last of them.
  public var piecesPerDirection = 128

  public init() {}

  /// So many seconds in nanoseconds; the largest number where they do not fit.
  public static func seconds(_ count: Int64) -> Int64 {
    let (product, overflow) = count.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product
  }

  /// The timeout of a class.
  @inline(__always)
  func timeout(_ list: IdleClass) -> Int64 {
    switch list {
    case .tcp: tcpIdleTimeout
    case .udp: udpIdleTimeout
    case .other: otherIdleTimeout
    case .closed: closedLinger
    }
  }
}
