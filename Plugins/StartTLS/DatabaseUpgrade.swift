// PostgreSQL and MySQL, by their protocol documentation.

import Bytes
import PluginKit

/// PostgreSQL, "Message Flow": an SSLRequest of eight bytes, answered by the one byte `S`. A GSSENCRequest of the same
/// form may come before it, and is then refused by `N`.
enum PostgreSQLUpgrade {
  static let requestLength: UInt32 = 8
  private static let sslRequest: UInt32 = 80_877_103
  private static let gssRequest: UInt32 = 80_877_104
  private static let agreed: UInt8 = 0x53
  private static let refused: UInt8 = 0x4e

  static func find(_ stream: borrowing Conversation) throws(ReadError) -> UpgradePoint? {
    var client = stream.client.reader
    var server = stream.server.reader
    let hasServer = stream.flow.server.packets > 0
    var code = try request(&client)
    if code == gssRequest {
      if hasServer, try server.u8() != refused { return nil }
      code = try request(&client)
    }
    guard code == sslRequest else { return nil }
    if hasServer, try server.u8() != agreed { return nil }
    return UpgradePoint(carrier: .postgreSQL, client: client.offset, server: server.offset)
  }

  private static func request(_ reader: inout ByteReader) throws(ReadError) -> UInt32 {
    guard try reader.u32() == requestLength else { throw reader.invalid() }
    return try reader.u32()
  }
}

/// MySQL, "Connection Phase": the server's greeting; then the client's SSLRequest, which is a login packet cut off before
/// the user's name with the flag CLIENT_SSL set. TLS follows at once, without an answer.
enum MySQLUpgrade {
  static let protocolVersion: UInt8 = 10
  private static let clientSSL: UInt16 = 0x0800
  /// Capabilities, packet size, character set, filler; before MySQL 4.1 capabilities and packet size only.
  private static let requestLengths: Set<Int> = [32, 5]

  static func find(_ stream: borrowing Conversation) throws(ReadError) -> UpgradePoint? {
    var server = stream.server.reader
    let greetingLength = try packet(0, &server)
    try server.skip(greetingLength)
    var client = stream.client.reader
    let length = try packet(1, &client)
    guard requestLengths.contains(length) else { return nil }
    var request = try client.block(length)
    guard try request.u16le() & clientSSL != 0 else { return nil }
    return UpgradePoint(carrier: .mySQL, client: client.offset, server: server.offset)
  }

  /// The length of a packet with the sequence number.
  private static func packet(_ number: UInt8, _ reader: inout ByteReader) throws(ReadError) -> Int {
    let low = Int(try reader.u16le())
    let length = Int(try reader.u8()) << 16 | low
    guard try reader.u8() == number else { throw reader.invalid() }
    return length
  }
}
