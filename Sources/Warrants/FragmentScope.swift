// Which fragments wait for the rest of their datagram.
//
// A fragmented datagram is judged once, by its first fragment: that has the ports, and its time is the datagram's. What
// comes before it, or at another time, must wait to be judged. But only fragments wait whose datagram can be covered:
// the addresses of all others say that it cannot, and they are counted and forgotten at once.

import Packets
import Terms

/// A scope without its times and ports, bound to one evidence item.
public struct FragmentScope: Sendable {
  private var scope: EvidenceScope

  public init(_ scope: Scope, _ facts: EvidenceFacts) {
    self.scope = EvidenceScope(scope, facts, atAnyTime: true)
  }

  /// Makes the next interface of the evidence known, as with `EvidenceScope`.
  public mutating func addInterface(_ interface: EvidenceFacts.Interface) { scope.addInterface(interface) }

  /// Whether the datagram that this is a fragment of can be covered, at some time and with some ports. The answer is the
  /// same for all its fragments that came the same way.
  public func mayBelong(_ fragment: Packet, interface: UInt32, carrier: ScopeVerdict) -> Bool {
    var blind = fragment
    blind.sourcePort = 0
    blind.destinationPort = 0
    blind.hasTransportHeader = false
    let verdict = scope.decide(
      &blind, time: Timestamp(nanoseconds: 0), hasTime: false, interface: interface, carrier: carrier)
    return verdict.covered || verdict.needsPorts
  }
}
