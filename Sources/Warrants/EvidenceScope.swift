// The scope in the form that judges packets: once a packet, without allocation or text.
// Documentation/scope.md has the table of its edges.

import Packets
import Terms

/// A scope bound to one evidence item.
public struct EvidenceScope: Sendable {
  /// Every packet is covered: no window, no exclusion, everything.
  @usableFromInline let coversAll: Bool
  /// The verdicts on packets that are covered, and that no target names.
  @usableFromInline let inside: ScopeVerdict
  private let outside: ScopeVerdict

  private let window: Interval
  private let hasWindow: Bool
  private let clockOffset: Int64

  private let hasExclusions: Bool
  private let excluded: AddressSet
  private let excludedLinks: [UInt64]

  private let everything: Bool
  /// Targets that name an address or prefix and nothing else.
  private let addresses: AddressSet
  /// All other targets.
  private let entries: [TargetEntry]
  /// The addresses and prefixes of `entries`: a packet with no end here needs no look at those that name one.
  private let entryAddresses: AddressSet
  private let hasEntryWithoutAddress: Bool

  /// The interfaces that targets name, and by index of the evidence's interfaces the place there.
  private let interfaceNames: [String]
  private var interfaces: [InterfaceMatch] = []

  public init(_ scope: Scope, _ facts: EvidenceFacts) { self.init(scope, facts, atAnyTime: false) }

  /// `atAnyTime`: no window of the warrant's or of a target's counts.
  init(_ scope: Scope, _ facts: EvidenceFacts, atAnyTime: Bool) {
    window = atAnyTime ? .always : scope.window
    hasWindow = window != .always
    everything = scope.coversEverything
    clockOffset = facts.clockOffsetNanoseconds
    inside = ScopeVerdict(.covered, lookInside: scope.insideTunnels)
    outside = ScopeVerdict(.address, lookInside: scope.insideTunnels)
    addresses = AddressSet(scope.targets.filter(\.isAddressOnly).compactMap(\.range))
    let others = scope.targets.filter { !$0.isAddressOnly && $0.everything == nil }
    let names = others.compactMap(\.interface)
    interfaceNames = names
    entries = others.map { TargetEntry($0, interfaces: names, atAnyTime: atAnyTime) }
    entryAddresses = AddressSet(others.compactMap(\.range))
    hasEntryWithoutAddress = others.contains { $0.range == nil }
    excluded = AddressSet(scope.excluded.compactMap(\.range))
    excludedLinks = scope.excluded.compactMap(\.mac?.value).sorted()
    hasExclusions = !scope.excluded.isEmpty
    coversAll = everything && !hasWindow && !hasExclusions
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

  /// The verdict on every packet outside a tunnel that may not be looked into, where it is one and the same for all.
  public var verdictOnAll: ScopeVerdict? { coversAll ? inside : nil }

  // MARK: - The decision

  /// Judges one packet of a frame with this time (meaningless without `hasTime`) from this interface. `carrier` is the
  /// verdict on the packet whose tunnel it came in. The packet is not changed: `inout` spares a copy of it.
  @inlinable
  public func decide(
    _ packet: inout Packet, time: Timestamp, hasTime: Bool, interface: UInt32, carrier: ScopeVerdict = .outermost
  ) -> ScopeVerdict {
    if coversAll, carrier.lookInside { return inside }
    return judge(&packet, time, hasTime, interface, carrier)
  }

  @usableFromInline
  func judge(
    _ packet: inout Packet, _ time: Timestamp, _ hasTime: Bool, _ interface: UInt32, _ carrier: ScopeVerdict
  ) -> ScopeVerdict {
    guard carrier.lookInside else { return ScopeVerdict(carrier.covered ? .address : carrier.reason) }
    // Only the test of windows uses the corrected time.
    let time = corrected(time)
    if hasWindow {
      guard hasTime else { return ScopeVerdict(.noTime) }
      guard window.contains(time) else { return ScopeVerdict(.time) }
    }
    if hasExclusions, let reason = exclusion(packet) { return ScopeVerdict(reason) }
    if everything || carrier.covered || addresses.containsEither(packet.source, packet.destination) { return inside }
    return entries.isEmpty ? outside : judgeByEntries(packet, time, hasTime, interface)
  }

  @inline(__always)
  private func corrected(_ time: Timestamp) -> Timestamp {
    clockOffset == 0 ? time : time.advanced(by: 0 &- clockOffset)
  }

  /// Why the packet is never read; nil where nothing speaks against it.
  private func exclusion(_ packet: Packet) -> ScopeReason? {
    if excluded.containsEither(packet.source, packet.destination) { return .excluded }
    if excludedLinks.isEmpty { return nil }
    if packet.hasLinkAddresses {
      return isExcluded(packet.linkSource) || isExcluded(packet.linkDestination) ? .excluded : nil
    }
    // A packet inside a tunnel may have no link header of its own; a frame that has none cannot be judged.
    return packet.depth == 0 ? .undecided : nil
  }

  /// Judges an ICMP error together with the packet it quotes: it is covered when an end of either is a target, and no
  /// end of either is excluded. `quoted` needs addresses, protocol and, where they were quoted, ports.
  public func decide(
    _ error: inout Packet, quoting quoted: Packet, time: Timestamp, hasTime: Bool, interface: UInt32,
    carrier: ScopeVerdict = .outermost
  ) -> ScopeVerdict {
    let own = decide(&error, time: time, hasTime: hasTime, interface: interface, carrier: carrier)
    guard carrier.lookInside else { return own }
    switch own.reason {
    case .excluded,
      .noTime where hasWindow, .undecided:
      return ScopeVerdict(own.reason)
    case .time where hasWindow && !window.contains(corrected(time)): return ScopeVerdict(.time)
    case .covered, .address, .time, .noTime: break
    }
    // Link, VLAN, interface and tunnel are the error's own: nothing was quoted of them.
    var inner = quoted
    inner.tags = error.tags
    inner.hasLinkAddresses = false
    inner.depth = max(error.depth, 1)
    inner.carrier = error.carrier
    inner.tunnelID = error.tunnelID
    inner.hasTunnelID = error.hasTunnelID
    let outer = ScopeVerdict(own.covered ? .covered : .address, lookInside: true)
    let verdict = decide(&inner, time: time, hasTime: hasTime, interface: interface, carrier: outer)
    return ScopeVerdict(verdict.reason, needsPorts: verdict.needsPorts)
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

  private func judgeByEntries(
    _ packet: Packet, _ time: Timestamp, _ hasTime: Bool, _ interface: UInt32
  ) -> ScopeVerdict {
    guard hasEntryWithoutAddress || entryAddresses.containsEither(packet.source, packet.destination) else {
      return outside
    }
    let from = Int(interface) < interfaces.count ? interfaces[Int(interface)] : InterfaceMatch.unnamed
    var best = TargetEntry.Match.no
    for entry in entries {
      let match = entry.match(packet, time, hasTime, from)
      if match.rawValue > best.rawValue { best = match }
      if best == .yes { break }
    }
    switch best {
    case .yes: return inside
    case .undecided: return ScopeVerdict(.undecided)
    case .portsMissing: return ScopeVerdict(.address, lookInside: outside.lookInside, needsPorts: true)
    case .timeMissing: return ScopeVerdict(.noTime, lookInside: outside.lookInside)
    case .otherTime: return ScopeVerdict(.time, lookInside: outside.lookInside)
    case .no: return outside
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
