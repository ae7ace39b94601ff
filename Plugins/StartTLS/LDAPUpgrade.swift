// LDAP: RFC 4511 section 4.14, messages in BER (section 5.1).

import Bytes
import PluginKit

/// An ExtendedRequest named 1.3.6.1.4.1.1466.20037, answered by an ExtendedResponse of the same message number with
/// result 0; TLS follows at once.
enum LDAPUpgrade {
  private static let sequence: UInt8 = 0x30
  private static let integer: UInt8 = 0x02
  private static let enumerated: UInt8 = 0x0a
  private static let extendedRequest: UInt8 = 0x77
  private static let extendedResponse: UInt8 = 0x78
  private static let requestName: UInt8 = 0x80
  private static let startTLS: StaticString = "1.3.6.1.4.1.1466.20037"
  /// A client that wants TLS asks for it at the start, after a look at what the server can do.
  private static let longestPrelude = 16

  static func find(_ stream: borrowing Conversation) throws(ReadError) -> UpgradePoint? {
    var client = stream.client.reader
    for _ in 0..<longestPrelude {
      guard let number = try request(&client) else { continue }
      let asked = client.offset
      if stream.flow.server.packets == 0 { return UpgradePoint(carrier: .ldap, client: asked, server: 0) }
      var server = stream.server.reader
      for _ in 0..<longestPrelude {
        guard let (answered, result) = try response(&server) else { continue }
        guard answered == number else { continue }
        guard result == 0 else { return nil }
        return UpgradePoint(carrier: .ldap, client: asked, server: server.offset)
      }
      return nil
    }
    return nil
  }

  /// Steps over a message; its number where it asks for TLS.
  private static func request(_ reader: inout ByteReader) throws(ReadError) -> UInt32? {
    let size = try length(of: sequence, &reader)
    var message = try reader.block(size)
    let number = try number(&message)
    guard message.peek() == extendedRequest else { return nil }
    let operationSize = try length(of: extendedRequest, &message)
    var operation = try message.block(operationSize)
    let nameSize = try length(of: requestName, &operation)
    let name = try operation.span(nameSize)
    return nameSize == startTLS.utf8CodeUnitCount && name.holds(startTLS) ? number : nil
  }

  /// Steps over a message; its number and result where it answers an extended request.
  private static func response(_ reader: inout ByteReader) throws(ReadError) -> (number: UInt32, result: UInt8)? {
    let size = try length(of: sequence, &reader)
    var message = try reader.block(size)
    let number = try number(&message)
    guard message.peek() == extendedResponse else { return nil }
    let operationSize = try length(of: extendedResponse, &message)
    var operation = try message.block(operationSize)
    guard try length(of: enumerated, &operation) == 1 else { throw operation.invalid() }
    return (number, try operation.u8())
  }

  private static func number(_ reader: inout ByteReader) throws(ReadError) -> UInt32 {
    let size = try length(of: integer, &reader)
    guard (1...4).contains(size) else { throw reader.invalid() }
    var value: UInt32 = 0
    for _ in 0..<size { value = value << 8 | UInt32(try reader.u8()) }
    return value
  }

  /// Reads the head of an element of type `tag`: the length of its content.
  private static func length(of tag: UInt8, _ reader: inout ByteReader) throws(ReadError) -> Int {
    guard try reader.u8() == tag else { throw reader.invalid() }
    let first = try reader.u8()
    // From 128 on: so many bytes of length follow; more than four are for nobody.
    guard first >= 0x80 else { return Int(first) }
    guard (1...4).contains(first & 0x7f) else { throw reader.invalid() }
    var length = 0
    for _ in 0..<(first & 0x7f) { length = length << 8 | Int(try reader.u8()) }
    return length
  }
}
