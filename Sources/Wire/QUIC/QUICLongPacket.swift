// Packets with a long header: RFC 8999 section 5.1, RFC 9000 section 17.2, RFC 9369 section 3.2; Version Negotiation: RFC
// 8999 section 6.

import Bytes

// Layout. The first byte's highest bit says that the header is long; the next is fixed, but may be greased (RFC 9287).
//
//   0 first byte   1 version (4)   5 length and Destination Connection ID   .. length and Source Connection ID
//   Initial              .. length and token   .. length   .. packet number (1 to 4) and protected payload
//   0-RTT, Handshake     .. length   .. packet number (1 to 4) and protected payload
//   Retry                .. token   .. integrity tag (16)
//   Version Negotiation  .. versions (4 each)
private let longForm: UInt8 = 0x80
private let retryTag = 16

/// QUIC's variable-length integers (RFC 9000 section 16): the two highest bits give the length, 1, 2, 4 or 8 bytes.
extension ByteReader {
  @_lifetime(self: copy self)
  mutating func quicInteger() throws(ReadError) -> UInt64 {
    let first = try u8()
    var value = UInt64(first & 0x3f)
    for _ in 1..<(1 << Int(first >> 6)) { value = value << 8 | UInt64(try u8()) }
    return value
  }

  /// A length, which must fit in `most` bytes.
  @_lifetime(self: copy self)
  mutating func quicLength(_ most: Int) throws(ReadError) -> Int {
    let value = try quicInteger()
    guard let length = Int(exactly: value), length <= most else { throw invalid() }
    return length
  }
}

/// The clear part of one packet of a datagram. Offsets are the datagram's.
public struct QUICLongPacket: Sendable {
  public enum Kind: Sendable {
    case initial, zeroRTT, handshake, retry
    case versionNegotiation
    /// Of a version that is not known, or whose packets are others.
    case other
  }

  /// Where sampling for header protection begins, behind the packet number's first byte (RFC 9001 section 5.4.2).
  static let sample = 4
  static let sampleLength = 16

  public let kind: Kind
  public let version: QUICVersion
  public let destination: QUICConnectionID
  public let source: QUICConnectionID
  let start: Int
  /// Where the packet number stands, or what follows the connection ids.
  let body: Int
  /// Where the packet ends on the wire; may lie beyond what was captured.
  public let end: Int

  /// Reads the header of the packet at `start` of a datagram that had `length` bytes on the wire.
  ///
  /// - Throws: `ranOut` where the captured bytes end within the header; `invalid` where there is no such packet.
  public init(_ datagram: RawSpan, at start: Int, length: Int) throws(ReadError) {
    var reader = ByteReader(datagram)
    try reader.skip(start)
    let first = try reader.u8()
    guard first & longForm != 0 else { throw reader.invalid() }
    self.start = start
    version = QUICVersion(try reader.u32())
    destination = try Self.connectionID(&reader)
    source = try Self.connectionID(&reader)
    let announced = Self.kind(first, version)
    if version.form == .reserved {
      // What follows is not told by the version: it may be that of another.
      let start = reader.position
      let first = announced == .initial ? try? Self.initial(&reader, length) : nil
      kind = first == nil ? .other : .initial
      (body, end) = first ?? (start, length)
      return
    }
    kind = announced
    switch kind {
    case .initial:
      (body, end) = try Self.initial(&reader, length)
    case .zeroRTT, .handshake:
      (body, end) = try Self.payload(&reader, length)
      guard end &- body >= Self.sample &+ Self.sampleLength else { throw reader.invalid() }
    case .retry:
      (body, end) = (reader.position, length)
      guard end &- body >= retryTag else { throw reader.invalid() }
    case .versionNegotiation:
      (body, end) = (reader.position, length)
      guard end > body, (end &- body) % 4 == 0 else { throw reader.invalid() }
    case .other:
      (body, end) = (reader.position, length)
    }
  }

  private static func connectionID(_ reader: inout ByteReader) throws(ReadError) -> QUICConnectionID {
    let length = Int(try reader.u8())
    guard length <= QUICConnectionID.longest else { throw reader.invalid() }
    return QUICConnectionID(try reader.span(length))
  }

  private static func initial(_ reader: inout ByteReader, _ length: Int) throws(ReadError) -> (Int, Int) {
    let token = try reader.quicLength(length &- reader.position)
    try reader.skip(token)
    let (body, end) = try payload(&reader, length)
    guard end &- body >= sample &+ sampleLength else { throw reader.invalid() }
    return (body, end)
  }

  private static func payload(_ reader: inout ByteReader, _ length: Int) throws(ReadError) -> (Int, Int) {
    let count = try reader.quicLength(length &- reader.position)
    guard count <= length &- reader.position else { throw reader.invalid() }
    return (reader.position, reader.position &+ count)
  }

  private static func kind(_ first: UInt8, _ version: QUICVersion) -> Kind {
    if version == .negotiation { return .versionNegotiation }
    switch version.form {
    case .ietf, .googleProtected, .reserved: break
    case .googleLong, .googlePublic, .unknown: return .other
    }
    switch (first >> 4 & 3, version == .v2) {
    case (0, false), (1, true): return .initial
    case (1, false), (2, true): return .zeroRTT
    case (2, false), (3, true): return .handshake
    default: return .retry
    }
  }

  /// The versions that a Version Negotiation packet names, 64 at most.
  public func versions(in datagram: RawSpan) -> [QUICVersion] {
    guard kind == .versionNegotiation else { return [] }
    var versions: [QUICVersion] = []
    var at = body
    while let number = datagram.u32IfPresent(at), at &+ 4 <= end, versions.count < 64 {
      versions.append(QUICVersion(number))
      at &+= 4
    }
    return versions
  }
}
