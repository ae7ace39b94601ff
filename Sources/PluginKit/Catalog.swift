// The list of plugins, each erased into closures where its type is known.

import Bytes
import Findings
import Terms

/// One timeline's running plugin: closures over the plugin and the memory of its flows.
public struct PluginRunner {
  public typealias Slot = UInt32
  /// No memory.
  public static let none = Slot.max

  /// Reads a datagram. `slot` names the memory before and after.
  public let inspectDatagram: ((Datagram, inout Slot, inout Recorder) throws(ReadError) -> Verdict)?
  public let inspectStream: ((Conversation, inout Slot, inout Recorder) throws(ReadError) -> Verdict)?
  public let topics: [ObjectIdentifier]
  /// Delivers a fact to the `topics` entry of the same index.
  public let deliver: (Int, any Observation, FlowFacts, inout Slot, inout Recorder) -> Verdict
  public let conclude: (FlowFacts, Slot, inout Recorder) -> Void
  public let release: (Slot) -> Void

  @usableFromInline
  init(
    inspectDatagram: ((Datagram, inout Slot, inout Recorder) throws(ReadError) -> Verdict)?,
    inspectStream: ((Conversation, inout Slot, inout Recorder) throws(ReadError) -> Verdict)?,
    topics: [ObjectIdentifier],
    deliver: @escaping (Int, any Observation, FlowFacts, inout Slot, inout Recorder) -> Verdict,
    conclude: @escaping (FlowFacts, Slot, inout Recorder) -> Void, release: @escaping (Slot) -> Void
  ) {
    self.inspectDatagram = inspectDatagram
    self.inspectStream = inspectStream
    self.topics = topics
    self.deliver = deliver
    self.conclude = conclude
    self.release = release
  }
}

/// The memories of one plugin, one a flow that it asked to see more of.
@usableFromInline
final class MemorySlab<Memory: FlowMemory> {
  @usableFromInline var memories: [Memory] = []
  @usableFromInline var free: [PluginRunner.Slot] = []

  @usableFromInline init() {}

  @inlinable
  func take(_ slot: PluginRunner.Slot) -> Memory {
    slot == PluginRunner.none ? Memory() : memories[Int(slot)]
  }

  /// Keeps the memory after `needMore`, gives it back after anything else.
  @inlinable
  func settle(_ memory: Memory, _ verdict: Verdict, _ slot: inout PluginRunner.Slot) {
    guard verdict == .needMore else {
      release(slot)
      slot = PluginRunner.none
      return
    }
    if slot != PluginRunner.none {
      memories[Int(slot)] = memory
    } else if let reused = free.popLast() {
      memories[Int(reused)] = memory
      slot = reused
    } else {
      slot = PluginRunner.Slot(memories.count)
      memories.append(memory)
    }
  }

  @inlinable
  func release(_ slot: PluginRunner.Slot) {
    guard slot != PluginRunner.none else { return }
    memories[Int(slot)] = Memory()
    free.append(slot)
  }
}

/// A plugin in a catalog.
public struct PluginEntry: Sendable {
  public let manifest: Manifest
  public let readsDatagrams: Bool
  public let readsStreams: Bool
  /// Makes the plugin run for one timeline.
  public let makeRunner: @Sendable () -> PluginRunner

  @usableFromInline
  init(
    manifest: Manifest, readsDatagrams: Bool, readsStreams: Bool, makeRunner: @escaping @Sendable () -> PluginRunner
  ) {
    self.manifest = manifest
    self.readsDatagrams = readsDatagrams
    self.readsStreams = readsStreams
    self.makeRunner = makeRunner
  }

  @inlinable
  static func subscriber<P: ProtocolPlugin>(_ type: P.Type) -> PluginEntry {
    PluginEntry(manifest: P.manifest, readsDatagrams: false, readsStreams: false) {
      let slab = MemorySlab<P.Memory>()
      return runner(P(), slab, datagram: nil, stream: nil)
    }
  }

  @inlinable
  static func datagrams<P: DatagramPlugin>(_ type: P.Type) -> PluginEntry {
    PluginEntry(manifest: P.manifest, readsDatagrams: true, readsStreams: false) {
      let slab = MemorySlab<P.Memory>()
      return runner(P(), slab, datagram: datagramCall(P(), slab), stream: nil)
    }
  }

  @inlinable
  static func streams<P: StreamPlugin>(_ type: P.Type) -> PluginEntry {
    PluginEntry(manifest: P.manifest, readsDatagrams: false, readsStreams: true) {
      let slab = MemorySlab<P.Memory>()
      return runner(P(), slab, datagram: nil, stream: streamCall(P(), slab))
    }
  }

  @inlinable
  static func both<P: DatagramPlugin & StreamPlugin>(_ type: P.Type) -> PluginEntry {
    PluginEntry(manifest: P.manifest, readsDatagrams: true, readsStreams: true) {
      let slab = MemorySlab<P.Memory>()
      return runner(P(), slab, datagram: datagramCall(P(), slab), stream: streamCall(P(), slab))
    }
  }

  // A call that throws returns before the memory is settled: what it changed is forgotten.

  @inlinable
  static func datagramCall<P: DatagramPlugin>(
    _ plugin: P, _ slab: MemorySlab<P.Memory>
  ) -> (Datagram, inout PluginRunner.Slot, inout Recorder) throws(ReadError) -> Verdict {
    { (datagram, slot, recorder) throws(ReadError) -> Verdict in
      var memory = slab.take(slot)
      let verdict = try plugin.inspect(datagram, memory: &memory, recorder: &recorder)
      slab.settle(memory, verdict, &slot)
      return verdict
    }
  }

  @inlinable
  static func streamCall<P: StreamPlugin>(
    _ plugin: P, _ slab: MemorySlab<P.Memory>
  ) -> (Conversation, inout PluginRunner.Slot, inout Recorder) throws(ReadError) -> Verdict {
    { (stream, slot, recorder) throws(ReadError) -> Verdict in
      var memory = slab.take(slot)
      let verdict = try plugin.inspect(stream, memory: &memory, recorder: &recorder)
      slab.settle(memory, verdict, &slot)
      return verdict
    }
  }

  @inlinable
  static func runner<P: ProtocolPlugin>(
    _ plugin: P, _ slab: MemorySlab<P.Memory>,
    datagram: ((Datagram, inout PluginRunner.Slot, inout Recorder) throws(ReadError) -> Verdict)?,
    stream: ((Conversation, inout PluginRunner.Slot, inout Recorder) throws(ReadError) -> Verdict)?
  ) -> PluginRunner {
    let subscriptions = P.subscriptions
    return PluginRunner(
      inspectDatagram: datagram, inspectStream: stream, topics: subscriptions.map(\.topic),
      deliver: { index, fact, flow, slot, recorder in
        var memory = slab.take(slot)
        let verdict = subscriptions[index].deliver(plugin, fact, flow, &memory, &recorder)
        slab.settle(memory, verdict, &slot)
        return verdict
      },
      conclude: { flow, slot, recorder in
        plugin.conclude(flow, memory: slab.take(slot), recorder: &recorder)
      },
      release: { slab.release($0) })
  }
}

/// Plugins, sorted by identifier, so that the order of listing cannot matter.
public struct PluginCatalog: Sendable {
  public let entries: [PluginEntry]

  /// Plugins of a catalog, and constants of one transport's plugins, at most: they are kept as tables of so many bits.
  public static let most = 128

  /// Lists plugins and whole catalogs: `PluginCatalog { shipped; Gopher.self }`. Traps where these are more than `most`
  /// plugins or constants, as those left out would find nothing and say nothing.
  public init(@PluginCatalogBuilder _ build: () -> [PluginEntry]) {
    entries = build().sorted { $0.manifest.identifier.description < $1.manifest.identifier.description }
    precondition(entries.count <= PluginCatalog.most, "a catalog holds at most \(PluginCatalog.most) plugins")
    for transport in Set(entries.flatMap(\.manifest.transports)) {
      let constants = entries.reduce(0) { $0 + $1.manifest.constants(on: transport).count }
      precondition(
        constants <= PluginCatalog.most, "a transport's plugins have at most \(PluginCatalog.most) constants")
    }
  }

  init(entries: [PluginEntry]) { self.entries = entries }

  /// Every rule of every plugin, in order of plugin and declaration.
  public var rules: [(plugin: PluginEntry, rule: Rule)] {
    entries.flatMap { entry in entry.manifest.rules.map { (entry, $0) } }
  }
}

@resultBuilder
public enum PluginCatalogBuilder {
  @inlinable
  public static func buildExpression<P: ProtocolPlugin>(_ plugin: P.Type) -> [PluginEntry] {
    [PluginEntry.subscriber(plugin)]
  }
  @inlinable
  public static func buildExpression<P: DatagramPlugin>(_ plugin: P.Type) -> [PluginEntry] {
    [PluginEntry.datagrams(plugin)]
  }
  @inlinable
  public static func buildExpression<P: StreamPlugin>(_ plugin: P.Type) -> [PluginEntry] {
    [PluginEntry.streams(plugin)]
  }
  @inlinable
  public static func buildExpression<P: DatagramPlugin & StreamPlugin>(_ plugin: P.Type) -> [PluginEntry] {
    [PluginEntry.both(plugin)]
  }
  public static func buildExpression(_ catalog: PluginCatalog) -> [PluginEntry] { catalog.entries }
  public static func buildBlock(_ parts: [PluginEntry]...) -> [PluginEntry] { parts.flatMap { $0 } }
}
