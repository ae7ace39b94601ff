// The list of tunnels: IP protocols and UDP ports behind which another packet may stand.
// Ports: https://www.iana.org/assignments/service-names-port-numbers; TZSP's is its programs' own.

import Bytes
import Terms

enum UDPTunnels {
  static let teredo: UInt16 = 3544
  static let vxlan: UInt16 = 4789
  static let geneve: UInt16 = 6081
  static let gtpu: UInt16 = 2152
  static let capwapData: UInt16 = 5247
  static let tzsp: UInt16 = 37008
  static let ayiya: UInt16 = 5072

  static func header(port: UInt16) -> Header {
    switch port {
    case teredo: .teredo
    case vxlan: .vxlan
    case geneve: .geneve
    case gtpu: .gtpu
    case capwapData: .capwap
    case tzsp: .tzsp
    case ayiya: .ayiya
    default: .none
    }
  }

  /// One bit for each tunnel's port modulo 64: what misses it is no tunnel, at two instructions a port.
  private static let filter: UInt64 =
    bit(teredo) | bit(vxlan) | bit(geneve) | bit(gtpu) | bit(capwapData) | bit(tzsp) | bit(ayiya)

  @inline(__always)
  private static func bit(_ port: UInt16) -> UInt64 { 1 << (UInt64(port) & 63) }

  /// Whether either port may be a tunnel's; false positives are for `header(port:)` to tell.
  @inline(__always)
  static func mayBe(_ source: UInt16, _ destination: UInt16) -> Bool {
    (bit(source) | bit(destination)) & filter != 0
  }
}

extension LayerDecoder {
  /// Stands before what IP protocol `number` carries, if that is another packet.
  mutating func enterTunnel(_ bytes: RawSpan, _ number: UInt8, _ family: AddressFamily) {
    switch number {
    case IPProtocol.ipv4: enter(.ipInIP, .ipv4)
    case IPProtocol.ipv6: enter(family == .v4 ? .sixInFour : .ipInIP, .ipv6)
    case IPProtocol.gre: enter(.gre, .gre)
    case IPProtocol.authentication: enterAuthenticated(bytes, family)
    default: break
    }
  }

  private mutating func enter(_ tunnel: Carrier, _ next: Header) {
    carrier = tunnel
    hasTunnelID = false
    tunnelID = 0
    header = next
  }

  /// The authentication header (RFC 4302 section 2) is a payload of its own here: a packet with one belongs to a flow
  /// of protocol 51, whatever it guards. Only a whole packet inside (tunnel mode) is read on.
  ///
  ///     0  next header  1 · 1 length in 32-bit words, less 2  1 · 2 reserved  2 · 4 SPI  4 · 8 sequence  4
  private mutating func enterAuthenticated(_ bytes: RawSpan, _ family: AddressFamily) {
    guard let head = head(bytes, 12) else { return }
    let number = head.u8(0)
    guard number == IPProtocol.ipv4 || number == IPProtocol.ipv6 else { return }
    offset &+= (Int(head.u8(1)) &+ 2) &* 4
    enterTunnel(bytes, number, family)
  }

  /// Stands before a UDP tunnel's header, where a port is a tunnel's; the destination's first.
  @inline(never)
  mutating func enterDatagramTunnel(_ packet: inout Packet) {
    var next = UDPTunnels.header(port: packet.destinationPort)
    if next == .none { next = UDPTunnels.header(port: packet.sourcePort) }
    guard next != .none else { return }
    offset = Int(packet.payloadOffset)
    limit = offset &+ Int(packet.payloadLength)
    end = offset &+ Int(packet.payloadCaptured)
    header = next
  }

  /// Reads the header of a UDP tunnel and what leads from it to IP. A port is no proof: unless the whole header and a
  /// valid IP header agree with it, the datagram holds no packet that is known of.
  mutating func openDatagramTunnel(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    var trial = self
    trial.hasTunnelID = false
    trial.tunnelID = 0
    guard trial.readDatagramTunnel(bytes), trial.reachNetwork(bytes, &packet), trial.networkHeaderHolds(bytes) else {
      return .end
    }
    self = trial
    return nil
  }

  private mutating func readDatagramTunnel(_ bytes: RawSpan) -> Bool {
    switch header {
    case .teredo: readTeredo(bytes)
    case .vxlan: readVXLAN(bytes)
    case .geneve: readGeneve(bytes)
    case .gtpu: readGTPU(bytes)
    case .capwap: readCAPWAP(bytes)
    case .tzsp: readTZSP(bytes)
    case .ayiya: readAYIYA(bytes)
    default: false
    }
  }

  /// Moves `count` bytes on, into a tunnel.
  mutating func enter(_ tunnel: Carrier, after count: Int, _ next: Header, id: UInt64? = nil) -> Bool {
    carrier = tunnel
    if let id {
      tunnelID = id
      hasTunnelID = true
    }
    offset &+= count
    header = next
    return true
  }

  /// Moves `count` bytes on, into a tunnel that names what it carries by EtherType.
  mutating func enter(_ tunnel: Carrier, after count: Int, type: UInt16, id: UInt64? = nil) -> Bool {
    switch type {
    case EtherType.transparentEthernet: enter(tunnel, after: count, .ethernet, id: id)
    case EtherType.ipv4: enter(tunnel, after: count, .ipv4, id: id)
    case EtherType.ipv6: enter(tunnel, after: count, .ipv6, id: id)
    case EtherType.mpls, EtherType.mplsUpstream: enter(tunnel, after: count, .mpls, id: id)
    default: false
    }
  }
}
