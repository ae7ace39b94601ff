// A DNS message: its header and what it asks. What is answered stands behind and is read when it is wanted.

import Bytes

public struct DNSMessage: ~Escapable {
  /// From the header's first byte on.
  public let bytes: RawSpan
  public let header: DNSHeader
  /// Of the first question; of the first answer where nothing is asked, as multicast DNS announces.
  public let name: DNSNamePlace
  public let type: UInt16
  public let recordClass: UInt16
  /// Where the questions end.
  private let questionsEnd: Int
  /// Equal for messages that ask in the same bytes; 0 where the question's name has a pointer.
  public let print: UInt64

  /// - Parameter reader: over the message from its first byte; it then stands behind the questions.
  @_lifetime(copy reader)
  public init(_ reader: inout ByteReader) throws(ReadError) {
    bytes = reader.whole
    header = try DNSHeader(&reader)
    if header.questions > 0 {
      let start = reader.position
      let question = try DNSQuestion(&reader)
      name = question.name
      type = question.type
      recordClass = question.recordClass
      let length = reader.position &- start
      print = length == name.length &+ 5 ? bytes.slice(start, length).fingerprint() : 0
      for _ in 1..<max(header.questions, 1) { _ = try DNSQuestion(&reader) }
      // NetBIOS messages have the same form: types NB and NBSTAT (RFC 1002 section 4.2).
      if type == 32 || type == 33, DNSMessage.isNetBIOS(bytes, name) { throw reader.invalid() }
      questionsEnd = reader.position
    } else {
      guard header.answers > 0 else { throw reader.invalid() }
      questionsEnd = reader.position
      let first = try DNSQuestion(&reader)
      name = first.name
      type = first.type
      recordClass = first.recordClass
      print = 0
    }
  }

  /// A NetBIOS name: one label of 32 letters from A to P, two a character (RFC 1001 section 14.1).
  private static func isNetBIOS(_ message: RawSpan, _ name: DNSNamePlace) -> Bool {
    let letters = message.slice(name.start &+ 1, 32)
    guard name.labels > 0, letters.byteCount == 32, message.u8(name.start) == 32 else { return false }
    for offset in 0..<32 where !(0x41...0x50).contains(letters.u8(offset)) { return false }
    return true
  }

  /// What stands behind the questions, as far as the bytes go.
  public var sections: DNSSections {
    var reader = ByteReader(bytes)
    do throws(ReadError) { try reader.skip(questionsEnd) } catch { return DNSSections(error) }
    return DNSSections(&reader, header)
  }

  /// Whether the message holds what its header says, to its last byte.
  ///
  /// - Parameter isCut: the capture holds a part of it, so that records may be missing at its end.
  public func isSound(isCut: Bool) -> Bool {
    let sections = sections
    return type > 0 && recordClass & 0x7fff > 0 && !sections.hasTrailingBytes
      && (sections.error == nil || isCut && sections.error?.kind == .ranOut)
  }

  /// The name as text.
  public var nameText: DNSName { name.name(in: bytes) }
  /// Whether the name is this one.
  public func asks(_ other: DNSName) -> Bool { name.isSame(as: other, in: bytes) }
}
