// XMPP: RFC 6120 section 5.4.2.

import Bytes
import PluginKit

/// `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, answered by `<proceed …/>`; TLS follows at once.
enum XMPPUpgrade {
  /// An element, by where it ends.
  private enum Element {
    case starttls, proceed
    /// The client identifies itself or sends stanzas: the stream goes on in clear.
    case inClear
    case other
  }

  static func find(_ stream: borrowing Conversation) throws(ReadError) -> UpgradePoint? {
    let client = stream.client.bytes
    guard let asked = try end(of: .starttls, in: client, source: .client) else { return nil }
    if stream.flow.server.packets == 0 { return UpgradePoint(carrier: .xmpp, client: asked, server: 0) }
    guard let agreed = try end(of: .proceed, in: stream.server.bytes, source: .server) else { return nil }
    return UpgradePoint(carrier: .xmpp, client: asked, server: agreed)
  }

  /// The offset after the element; nil where the stream goes on in clear.
  private static func end(
    of wanted: Element, in bytes: RawSpan, source: ReadSource
  ) throws(ReadError) -> Int? {
    var offset = 0
    while offset < bytes.byteCount {
      guard bytes.u8(offset) == 0x3c else {
        offset &+= 1
        continue
      }
      guard let close = closing(bytes, from: offset) else { break }
      let element = kind(bytes, offset)
      if element == .inClear { return nil }
      if element == wanted {
        if bytes.u8(close &- 1) == 0x2f { return close &+ 1 }
        // An element with an end of its own: `</starttls>`.
        guard let second = closing(bytes, from: close &+ 1) else { break }
        return second &+ 1
      }
      offset = close &+ 1
    }
    throw ReadError(
      .ranOut, source: source, offset: offset, wanted: bytes.byteCount &- offset &+ 1, found: bytes.byteCount &- offset)
  }

  /// Where the `>` after `offset` stands.
  private static func closing(_ bytes: RawSpan, from offset: Int) -> Int? {
    var at = offset
    while at < bytes.byteCount {
      if bytes.u8(at) == 0x3e { return at }
      at &+= 1
    }
    return nil
  }

  private static func kind(_ bytes: RawSpan, _ offset: Int) -> Element {
    if bytes.holds("<starttls", at: offset) { return .starttls }
    if bytes.holds("<proceed", at: offset) { return .proceed }
    for name in ["<auth", "<iq", "<message", "<presence", "<failure", "<html"] as [StaticString]
    where bytes.holds(name, at: offset) {
      return .inClear
    }
    return .other
  }
}
