// Google's QUIC before TLS: its packets in clear, and the client's hello. "QUIC Wire Layout Specification" (Hamilton,
// Iyengar, Swett, Wilk) and "QUIC Crypto" (Langley, Chang); versions Q024 to Q049.

import Bytes

// Layout of a public header with a version. Its first byte's flags: 0x01 version, 0x02 reset, 0x08 connection id of eight
// bytes, 0x30 length of the packet number less one, where 3 stands for six bytes.
//
//   0 flags   1 connection id (8)   9 version (4)   13 packet number (1, 2, 4, 6)   .. digest (12)   .. frames
//
// Q044 to Q049 have a long header with the lengths of both ids in one byte, less three:
//
//   0 first byte   1 version (4)   5 lengths   6 ids   .. packet number (1 to 4)   .. digest (12)   .. frames
//
// The first byte's lowest two bits are the length of the packet number less one.
private let versionFlag: UInt8 = 0x01
private let resetFlag: UInt8 = 0x02
private let connectionFlag: UInt8 = 0x08
private let reservedFlags: UInt8 = 0xc0
private let digest = 12
/// Until Q033 a byte of private flags stands before the frames.
private let lastVersionWithPrivateFlags: UInt32 = 0x5130_3333

/// A client's packet whose frames are in clear.
public struct GoogleQUICPacket: Sendable {
  public let version: QUICVersion
  public let connection: QUICConnectionID
  /// Where the frames begin.
  public let body: Int

  /// - Throws: `invalid` where the packet is none of a client's with its version in it; `ranOut` where it is cut.
  public init(_ datagram: RawSpan) throws(ReadError) {
    var reader = ByteReader(datagram)
    let first = try reader.u8()
    if first & 0x80 != 0 {
      version = QUICVersion(try reader.u32())
      guard version.form == .googleLong else { throw reader.invalid() }
      let lengths = try reader.u8()
      let (destination, source) = (Int(lengths >> 4), Int(lengths & 0x0f))
      // Only the server's id is sent, and its eight bytes are told by a five.
      guard destination == 5, source == 0 else { throw reader.invalid() }
      connection = QUICConnectionID(try reader.span(8))
      try reader.skip(Int(first & 3) &+ 1 &+ digest)
    } else {
      guard first & (versionFlag | resetFlag | connectionFlag | reservedFlags) == versionFlag | connectionFlag else {
        throw reader.invalid()
      }
      connection = QUICConnectionID(try reader.span(8))
      version = QUICVersion(try reader.u32())
      guard version.form == .googlePublic else { throw reader.invalid() }
      try reader.skip([1, 2, 4, 6][Int(first >> 4 & 3)] &+ digest)
      if version.rawValue <= lastVersionWithPrivateFlags { try reader.skip(1) }
    }
    body = reader.position
  }

  /// The client's hello, where the packet holds its start; cut off where the packet or the capture is.
  public func hello(in datagram: RawSpan) -> GoogleQUICHello? {
    // A frame of stream 1 whose data begins with the hello; few frames come before it, and none is long.
    for at in body..<(body &+ Self.farthest) {
      guard let type = datagram.u8IfPresent(at), datagram.u8IfPresent(at &+ 1) == 1 else { continue }
      // 1fdooossb with a length (d) and a stream id of one byte (s).
      guard type & 0xe3 == 0xa0 else { continue }
      let offset = Int(type >> 2 & 7)
      let data = at &+ 2 &+ (offset == 0 ? 0 : offset &+ 1) &+ 2
      if datagram.holds(GoogleQUICHello.tag, at: data) { return GoogleQUICHello(datagram.slice(data)) }
    }
    return nil
  }

  private static let farthest = 64
}

/// What a client says of itself and of the server it wants.
public struct GoogleQUICHello: Hashable, Sendable {
  static let tag: StaticString = "CHLO"

  /// Readable as `TLSText` says.
  public private(set) var serverName: String?
  /// The program that speaks, as it names itself (`UAID`).
  public private(set) var userAgent: String?

  // Tag (4), number of values (2), padding (2), for each value its tag (4) and where it ends (4), then the values.
  // Integers are little-endian.
  private static let table = 8
  private static let entry = 8
  /// Values in a hello: some 30.
  private static let mostValues = 128

  /// Reads a message that may be cut off at its end.
  public init?(_ message: RawSpan) {
    guard message.holds(Self.tag), message.byteCount >= Self.table else { return nil }
    let count = Int(message.u16le(4))
    guard count <= Self.mostValues else { return nil }
    let values = Self.table &+ Self.entry &* count
    var begin = 0
    for index in 0..<count {
      let at = Self.table &+ Self.entry &* index
      guard at &+ Self.entry <= message.byteCount else { return }
      let end = Int(message.u32le(at &+ 4))
      guard end >= begin, values &+ end <= message.byteCount else { return }
      let value = message.slice(values &+ begin, end &- begin)
      if message.holds("SNI\0", at: at) { serverName = TLSText.text(value) }
      if message.holds("UAID", at: at) { userAgent = TLSText.text(value) }
      begin = end
    }
  }

  /// The message's length by its table; nil where that is not whole.
  static func length(of message: RawSpan) throws(ReadError) -> Int? {
    guard message.byteCount >= table else { return nil }
    let count = Int(message.u16le(4))
    guard message.holds(tag), (1...mostValues).contains(count) else {
      throw ReadError(.invalid, found: message.byteCount)
    }
    let values = table &+ entry &* count
    guard values <= message.byteCount else { return nil }
    let length = values &+ Int(message.u32le(values &- 4))
    guard length <= 32_768 else { throw ReadError(.invalid, found: message.byteCount) }
    return length
  }
}
