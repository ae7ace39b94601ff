// The variants of an exchange in which a plugin must hold: cut, stopped, short, lost, flipped.

import PluginKit

/// One change of an exchange.
enum Variant: Hashable, Sendable {
  case asWritten
  /// A message goes in two segments.
  case split(message: Int, at: Int)
  /// Every byte goes in a segment of its own.
  case singleBytes
  /// Messages of one side that follow each other go as one.
  case joined
  /// The evidence ends within a message.
  case evidenceEnds(message: Int, at: Int)
  /// The message is no longer than that, and the last: the connection closes.
  case closes(message: Int, at: Int)
  /// The snap length cuts a message's packet.
  case snapped(message: Int, at: Int)
  /// A message is missing in the capture.
  case lost(message: Int)
  case flipped(message: Int, byte: Int, bit: Int)

  /// Variants in which the plugin must say the same: only segments differ.
  static func ofSegments(_ exchange: Exchange) -> [Variant] {
    guard exchange.carriage == .tcp else { return [] }
    var variants: [Variant] = [.singleBytes, .joined]
    for (index, message) in exchange.messages.enumerated() where message.bytes.count > 1 {
      variants += (1..<message.bytes.count).map { .split(message: index, at: $0) }
    }
    return variants
  }

  /// Variants that must do no harm.
  static func ofDamage(_ exchange: Exchange) -> [Variant] {
    var variants: [Variant] = []
    for (index, message) in exchange.messages.enumerated() {
      variants.append(.lost(message: index))
      for at in 0..<message.bytes.count {
        variants.append(.evidenceEnds(message: index, at: at))
        variants.append(.closes(message: index, at: at))
        variants.append(.snapped(message: index, at: at))
      }
      for byte in 0..<message.bytes.count {
        for bit in 0..<8 { variants.append(.flipped(message: index, byte: byte, bit: bit)) }
      }
    }
    return variants
  }

  /// The packets of the changed exchange. A flipped bit is left to the caller: it changes no packet's place.
  ///
  /// - Parameter isTight: a TCP connection opens and closes with as few packets as it can.
  func records(of exchange: Exchange, isTight: Bool) -> PacketRecords {
    let (parts, closes) = parts(of: exchange)
    return PacketRecords(exchange, Segmenter.segments(exchange, parts, closes: closes, isTight: isTight))
  }

  private func parts(of exchange: Exchange) -> (parts: [Part], closes: Bool) {
    var parts = exchange.parts
    switch self {
    case .asWritten, .flipped:
      break
    case .split(let message, let at):
      parts[message].cuts = [at]
    case .singleBytes:
      for index in parts.indices { parts[index].cuts = Array(1..<max(parts[index].bytes.count, 1)) }
    case .joined:
      var joined: [Part] = []
      for part in parts {
        if let last = joined.last, last.side == part.side {
          joined[joined.count - 1].bytes += part.bytes
        } else {
          joined.append(part)
        }
      }
      parts = joined
    case .evidenceEnds(let message, let at):
      return (shortened(parts, message, at), false)
    case .closes(let message, let at):
      return (shortened(parts, message, at), exchange.hasClosing)
    case .snapped(let message, let at):
      parts[message].captured = at
    case .lost(let message):
      parts[message].isLost = true
    }
    return (parts, exchange.hasClosing)
  }

  private func shortened(_ parts: [Part], _ message: Int, _ at: Int) -> [Part] {
    var parts = Array(parts.prefix(message + 1))
    parts[message].bytes = Array(parts[message].bytes.prefix(at))
    if at == 0 { parts.removeLast() }
    return parts
  }

  /// What a developer needs to play it again.
  func text(_ exchange: Exchange) -> String {
    func name(_ message: Int) -> String { "message \(message + 1) (\(exchange.messages[message].side))" }
    switch self {
    case .asWritten: return "the exchange as it is written"
    case .split(let message, let at): return "\(name(message)) in two segments, the second from byte \(at)"
    case .singleBytes: return "every byte in a segment of its own"
    case .joined: return "messages of one side joined"
    case .evidenceEnds(let message, let at): return "the evidence ends before byte \(at) of \(name(message))"
    case .closes(let message, let at): return "the exchange ends before byte \(at) of \(name(message))"
    case .snapped(let message, let at): return "the snap length cuts \(name(message)) at byte \(at)"
    case .lost(let message): return "\(name(message)) is not in the capture"
    case .flipped(let message, let byte, let bit):
      let value = exchange.messages[message].bytes[byte]
      let changed = value ^ 1 << UInt8(bit)
      return "\(name(message)), byte \(byte) is 0x\(String(changed, radix: 16)) for 0x\(String(value, radix: 16))"
    }
  }
}
