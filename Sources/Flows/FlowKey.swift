// What makes packets one flow, the same for both directions.

import Bytes
import Packets
import Terms

/// The lower and the higher endpoint (by address, then port), the protocol, and the tunnel where that tells tenants
/// apart.
///
/// VLAN ids, MPLS labels and interfaces are left out: mirror ports tag the directions differently; VLAN ids come in
/// where the limits say so. Of a carrier, its kind is part of the key: a flow seen inside a tunnel and beside it is two.
/// Its tunnel id is part of the key for VXLAN and Geneve only, whose network identifiers keep tenants with equal
/// addresses apart and are the same both ways; TEIDs, PPTP call ids and GRE keys may differ a direction, as the outer
/// addresses' ports do.
public struct FlowKey: Equatable, Sendable, BitwiseCopyable {
  @usableFromInline let lowUpper: UInt64
  @usableFromInline let lowLower: UInt64
  @usableFromInline let highUpper: UInt64
  @usableFromInline let highLower: UInt64
  /// Bits 0 to 7: protocol number. 8: IPv6. 9 to 12: carrier. 13 to 36: its network identifier. 37 to 60: the two outer
  /// VLAN ids. 61 and 62: how many of them.
  @usableFromInline let context: UInt64
  @usableFromInline let lowPort: UInt16
  @usableFromInline let highPort: UInt16

  @usableFromInline static let familyShift: UInt64 = 8
  @usableFromInline static let carrierShift: UInt64 = 9
  private static let networkShift: UInt64 = 13
  private static let vlanShift: UInt64 = 37
  private static let vlanCountShift: UInt64 = 61
  private static let networkMask: UInt64 = 0xff_ffff

  /// The key of no flow.
  init() {
    self.init(lowUpper: 0, lowLower: 0, highUpper: 0, highLower: 0, context: 0, lowPort: 0, highPort: 0)
  }

  @inline(__always)
  private init(
    lowUpper: UInt64, lowLower: UInt64, highUpper: UInt64, highLower: UInt64, context: UInt64, lowPort: UInt16,
    highPort: UInt16
  ) {
    self.lowUpper = lowUpper
    self.lowLower = lowLower
    self.highUpper = highUpper
    self.highLower = highLower
    self.context = context
    self.lowPort = lowPort
    self.highPort = highPort
  }

  /// The key of a packet, and whether its source is the lower endpoint (0) or the higher (1).
  @inline(__always)
  static func of(_ packet: inout Packet, separatesVLANs: Bool) -> (key: FlowKey, side: Int) {
    let source = packet.source
    let destination = packet.destination
    var sourcePort = packet.sourcePort
    var destinationPort = packet.destinationPort
    var isOrdered = false
    if packet.transport == .icmp || packet.transport == .icmpv6, packet.hasTransportHeader {
      let pair = ICMPPair(packet.transport, type: packet.icmpType, code: packet.icmpCode)
      sourcePort = pair.source
      destinationPort = pair.destination
      isOrdered = pair.isOneWay
    }
    var context = plainContext(packet.protocolNumber, isV6: source.family == .v6)
    if packet.carrier != .none || separatesVLANs { context |= surroundings(&packet, separatesVLANs) }

    if isOrdered {
      let key = FlowKey(
        lowUpper: source.upper, lowLower: source.lower, highUpper: destination.upper, highLower: destination.lower,
        context: context, lowPort: sourcePort, highPort: destinationPort)
      return (key, 0)
    }
    return FlowKey.of(
      source: (source.upper, source.lower), sourcePort: sourcePort,
      destination: (destination.upper, destination.lower), destinationPort: destinationPort, context: context)
  }

  /// The context of a packet outside all tunnels, without VLAN ids.
  @inline(__always)
  static func plainContext(_ number: UInt8, isV6: Bool) -> UInt64 { UInt64(number) | (isV6 ? 1 << familyShift : 0) }

  /// The key of a packet between these ends, and which of them is its source.
  @inline(__always)
  static func of(
    source: (upper: UInt64, lower: UInt64), sourcePort: UInt16, destination: (upper: UInt64, lower: UInt64),
    destinationPort: UInt16, context: UInt64
  ) -> (key: FlowKey, side: Int) {
    let sourceIsLow =
      source.upper != destination.upper
      ? source.upper < destination.upper
      : source.lower != destination.lower ? source.lower < destination.lower : sourcePort <= destinationPort
    let key = FlowKey(
      lowUpper: sourceIsLow ? source.upper : destination.upper,
      lowLower: sourceIsLow ? source.lower : destination.lower,
      highUpper: sourceIsLow ? destination.upper : source.upper,
      highLower: sourceIsLow ? destination.lower : source.lower, context: context,
      lowPort: sourceIsLow ? sourcePort : destinationPort, highPort: sourceIsLow ? destinationPort : sourcePort)
    return (key, sourceIsLow ? 0 : 1)
  }

  private static func surroundings(_ packet: inout Packet, _ separatesVLANs: Bool) -> UInt64 {
    var bits = UInt64(packet.carrier.rawValue & 0xf) << carrierShift
    if packet.carrier == .vxlan || packet.carrier == .geneve {
      bits |= (packet.tunnelID & networkMask) << networkShift
    }
    if separatesVLANs {
      let count = min(packet.tags.vlanCount, 2)
      let outer = count > 0 ? packet.tags.vlans & 0xfff : 0
      let inner = count > 1 ? packet.tags.vlans >> 16 & 0xfff : 0
      bits |= (outer | inner << 12) << vlanShift | UInt64(count) << vlanCountShift
    }
    return bits
  }

  /// 32 bits of a seeded hash: each pair of words is multiplied and folded.
  @inline(__always)
  func hash(seed: UInt64) -> UInt32 {
    let low = (lowUpper ^ seed).folded(lowLower ^ 0x6a09_e667_f3bc_c909)
    let high = (highUpper ^ 0xbb67_ae85_84ca_a73b).folded(highLower ^ seed)
    let ports = UInt64(lowPort) << 48 | UInt64(highPort) << 32
    let all = (low ^ context &+ ports).folded((high &+ ports) ^ 0x3c6e_f372_fe94_f82b)
    return UInt32(truncatingIfNeeded: all ^ all >> 32)
  }

  @inlinable public var protocolNumber: UInt8 { UInt8(truncatingIfNeeded: context) }
  @inlinable public var carrier: Carrier {
    Carrier(rawValue: UInt8(truncatingIfNeeded: context >> Self.carrierShift) & 0xf) ?? .none
  }
  @inlinable var isIPv6: Bool { context & 1 << Self.familyShift != 0 }

  /// The endpoint of a side; for ICMP its "port" is a type or code.
  @inlinable @inline(__always)
  func endpoint(_ side: Int) -> Endpoint {
    let upper = side == 0 ? lowUpper : highUpper
    let lower = side == 0 ? lowLower : highLower
    let address = isIPv6 ? Address(v6: upper, lower) : Address(v4: UInt32(truncatingIfNeeded: lower))
    return Endpoint(address, port: side == 0 ? lowPort : highPort)
  }
}
