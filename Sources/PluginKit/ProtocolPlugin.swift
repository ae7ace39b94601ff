// What a plugin is: a stateless value that reads datagrams or streams, or only hears observations of others.

import Bytes
import Findings

/// What a plugin keeps of one flow (or one stream of it) between two calls. A small value; made only when a call
/// answers `needMore`.
public protocol FlowMemory: Sendable {
  init()
}

/// The memory of plugins that keep nothing.
public struct NoMemory: FlowMemory {
  public init() {}
}

/// What a plugin answers to a call.
public enum Verdict: Equatable, Sendable {
  /// Ask again when there is more to see. The memory is kept.
  case needMore
  /// Not this protocol. The plugin is not asked again for this stream.
  case notMine
  /// Everything wanted was read. The plugin is not asked again for this stream.
  case done
  /// What follows these offsets of the two directions is another protocol. At least one offset must be greater than zero.
  case carries(client: Int, server: Int)
}

/// A protocol plugin. On its own it only subscribes to observations; `DatagramPlugin` and `StreamPlugin` read bytes.
///
/// A plugin holds no state: a stored property that is not constant does not compile, since plugins are `Sendable`.
public protocol ProtocolPlugin: Sendable {
  associatedtype Memory: FlowMemory = NoMemory
  static var manifest: Manifest { get }
  /// The observations this plugin hears, each of its own flow.
  static var subscriptions: [Subscription<Self>] { get }
  init()
  /// Called once for each stream on which the plugin holds memory: when the shape it declared is complete, or when the
  /// flow ends. A rule on shape decides here and nowhere else.
  func conclude(_ flow: FlowFacts, memory: Memory, recorder: inout Recorder)
}

extension ProtocolPlugin {
  public static var subscriptions: [Subscription<Self>] { [] }
  public func conclude(_ flow: FlowFacts, memory: Memory, recorder: inout Recorder) {}
}

/// A plugin that reads datagrams: UDP payloads, ICMP messages, or payloads of another IP protocol.
public protocol DatagramPlugin: ProtocolPlugin {
  /// Reads one datagram.
  ///
  /// A thrown `invalid` means "not mine"; a thrown `ranOut` means "cannot be told" where the capture cut the datagram,
  /// and "not mine" where it is whole. A call that throws leaves no record and no change of memory.
  func inspect(_ datagram: Datagram, memory: inout Memory, recorder: inout Recorder) throws(ReadError) -> Verdict
}

/// A plugin that reads both directions of a stream.
public protocol StreamPlugin: ProtocolPlugin {
  /// Reads the stream from its start: each call shows both directions' contiguous prefixes, grown since the last call.
  ///
  /// A thrown `invalid` means "not mine"; a thrown `ranOut` means "ask again when that many bytes more are there". A call
  /// that throws leaves no record and no change of memory: say things after the last read that may fail, and note in
  /// memory what must not be said again.
  func inspect(_ stream: Conversation, memory: inout Memory, recorder: inout Recorder) throws(ReadError) -> Verdict
}

/// A plugin's interest in one type of observation.
public struct Subscription<Plugin: ProtocolPlugin>: Sendable {
  @usableFromInline let topic: ObjectIdentifier
  @usableFromInline
  let deliver: @Sendable (Plugin, any Observation, FlowFacts, inout Plugin.Memory, inout Recorder) -> Verdict

  @usableFromInline
  init(
    topic: ObjectIdentifier,
    deliver: @escaping @Sendable (Plugin, any Observation, FlowFacts, inout Plugin.Memory, inout Recorder) -> Verdict
  ) {
    self.topic = topic
    self.deliver = deliver
  }

  /// Hears every observation of type `type` on the plugin's flows.
  ///
  /// The handler answers `needMore` to keep its memory (and be concluded), `done` or `notMine` to be left alone.
  @inlinable
  public static func on<O: Observation>(
    _ type: O.Type,
    _ handler:
      @escaping @Sendable (Plugin) -> (O, FlowFacts, inout Plugin.Memory, inout Recorder) -> Verdict
  ) -> Subscription {
    Subscription(topic: ObjectIdentifier(type)) { plugin, fact, flow, memory, recorder in
      guard let fact = fact as? O else { return .notMine }
      return handler(plugin)(fact, flow, &memory, &recorder)
    }
  }
}
