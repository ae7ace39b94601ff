// Binary packets before encryption begins: RFC 4253 section 6; SSH 1.5: "The SSH (Secure Shell) Remote Login Protocol"
// (Ylonen, November 1995), "Binary packet protocol".

import Bytes

// Layout, version 2: packet_length (4, without itself), padding_length (1), payload, padding. Version 1: length (4, of type,
// data and CRC), padding (1 to 8, up to a multiple of 8), type (1), data, CRC (4).
/// OpenSSH's bound; RFC 4253 section 6.1 asks for 35,000 at least.
private let longestPacket = 256 * 1024

/// Messages that are sent in clear: RFC 4250 section 4.1.2, RFC 5656 section 7.1, RFC 4419 section 5.
public enum SSHMessage {
  public static let disconnect: UInt8 = 1
  public static let keyExchangeInit: UInt8 = 20
  public static let newKeys: UInt8 = 21
  /// All that may come before encryption: 1 to 4 transport, 5 to 7 services and extensions, 20 to 49 key exchange.
  static let inClear: ClosedRange<UInt8> = 1...49
}

public enum SSHPackets {
  /// The payload of the next packet of version 2, from its message number on; a block of declared length.
  ///
  /// - Throws: `ranOut` where it is not whole, `invalid` where this is no packet in clear.
  @_lifetime(copy reader)
  public static func next(_ reader: inout ByteReader) throws(ReadError) -> ByteReader {
    // After the identification some send further line ends. A length begins with zero bytes.
    while let byte = reader.peek(), byte == 0x0a || byte == 0x0d { try reader.skip(1) }
    guard let first = reader.peek() else { throw reader.shortage(of: 5) }
    guard first == 0 else { throw reader.invalid() }
    let length = Int(try reader.u32())
    guard length >= 2, length <= longestPacket else { throw reader.invalid() }
    var packet = try reader.block(length)
    let padding = Int(try packet.u8())
    guard padding < length &- 1 else { throw packet.invalid() }
    let payload = try packet.block(length &- 1 &- padding)
    guard let message = payload.peek(), SSHMessage.inClear.contains(message) else { throw payload.invalid() }
    return payload
  }

  /// Type and data of the next packet of version 1; the check sum is not verified.
  @_lifetime(copy reader)
  public static func nextOfVersion1(_ reader: inout ByteReader) throws(ReadError) -> ByteReader {
    guard let first = reader.peek() else { throw reader.shortage(of: 5) }
    guard first == 0 else { throw reader.invalid() }
    let length = Int(try reader.u32())
    guard length >= 5, length <= longestPacket else { throw reader.invalid() }
    try reader.skip(8 &- length % 8)
    let packet = try reader.block(length &- 4)
    try reader.skip(4)
    return packet
  }
}

extension ByteReader {
  /// A string of RFC 4251 section 5: its length in four bytes, then its bytes.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func sshString() throws(ReadError) -> RawSpan {
    let length = Int(try u32())
    return try span(length)
  }
}
