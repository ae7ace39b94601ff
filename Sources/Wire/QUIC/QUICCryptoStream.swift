// The handshake's messages out of CRYPTO frames, which come in any order over any packets: RFC 9000 sections 12.4, 19;
// Google's frames: "QUIC Wire Layout Specification" (Hamilton, Iyengar, Swett, Wilk).

import Bytes

/// One side's handshake at the level of Initial packets.
public struct QUICCryptoStream: Sendable {
  /// A longer stream is not put together. Hellos with keys that resist quantum computers have two thousand bytes.
  private static let longest = 32_768
  /// What may wait: more is sent only to fill memory.
  private static let mostPieces = 256
  private static let mostBytes = 32_768

  private var pieces: [(offset: Int, bytes: [UInt8])] = []
  private var waiting = 0
  /// Where the next message begins.
  private var start = 0

  public init() {}

  /// Whether something came of a message that is not whole.
  public var isWithinMessage: Bool { !pieces.isEmpty }

  /// Takes the frames of an opened packet, and gives the next message, its header included, where it is whole.
  ///
  /// - Throws: `invalid` where no message of the version's handshake begins, or it is longer than any is.
  public mutating func take(_ payload: [UInt8], _ version: QUICVersion) throws(ReadError) -> [UInt8]? {
    var buffer = RangeBuffer(limit: Self.longest)
    for piece in pieces { piece.bytes.withRawSpan { _ = buffer.insert($0, at: piece.offset &- start) } }
    let isNew = payload.withRawSpan { payload in
      QUICFrames.forEachCrypto(in: payload, version) { offset, data in
        buffer.insert(data, at: offset &- start).added > 0
      }
    }
    guard isNew else { return nil }
    let bytes = buffer.bytes
    guard let length = try Self.messageLength(bytes, version), length <= bytes.byteCount else {
      try wait(for: payload, version)
      return nil
    }
    let message = bytes.slice(0, length).array
    start &+= length
    pieces.removeAll { $0.offset &+ $0.bytes.count <= start }
    waiting = pieces.reduce(0) { $0 &+ $1.bytes.count }
    return message
  }

  /// Keeps what came, until the rest does.
  private mutating func wait(for payload: [UInt8], _ version: QUICVersion) throws(ReadError) {
    payload.withRawSpan { payload in
      _ = QUICFrames.forEachCrypto(in: payload, version) { offset, data in
        pieces.append((offset, data.array))
        waiting &+= data.byteCount
        return true
      }
    }
    guard pieces.count <= Self.mostPieces, waiting <= Self.mostBytes else {
      throw ReadError(.invalid, offset: start)
    }
  }

  /// The length of the message at the start, header included; nil where too little of it is there.
  private static func messageLength(_ bytes: RawSpan, _ version: QUICVersion) throws(ReadError) -> Int? {
    if version.hasGoogleHandshake { return try GoogleQUICHello.length(of: bytes) }
    guard let word = bytes.u32IfPresent(0) else { return nil }
    // RFC 8446 section 4: type and length.
    let type = TLSMessageType(UInt8(word >> 24))
    let length = Int(word & 0x00ff_ffff)
    guard type == .clientHello || type == .serverHello, length <= longest else {
      throw ReadError(.invalid, found: bytes.byteCount)
    }
    return TLSMessageLayout.body &+ length
  }
}

enum QUICFrames {
  // Types that an Initial packet may hold, padding (0x00) aside (RFC 9000 section 12.4).
  private static let ping: UInt64 = 0x01
  private static let ack: UInt64 = 0x02
  private static let ackWithECN: UInt64 = 0x03
  private static let crypto: UInt64 = 0x06
  // Google's.
  private static let googlePing: UInt8 = 0x07
  private static let googleCrypto: UInt8 = 0x08
  private static let googleAck: ClosedRange<UInt8> = 0x40...0x7f

  /// Calls `body` for each CRYPTO frame's offset and data, up to the first frame that cannot be read; tells whether any
  /// call was true.
  static func forEachCrypto(in payload: RawSpan, _ version: QUICVersion, _ body: (Int, RawSpan) -> Bool) -> Bool {
    var reader = ByteReader(payload)
    var isAny = false
    do throws(ReadError) {
      while true {
        try reader.skip(zeros(payload, from: reader.position))
        if reader.isAtEnd { break }
        let isCrypto = version.form == .googleProtected ? try passGoogle(&reader) : try passIETF(&reader)
        guard isCrypto else { continue }
        let offset = try reader.quicLength(1 << 30)
        let length = try reader.quicLength(reader.remaining)
        let data = try reader.span(length)
        if length > 0, body(offset, data) { isAny = true }
      }
    } catch {
      // What stands behind a frame that is not whole or not known is not read.
    }
    return isAny
  }

  /// How many bytes of padding follow: most of a client's first packet.
  private static func zeros(_ payload: RawSpan, from start: Int) -> Int {
    var at = start
    while payload.byteCount &- at >= 8, payload.u64(at) == 0 { at &+= 8 }
    while payload.u8IfPresent(at) == 0 { at &+= 1 }
    return at &- start
  }

  /// Passes a frame, or the type of a CRYPTO frame: then true.
  private static func passIETF(_ reader: inout ByteReader) throws(ReadError) -> Bool {
    let type = try reader.quicInteger()
    switch type {
    case ping: return false
    case ack, ackWithECN:
      _ = try reader.quicInteger()
      _ = try reader.quicInteger()
      let ranges = try reader.quicInteger()
      _ = try reader.quicInteger()
      // Each range has two numbers of a byte at least.
      guard ranges <= UInt64(reader.remaining) else { throw reader.invalid() }
      for _ in 0..<(2 * ranges + (type == ackWithECN ? 3 : 0)) { _ = try reader.quicInteger() }
      return false
    case crypto: return true
    default: throw reader.invalid()
    }
  }

  private static func passGoogle(_ reader: inout ByteReader) throws(ReadError) -> Bool {
    let type = try reader.u8()
    switch type {
    case googlePing: return false
    case googleCrypto: return true
    case googleAck:
      // 01ntllmm: n several blocks, ll and mm lengths of the numbers.
      let lengths = [1, 2, 4, 6]
      let block = lengths[Int(type & 3)]
      try reader.skip(lengths[Int(type >> 2 & 3)] &+ 2)
      let blocks = type & 0x20 == 0 ? 0 : Int(try reader.u8())
      try reader.skip(block &+ blocks &* (1 &+ block))
      let times = Int(try reader.u8())
      if times > 0 { try reader.skip(5 &+ (times &- 1) &* 3) }
      return false
    default: throw reader.invalid()
    }
  }
}
