// What is remembered of one flow: the handshake, and how each side's data messages are numbered.

import PluginKit
import Terms

/// A handshake message that awaits its answer.
struct HandshakeOffer: Sendable {
  let message: WireGuardMessage
  let frame: FrameReference
}

/// An initiation and the response that names its index.
struct Handshake: Sendable {
  let initiator: Side
  let initiation: HandshakeOffer
  let response: HandshakeOffer

  /// Both messages have the lengths that the protocol fixes.
  var isExact: Bool { initiation.message.hasExactLength && response.message.hasExactLength }

  var hasLikelyIndices: Bool { initiation.message.hasLikelyIndices && response.message.hasLikelyIndices }

  /// The index to which `side` addresses its data.
  func index(usedBy side: Side) -> UInt32 { side == initiator ? response.message.sender : initiation.message.sender }
}

/// How the data messages of one side are numbered.
struct DataCount: Sendable {
  var receiver: UInt32 = 0
  var last: UInt64 = 0
  var messages = 0
  /// Messages whose counter was greater than the one before, by no more than a burst of losses explains.
  var rises = 0
  var first: FrameReference?
  var latest: FrameReference?

  /// The largest step between two counters that loss, or packets out of order, explains.
  private static let longestStep: UInt64 = 4096
  /// A counter starts at 0 and a key lives for 180 s at most (REJECT_AFTER_TIME): no link sends this many packets.
  private static let highestCounter: UInt64 = 1 << 32

  /// False where the message cannot be WireGuard's.
  mutating func take(_ message: WireGuardMessage, _ frame: FrameReference) -> Bool {
    guard message.counter < Self.highestCounter, message.hasLikelyIndices else { return false }
    if message.receiver != receiver {
      // A new key after a handshake out of view, or another peer: counting begins again.
      receiver = message.receiver
      messages = 0
      rises = 0
      first = frame
    } else if message.counter > last, message.counter &- last <= Self.longestStep {
      rises += 1
    }
    last = message.counter
    messages += 1
    latest = frame
    return true
  }

  /// Three messages to one index, each numbered higher than the one before: two counters alone might be chance.
  var isSession: Bool { rises >= 2 && rises * 2 >= messages }

  var frames: [FrameReference] { [first, latest].compactMap { $0 } }
}

/// What one flow has shown so far.
public struct WireGuardSession: FlowMemory {
  private(set) var handshake: Handshake?
  /// The last message of each kind that had no partner yet, by the side that sent it.
  private(set) var initiation: (client: HandshakeOffer?, server: HandshakeOffer?)
  private(set) var response: (client: HandshakeOffer?, server: HandshakeOffer?)
  private(set) var cookieReply: HandshakeOffer?
  private(set) var clientData = DataCount()
  private(set) var serverData = DataCount()
  /// A handshake message, and the first data message sent to the index that it chose.
  private(set) var addressed: (offer: HandshakeOffer, data: FrameReference)?
  /// The first data message with an index of the handshake.
  private(set) var agreedData: FrameReference?

  public init() {}

  /// Takes up a message; false where it cannot be WireGuard's.
  mutating func take(_ message: WireGuardMessage, from side: Side, _ frame: FrameReference) -> Bool {
    let offer = HandshakeOffer(message: message, frame: frame)
    switch message.kind {
    case .initiation:
      if side == .client { initiation.client = offer } else { initiation.server = offer }
    case .response:
      if let asked = side == .client ? initiation.server : initiation.client,
        asked.message.sender == message.receiver
      {
        // A handshake of exact lengths is not given up for another.
        if handshake?.isExact != true {
          handshake = Handshake(initiator: side.other, initiation: asked, response: offer)
          agreedData = nil
        }
      } else if side == .client {
        response.client = offer
      } else {
        response.server = offer
      }
    case .cookieReply:
      cookieReply = cookieReply ?? offer
    case .data:
      return takeData(message, from: side, frame)
    }
    return true
  }

  private mutating func takeData(_ message: WireGuardMessage, from side: Side, _ frame: FrameReference) -> Bool {
    if let handshake, handshake.index(usedBy: side) == message.receiver { agreedData = agreedData ?? frame }
    let offers =
      side == .client ? [initiation.server, response.server] : [initiation.client, response.client]
    for case let offer? in offers
    where addressed == nil && offer.message.sender == message.receiver && offer.message.hasLikelyIndices {
      addressed = (offer, frame)
    }
    return side == .client ? clientData.take(message, frame) : serverData.take(message, frame)
  }

  /// Nothing was seen that could be WireGuard's.
  var isEmpty: Bool {
    handshake == nil && unanswered.isEmpty && clientData.messages == 0 && serverData.messages == 0
  }

  /// Handshake messages that no other message confirms.
  var unanswered: [HandshakeOffer] {
    [initiation.client, initiation.server, response.client, response.server, cookieReply].compactMap { $0 }
  }
}
