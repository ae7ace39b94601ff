// The scope in the form that judges packets: once a packet, without allocation or text.
// Documentation/scope.md has the table of its edges.

import Packets
import Terms

/// A scope bound to one evidence item.
public struct EvidenceScope: Sendable {
  private let window: Interval
  private let hasWindow: Bool
  private let insideTunnels: Bool
  private let everything: Bool
  private let clockOffset: Int64

  /// Targets that name an address or prefix and nothing else.
  private let addresses: AddressSet
  /// All other targets.
  private let entries: [TargetEntry]
  /// The addresses and prefixes of `entries`: a packet with no end here needs no look at those that name one.
  private let entryAddresses: AddressSet
  private let hasEntryWithoutAddress: Bool

  private let excluded: AddressSet
  private let excludedLinks: [UInt64]

  /// The interfaces that targets name, and by index of the evidence's interfaces the place there.
  private let interfaceNames: [String]
  private var interfaces: [InterfaceMatch] = []

  public init(_ scope: Scope, _ facts: EvidenceFacts) {
    window = scope.window
    hasWindow = scope.window != .always
    insideTunnels = scope.insideTunnels
    everything = scope.coversEverything
    clockOffset = facts.clockOffsetNanoseconds
    let plain = scope.targets.filter(\.isAddressOnly)
    addresses = AddressSet(plain.compactMap(\.range))
    let others = scope.targets.filter { !$0.isAddressOnly && $0.everything == nil }
    let names = others.compactMap(\.interface)
    interfaceNames = names
    entries = others.map { TargetEntry($0, interfaces: names) }
    entryAddresses = AddressSet(others.compactMap(\.range))
    hasEntryWithoutAddress = others.contains { $0.range == nil }
    excluded = AddressSet(scope.excluded.compactMap(\.range))
    excludedLinks = scope.excluded.compactMap(\.mac?.value).sorted()
    for interface in facts.interfaces { addInterface(interface) }
  }

  /// Makes the next interface of the evidence known; pcapng may declare one anywhere.
  public mutating func addInterface(_ interface: EvidenceFacts.Interface) {
    guard let name = interface.name else {
      interfaces.append(.unnamed)
      return
    }
    let place = interfaceNames.firstIndex { $0.utf8.elementsEqual(name.utf8) }
    interfaces.append(place.map { .target(UInt32(truncatingIfNeeded: $0)) } ?? .other)
  }

  // MARK: - The decision

  /// Judges one packet of a frame with this time (meaningless without `hasTime`) from this interface. `carrier` is the
  /// verdict on the packet whose tunnel it came in.
  public func decide(
    _ packet: Packet, time: Timestamp, hasTime: Bool, interface: UInt32, carrier: ScopeVerdict = .outermost
  ) -> ScopeVerdict {
    guard carrier.lookInside else { return .stop(carrier.reason == .covered ? .address : carrier.reason) }
    // Only the test of windows uses the corrected time.
    let time = clockOffset == 0 ? time : time.advanced(by: 0 &- clockOffset)
    if hasWindow {
      guard hasTime else { return .stop(.noTime) }
      guard window.contains(time) else { return .stop(.time) }
    }
    if !excluded.isEmpty, excluded.contains(packet.source) || excluded.contains(packet.destination) {
      return .stop(.excluded)
    }
    if !excludedLinks.isEmpty {
      if packet.hasLinkAddresses {
        if isExcluded(packet.linkSource) || isExcluded(packet.linkDestination) { return .stop(.excluded) }
      } else if packet.depth == 0 {
        return .stop(.undecided)
      }
    }
    if everything || carrier.covered || addresses.contains(packet.source) || addresses.contains(packet.destination) {
      return ScopeVerdict(covered: true, lookInside: insideTunnels, reason: .covered)
    }
    if entries.isEmpty { return ScopeVerdict(covered: false, lookInside: insideTunnels, reason: .address) }
    return decideByEntries(packet, time, hasTime, interface)
  }

  /// Judges an ICMP error together with the packet it quotes: it is covered when an end of either is a target, and no
  /// end of either is excluded. `quoted` needs addresses, protocol and, where they were quoted, ports.
  public func decide(
    _ error: Packet, quoting quoted: Packet, time: Timestamp, hasTime: Bool, interface: UInt32,
    carrier: ScopeVerdict = .outermost
  ) -> ScopeVerdict {
    let own = decide(error, time: time, hasTime: hasTime, interface: interface, carrier: carrier)
    guard own.reason == .covered || own.reason == .address || own.reason == .time, carrier.lookInside else {
      return own
    }
    if hasWindow, !window.contains(clockOffset == 0 ? time : time.advanced(by: 0 &- clockOffset)) { return own }
    // Link, VLAN, interface and tunnel are the error's own: nothing was quoted of them.
    var inner = quoted
    inner.tags = error.tags
    inner.hasLinkAddresses = false
    inner.depth = max(error.depth, 1)
    inner.carrier = error.carrier
    inner.tunnelID = error.tunnelID
    inner.hasTunnelID = error.hasTunnelID
    let outer = ScopeVerdict(covered: own.covered, lookInside: true, reason: own.reason)
    let verdict = decide(inner, time: time, hasTime: hasTime, interface: interface, carrier: outer)
    return ScopeVerdict(
      covered: verdict.covered, lookInside: false, needsPorts: verdict.needsPorts, reason: verdict.reason)
  }

  private func isExcluded(_ link: UInt64) -> Bool {
    var start = 0
    var end = excludedLinks.count
    while start < end {
      let middle = (start &+ end) >> 1
      if excludedLinks[middle] < link { start = middle &+ 1 } else { end = middle }
    }
    return start < excludedLinks.count && excludedLinks[start] == link
  }

  private func decideByEntries(
    _ packet: Packet, _ time: Timestamp, _ hasTime: Bool, _ interface: UInt32
  ) -> ScopeVerdict {
    let isAddressed = entryAddresses.contains(packet.source) || entryAddresses.contains(packet.destination)
    guard isAddressed || hasEntryWithoutAddress else {
      return ScopeVerdict(covered: false, lookInside: insideTunnels, reason: .address)
    }
    let from =
      interfaces.indices.contains(Int(interface)) ? interfaces[Int(interface)] : InterfaceMatch.unnamed
    var best = TargetEntry.Match.no
    for index in entries.indices {
      let match = entries[index].match(packet, time, hasTime, from)
      if match.rawValue > best.rawValue { best = match }
      if best == .yes { break }
    }
    switch best {
    case .yes: return ScopeVerdict(covered: true, lookInside: insideTunnels, reason: .covered)
    case .undecided: return .stop(.undecided)
    case .portsMissing:
      return ScopeVerdict(covered: false, lookInside: insideTunnels, needsPorts: true, reason: .address)
    case .timeMissing: return ScopeVerdict(covered: false, lookInside: insideTunnels, reason: .noTime)
    case .otherTime: return ScopeVerdict(covered: false, lookInside: insideTunnels, reason: .time)
    case .no: return ScopeVerdict(covered: false, lookInside: insideTunnels, reason: .address)
    }
  }
}

/// What is known of a frame's interface.
enum InterfaceMatch: Hashable, Sendable, BitwiseCopyable {
  /// It is the one at this place of the names that targets ask for.
  case target(UInt32)
  case other
  case unnamed
}

extension Target {
  /// Where both an address and a prefix are given, the address lies inside.
  var range: AddressRange? { address.map { AddressRange($0) } ?? prefix.map { AddressRange($0) } }

  var isAddressOnly: Bool {
    range != nil && mac == nil && interface == nil && vlan == nil && tunnelID == nil && ports == nil
      && window == .always && everything == nil
  }
}

extension Exclusion {
  var range: AddressRange? { address.map { AddressRange($0) } ?? prefix.map { AddressRange($0) } }
}
