// DNS messages: header, questions and resource records (RFC 1035 section 4.1).
//
//   0  identifier            8  answers
//   2  flags: QR opcode AA TC RD RA Z AD CD code     10  authority records
//   4  questions            12  questions: name, type, class
//   6  (see above)              records: name, type, class, time to live, length, data

import Bytes

public struct DNSHeader: Sendable, BitwiseCopyable {
  static let length = 12

  public let identifier: UInt16
  public let flags: UInt16
  public let questions: UInt16
  public let answers: UInt16
  public let authorities: UInt16
  public let additionals: UInt16

  public init(_ reader: inout ByteReader) throws(ReadError) {
    let bytes = try reader.span(Self.length)
    identifier = bytes.u16(0)
    flags = bytes.u16(2)
    questions = bytes.u16(4)
    answers = bytes.u16(6)
    authorities = bytes.u16(8)
    additionals = bytes.u16(10)
  }

  public var isResponse: Bool { flags & 0x8000 != 0 }
  public var opcode: UInt8 { UInt8(flags >> 11 & 0xf) }
  public var isAuthoritative: Bool { flags & 0x0400 != 0 }
  public var isTruncated: Bool { flags & 0x0200 != 0 }
  /// The response code without the bits that EDNS adds.
  public var code: UInt16 { flags & 0xf }
}

public struct DNSQuestion: Sendable, BitwiseCopyable {
  public let name: DNSNamePlace
  public let type: UInt16
  public let recordClass: UInt16

  public init(_ reader: inout ByteReader) throws(ReadError) {
    name = try DNSNamePlace(&reader)
    let rest = try reader.span(4)
    type = rest.u16(0)
    recordClass = rest.u16(2)
  }
}

/// A resource record's frame; its data lies in the message.
public struct DNSRecord: Sendable {
  /// Offset of the owner's name.
  public let owner: Int
  public let type: UInt16
  public let recordClass: UInt16
  /// Seconds; the highest bit set means none (RFC 2181 section 8).
  public let timeToLive: UInt32
  /// As it stands, for records of EDNS that use the field otherwise.
  public let rawTimeToLive: UInt32
  public let data: Range<Int>

  public init(_ reader: inout ByteReader) throws(ReadError) {
    owner = reader.position
    try DNSNamePlace.skip(&reader)
    let rest = try reader.span(10)
    type = rest.u16(0)
    recordClass = rest.u16(2)
    rawTimeToLive = rest.u32(4)
    timeToLive = rawTimeToLive & 0x8000_0000 == 0 ? rawTimeToLive : 0
    let length = Int(rest.u16(8))
    let start = reader.position
    try reader.skip(length)
    data = start..<(start &+ length)
  }

  /// Class Internet; in multicast DNS the highest bit says that a cache is to be flushed (RFC 6762 section 10.2).
  public var isInternet: Bool { recordClass & 0x7fff == 1 }
}
