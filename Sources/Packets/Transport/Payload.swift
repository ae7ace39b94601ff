// What an IP packet carries: a transport's header, or a tunnel that is left for the next call.

import Bytes
import Terms

/// IP protocol numbers (https://www.iana.org/assignments/protocol-numbers).
enum IPProtocol {
  static let icmp: UInt8 = 1
  static let ipv4: UInt8 = 4
  static let tcp: UInt8 = 6
  static let udp: UInt8 = 17
  static let ipv6: UInt8 = 41
  static let gre: UInt8 = 47
  static let authentication: UInt8 = 51
  static let icmpv6: UInt8 = 58
  static let sctp: UInt8 = 132
}

extension LayerDecoder {
  /// Fills in what the IP payload from `start` to `ipEnd` says, and stands before what it carries.
  ///
  /// - Parameter isCut: `number` is that of an extension header that could not be read.
  @inline(__always)
  mutating func finish(
    _ bytes: RawSpan, _ packet: inout Packet, protocol number: UInt8, family: AddressFamily, from start: Int,
    to ipEnd: Int, isCut: Bool = false
  ) {
    end = min(end, ipEnd)
    limit = ipEnd
    offset = start
    header = .none
    packet.carrier = carrier
    packet.depth = depth
    packet.tunnelID = tunnelID
    packet.hasTunnelID = hasTunnelID
    depth &+= 1

    let length = Int32(truncatingIfNeeded: ipEnd &- start)
    let captured = Int32(truncatingIfNeeded: max(0, end &- start))
    packet.protocolNumber = number
    packet.ipPayloadOffset = Int32(truncatingIfNeeded: start)
    packet.ipPayloadLength = length
    packet.ipPayloadCaptured = captured

    if packet.fragmentOffset == 0, !isCut {
      if number == IPProtocol.tcp { return readTCP(bytes, &packet) }
      if number == IPProtocol.udp { return readUDP(bytes, &packet) }
    }
    finishOther(bytes, &packet, number, family, isCut: isCut)
  }

  @inline(never)
  private mutating func finishOther(
    _ bytes: RawSpan, _ packet: inout Packet, _ number: UInt8, _ family: AddressFamily, isCut: Bool
  ) {
    packet.setPayload(after: 0)
    packet.transport = Transport(protocolNumber: number, family: family)
    // A later fragment begins in the middle; a tunnel in pieces is read from the reassembled datagram.
    if packet.fragmentOffset != 0 || isCut { return }
    switch packet.transport {
    case .sctp: readSCTP(bytes, &packet)
    case .icmp, .icmpv6: readICMP(bytes, &packet)
    case .tcp, .udp: break
    case .other: if !packet.isFragment { enterTunnel(bytes, number, family) }
    }
  }

  /// The IP payload at hand is whole again: reads on as its packet would have.
  mutating func readReassembled(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    packet = datagram
    packet.isFragment = false
    packet.moreFragments = false
    packet.fragmentOffset = 0
    packet.networkOffset = 0
    packet.transport = .other
    packet.hasTransportHeader = false
    let family = packet.source.family
    let headerLength = family == .v4 ? Self.ipv4Length : Self.ipv6Length
    packet.ipLength = Int32(truncatingIfNeeded: limit &+ headerLength)
    var after = AfterExtensions(number: packet.protocolNumber, offset: 0)
    if family == .v6 { after = walkExtensions(bytes, after.number, from: 0, to: limit, &packet) }
    finish(
      bytes, &packet, protocol: after.number, family: family, from: after.offset, to: limit, isCut: after.isCut)
    return .packet
  }
}

extension Transport {
  /// The transport of an IP protocol number. ICMP belongs to IPv4, ICMPv6 to IPv6.
  init(protocolNumber: UInt8, family: AddressFamily) {
    switch protocolNumber {
    case IPProtocol.tcp: self = .tcp
    case IPProtocol.udp: self = .udp
    case IPProtocol.sctp: self = .sctp
    case IPProtocol.icmp: self = family == .v4 ? .icmp : .other
    case IPProtocol.icmpv6: self = family == .v6 ? .icmpv6 : .other
    default: self = .other
    }
  }
}

extension Packet {
  /// A packet of which nothing is known yet.
  @inlinable @inline(__always)
  static var blank: Packet { Packet(source: Address(v4: 0), destination: Address(v4: 0)) }

  /// The transport's payload begins `count` bytes into the IP payload.
  @inline(__always)
  mutating func setPayload(after count: Int32) {
    payloadOffset = ipPayloadOffset &+ count
    payloadLength = max(0, ipPayloadLength &- count)
    payloadCaptured = max(0, ipPayloadCaptured &- count)
  }
}
