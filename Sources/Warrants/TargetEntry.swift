// One target in plain numbers, and whether a packet fits all that it names.
// Address, link address and ports name one end and must hold at the same end; VLAN, interface and tunnel name the packet.

import Packets
import Terms

struct TargetEntry: Sendable {
  /// How far a packet fits, worse before better: the best of all entries decides.
  enum Match: UInt8, Sendable {
    case no
    /// All but the entry's own time holds.
    case otherTime, timeMissing
    /// All but the ports holds, and those the packet does not show.
    case portsMissing
    /// The frame lacks what the entry asks for.
    case undecided
    case yes
  }

  private let range: AddressRange?
  private let link: UInt64?
  private let ports: Target.Ports?
  private let vlan: UInt16?
  private let tunnel: Target.TunnelID?
  /// Place in the list of names.
  private let interface: UInt32?
  private let window: Interval
  private let hasWindow: Bool

  init(_ target: Target, interfaces: [String], atAnyTime: Bool = false) {
    range = target.range
    link = target.mac?.value
    ports = target.ports
    vlan = target.vlan
    tunnel = target.tunnelID
    interface = target.interface.flatMap { name in
      interfaces.firstIndex { $0.utf8.elementsEqual(name.utf8) }.map { UInt32(truncatingIfNeeded: $0) }
    }
    window = atAnyTime ? .always : target.window
    hasWindow = window != .always
  }

  func match(_ packet: Packet, _ time: Timestamp, _ hasTime: Bool, _ from: InterfaceMatch) -> Match {
    if let vlan, !TargetEntry.holds(packet.tags, vlan) { return .no }
    if let tunnel, !TargetEntry.isInside(packet, tunnel) { return .no }
    var match = ends(packet)
    guard match != .no else { return .no }
    if let interface, from != .target(interface) {
      guard from == .unnamed else { return .no }
      match = .undecided
    }
    if hasWindow, !(hasTime && window.contains(time)) {
      // A later answer on the rest would change nothing.
      return hasTime ? .otherTime : .timeMissing
    }
    return match
  }

  /// The better of what both ends give.
  private func ends(_ packet: Packet) -> Match {
    let source = end(packet, packet.source, packet.linkSource, packet.sourcePort)
    if source == .yes { return .yes }
    let destination = end(packet, packet.destination, packet.linkDestination, packet.destinationPort)
    return destination.rawValue > source.rawValue ? destination : source
  }

  private func end(_ packet: Packet, _ address: Address, _ linkAddress: UInt64, _ port: UInt16) -> Match {
    if let range, !range.contains(address) { return .no }
    var match = Match.yes
    if let ports {
      match = TargetEntry.holds(packet, port, ports)
      guard match != .no else { return .no }
    }
    if let link {
      if packet.hasLinkAddresses {
        guard linkAddress == link else { return .no }
      } else {
        // A packet inside a tunnel may have no link header of its own; a frame that has none cannot be judged.
        return packet.depth == 0 ? .undecided : .no
      }
    }
    return match
  }

  private static func holds(_ packet: Packet, _ port: UInt16, _ ports: Target.Ports) -> Match {
    let isRight = packet.protocolNumber == ports.transport.number
    if packet.hasTransportHeader || packet.sourcePort != 0 || packet.destinationPort != 0 {
      return isRight && port >= ports.from && port <= ports.to ? .yes : .no
    }
    return isRight || hidesProtocol(packet) ? .portsMissing : .no
  }

  /// A later IPv6 fragment names the header after the fragment header, which may be another extension header (IANA
  /// "IPv6 Extension Header Types"): the transport is then known to the first fragment only.
  private static func hidesProtocol(_ packet: Packet) -> Bool {
    guard packet.isFragment, packet.source.family == .v6 else { return false }
    switch packet.protocolNumber {
    case 0, 43, 44, 51, 60, 135, 139, 140: return true
    default: return false
    }
  }

  private static func holds(_ tags: LinkTags, _ vlan: UInt16) -> Bool {
    for index in 0..<4 where tags.vlan(index) == vlan { return true }
    return false
  }

  private static func isInside(_ packet: Packet, _ tunnel: Target.TunnelID) -> Bool {
    guard packet.hasTunnelID, packet.tunnelID == UInt64(tunnel.value) else { return false }
    switch tunnel.kind {
    case .vxlan: return packet.carrier == .vxlan
    case .geneve: return packet.carrier == .geneve
    // ERSPAN's number is its session's; PPTP's GRE has the call id for a key (RFC 2637 section 4.1).
    case .greKey: return packet.carrier == .gre
    case .gtpTEID: return packet.carrier == .gtpu
    case .l2tp: return false
    }
  }
}
