// TCP as an onlooker sees it (RFC 9293): who began, whether a SYN begins another connection, what is missing or comes
// again, and when both ends are done.
//
// Who began. The sender of a SYN without ACK; where none was seen, the receiver of a SYN with ACK; else the sender of
// the first packet. A SYN that is captured after its answer (two interfaces, two clocks) mends the choice. When both
// ends send a SYN (simultaneous open, section 3.5) the first one seen began.

import Packets
import Terms

/// What a TCP packet was, beside its counters.
struct TCPEvents: OptionSet, Sendable {
  let rawValue: UInt8
  /// Repeats bytes seen before.
  static let retransmission = TCPEvents(rawValue: 1)
  /// Fills a hole.
  static let outOfOrder = TCPEvents(rawValue: 2)
  static let keepAlive = TCPEvents(rawValue: 4)
  /// The flow is closed by this packet: FIN of the second end, or RST.
  static let closes = TCPEvents(rawValue: 8)
  /// Those that the caller is told.
  static let told: TCPEvents = [.keepAlive, .closes]
}

/// The signed distance from one sequence number to another (RFC 9293 section 3.4: modulo 2^32).
@inline(__always)
func distance(from start: UInt32, to end: UInt32) -> Int32 { Int32(bitPattern: end &- start) }

extension FlowEntry {
  // MARK: - Another connection

  /// Whether this SYN, with or without ACK, belongs to another connection than this flow.
  func isAnotherConnection(_ packet: inout Packet, side: Int) -> Bool {
    let mine = sideStates[side]
    let others = sideStates[side ^ 1]
    let sequence = packet.tcpSequence
    if packet.tcpFlags.contains(.ack) {
      guard !mine.isDisjoint(with: .anySYN) else {
        // The first SYN with ACK of this end. Where this end was in mid-stream, a new connection was answered.
        return others.isDisjoint(with: .syn) && mine.contains(.sequenceKnown)
      }
      if sides[side].initialSequence == sequence { return false }
      // A host that answers the same SYN afresh picks a new number; any other answer is another connection's.
      return !(others.contains(.syn) && packet.tcpAcknowledgment == sides[side ^ 1].initialSequence &+ 1)
    }
    if !mine.isDisjoint(with: .anySYN) { return sides[side].initialSequence != sequence }
    if mine.contains(.sequenceExpected) {
      // This end's SYN comes after its answer: the answer acknowledged it.
      return sides[side].initialSequence != sequence
    }
    // Both ends send a SYN, and neither has answered.
    if others.contains(.syn), !mine.contains(.sequenceKnown), endReason == .none { return false }
    return true
  }

  // MARK: - Following

  /// Takes in a TCP packet of this flow that is no duplicate.
  @inline(__always)
  mutating func follow(_ packet: inout Packet, side: Int) -> TCPEvents {
    let flags = packet.tcpFlags
    flagBits[side] |= flags.rawValue
    if flags.contains(.syn) { begin(&packet, side: side) }
    var events = advance(&packet, side: side)
    if flags.contains(.ack) { acknowledge(&packet, side: side) }
    if !flags.isDisjoint(with: [.fin, .rst]), endReason == .none {
      if flags.contains(.rst) {
        endReason = .rst
        events.insert(.closes)
      } else if flagBits[side ^ 1] & TCPFlags.fin.rawValue != 0 {
        endReason = .fin
        events.insert(.closes)
      }
    }
    return events
  }

  /// A SYN: the initial sequence number, and who began.
  private mutating func begin(_ packet: inout Packet, side: Int) {
    let hasACK = packet.tcpFlags.contains(.ack)
    let seenBefore = sideStates[0].union(sideStates[1])
    if !seenBefore.contains(.syn) {
      // A SYN with ACK answers the other end's.
      let initiator = hasACK ? side ^ 1 : side
      if initiator == 1 { marks.insert(.initiatorIsHigh) } else { marks.remove(.initiatorIsHigh) }
    }
    let isFirst = sideStates[side].isDisjoint(with: .anySYN) || sides[side].initialSequence != packet.tcpSequence
    sideStates[side].insert(hasACK ? .synAck : .syn)
    guard isFirst else { return }
    sides[side].initialSequence = packet.tcpSequence
    if !sideStates[side].contains(.sequenceKnown) || hasACK {
      sides[side].nextSequence = packet.tcpSequence
      sides[side].missing = 0
    }
    sideStates[side].insert(.sequenceKnown)
    sideStates[side].remove(.sequenceExpected)
  }

  /// Moves the sender's sequence number on.
  @inline(__always)
  private mutating func advance(_ packet: inout Packet, side: Int) -> TCPEvents {
    let flags = packet.tcpFlags
    // A reset's number may be any in the window.
    if flags.contains(.rst) { return [] }
    let length = UInt32(bitPattern: max(packet.payloadLength, 0))
    // SYN and FIN count as one byte each (section 3.4).
    let consumed = length &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
    let sequence = packet.tcpSequence
    let end = sequence &+ consumed
    guard sideStates[side].contains(.sequenceKnown) else {
      sideStates[side].insert(.sequenceKnown)
      sides[side].nextSequence = end
      sideStates[side].remove(.sequenceExpected)
      return []
    }
    let ahead = distance(from: sides[side].nextSequence, to: sequence)
    if ahead == 0 {
      sides[side].nextSequence = end
      return []
    }
    return advanceOutOfOrder(side, ahead: ahead, end: end, consumed: consumed, length: length, flags: flags)
  }

  private mutating func advanceOutOfOrder(
    _ side: Int, ahead: Int32, end: UInt32, consumed: UInt32, length: UInt32, flags: TCPFlags
  ) -> TCPEvents {
    if ahead > 0 {
      // Bytes before this one are missing so far. A bare acknowledgement shows that as well as data does.
      let (sum, overflow) = sides[side].missing.addingReportingOverflow(UInt32(ahead))
      sides[side].missing = overflow ? .max : sum
      sides[side].nextSequence = end
      return []
    }
    if ahead == -1, length <= 1, flags.isDisjoint(with: [.syn, .fin]), consumed == length {
      return .keepAlive
    }
    if consumed == 0 { return [] }
    let beyond = distance(from: sides[side].nextSequence, to: end)
    if beyond > 0 { sides[side].nextSequence = end }
    if length == 0 { return [] }
    if sides[side].missing > 0 {
      sides[side].missing &-= min(sides[side].missing, length)
      return .outOfOrder
    }
    return .retransmission
  }

  /// Takes in an acknowledgement of the other end's bytes.
  @inline(__always)
  private mutating func acknowledge(_ packet: inout Packet, side: Int) {
    let acknowledgment = packet.tcpAcknowledgment
    if !sideStates[side].contains(.acknowledged) {
      sideStates[side].insert(.acknowledged)
      sides[side].acknowledgment = acknowledgment
    } else if distance(from: sides[side].acknowledgment, to: acknowledgment) > 0 {
      sides[side].acknowledgment = acknowledgment
    }
    let others = sideStates[side ^ 1]
    if !others.contains(.sequenceKnown) {
      if !others.contains(.sequenceExpected) {
        sideStates[side ^ 1].insert(.sequenceExpected)
        sides[side ^ 1].initialSequence = acknowledgment &- 1
      }
    } else if others.contains(.synAck), side == initiatorSide, !packet.tcpFlags.contains(.syn) {
      marks.insert(.handshakeComplete)
    }
  }
}
