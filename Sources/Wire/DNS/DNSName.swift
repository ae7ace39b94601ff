// Names in DNS messages: labels, and pointers to labels before (RFC 1035 sections 3.1 and 4.1.4).
//
//   0..63  length of a label, and its bytes; 0 ends the name
//   0xc0   with the next byte: offset of the rest of the name in the message

import Bytes
import Names

/// A name as text: lower case, labels with points between, no point at the end. What is no letter, digit, hyphen or other
/// visible character of ASCII stands as `\DDD` (RFC 1035 section 5.1), points and backslashes within labels too.
public struct DNSName: Hashable, Sendable {
  public let text: [UInt8]
  /// Where its registrable domain begins.
  public let registrable: Int

  public init(text: [UInt8]) {
    self.text = text
    registrable = text.withRawSpan { PublicSuffixes.registrable(in: $0) }
  }

  /// The root.
  public static let root = DNSName(text: [])

  /// Whether the text begins with this one.
  public func hasPrefix(_ prefix: StaticString) -> Bool { text.withRawSpan { $0.holds(prefix) } }
}

/// Where a name's labels lie.
public struct DNSNamePlace: Sendable, BitwiseCopyable {
  /// Offset of the name in the message.
  public let start: Int
  /// Bytes of its labels with their lengths, the last zero aside: at most 254.
  public let length: Int
  public let labels: Int

  /// Bytes of a name on the wire, at most (RFC 1035 section 2.3.4).
  static let longest = 255

  /// Reads a name and follows its pointers. Each must point before the labels that it ends, so that a loop cannot be.
  ///
  /// - Parameter reader: over the message from its first byte; it then stands behind the name.
  public init(_ reader: inout ByteReader) throws(ReadError) {
    start = reader.position
    let message = reader.whole
    var at = start
    var end = -1
    // Where the labels at hand begin: a pointer among them leads further to the front.
    var segment = start
    var length = 0
    var labels = 0
    while true {
      guard at < message.byteCount else { throw reader.shortage(of: at &- reader.position &+ 1) }
      let head = message.u8(at)
      if head == 0 {
        if end < 0 { end = at &+ 1 }
        break
      }
      if head < 0x40 {
        at &+= Int(head) &+ 1
        length &+= Int(head) &+ 1
        labels &+= 1
        guard length < Self.longest else { throw reader.invalid() }
        continue
      }
      // The other two kinds of labels were given up (RFC 6891 section 5).
      guard head >= 0xc0 else { throw reader.invalid() }
      guard at &+ 1 < message.byteCount else { throw reader.shortage(of: at &- reader.position &+ 2) }
      if end < 0 { end = at &+ 2 }
      let target = Int(message.u16(at) & 0x3fff)
      guard target < segment, target >= DNSHeader.length else { throw reader.invalid() }
      segment = target
      at = target
    }
    self.length = length
    self.labels = labels
    try reader.skip(end &- start)
  }

  /// Passes over a name without following its pointer.
  static func skip(_ reader: inout ByteReader) throws(ReadError) {
    let message = reader.whole
    let start = reader.position
    var at = start
    while true {
      guard at < message.byteCount else { throw reader.shortage(of: at &- start &+ 1) }
      let head = message.u8(at)
      if head >= 0xc0 {
        at &+= 2
        break
      }
      guard head < 0x40, at &- start < Self.longest else { throw reader.invalid() }
      at &+= Int(head) &+ 1
      if head == 0 { break }
    }
    try reader.skip(at &- start)
  }

  /// The name as text.
  public func name(in message: RawSpan) -> DNSName {
    guard labels > 0 else { return .root }
    var text: [UInt8] = []
    var isPlain = true
    // A point or nothing for each label's length.
    text.append(addingCapacity: length) { (out: inout OutputSpan<UInt8>) in
      each(in: message) { label in
        if !out.isEmpty { out.append(0x2e) }
        if !out.append(domainLabel: label) { isPlain = false }
        return isPlain
      }
    }
    return DNSName(text: isPlain ? text : escaped(in: message))
  }

  /// The text of a name that holds other bytes than such texts are made of.
  private func escaped(in message: RawSpan) -> [UInt8] {
    var text: [UInt8] = []
    each(in: message) { label in
      if !text.isEmpty { text.append(0x2e) }
      for offset in 0..<label.byteCount {
        let byte = label.u8(offset)
        let plain = Self.plain(byte)
        if plain != 0 {
          text.append(plain)
        } else {
          text.append(0x5c)
          text.append(0x30 &+ byte / 100)
          text.append(0x30 &+ byte / 10 % 10)
          text.append(0x30 &+ byte % 10)
        }
      }
      return true
    }
    return text
  }

  /// Whether the name's text is this one.
  public func isSame(as name: DNSName, in message: RawSpan) -> Bool {
    // A text with escapes is longer; such names are few.
    guard name.text.count == max(length &- 1, 0) else { return self.name(in: message) == name }
    return name.text.withRawSpan { text in
      var at = 0
      return each(in: message) { label in
        if at > 0 {
          guard text.u8(at) == 0x2e else { return false }
          at &+= 1
        }
        for offset in 0..<label.byteCount {
          guard text.u8(at &+ offset) == Self.plain(label.u8(offset)) else { return false }
        }
        at &+= label.byteCount
        return true
      }
    }
  }

  /// Calls `body` with each label until it answers false.
  @discardableResult
  @inline(__always)
  private func each(in message: RawSpan, _ body: (RawSpan) -> Bool) -> Bool {
    var at = start
    var left = labels
    while left > 0, at < message.byteCount {
      let head = Int(message.u8(at))
      if head >= 0xc0 {
        guard at &+ 1 < message.byteCount else { return true }
        let target = Int(message.u16(at) & 0x3fff)
        guard target < at else { return true }
        at = target
        continue
      }
      guard body(message.slice(at &+ 1, head)) else { return false }
      at &+= head &+ 1
      left &-= 1
    }
    return true
  }

  /// A byte as text; 0 for those that are escaped.
  @inline(__always)
  private static func plain(_ byte: UInt8) -> UInt8 {
    if byte &- 0x41 < 26 { return byte | 0x20 }
    return byte > 0x20 && byte < 0x7f && byte != 0x2e && byte != 0x5c ? byte : 0
  }
}
