// The line with which each side of SSH introduces itself: RFC 4253 section 4.2.

import Bytes

// Layout: `SSH-protoversion-softwareversion SP comments CR LF`, at most 255 bytes, printable US-ASCII. A server may send
// lines of text before it. In use are also LF alone, CR alone, several of them, and a NUL for an end.
/// Four times what the RFC allows: some vendors' comments are longer.
private let longestLine = 1_020
/// OpenSSH reads 1,024 lines of at most 8,192 bytes before the identification. Who sends more than this many never comes to
/// it: tarpits.
private let mostLinesBefore = 128
private let longestLineBefore = 8_192

/// An identification line.
public struct SSHIdentification: Hashable, Sendable {
  /// The line without its end: `SSH-2.0-OpenSSH_9.7 Debian-1`. Bytes that are no UTF-8 are replaced.
  public let text: String
  /// What stands between the first two hyphens: `2.0`, `1.99`.
  public let protocolVersion: String
  /// Lines of text before it.
  public let linesBefore: Int
  /// The line ends otherwise than by CR LF.
  public let hasOddEnd: Bool

  /// 1.99 is a server's way to say that it speaks both (RFC 4253 section 5.1).
  public var speaksVersion2: Bool { protocolVersion.hasPrefix("2.") || protocolVersion == "1.99" }
  public var speaksVersion1: Bool { protocolVersion.hasPrefix("1.") }

  /// Reads up to the line's end, past text before it.
  ///
  /// - Throws: `invalid` where the bytes are no text, or the line no identification.
  public init(_ reader: inout ByteReader) throws(ReadError) {
    var lines = 0
    while !(try Self.isNext(reader)) {
      guard lines < mostLinesBefore else { throw reader.invalid() }
      try Self.skipLine(&reader)
      lines += 1
    }
    linesBefore = lines
    var length = 0
    var end: UInt8
    repeat {
      guard length <= longestLine else { throw reader.invalid() }
      guard let byte = reader.peek(length) else { throw reader.shortage(of: length &+ 1) }
      end = byte
      length += 1
    } while !Self.isEnd(end)
    let line = try reader.span(length &- 1).array
    hasOddEnd = try Self.skipEnd(&reader)
    let parts = line.split(separator: 0x2d, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, Self.isVersion(parts[1]) else { throw reader.invalid() }
    protocolVersion = String(decoding: parts[1], as: UTF8.self)
    text = String(decoding: line, as: UTF8.self)
  }

  /// Whether the identification begins here.
  private static func isNext(_ reader: borrowing ByteReader) throws(ReadError) -> Bool {
    let expected: [UInt8] = [0x53, 0x53, 0x48, 0x2d]
    for (index, byte) in expected.enumerated() {
      guard let found = reader.peek(index) else { throw reader.shortage(of: index &+ 1) }
      if found != byte { return false }
    }
    return true
  }

  private static func skipLine(_ reader: inout ByteReader) throws(ReadError) {
    var length = 0
    while true {
      guard let byte = reader.peek(length) else { throw reader.shortage(of: length &+ 1) }
      guard byte != 0, length < longestLineBefore else { throw reader.invalid() }
      length += 1
      if byte == 0x0a { break }
    }
    try reader.skip(length)
  }

  private static func isEnd(_ byte: UInt8) -> Bool { byte == 0x0a || byte == 0x0d || byte == 0 }

  /// Skips CR LF, LF, CR or NUL; true for all but the first. What follows a CR tells whether it is the whole end.
  private static func skipEnd(_ reader: inout ByteReader) throws(ReadError) -> Bool {
    guard try reader.u8() == 0x0d else { return true }
    guard let next = reader.peek() else { throw reader.shortage(of: 1) }
    guard next == 0x0a else { return true }
    try reader.skip(1)
    return false
  }

  private static func isVersion(_ part: ArraySlice<UInt8>) -> Bool {
    guard let first = part.first, (0x30...0x39).contains(first), part.count <= 8 else { return false }
    return part.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
  }
}
