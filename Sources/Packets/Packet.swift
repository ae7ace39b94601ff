// One addressed layer of a frame, as plain numbers and offsets.

import Terms

/// The transports that flows are made of.
public enum Transport: UInt8, Hashable, Sendable, BitwiseCopyable {
  case tcp, udp, sctp, icmp, icmpv6
  /// Any other IP protocol: `Packet.protocolNumber` names it.
  case other
}

/// How a packet came into its frame: directly, or in a tunnel.
public enum Carrier: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
  case none
  case gre, erspan, ipInIP, sixInFour, teredo, vxlan, geneve, gtpu, capwap, tzsp, ayiya

  /// The name in output; empty for `none`.
  public var name: String {
    switch self {
    case .none: ""
    case .gre: "gre"
    case .erspan: "erspan"
    case .ipInIP: "ip-in-ip"
    case .sixInFour: "6in4"
    case .teredo: "teredo"
    case .vxlan: "vxlan"
    case .geneve: "geneve"
    case .gtpu: "gtpu"
    case .capwap: "capwap"
    case .tzsp: "tzsp"
    case .ayiya: "ayiya"
    }
  }
}

/// TCP header flags (RFC 9293 section 3.1).
public struct TCPFlags: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  @inlinable public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
  @inlinable public static var syn: TCPFlags { TCPFlags(rawValue: 0x02) }
  @inlinable public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }
  @inlinable public static var psh: TCPFlags { TCPFlags(rawValue: 0x08) }
  @inlinable public static var ack: TCPFlags { TCPFlags(rawValue: 0x10) }
}

/// Up to four VLAN ids and four MPLS labels, outermost first, of the link layers before a packet.
public struct LinkTags: Hashable, Sendable, BitwiseCopyable {
  /// VLAN ids (0 to 4095), 16 bits each, the outermost in the low bits; `vlanCount` says how many.
  public var vlans: UInt64 = 0
  public var vlanCount: UInt8 = 0
  public var mplsCount: UInt8 = 0
  /// MPLS labels (20 bits each) of the first three entries, the outermost in the low bits.
  public var mpls: UInt64 = 0
  @inlinable public init() {}

  /// The `index`th VLAN id, outermost first; nil beyond those kept.
  @inlinable
  public func vlan(_ index: Int) -> UInt16? {
    index < min(Int(vlanCount), 4) ? UInt16(truncatingIfNeeded: vlans >> UInt64(16 * index)) & 0x0fff : nil
  }
}

/// One addressed layer (an IP packet) of a frame.
///
/// Offsets count from the start of the bytes the packet was decoded from: the frame's, or a reassembled datagram's.
/// Lengths named `…Length` are what the headers say, those named `…Captured` what the capture holds; the latter never
/// exceed the former.
public struct Packet: Sendable, BitwiseCopyable {
  public var source: Address
  public var destination: Address
  /// Zero where the transport has no ports, or where the header is not there (a later fragment).
  public var sourcePort: UInt16 = 0
  public var destinationPort: UInt16 = 0
  public var transport: Transport = .other
  /// The IP protocol number of the payload (after IPv6 extension headers). A packet with an authentication header
  /// (RFC 4302) has 51, whatever that guards; one whose extension header could not be read has that header's number.
  public var protocolNumber: UInt8 = 0
  public var timeToLive: UInt8 = 0
  /// Whether the transport header's fixed part was there and agrees with the lengths around it. False for `other`.
  public var hasTransportHeader = false

  /// Where the IP header stands.
  public var networkOffset: Int32 = 0
  /// Where the IP payload begins (after options and extension headers) and its length by the IP header.
  public var ipPayloadOffset: Int32 = 0
  public var ipPayloadLength: Int32 = 0
  public var ipPayloadCaptured: Int32 = 0
  /// The transport payload.
  public var payloadOffset: Int32 = 0
  public var payloadLength: Int32 = 0
  public var payloadCaptured: Int32 = 0
  /// IP length as the header gives it, header included, within what carries it (offload's zero is replaced by the
  /// frame's length on the wire).
  public var ipLength: Int32 = 0

  /// IPv4 identification, or that of the IPv6 fragment header; 0 where there is none.
  public var identification: UInt32 = 0
  /// A fragment, first or later. `fragmentOffset` is in bytes.
  public var isFragment = false
  public var moreFragments = false
  public var fragmentOffset: Int32 = 0

  public var tcpFlags: TCPFlags = []
  public var tcpSequence: UInt32 = 0
  public var tcpAcknowledgment: UInt32 = 0
  public var tcpWindow: UInt16 = 0
  public var icmpType: UInt8 = 0
  public var icmpCode: UInt8 = 0

  /// The tunnel this packet came in; the frame's previous packet is its carrier's outer packet.
  public var carrier: Carrier = .none
  /// 0 for the outermost packet of a frame, and for each subframe's of an IEEE 802.11 A-MSDU.
  public var depth: UInt8 = 0
  /// VXLAN and Geneve: the network identifier; GRE: the key, PPTP's call or ERSPAN's session; GTP-U: the endpoint
  /// identifier. 0 where the carrier has none.
  public var tunnelID: UInt64 = 0
  public var hasTunnelID = false

  public var tags = LinkTags()
  /// Link addresses, 48 bits each in the low bits; only with `hasLinkAddresses`.
  public var linkSource: UInt64 = 0
  public var linkDestination: UInt64 = 0
  public var hasLinkAddresses = false

  /// An IPv4 header checksum that was filled in and captured, and does not hold (never a condition).
  public var badNetworkChecksum = false

  @inlinable @inline(__always)
  public init(source: Address, destination: Address) {
    self.source = source
    self.destination = destination
  }
}
