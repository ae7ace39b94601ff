// The clear part of OpenVPN's packets. The protocol: OpenVPN 2.6's developers' documentation, pages "OpenVPN's network
// protocol" and "Control channel security"; "The OpenVPN protocol", MirageVPN's description of OpenVPN 2.6.

import Bytes

// Layout, integers big-endian. Over TCP each packet follows its length in two bytes.
//
//   control   0 opcode (5 bits), key id (3)   1 session id (8)   then, by how the control channel is protected:
//     plain          9 acknowledgments
//     tls-auth       9 HMAC (16 to 64)   replay id (4)   time (4)   acknowledgments
//     tls-crypt      9 replay id (4)    13 time (4)     17 tag (32)    49 ciphertext
//   acknowledgments  count (1)   message ids (4 each)   the other end's session id (8), only where count is not 0
//                    message id (4), not in an acknowledgment packet   payload
//   tls-crypt-v2     as tls-crypt; the client's first packet ends with its wrapped key, the last two bytes the length
//   data v2   0 opcode, key id   1 peer id (3)   4 packet id (4), clear with AEAD ciphers   8 ciphertext

enum Opcode: UInt8, Sendable {
  case softReset = 3
  case control, acknowledgment, dataV1, clientReset, serverReset, dataV2, clientResetV3, controlWithKey

  var isData: Bool { self == .dataV1 || self == .dataV2 }
  var isClientReset: Bool { self == .clientReset || self == .clientResetV3 }
}

/// How the control channel is protected, beyond the TLS that runs in it.
enum Protection: Equatable, Sendable {
  case plain
  /// `--tls-auth`, with the length of its HMAC.
  case authenticated(hmac: Int)
  /// `--tls-crypt`
  case encrypted
  /// `--tls-crypt-v2`
  case encryptedByClientKey

  /// Everything after the session id can be read.
  var isClear: Bool { self != .encrypted && self != .encryptedByClientKey }

  /// MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512.
  static let hmacLengths = [16, 20, 28, 32, 48, 64]

  /// Those under which acknowledgments can be read.
  static let clear = [Protection.plain] + hmacLengths.map { .authenticated(hmac: $0) }

  var variant: StaticString {
    switch self {
    case .plain: "plain"
    case .authenticated: "tls-auth"
    case .encrypted: "tls-crypt"
    case .encryptedByClientKey: "tls-crypt-v2"
    }
  }
}

/// A packet's opcode and key id, and the session id of a control packet.
struct PacketHeader: Equatable, Sendable {
  let opcode: Opcode
  let keyID: UInt8
  /// Zero for data packets.
  let session: UInt64

  init(_ reader: inout ByteReader) throws(ReadError) {
    let first = try reader.u8()
    guard let opcode = Opcode(rawValue: first >> 3) else { throw reader.invalid() }
    self.opcode = opcode
    keyID = first & 0x07
    session = opcode.isData ? 0 : try reader.u64()
    guard opcode.isData || session != 0 else { throw reader.invalid() }
  }
}

/// A control packet whose protection is known.
struct ControlPacket: Equatable, Sendable {
  let header: PacketHeader
  /// Replay counter and UNIX time: with tls-auth and tls-crypt.
  var replay: UInt32?
  var time: UInt32?
  /// Lowest and highest message id acknowledged; nil for none, and where they are encrypted.
  var acknowledged: ClosedRange<UInt32>?
  /// The session id of the end that is acknowledged.
  var remoteSession: UInt64?
  /// The number of this message, from 0; nil in an acknowledgment, and where it is encrypted.
  var message: UInt32?
  /// Where the TLS bytes stand in the packet; nil where they are encrypted.
  var payload: Range<Int>?

  private static let tagLength = 32
  private static let mostAcknowledgments = 8  // RELIABLE_ACK_SIZE

  init(_ reader: inout ByteReader, _ protection: Protection) throws(ReadError) {
    header = try PacketHeader(&reader)
    guard !header.opcode.isData else { throw reader.invalid() }
    switch protection {
    case .plain: break
    case .authenticated(let hmac):
      try reader.skip(hmac)
      replay = try reader.u32()
      time = try reader.u32()
    case .encrypted, .encryptedByClientKey:
      replay = try reader.u32()
      time = try reader.u32()
      try reader.skip(Self.tagLength)
      return
    }
    let count = try reader.u8()
    guard count <= Self.mostAcknowledgments else { throw reader.invalid() }
    for _ in 0..<count {
      let id = try reader.u32()
      acknowledged = min(acknowledged?.lowerBound ?? id, id)...max(acknowledged?.upperBound ?? id, id)
    }
    if count > 0 { remoteSession = try reader.u64() }
    if header.opcode != .acknowledgment { message = try reader.u32() }
    payload = reader.offset..<(reader.offset + reader.remaining)
  }
}

extension Protection {
  /// Bytes of a reset under tls-crypt: header 9, replay id and time 8, tag 32, and the encrypted count and message id.
  private static let encryptedReset = 54
  /// A replay counter that begins: 16 bits from 1; the upper ones mark early negotiation (OpenVPN 2.6).
  private static let newReplay: ClosedRange<UInt32> = 1...64

  /// What a reset shows of the protection; nil where it is no reset by form. `reader` stands at the packet's start.
  static func ofReset(_ reader: ByteReader, _ header: PacketHeader, length: Int) -> Protection? {
    guard header.keyID == 0 else { return nil }
    if header.opcode != .clientResetV3 {
      // In clear every field is known: no more bytes than those, message 0, a replay counter that begins. A client has
      // nothing to acknowledge yet, a server message 0 only: without that the first byte of an HMAC passes for a count.
      let acknowledged: ClosedRange<UInt32>? = header.opcode == .serverReset ? 0...0 : nil
      for protection in clear where length <= reader.remaining {
        var copy = reader
        guard let packet = try? ControlPacket(&copy, protection), copy.offset - reader.offset == length,
          packet.message == 0, packet.acknowledged == nil || packet.acknowledged == acknowledged,
          packet.replay.map({ newReplay.contains($0) }) ?? true
        else { continue }
        return protection
      }
    }
    var copy = reader
    guard let packet = try? ControlPacket(&copy, .encrypted), let replay = packet.replay,
      newReplay.contains(replay & 0xffff)
    else { return nil }
    switch header.opcode {
    case .clientReset: return length == encryptedReset ? .encrypted : nil
    case .clientResetV3: return endsWithKey(reader, length: length) ? .encryptedByClientKey : nil
    case .serverReset: return length >= encryptedReset ? .encrypted : nil
    default: return nil
    }
  }

  /// Whether the packet ends with a wrapped key that fills it: its last two bytes are the length of the key and theirs.
  private static func endsWithKey(_ reader: ByteReader, length: Int) -> Bool {
    guard length > encryptedReset else { return false }
    var reader = reader
    // Cut by the snap length: the length cannot be seen.
    guard (try? reader.skip(length - 2)) != nil, let declared = try? reader.u16() else { return true }
    return Int(declared) == length - encryptedReset
  }

  /// The protection under which this packet acknowledges the session `remote`, message by message.
  static func ofAcknowledgment(_ reader: ByteReader, of remote: UInt64) -> Protection? {
    clear.first { protection in
      var copy = reader
      guard let packet = try? ControlPacket(&copy, protection) else { return false }
      return packet.remoteSession == remote
    }
  }
}
