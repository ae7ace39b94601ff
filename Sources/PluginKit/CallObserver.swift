// Stands around every call of a catalog's plugins: how a test kit knows which plugin is at work on which flow.

import Bytes
import Findings

/// Told of each call before it is made.
public protocol CallObserver: Sendable {
  /// A plugin is about to be called on a flow.
  func call(of plugin: StaticString, on flow: FlowFacts)
  /// What `conclude` is to see of a flow instead of `facts`.
  func factsAtEnd(_ facts: FlowFacts) -> FlowFacts
}

extension PluginCatalog {
  /// The same plugins, observed.
  public func observed(by observer: any CallObserver) -> PluginCatalog {
    PluginCatalog(
      entries: entries.map { entry in
        PluginEntry(
          manifest: entry.manifest, readsDatagrams: entry.readsDatagrams, readsStreams: entry.readsStreams
        ) { entry.makeRunner().observed(entry.manifest.identifier, by: observer) }
      })
  }
}

extension PluginRunner {
  fileprivate func observed(_ plugin: StaticString, by observer: any CallObserver) -> PluginRunner {
    var datagram: ((Datagram, inout Slot, inout Recorder) throws(ReadError) -> Verdict)?
    if let inspectDatagram {
      datagram = { (datagram, slot, recorder) throws(ReadError) -> Verdict in
        observer.call(of: plugin, on: datagram.flow)
        return try inspectDatagram(datagram, &slot, &recorder)
      }
    }
    var stream: ((Conversation, inout Slot, inout Recorder) throws(ReadError) -> Verdict)?
    if let inspectStream {
      stream = { (stream, slot, recorder) throws(ReadError) -> Verdict in
        observer.call(of: plugin, on: stream.flow)
        return try inspectStream(stream, &slot, &recorder)
      }
    }
    return PluginRunner(
      inspectDatagram: datagram, inspectStream: stream, topics: topics,
      deliver: { [deliver] index, fact, flow, slot, recorder in
        observer.call(of: plugin, on: flow)
        return deliver(index, fact, flow, &slot, &recorder)
      },
      conclude: { [conclude] flow, slot, recorder in
        observer.call(of: plugin, on: flow)
        conclude(observer.factsAtEnd(flow), slot, &recorder)
      },
      release: release)
  }
}
