// Who sends what, in order: the script of a conversation.

import Bytes
import PluginKit
import Terms

/// A conversation, written down message by message.
///
///     Exchange.udp
///       .client("01000000 d00c413b", length: 148)
///       .server("02000000 fde0c019 d00c413b", length: 92)
public struct Exchange: Sendable {
  /// What carries the messages.
  public enum Carriage: Hashable, Sendable {
    /// A TCP connection with its handshake and its end; long messages go in several segments.
    case tcp
    /// A datagram a message.
    case udp
    /// An ICMP message a message, or ICMPv6 between IPv6 addresses, from the type on.
    case icmp
    /// A payload of another IP protocol a message.
    case ip(UInt8)
  }

  /// One side's message.
  public struct Message: Hashable, Sendable {
    public var side: Side
    public var bytes: [UInt8]
    /// Microseconds since the message before.
    public var pause: Int
  }

  public let carriage: Carriage
  public internal(set) var messages: [Message] = []
  /// A script that cannot be played says why: the first thing wrong with it.
  private(set) var mistake: ScriptError?

  var clientEnd = Endpoint(Address(v4: 0x0a00_0001), port: 49_152)
  var serverEnd = Endpoint(Address(v4: 0xc000_0202), port: 40_000)
  var hasOpening = true
  var hasClosing = true
  var seen: Side?
  var snapLength: Int?
  private var nextPause = 10_000

  public init(_ carriage: Carriage) { self.carriage = carriage }

  public static let tcp = Exchange(.tcp)
  public static let udp = Exchange(.udp)
  public static let icmp = Exchange(.icmp)
  public static func ip(_ protocolNumber: UInt8) -> Exchange { Exchange(.ip(protocolNumber)) }

  // MARK: - Messages

  /// The client sends bytes, given in hexadecimal; blanks are skipped.
  ///
  /// - Parameter length: the whole message's length: what is missing is filled up with bytes that look random and are the
  ///   same every time.
  public func client(_ hex: String, length: Int? = nil) -> Exchange { adding(.client, hex, length) }
  /// The server sends bytes, given in hexadecimal; see `client`.
  public func server(_ hex: String, length: Int? = nil) -> Exchange { adding(.server, hex, length) }

  /// The client sends a text, in UTF-8.
  public func client(text: String) -> Exchange { adding(.client, Array(text.utf8)) }
  /// The server sends a text, in UTF-8.
  public func server(text: String) -> Exchange { adding(.server, Array(text.utf8)) }

  public func client(_ bytes: [UInt8]) -> Exchange { adding(.client, bytes) }
  public func server(_ bytes: [UInt8]) -> Exchange { adding(.server, bytes) }

  /// Time passes before the next message; 10 ms unless said.
  public func pause(milliseconds: Int) -> Exchange {
    changed { $0.nextPause = milliseconds * 1_000 }
  }

  // MARK: - The flow around them

  public func ports(client: UInt16, server: UInt16) -> Exchange {
    changed {
      $0.clientEnd = Endpoint($0.clientEnd.address, port: client)
      $0.serverEnd = Endpoint($0.serverEnd.address, port: server)
    }
  }

  /// The addresses, both IPv4 or both IPv6. `verify` counts in the last 24 bits of the client's.
  public func addresses(client: String, server: String) -> Exchange {
    changed {
      guard let client = Address(client), let server = Address(server), client.family == server.family else {
        $0.note(ScriptError(message: "\(client) and \(server) are not two addresses of one family"))
        return
      }
      $0.clientEnd = Endpoint(client, port: $0.clientEnd.port)
      $0.serverEnd = Endpoint(server, port: $0.serverEnd.port)
    }
  }

  /// The capture begins after a TCP connection's handshake.
  public var midStream: Exchange { changed { $0.hasOpening = false } }

  /// The capture ends before a TCP connection does.
  public var leftOpen: Exchange { changed { $0.hasClosing = false } }

  /// The capture holds this side's packets only.
  public func seenOnly(from side: Side) -> Exchange { changed { $0.seen = side } }

  /// The capture holds no more than so many payload bytes of a packet.
  public func cut(at bytes: Int) -> Exchange { changed { $0.snapLength = bytes } }

  // MARK: -

  private func changed(_ change: (inout Exchange) -> Void) -> Exchange {
    var copy = self
    change(&copy)
    return copy
  }

  private mutating func note(_ mistake: ScriptError) {
    if self.mistake == nil { self.mistake = mistake }
  }

  private func adding(_ side: Side, _ bytes: [UInt8]) -> Exchange {
    changed {
      $0.messages.append(Message(side: side, bytes: bytes, pause: $0.nextPause))
      $0.nextPause = 10_000
    }
  }

  private func adding(_ side: Side, _ hex: String, _ length: Int?) -> Exchange {
    guard let given = Hex.bytes(hex.filter { !$0.isWhitespace }) else {
      return changed { $0.note(ScriptError(message: "\"\(hex)\" is not hexadecimal")) }
    }
    let whole = length ?? given.count
    guard whole >= given.count else {
      return changed {
        $0.note(ScriptError(message: "\"\(hex)\" has \(given.count) bytes, more than its length of \(whole)"))
      }
    }
    return adding(side, given + Filler.bytes(whole - given.count, seed: messages.count))
  }
}

/// A script that cannot be played.
public struct ScriptError: Error, Equatable, Sendable, CustomStringConvertible {
  public let message: String
  public var description: String { message }
}

/// Bytes that look like ciphertext and are always the same.
enum Filler {
  /// A linear congruential generator's high bytes (multiplier and increment of Knuth's MMIX).
  static func bytes(_ count: Int, seed: Int) -> [UInt8] {
    var state = UInt64(truncatingIfNeeded: seed) &+ 0x5eed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }
}
