// The plugins that run in a timeline, and which of them read what.

import Packets
import PluginKit
import Terms

/// The plugins of one transport.
struct TransportPlugins {
  var matcher = Matcher([])
  /// Readers without constants, asked once a flow.
  var constantless: [Int] = []
  /// Subscribers and readers: whoever may be concerned with a flow of this transport at all.
  var any = false
  /// The largest appetites among them.
  var bytes = 0
  var packets = 0
}

/// All running plugins.
struct PluginTable {
  let entries: [PluginEntry]
  let runners: [PluginRunner]
  private(set) var tcp = TransportPlugins()
  private(set) var udp = TransportPlugins()
  private(set) var sctp = TransportPlugins()
  private(set) var icmp = TransportPlugins()
  private var others: [UInt8: TransportPlugins] = [:]
  /// The most steps of shape that any plugin wants.
  let shape: Int
  /// Who hears which type of fact.
  let topics: [(type: ObjectIdentifier, plugin: Int, index: Int)]

  /// - Parameter running: for each entry of the catalog, whether it runs.
  init(_ catalog: PluginCatalog, running: (PluginEntry) -> Bool) {
    // Indices are those of the catalog, whether a plugin runs or not: faults are named by them.
    entries = catalog.entries
    runners = catalog.entries.map { $0.makeRunner() }
    var topics: [(type: ObjectIdentifier, plugin: Int, index: Int)] = []
    var constants: [PluginTransport: [(plugin: Int, constant: Constant)]] = [:]
    var tables: [PluginTransport: TransportPlugins] = [:]
    var shape = 0
    for (index, entry) in catalog.entries.enumerated() where running(entry) {
      for (topicIndex, topic) in runners[index].topics.enumerated() {
        topics.append((topic, index, topicIndex))
      }
      shape = max(shape, entry.manifest.shape)
      for transport in entry.manifest.transports {
        let reads = transport == .tcp ? entry.readsStreams : entry.readsDatagrams
        var table = tables[transport] ?? TransportPlugins()
        table.any = true
        if reads {
          table.bytes = max(table.bytes, entry.manifest.bytes)
          table.packets = max(table.packets, entry.manifest.packets)
          if entry.manifest.constants.isEmpty { table.constantless.append(index) }
          let here = entry.manifest.constants.filter { $0.transport == nil || $0.transport == transport }
          constants[transport, default: []] += here.map { (index, $0) }
        }
        tables[transport] = table
      }
    }
    self.shape = shape
    self.topics = topics
    for (transport, found) in tables {
      var table = found
      table.matcher = Matcher(constants[transport] ?? [])
      switch transport {
      case .tcp: tcp = table
      case .udp: udp = table
      case .sctp: sctp = table
      case .icmp: icmp = table
      case .ip(let number): others[number] = table
      }
    }
  }

  /// The plugins of a packet's transport that read datagrams; nil where there are none.
  func datagramPlugins(_ transport: Transport, _ protocolNumber: UInt8) -> TransportPlugins? {
    switch transport {
    case .udp: udp.any ? udp : nil
    case .icmp, .icmpv6: icmp.any ? icmp : nil
    case .sctp: sctp.any ? sctp : nil
    case .other: others.isEmpty ? nil : others[protocolNumber]
    case .tcp: nil
    }
  }

  func wants(_ type: ObjectIdentifier) -> Bool { topics.contains { $0.type == type } }
}
