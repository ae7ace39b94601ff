// The plugins that run in a timeline, and which of them read what.

import Packets
import PluginKit
import Terms

/// The plugins of one transport. Made once.
final class TransportPlugins: Sendable {
  let matcher: Matcher
  /// Readers without constants, asked once a flow.
  let constantless: [Int]
  /// These with the number of datagrams each declares, and the bytes that they want at most.
  let constantlessPackets: [(plugin: Int, packets: Int)]
  let constantlessBytes: Int
  /// Subscribers and readers: whether anyone may be concerned with a flow of this transport at all.
  let any: Bool
  /// The largest appetites among them; datagrams up to a bound.
  let bytes: Int
  let packets: Int

  /// Datagrams of a flow that are held against constants. A plugin that holds memory of the flow is shown all that it
  /// declared; a long flow of which nobody has anything is let go.
  private static let mostUnconcerned = 160

  static let none = TransportPlugins(.tcp, [])

  /// - Parameter plugins: those that name the transport, with their places in the catalog.
  init(_ transport: PluginTransport, _ plugins: [(index: Int, entry: PluginEntry)]) {
    let readers = plugins.filter { transport == .tcp ? $0.entry.readsStreams : $0.entry.readsDatagrams }
    any = !plugins.isEmpty
    bytes = readers.map(\.entry.manifest.bytes).max() ?? 0
    packets = min(readers.map(\.entry.manifest.packets).max() ?? 0, Self.mostUnconcerned)
    let plain = readers.filter(\.entry.manifest.constants.isEmpty)
    constantless = plain.map(\.index)
    constantlessPackets = plain.map { ($0.index, max($0.entry.manifest.packets, 1)) }
    constantlessBytes = plain.map(\.entry.manifest.bytes).max() ?? 0
    matcher = Matcher(
      readers.flatMap { index, entry in
        entry.manifest.constants(on: transport).map { (index, $0) }
      })
  }

  fileprivate func match(
    _ payload: RawSpan, _ side: Side, _ length: Int, _ ports: (UInt16, UInt16)
  ) -> PluginTable.Match {
    PluginTable.Match(
      found: matcher.plugins(payload, side: side, length: length, ports: ports), packets: packets,
      hasConstantless: !constantless.isEmpty)
  }
}

/// All running plugins.
struct PluginTable {
  let entries: [PluginEntry]
  let runners: [PluginRunner]
  let tcp: TransportPlugins
  private let udp: TransportPlugins?
  private let sctp: TransportPlugins?
  private let icmp: TransportPlugins?
  private let others: [UInt8: TransportPlugins]
  /// The most steps of shape that any plugin wants.
  let shape: Int
  /// Who hears which type of fact.
  let topics: [(type: ObjectIdentifier, plugin: Int, index: Int)]
  /// What is noted across flows.
  let notes: [NoteTopic]

  /// - Parameter running: for each entry of the catalog, whether it runs.
  init(_ catalog: PluginCatalog, running: (PluginEntry) -> Bool) {
    // Indices are those of the catalog, whether a plugin runs or not: faults are named by them.
    entries = catalog.entries
    runners = catalog.entries.map { $0.makeRunner() }
    var topics: [(type: ObjectIdentifier, plugin: Int, index: Int)] = []
    var plugins: [PluginTransport: [(index: Int, entry: PluginEntry)]] = [:]
    var shape = 0
    var notes: [NoteTopic] = []
    for (index, entry) in catalog.entries.enumerated() where running(entry) {
      for (topicIndex, topic) in runners[index].topics.enumerated() {
        topics.append((topic, index, topicIndex))
      }
      shape = max(shape, entry.manifest.shape)
      for topic in entry.manifest.notes where !notes.contains(where: { $0.isSame(as: topic) }) { notes.append(topic) }
      for transport in entry.manifest.transports { plugins[transport, default: []].append((index, entry)) }
    }
    self.shape = shape
    self.notes = notes
    self.topics = topics
    func table(_ transport: PluginTransport) -> TransportPlugins? {
      plugins[transport].map { TransportPlugins(transport, $0) }
    }
    tcp = table(.tcp) ?? .none
    udp = table(.udp)
    sctp = table(.sctp)
    icmp = table(.icmp)
    var others: [UInt8: TransportPlugins] = [:]
    for case .ip(let number) in plugins.keys { others[number] = table(.ip(number)) }
    self.others = others
  }

  /// The plugins of a packet's transport that read datagrams; nil where there are none.
  func datagramPlugins(_ transport: Transport, _ protocolNumber: UInt8) -> TransportPlugins? {
    switch transport {
    case .udp: udp
    case .icmp, .icmpv6: icmp
    case .sctp: sctp
    case .other: others.isEmpty ? nil : others[protocolNumber]
    case .tcp: nil
    }
  }

  /// What the constants of a datagram's transport say of it.
  struct Match {
    let found: BitSet128
    /// The largest number of datagrams that any of the transport's plugins looks at.
    let packets: Int
    let hasConstantless: Bool
  }

  /// Matches a datagram; nil where no plugin reads its transport. Asked at each datagram, so that the plugins are not
  /// handed out, which takes a count of references.
  func match(
    _ transport: Transport, _ protocolNumber: UInt8, _ payload: RawSpan, _ side: Side, _ length: Int,
    _ ports: (UInt16, UInt16)
  ) -> Match? {
    switch transport {
    case .udp: udp?.match(payload, side, length, ports)
    case .icmp, .icmpv6: icmp?.match(payload, side, length, ports)
    case .sctp: sctp?.match(payload, side, length, ports)
    case .other: others.isEmpty ? nil : others[protocolNumber]?.match(payload, side, length, ports)
    case .tcp: nil
    }
  }

  func wants(_ type: ObjectIdentifier) -> Bool { topics.contains { $0.type == type } }
}
