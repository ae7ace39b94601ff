// Where a DNS message was met: whose it is, and when.

import Findings
import PluginKit
import Terms
import Wire

/// Who sent the message, to whom, when.
struct DNSScene {
  let side: Side
  let sender: Endpoint
  let receiver: Endpoint
  let realm: UInt64
  let frame: FrameReference?
  let time: Timestamp?
  let place: Place

  init(_ datagram: borrowing Datagram) {
    side = datagram.side
    sender = side == .client ? datagram.flow.initiator : datagram.flow.responder
    receiver = side == .client ? datagram.flow.responder : datagram.flow.initiator
    realm = datagram.flow.realm
    frame = datagram.frame
    time = datagram.time
    place = .here
  }

  init(_ side: Side, _ flow: FlowFacts, _ frame: FrameReference?, _ place: Place) {
    self.side = side
    sender = side == .client ? flow.initiator : flow.responder
    receiver = side == .client ? flow.responder : flow.initiator
    realm = flow.realm
    self.frame = frame
    time = flow.last
    self.place = place
  }

  /// Port numbers tell the three of one format apart; the address says more where the message was multicast.
  var variant: DNSTransaction.Variant {
    if sender.port == 5355 || receiver.port == 5355 { return .llmnr }
    return sender.port == 5353 || receiver.port == 5353 ? .mdns : .dns
  }

  /// Whether the port is one of those that are DNS's own: a message there may be damaged and is DNS all the same.
  var isUsual: Bool { Self.isUsual(sender.port) || Self.isUsual(receiver.port) }

  private static func isUsual(_ port: UInt16) -> Bool { port == 53 || port == 5353 || port == 5355 }
}
