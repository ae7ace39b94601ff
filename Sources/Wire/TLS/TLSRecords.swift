// The record layer of TLS over the bytes of one direction: RFC 8446 section 5.1, RFC 5246 section 6.2.1, RFC 6101
// section 5.2.1. Gives what is in clear, message by message.

import Bytes

/// A record: content type, version, length of the fragment, fragment.
enum TLSRecordLayout {
  static let contentType = 0
  static let version = 1
  static let length = 3
  static let fragment = 5
  /// 2^14 bytes, and what compression and encryption may add to them (RFC 5246 section 6.2.3).
  static let longestFragment = 0x4000 + 2048
}

/// A message of the handshake: type, length of the body in 24 bits, body.
enum TLSMessageLayout {
  static let type = 0
  static let length = 1
  static let body = 4
  /// Longer messages are not read. The longest in use are certificate chains, which take a few dozen kilobytes.
  static let longestBody = 0x20000
}

/// The type of a record (RFC 8446 section 5.1; heartbeat: RFC 6520).
enum TLSContentType {
  static let changeCipherSpec: UInt8 = 20
  static let alert: UInt8 = 21
  static let handshake: UInt8 = 22
  static let applicationData: UInt8 = 23
  static let heartbeat: UInt8 = 24
}

/// The type of a handshake message (https://www.iana.org/assignments/tls-parameters, TLS HandshakeType).
public struct TLSMessageType: Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  public init(_ rawValue: UInt8) { self.rawValue = rawValue }

  public static let helloRequest = TLSMessageType(0)
  public static let clientHello = TLSMessageType(1)
  public static let serverHello = TLSMessageType(2)
  /// Until draft 21 of TLS 1.3; later a ServerHello with a fixed random stands for it.
  public static let helloRetryRequest = TLSMessageType(6)
  public static let certificate = TLSMessageType(11)
  public static let certificateRequest = TLSMessageType(13)
  public static let serverHelloDone = TLSMessageType(14)
  public static let clientKeyExchange = TLSMessageType(16)
}

/// What stands next in a direction.
public enum TLSElement: Equatable, Sendable {
  /// A whole message of the handshake, whose body `withBody` lends.
  case message(TLSMessageType)
  /// A ClientHello in the form of SSL 2.0, whose body `withBody` lends, message type included.
  case ssl2ClientHello
  /// From here on the direction is encrypted, but for a second ClientHello (RFC 8446 appendix D.4).
  case changeCipherSpec
  /// An alert in clear.
  case alert(level: UInt8, description: UInt8)
  /// A record whose content is encrypted.
  case encrypted
}

/// Reads the records of one direction from its first byte on.
///
/// A message that lies in one record is read in place; one that spans several is joined in a buffer of its own.
public struct TLSRecords: ~Escapable {
  let bytes: RawSpan
  public let source: ReadSource
  /// The first byte that was not read.
  public private(set) var position = 0
  /// Where the last element began.
  private var elementStart = 0
  /// Where the last element stands; of a message over several records, all of them.
  public var range: Range<Int> { elementStart..<position }
  /// Up to where handshake messages go on in the record at hand; may lie beyond the view.
  private var fragmentEnd = 0
  /// The last message's body in `bytes`; unused while `isJoined`.
  private var bodyStart = 0
  private var bodyEnd = 0
  private var isJoined = false
  private var joined: [UInt8] = []

  /// - Parameters:
  ///   - bytes: the direction's bytes from where TLS begins.
  ///   - source: the direction, for errors.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, source: ReadSource = .datagram) {
    self.bytes = bytes
    self.source = source
  }

  /// Lends the body of the message that `next` gave last.
  public func withBody<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if isJoined {
      return try joined.withRawSpan { (whole: RawSpan) throws(Failure) -> Result in
        try body(whole.slice(TLSMessageLayout.body))
      }
    }
    return try body(bytes.slice(bodyStart, bodyEnd &- bodyStart))
  }

  /// The next element, or nil where the bytes end between two records.
  ///
  /// - Throws: `ranOut` where the bytes end within a record or message, with the bytes that are missing at least;
  ///   `invalid` where no TLS record begins.
  @_lifetime(self: copy self)
  public mutating func next() throws(ReadError) -> TLSElement? {
    isJoined = false
    bodyStart = 0
    bodyEnd = 0
    elementStart = position
    while true {
      if position < fragmentEnd {
        guard position < bytes.byteCount else { throw ranOut(wanting: TLSMessageLayout.body) }
        return .message(try message())
      }
      if position == bytes.byteCount { return nil }
      if position == 0, let body = try SSL2ClientHelloLayout.body(in: bytes, source: source) {
        bodyStart = body.lowerBound
        bodyEnd = body.upperBound
        position = body.upperBound
        return .ssl2ClientHello
      }
      let record = try header(at: position)
      switch record.contentType {
      case TLSContentType.handshake:
        position = record.start
        fragmentEnd = record.end
      case TLSContentType.changeCipherSpec:
        try pass(record)
        return .changeCipherSpec
      case TLSContentType.alert where record.end &- record.start == 2:
        try pass(record)
        return .alert(level: bytes.u8(record.start), description: bytes.u8(record.start &+ 1))
      case TLSContentType.heartbeat:
        try pass(record)
      default:
        try pass(record)
        return .encrypted
      }
    }
  }

  // MARK: - Records

  private struct Record {
    let contentType: UInt8
    let start: Int
    /// May lie beyond the view.
    let end: Int
  }

  private func header(at offset: Int) throws(ReadError) -> Record {
    // Each byte that is there is held against what it may be, so that other protocols are told by their first byte.
    guard (TLSContentType.changeCipherSpec...TLSContentType.heartbeat).contains(bytes.u8(offset)) else {
      throw invalid(at: offset)
    }
    if let major = bytes.u8IfPresent(offset &+ TLSRecordLayout.version), major != 3 { throw invalid(at: offset) }
    if let minor = bytes.u8IfPresent(offset &+ TLSRecordLayout.version &+ 1), minor > 4 { throw invalid(at: offset) }
    guard let length = bytes.u16IfPresent(offset &+ TLSRecordLayout.length) else {
      throw ranOut(at: offset, wanting: TLSRecordLayout.fragment)
    }
    guard length <= TLSRecordLayout.longestFragment else { throw invalid(at: offset) }
    let start = offset &+ TLSRecordLayout.fragment
    return Record(contentType: bytes.u8(offset), start: start, end: start &+ Int(length))
  }

  /// Steps over a record, which must be there whole.
  @_lifetime(self: copy self)
  private mutating func pass(_ record: Record) throws(ReadError) {
    guard record.end <= bytes.byteCount else {
      throw ranOut(wanting: record.end &- position)
    }
    position = record.end
    fragmentEnd = record.end
  }

  // MARK: - Messages

  @_lifetime(self: copy self)
  private mutating func message() throws(ReadError) -> TLSMessageType {
    let type = TLSMessageType(bytes.u8(position))
    if fragmentEnd &- position >= TLSMessageLayout.body {
      guard let word = bytes.u32IfPresent(position) else { throw ranOut(wanting: TLSMessageLayout.body) }
      let length = Int(word & 0x00ff_ffff)
      guard length <= TLSMessageLayout.longestBody else { throw invalid(at: position) }
      let end = position &+ TLSMessageLayout.body &+ length
      if end <= fragmentEnd {
        guard end <= bytes.byteCount else { throw ranOut(wanting: end &- position) }
        bodyStart = position &+ TLSMessageLayout.body
        bodyEnd = end
        position = end
        return type
      }
    }
    try join()
    return type
  }

  /// Copies the message at `position` out of all the records it spans.
  @_lifetime(self: copy self)
  private mutating func join() throws(ReadError) {
    joined.removeAll(keepingCapacity: true)
    var offset = position
    var end = fragmentEnd
    var wanted = TLSMessageLayout.body
    while true {
      let part = bytes.slice(offset, Swift.min(end &- offset, wanted &- joined.count))
      joined.append(part)
      offset &+= part.byteCount
      if joined.count == wanted, wanted == TLSMessageLayout.body {
        let length = Int(joined[1]) << 16 | Int(joined[2]) << 8 | Int(joined[3])
        guard length <= TLSMessageLayout.longestBody else { throw invalid(at: position) }
        wanted = TLSMessageLayout.body &+ length
        joined.reserveCapacity(Swift.min(wanted, bytes.byteCount))
      }
      if joined.count == wanted { break }
      if offset < end {
        if offset == bytes.byteCount { throw ranOut(at: offset, wanting: wanted &- joined.count) }
        continue
      }
      // The message goes on in the next record of the handshake; only an alert may come between (RFC 5246 section 6.2.1).
      guard offset < bytes.byteCount else {
        throw ranOut(at: offset, wanting: TLSRecordLayout.fragment &+ wanted &- joined.count)
      }
      let record = try header(at: offset)
      switch record.contentType {
      case TLSContentType.handshake:
        offset = record.start
        end = record.end
        guard offset <= bytes.byteCount else { throw ranOut(at: offset, wanting: wanted &- joined.count) }
      case TLSContentType.alert where record.end &- record.start == 2:
        guard record.end <= bytes.byteCount else { throw ranOut(at: offset, wanting: record.end &- offset) }
        offset = record.end
        end = record.end
      default:
        throw invalid(at: offset)
      }
    }
    position = offset
    fragmentEnd = end
    isJoined = true
  }

  // MARK: - Errors

  private func invalid(at offset: Int) -> ReadError {
    ReadError(.invalid, source: source, offset: offset, found: bytes.byteCount &- offset)
  }

  private func ranOut(at offset: Int? = nil, wanting count: Int) -> ReadError {
    let start = offset ?? position
    return ReadError(.ranOut, source: source, offset: start, wanted: count, found: bytes.byteCount &- start)
  }
}
