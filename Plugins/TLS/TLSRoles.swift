// Which side of a stream is TLS's client, told by the messages themselves.

import Bytes
import PluginKit
import Wire

/// What the first element of each direction says of the roles.
enum TLSRoles {
  case client(Side)
  /// TLS without a hello.
  case beganBefore
  case undecided(ReadError)

  /// How a direction begins.
  private enum Opening {
    case hello, answer, other, nothing
    case short(ReadError)
  }

  init(_ stream: borrowing Conversation) {
    let client = TLSRoles.opening(stream.client)
    let server = TLSRoles.opening(stream.server)
    switch (client, server) {
    case (.hello, _), (_, .answer): self = .client(.client)
    case (_, .hello), (.answer, _): self = .client(.server)
    case (.short(let error), _) where error.kind == .invalid: self = .undecided(error)
    case (_, .short(let error)) where error.kind == .invalid: self = .undecided(error)
    // Where the client's direction is cut, the server's may still tell.
    case (.short, .short(let error)) where stream.client.end != .growing: self = .undecided(error)
    case (.short, .nothing) where stream.client.end != .growing && stream.server.end == .growing:
      self = .undecided(ReadError(.ranOut, source: .server, wanted: 1))
    case (.short(let error), _), (_, .short(let error)): self = .undecided(error)
    case (.nothing, .nothing): self = .undecided(ReadError(.ranOut, source: .client, wanted: 1))
    default: self = .beganBefore
    }
  }

  private static func opening(_ side: borrowing StreamSide) -> Opening {
    var records = TLSRecords(side.bytes, source: side.side == .client ? .client : .server)
    do throws(ReadError) {
      while let element = try records.next() {
        switch element {
        case .message(.clientHello), .ssl2ClientHello: return .hello
        case .message(.serverHello), .message(.helloRetryRequest): return .answer
        // A warning may come before the answer, a refusal instead of it: the other side tells.
        case .alert: continue
        case .message, .changeCipherSpec, .encrypted: return .other
        }
      }
      return records.position > 0 ? .other : .nothing
    } catch {
      return .short(error)
    }
  }
}
