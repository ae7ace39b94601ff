// Protocols of text lines: SMTP (RFC 3207), IMAP (RFC 9051 section 6.2.1), POP3 (RFC 2595 section 4), FTP (RFC 4217).

import Bytes
import PluginKit

/// A client asks by a line of its own, the server agrees by one, and both go on with TLS.
enum LineUpgrade {
  /// Where TLS begins; nil where it will not.
  static func find(_ stream: borrowing Conversation) throws(ReadError) -> UpgradePoint? {
    let client = stream.client.bytes
    var offset = 0
    while true {
      let line = try TextLine.next(client, from: offset, source: .client)
      offset = line.next
      guard let request = Request(client, line.content) else {
        if isLogin(client, line.content) { return nil }
        continue
      }
      guard let first = client.u8IfPresent(offset) else {
        throw ReadError(.ranOut, source: .client, offset: offset, wanted: 1)
      }
      // A refused client goes on in clear.
      guard TLSStart.mayBegin(with: first) else { continue }
      return UpgradePoint(
        carrier: request.carrier, client: offset, server: try serverOffset(stream.server, request, client, stream.flow))
    }
  }

  /// Where TLS begins in the server's direction: at the line that is no text any more or, before it comes, after the
  /// line that agrees.
  private static func serverOffset(
    _ side: borrowing StreamSide, _ request: Request, _ client: RawSpan, _ flow: FlowFacts
  ) throws(ReadError) -> Int {
    let server = side.bytes
    if flow.server.packets == 0 { return 0 }
    var offset = 0
    var agrees = false
    while offset < server.byteCount {
      if TLSStart.mayBegin(with: server.u8(offset)) { return offset }
      guard let line = try? TextLine.next(server, from: offset, source: .server) else { break }
      agrees = request.isAgreed(by: server, line.content, client)
      offset = line.next
    }
    if agrees, offset == server.byteCount { return offset }
    // What follows is lost: the client's direction still tells.
    if side.end != .growing, side.end != .whole { return server.byteCount }
    throw ReadError(
      .ranOut, source: .server, offset: offset, wanted: server.byteCount &- offset &+ 1,
      found: server.byteCount &- offset)
  }

  /// Commands after which nobody asks for TLS any more: the session goes on in clear.
  private static func isLogin(_ bytes: RawSpan, _ line: Range<Int>) -> Bool {
    let commands: [StaticString] = ["MAIL ", "DATA", "AUTH ", "PASS ", "APOP ", "QUIT"]
    for command in commands where TextLine.begins(bytes, line, with: command) { return true }
    // IMAP has a tag before the command.
    let tagged: [StaticString] = ["LOGIN ", "AUTHENTICATE ", "LOGOUT"]
    let command = TextLine.afterWord(bytes, line)
    for name in tagged where TextLine.begins(bytes, command, with: name) { return true }
    return false
  }

  /// A line that asks for TLS.
  struct Request {
    let carrier: StartTLSNegotiated.Carrier
    /// IMAP's tag.
    let tag: Range<Int>

    init?(_ bytes: RawSpan, _ line: Range<Int>) {
      let second = TextLine.afterWord(bytes, line)
      var tag = line.lowerBound..<line.lowerBound
      if TextLine.equals(bytes, line, "STARTTLS") {
        carrier = .smtp
      } else if TextLine.equals(bytes, line, "STLS") {
        carrier = .pop3
      } else if TextLine.begins(bytes, line, with: "AUTH TLS") || TextLine.equals(bytes, line, "AUTH SSL") {
        carrier = .ftp
      } else if TextLine.equals(bytes, second, "STARTTLS") {
        carrier = .imap
        tag = line.lowerBound..<second.lowerBound
      } else {
        return nil
      }
      self.tag = tag
    }

    /// Whether the server's line agrees.
    func isAgreed(by server: RawSpan, _ line: Range<Int>, _ client: RawSpan) -> Bool {
      switch carrier {
      case .smtp: TextLine.begins(server, line, with: "220")
      // 334 is what servers before RFC 4217 say.
      case .ftp: TextLine.begins(server, line, with: "234") || TextLine.begins(server, line, with: "334")
      case .pop3: TextLine.begins(server, line, with: "+OK")
      default:
        server.slice(line.lowerBound, tag.count).array == client.slice(tag.lowerBound, tag.count).array
          && TextLine.begins(server, (line.lowerBound &+ tag.count)..<line.upperBound, with: "OK")
      }
    }
  }
}

/// The first byte of TLS: a handshake record, an alert record, or a hello in SSL 2.0's form.
enum TLSStart {
  static func mayBegin(with byte: UInt8) -> Bool { byte == 0x16 || byte == 0x15 || byte == 0x80 }
}

/// Lines of text that end in LF, with or without CR.
enum TextLine {
  /// RFC 5321 allows 512 bytes, others some thousand.
  static let longest = 8192

  /// The line at `offset` without its end, and where the next one begins.
  ///
  /// - Throws: `ranOut` where the line has no end yet, `invalid` where it is no text.
  static func next(
    _ bytes: RawSpan, from offset: Int, source: ReadSource
  ) throws(ReadError) -> (content: Range<Int>, next: Int) {
    var end = offset
    while end < bytes.byteCount, bytes.u8(end) != 0x0a {
      let byte = bytes.u8(end)
      guard byte >= 0x20 || byte == 0x09 || byte == 0x0d, end &- offset < longest else {
        throw ReadError(.invalid, source: source, offset: end)
      }
      end &+= 1
    }
    guard end < bytes.byteCount else {
      throw ReadError(
        .ranOut, source: source, offset: offset, wanted: end &- offset &+ 1, found: end &- offset)
    }
    let next = end &+ 1
    while end > offset, bytes.u8(end &- 1) == 0x0d || bytes.u8(end &- 1) == 0x20 { end &-= 1 }
    return (offset..<end, next)
  }

  /// Whether the line begins with `text`, which is in capitals, in either case.
  static func begins(_ bytes: RawSpan, _ line: Range<Int>, with text: StaticString) -> Bool {
    let text = text.description.utf8
    guard text.count <= line.count else { return false }
    var offset = line.lowerBound
    for character in text {
      let byte = bytes.u8(offset)
      guard ((0x61...0x7a).contains(byte) ? byte &- 0x20 : byte) == character else { return false }
      offset &+= 1
    }
    return true
  }

  static func equals(_ bytes: RawSpan, _ line: Range<Int>, _ text: StaticString) -> Bool {
    line.count == text.utf8CodeUnitCount && begins(bytes, line, with: text)
  }

  /// The line after its first word and the space behind it; empty where it has one word only.
  static func afterWord(_ bytes: RawSpan, _ line: Range<Int>) -> Range<Int> {
    var offset = line.lowerBound
    while offset < line.upperBound, bytes.u8(offset) != 0x20 { offset &+= 1 }
    return offset < line.upperBound ? (offset &+ 1)..<line.upperBound : line.upperBound..<line.upperBound
  }
}
