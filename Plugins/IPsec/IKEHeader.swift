// The header of IKE messages, the same for both versions: RFC 2408 section 3.1, RFC 7296 section 3.1.

import Bytes

// Layout:
//    0  initiator's SPI (version 1: cookie)     8
//    8  responder's SPI                         8   zero in the first message
//   16  next payload                            1
//   17  version, major and minor                1   0x10, 0x20
//   18  exchange type                           1
//   19  flags                                   1   version 1: 1 encrypted, 2 commit, 4 authenticated only
//   20  message id                              4   version 2: 8 from the original initiator, 16 version, 32 response
//   24  length, of the whole message            4
struct IKEHeader: Equatable, Sendable {
  static let length = 28

  let initiatorSPI: UInt64
  let responderSPI: UInt64
  let nextPayload: UInt8
  let version: Int
  let exchange: UInt8
  let flags: UInt8
  let messageID: UInt32
  /// Bytes of the whole message.
  let length: Int

  /// - Parameter available: bytes on the wire from here to the datagram's end.
  /// - Throws: `invalid` where no IKE message begins here.
  init(_ reader: inout ByteReader, available: Int) throws(ReadError) {
    initiatorSPI = try reader.u64()
    responderSPI = try reader.u64()
    nextPayload = try reader.u8()
    let version = try reader.u8()
    exchange = try reader.u8()
    flags = try reader.u8()
    messageID = try reader.u32()
    length = Int(try reader.u32())
    guard length >= Self.length, length <= available else { throw reader.invalid() }
    guard version == 0x10 || version == 0x20 else { throw reader.invalid() }
    self.version = Int(version >> 4)
    let known = version == 0x10 ? IKEExchange.version1 : IKEExchange.version2
    let flagsInUse: UInt8 = version == 0x10 ? 0x07 : 0x38
    let exchange = exchange
    guard flags & ~flagsInUse == 0, known.contains(where: { $0.number == exchange }) else { throw reader.invalid() }
    guard IKEPayload.mayCome(nextPayload, version: self.version) else { throw reader.invalid() }
  }

  var isVersion1Encrypted: Bool { version == 1 && flags & 0x01 != 0 }
  var isResponse: Bool { version == 2 && flags & 0x20 != 0 }
  var isFromOriginalInitiator: Bool { version == 2 && flags & 0x08 != 0 }

  var exchangeName: String {
    (IKEExchange.version1 + IKEExchange.version2).first { $0.number == exchange }?.name ?? "\(exchange)"
  }
}

/// Exchange types: RFC 2408 section 3.1, RFC 2409 section 5.5; https://www.iana.org/assignments/ikev2-parameters
/// (November 2025).
enum IKEExchange {
  static let version1: [(number: UInt8, name: String)] = [
    (1, "base"), (2, "main"), (3, "authentication-only"), (4, "aggressive"), (5, "informational"), (6, "transaction"),
    (32, "quick"), (33, "new-group"),
  ]
  static let version2: [(number: UInt8, name: String)] = [
    (34, "IKE_SA_INIT"), (35, "IKE_AUTH"), (36, "CREATE_CHILD_SA"), (37, "INFORMATIONAL"), (38, "IKE_SESSION_RESUME"),
    (39, "GSA_AUTH"), (40, "GSA_REGISTRATION"), (41, "GSA_REKEY"), (43, "IKE_INTERMEDIATE"), (44, "IKE_FOLLOWUP_KE"),
  ]
  static let informational: UInt8 = 5
}

/// Payload types: RFC 2408 section 3.1, RFC 3947 sections 3.2 and 5.2, drafts of these (130, 131), Cisco's and
/// Microsoft's fragments (132); RFC 7296 section 3.2, RFC 7383 section 2.5.
enum IKEPayload {
  static let version1SA: UInt8 = 1
  static let version1KeyExchange: UInt8 = 4
  static let version1Identity: UInt8 = 5
  static let version1Certificate: UInt8 = 6
  static let version1Notification: UInt8 = 11
  static let version1Vendor: UInt8 = 13
  static let version1NATDetection: UInt8 = 20
  static let version1NATDetectionDraft: UInt8 = 130
  static let version1Fragment: UInt8 = 132

  static let securityAssociation: UInt8 = 33
  static let keyExchange: UInt8 = 34
  static let certificate: UInt8 = 37
  static let notify: UInt8 = 41
  static let vendor: UInt8 = 43
  static let encrypted: UInt8 = 46
  static let encryptedFragment: UInt8 = 53

  /// Whether a payload of this number may come in a message of this version; 0 ends the message.
  static func mayCome(_ number: UInt8, version: Int) -> Bool {
    if number == 0 || number >= 128 { return true }
    return version == 1 ? number <= 21 : (33...54).contains(number)
  }
}
