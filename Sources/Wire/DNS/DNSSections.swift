// What stands behind the question of a DNS message: addresses, services and EDNS, as far as the bytes go.

import Bytes
import Terms

/// An answer and for how long it may be kept.
public struct DNSAnswered<Value: Sendable>: Sendable {
  public let value: Value
  /// Seconds.
  public let timeToLive: UInt32
}

/// EDNS (RFC 6891 section 6.1): its record uses class and time to live for its own.
public struct DNSExtension: Sendable, Hashable {
  public let payloadSize: UInt16
  public let version: UInt8
  /// The upper eight bits of the response code.
  public let codeBits: UInt16
  public let asksForDNSSEC: Bool
  /// Codes of its options, 16 at most.
  public private(set) var options: [UInt16] = []

  init(_ record: DNSRecord, in message: RawSpan) throws(ReadError) {
    payloadSize = record.recordClass
    codeBits = UInt16(record.rawTimeToLive >> 24)
    version = UInt8(truncatingIfNeeded: record.rawTimeToLive >> 16)
    asksForDNSSEC = record.rawTimeToLive & 0x8000 != 0
    guard !record.data.isEmpty else { return }
    var view = ByteReader(message.slice(record.data.lowerBound, record.data.count))
    var reader = try view.block(record.data.count)
    while !reader.isAtEnd {
      let option = try reader.u16()
      try reader.skip(Int(try reader.u16()))
      if options.count < 16 { options.append(option) }
    }
  }
}

public struct DNSSections: Sendable {
  /// Addresses and services kept of a message.
  static let most = 32

  public private(set) var addresses: [DNSAnswered<Address>] = []
  public private(set) var addressesLeftOut = 0
  public private(set) var services: [DNSAnswered<DNSService>] = []
  /// The least time to live of the aliases (CNAME, DNAME) that led to the answers; `max` where there are none.
  public private(set) var aliasTimeToLive = UInt32.max
  public private(set) var edns: DNSExtension?
  /// What ended the reading early: bytes that contradict the format, or too few of them.
  public private(set) var error: ReadError?
  /// The records do not reach to the end of the message.
  public private(set) var hasTrailingBytes = false

  private enum RecordType {
    static let (a, cname, aaaa, dname, opt, svcb, https): (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) = (
      1, 5, 28, 39, 41, 64, 65
    )
  }

  /// Whether addresses may be among what was answered.
  public var namesAddresses: Bool { !addresses.isEmpty || !services.isEmpty }

  init(_ error: ReadError) { self.error = error }

  /// - Parameter reader: over the message from its first byte, behind the questions.
  public init(_ reader: inout ByteReader, _ header: DNSHeader) {
    do throws(ReadError) {
      for _ in 0..<header.answers { try takeAnswer(try DNSRecord(&reader), reader.whole) }
      for _ in 0..<header.authorities { _ = try DNSRecord(&reader) }
      for _ in 0..<header.additionals {
        let record = try DNSRecord(&reader)
        if record.type == RecordType.opt, edns == nil { edns = try DNSExtension(record, in: reader.whole) }
      }
      hasTrailingBytes = !reader.isAtEnd
    } catch {
      self.error = error
    }
  }

  private mutating func takeAnswer(_ record: DNSRecord, _ message: RawSpan) throws(ReadError) {
    guard record.isInternet else { return }
    let data = message.slice(record.data.lowerBound, record.data.count)
    switch record.type {
    case RecordType.a:
      guard data.byteCount == 4 else { throw ReadError(.invalid, offset: record.data.lowerBound) }
      take(Address(v4: data.u32(0)), record)
    case RecordType.aaaa:
      guard data.byteCount == 16 else { throw ReadError(.invalid, offset: record.data.lowerBound) }
      take(Address(v6: data.u64(0), data.u64(8)), record)
    case RecordType.cname, RecordType.dname:
      aliasTimeToLive = min(aliasTimeToLive, record.timeToLive)
    case RecordType.svcb, RecordType.https:
      if services.count < Self.most {
        services.append(DNSAnswered(value: try DNSService(data), timeToLive: record.timeToLive))
      }
    default: break
    }
  }

  private mutating func take(_ address: Address, _ record: DNSRecord) {
    if addresses.count < Self.most {
      if addresses.isEmpty { addresses.reserveCapacity(4) }
      addresses.append(DNSAnswered(value: address, timeToLive: record.timeToLive))
    } else {
      addressesLeftOut += 1
    }
  }
}
