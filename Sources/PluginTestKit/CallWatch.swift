// Watches the calls of plugins during a verification: whose turn it is goes into the last words, and the shape is held
// fixed while segments are cut.

import Platform
import PluginKit
import Synchronization
import Terms

/// The clients of one capture, a variant each, told apart by the last 24 bits of their addresses.
struct Clients: Sendable {
  private let client: Address
  private let server: Address
  private let first: Int
  /// The server's place among the clients; beyond all of them where it has another network.
  private let gap: Int

  init(_ exchange: Exchange) {
    client = exchange.clientEnd.address
    server = exchange.serverEnd.address
    first = exchange.clientNumber
    gap =
      Self.network(client) == Self.network(server)
      ? (Int(server.lower & 0xff_ffff) - first) & 0xff_ffff : 1 << 24
  }

  private static func network(_ address: Address) -> [UInt64] { [address.upper, address.lower >> 24] }

  /// The last 24 bits of the address of the client of this index.
  func number(_ index: Int) -> Int { (first + (index < gap ? index : index + 1)) & 0xff_ffff }

  /// The index of the client that one of two ends is.
  func index(_ left: Address, _ right: Address) -> Int? {
    for address in [left, right] where address != server && Self.network(address) == Self.network(client) {
      let place = (Int(address.lower & 0xff_ffff) - first) & 0xff_ffff
      return place < gap ? place : place - 1
    }
    return nil
  }
}

final class CallWatch: CallObserver {
  private struct State: Sendable {
    var variants: [Variant] = []
    var index = -1
    var plugin: UInt = 0
  }

  private let exchange: Exchange
  private let clients: Clients
  private let words: LastWords
  /// The exchange as it is written, while segments are cut; nil where its shape is to change with it.
  private let fixed: FlowFacts?
  private let state = Mutex(State())

  init(_ exchange: Exchange, _ words: LastWords, fixed: FlowFacts?) {
    self.exchange = exchange
    clients = Clients(exchange)
    self.words = words
    self.fixed = fixed
  }

  /// What the clients of the next capture are.
  func begin(_ variants: [Variant]) {
    state.withLock { $0 = State(variants: variants) }
  }

  func call(of plugin: StaticString, on flow: FlowFacts) {
    guard let index = clients.index(flow.initiator.address, flow.responder.address) else { return }
    state.withLock { state in
      let identity = plugin.utf8CodeUnitCount
      guard state.index != index || state.plugin != UInt(identity), index < state.variants.count else { return }
      state.index = index
      state.plugin = UInt(identity)
      words.set(
        Array("PluginTestKit: the last call was of `\(plugin)`, on: \(state.variants[index].text(exchange))\n".utf8))
    }
  }

  func factsAtEnd(_ facts: FlowFacts) -> FlowFacts {
    guard let fixed else { return facts }
    var facts = facts
    facts.client = fixed.client
    facts.server = fixed.server
    facts.shape = fixed.shape
    return facts
  }
}

extension FlowFacts {
  /// What the packets of an exchange amount to at its end, with `steps` of its shape.
  init(_ exchange: Exchange, _ segments: [Segment], steps: Int) {
    self.init(transport: .tcp, protocolNumber: 6, initiator: exchange.clientEnd, responder: exchange.serverEnd)
    var last: Int64?
    for segment in segments where exchange.seen == nil || exchange.seen == segment.side {
      var counts = self[segment.side]
      counts.packets += 1
      counts.payloadBytes += UInt64(segment.payload.count)
      if segment.side == .client { client = counts } else { server = counts }
      guard !segment.payload.isEmpty, shape.count < steps else { continue }
      shape.append(
        ShapeStep(
          side: segment.side, size: UInt16(clamping: segment.payload.count),
          gap: UInt32(clamping: (segment.time - (last ?? segment.time)) / 1_000)))
      last = segment.time
    }
  }
}
