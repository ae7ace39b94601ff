// An exchange in packets: handshake, segments and end, as they stand in a capture.

import PluginKit
import Terms

/// A message, or what a variant leaves of it, as it is sent.
struct Part {
  /// Place of the message in the exchange.
  let message: Int
  let side: Side
  var bytes: [UInt8]
  let pause: Int
  /// Offsets in `bytes` at which a new segment begins, rising; streams only.
  var cuts: [Int] = []
  /// Bytes of the payload that the capture holds; nil for all.
  var captured: Int?
  /// Sent, but not in the capture.
  var isLost = false
}

/// One packet of the exchange.
struct Segment {
  let side: Side
  /// Nanoseconds since the exchange began.
  let time: Int64
  let payload: ArraySlice<UInt8>
  let captured: Int
  /// Place of the message in the exchange, and the payload's offset in it; nil without payload.
  let origin: (message: Int, offset: Int)?
  var flags: UInt8 = 0
  var sequence: UInt32 = 0
  var acknowledgment: UInt32 = 0
}

/// Flags of a TCP header (RFC 9293 section 3.1).
enum TCPFlag {
  static let fin: UInt8 = 0x01
  static let syn: UInt8 = 0x02
  static let push: UInt8 = 0x08
  static let ack: UInt8 = 0x10
}

/// Turns parts into packets.
struct Segmenter {
  /// Payload of a TCP segment in an Ethernet frame of 1,514 bytes.
  private static let segmentSize = 1_460
  /// Nanoseconds between a handshake's packets.
  private static let step: Int64 = 1_000_000

  private let exchange: Exchange
  private var segments: [Segment] = []
  private var time: Int64 = 0
  /// What each side sends next.
  private var next: [UInt32] = [0x1000_0000, 0x2000_0000]

  private init(_ exchange: Exchange) { self.exchange = exchange }

  /// The packets of an exchange that consists of these parts.
  ///
  /// - Parameters:
  ///   - closes: whether a TCP connection is closed behind the last part.
  ///   - isTight: the handshake's last packet goes with the first data, the close is one FIN of each end.
  static func segments(_ exchange: Exchange, _ parts: [Part], closes: Bool, isTight: Bool = false) -> [Segment] {
    var made = Segmenter(exchange)
    if exchange.carriage == .tcp {
      if exchange.hasOpening { made.open(isTight: isTight) }
      for part in parts { made.sendSegments(part) }
      if closes { made.close(isTight: isTight) }
    } else {
      for part in parts { made.sendDatagram(part) }
    }
    return made.segments
  }

  private mutating func send(
    _ side: Side, _ payload: ArraySlice<UInt8> = [], captured: Int? = nil, origin: (message: Int, offset: Int)? = nil,
    flags: UInt8
  ) {
    let mine = Int(side.rawValue)
    segments.append(
      Segment(
        side: side, time: time, payload: payload, captured: min(captured ?? payload.count, payload.count),
        origin: origin, flags: flags, sequence: next[mine],
        acknowledgment: flags & TCPFlag.ack == 0 ? 0 : next[1 - mine]))
    let counted = flags & (TCPFlag.syn | TCPFlag.fin) == 0 ? 0 : 1
    next[mine] &+= UInt32(truncatingIfNeeded: payload.count + counted)
  }

  private mutating func open(isTight: Bool) {
    send(.client, flags: TCPFlag.syn)
    time += Self.step
    send(.server, flags: TCPFlag.syn | TCPFlag.ack)
    guard !isTight else { return }
    time += Self.step
    send(.client, flags: TCPFlag.ack)
  }

  private mutating func close(isTight: Bool) {
    time += Self.step
    send(.client, flags: TCPFlag.fin | TCPFlag.ack)
    time += Self.step
    send(.server, flags: TCPFlag.fin | TCPFlag.ack)
    guard !isTight else { return }
    time += Self.step
    send(.client, flags: TCPFlag.ack)
  }

  private mutating func sendSegments(_ part: Part) {
    time += Int64(part.pause) * 1_000
    guard !part.isLost else {
      next[Int(part.side.rawValue)] &+= UInt32(truncatingIfNeeded: part.bytes.count)
      return
    }
    var start = 0
    for cut in part.cuts + [part.bytes.count] {
      while start < cut {
        let end = min(cut, start + Self.segmentSize)
        send(
          part.side, part.bytes[start..<end], captured: part.captured.map { max(0, $0 - start) },
          origin: (part.message, start), flags: TCPFlag.ack | TCPFlag.push)
        start = end
      }
    }
  }

  private mutating func sendDatagram(_ part: Part) {
    time += Int64(part.pause) * 1_000
    guard !part.isLost else { return }
    segments.append(
      Segment(
        side: part.side, time: time, payload: part.bytes[...],
        captured: min(part.captured ?? part.bytes.count, part.bytes.count), origin: (part.message, 0)))
  }
}
