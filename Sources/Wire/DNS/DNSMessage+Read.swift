// A whole DNS message, read as far as it goes.

import Bytes

public struct DNSMessage: ~Escapable {
  /// From the header's first byte on.
  public let bytes: RawSpan
  public let header: DNSHeader
  /// Of the first question; of the first answer where nothing is asked, as multicast DNS announces.
  public let name: DNSNamePlace
  public let type: UInt16
  public let recordClass: UInt16
  public let sections: DNSSections
  /// The capture cut the message behind its questions.
  public let isCut: Bool

  /// - Parameters:
  ///   - reader: over the message from its first byte.
  ///   - isCut: the capture holds a part of the message.
  ///   - isStrict: the message must hold what its header says, to the last byte.
  @_lifetime(copy reader)
  public init(_ reader: inout ByteReader, isCut: Bool, isStrict: Bool) throws(ReadError) {
    bytes = reader.whole
    header = try DNSHeader(&reader)
    if header.questions > 0 {
      let question = try DNSQuestion(&reader)
      name = question.name
      type = question.type
      recordClass = question.recordClass
      if header.questions > 1 {
        for _ in 1..<header.questions { _ = try DNSQuestion(&reader) }
      }
      // NetBIOS messages have the same form: types NB and NBSTAT (RFC 1002 section 4.2).
      if type == 32 || type == 33, DNSMessage.isNetBIOS(bytes, name) { throw reader.invalid() }
    } else {
      guard header.answers > 0 else { throw reader.invalid() }
      var first = reader
      name = try DNSNamePlace(&first)
      type = try first.u16()
      recordClass = try first.u16()
    }
    sections = DNSSections(&reader, header)
    self.isCut = isCut && sections.error?.kind == .ranOut
    guard isStrict else { return }
    guard sections.error == nil || self.isCut, !sections.hasTrailingBytes, type > 0, recordClass & 0x7fff > 0 else {
      throw reader.invalid()
    }
  }

  /// A NetBIOS name: one label of 32 letters from A to P, two a character (RFC 1001 section 14.1).
  private static func isNetBIOS(_ message: RawSpan, _ name: DNSNamePlace) -> Bool {
    let letters = message.slice(name.start &+ 1, 32)
    guard name.labels > 0, letters.byteCount == 32, message.u8(name.start) == 32 else { return false }
    for offset in 0..<32 where !(0x41...0x50).contains(letters.u8(offset)) { return false }
    return true
  }

  /// The name as text.
  public var nameText: DNSName { name.name(in: bytes) }
  /// Whether the name is this one.
  public func asks(_ other: DNSName) -> Bool { name.isSame(as: other, in: bytes) }
}
