// What stands in clear in a message of IKE: offers, groups, vendors, notifications, certificates.
// RFC 2408 and 2409 (version 1), RFC 7296 section 3 (version 2).

import Bytes
import Wire

// Layout of a payload: next payload (1), flags (1), length with these four (2), content.
struct IKEMessage: Sendable {
  let header: IKEHeader
  /// One text for each proposal of the first SA payload (version 1: for each transform).
  private(set) var proposals: [String] = []
  private(set) var hasSA = false
  private(set) var offersPostQuantum = false
  /// Group of the key exchange payload (version 2), by its registered name.
  private(set) var group: String?
  private(set) var vendors: [String] = []
  private(set) var notifications: [UInt16] = []
  private(set) var identityType: String?
  private(set) var certificates: [TLSCertificate] = []
  private(set) var certificatesLeftOut = 0
  private(set) var detectsNAT = false
  private(set) var supportsFragments = false
  /// The rest is ciphertext.
  private(set) var isEncrypted: Bool
  /// Number and total of an encrypted fragment (RFC 7383).
  private(set) var fragment: (number: UInt16, total: UInt16)?
  /// A piece of a version 1 message.
  private(set) var piece: IKEPiece?
  /// All that is captured agrees with its format.
  private(set) var isWellFormed = true
  /// The message is as long as what carries it.
  private let fills: Bool
  private var hasPayloads = false

  /// Payloads in a message that are looked at, and things of one kind that are kept.
  private enum Most {
    static let payloads = 64
    static let vendors = 32
    static let notifications = 32
    static let certificates = 16
  }

  /// - Parameter available: bytes on the wire from here to the datagram's end; fewer may be captured.
  /// - Throws: `invalid` where no IKE message begins here, `ranOut` where its header is cut.
  init(_ reader: inout ByteReader, available: Int) throws(ReadError) {
    header = try IKEHeader(&reader, available: available)
    isEncrypted = header.isVersion1Encrypted
    fills = header.length == available
    guard !isEncrypted else { return }
    let isCut = reader.remaining < header.length &- IKEHeader.length
    // Lengths inside a message that is cut may lie beyond what is captured: then reading ends there.
    let body = try reader.block(min(header.length &- IKEHeader.length, reader.remaining))
    do throws(ReadError) {
      try readPayloads(body)
    } catch {
      isWellFormed = isCut
    }
  }

  private mutating func readPayloads(_ body: ByteReader) throws(ReadError) {
    var reader = body
    var kind = header.nextPayload
    var count = 0
    while kind != 0, count < Most.payloads {
      guard IKEPayload.mayCome(kind, version: header.version) else { throw reader.invalid() }
      let next = try reader.u8()
      try reader.skip(1)
      let length = Int(try reader.u16())
      let content = try reader.block(length &- 4)
      try take(kind, content)
      hasPayloads = true
      if isEncrypted { return }
      kind = next
      count += 1
    }
  }

  private mutating func take(_ kind: UInt8, _ content: ByteReader) throws(ReadError) {
    var reader = content
    switch kind {
    case IKEPayload.version1SA, IKEPayload.securityAssociation:
      guard !hasSA else { return }
      hasSA = true
      let offer = try kind == IKEPayload.version1SA ? IKEOffer(version1: &reader) : IKEOffer(version2: &reader)
      proposals = offer.proposals
      if offer.isPostQuantum { offersPostQuantum = true }
    case IKEPayload.keyExchange:
      let number = try reader.u16()
      group = IKERegistry.group(number)
      if IKERegistry.isPostQuantum(group: number) { offersPostQuantum = true }
    case IKEPayload.version1Vendor, IKEPayload.vendor:
      take(vendor: reader.rest().array)
    case IKEPayload.version1Notification:
      // DOI (4), protocol (1), length of the SPI (1), type (2).
      try reader.skip(6)
      note(try reader.u16())
    case IKEPayload.notify:
      // Protocol (1), length of the SPI (1), type (2).
      try reader.skip(2)
      note(try reader.u16())
    case IKEPayload.version1Identity:
      identityType = IKERegistry.identity(try reader.u8())
    case IKEPayload.version1Certificate, IKEPayload.certificate:
      try take(certificate: &reader)
    case IKEPayload.version1NATDetection, IKEPayload.version1NATDetectionDraft:
      if header.version == 1 { detectsNAT = true }
    case IKEPayload.version1Fragment:
      if header.version == 1 { piece = try IKEPiece(&reader) }
    case IKEPayload.encrypted:
      isEncrypted = true
    case IKEPayload.encryptedFragment:
      fragment = (try reader.u16(), try reader.u16())
      isEncrypted = true
    default:
      break
    }
  }

  private mutating func take(vendor bytes: [UInt8]) {
    let vendor = IKEVendor.known(bytes)
    if vendor?.means == .fragments { supportsFragments = true }
    let text = vendor?.name ?? IKEVendor.text(ofUnknown: bytes)
    if vendors.count < Most.vendors, !vendors.contains(text) { vendors.append(text) }
  }

  private mutating func note(_ type: UInt16) {
    if header.version == 2 {
      if type == IKERegistry.natDetectionSource || type == IKERegistry.natDetectionDestination { detectsNAT = true }
      if type == IKERegistry.fragmentationSupported { supportsFragments = true }
    }
    if notifications.count < Most.notifications, !notifications.contains(type) { notifications.append(type) }
  }

  /// Encoding (1), certificate. X.509: 4 for signatures, in version 1 also 5 for key exchange (RFC 2408 section 3.9,
  /// RFC 7296 section 3.6).
  private mutating func take(certificate reader: inout ByteReader) throws(ReadError) {
    let encoding = try reader.u8()
    guard encoding == 4 || header.version == 1 && encoding == 5, !reader.isAtEnd else { return }
    if certificates.count < Most.certificates {
      certificates.append(TLSCertificate(reader.rest()))
    } else {
      certificatesLeftOut += 1
    }
  }

  /// Enough of it agrees with the format to call it a message of IKE on its own: what follows the last payload is none
  /// of it (padding), and one that was damaged on the way still has its first ones.
  var hasForm: Bool { hasPayloads || isWellFormed && fills }

  /// The type of a refusal; nil where the message holds none. Errors are below 16384 (RFC 7296 section 3.10.1; RFC
  /// 2408 section 3.14.1 has them below 8192).
  var refusal: UInt16? {
    notifications.first { $0 < (header.version == 2 ? 16_384 : 8_192) }
  }
}

/// A piece of a version 1 message. No specification: Cisco's and Microsoft's implementations ([MS-IKEE],
/// fragmentation).
struct IKEPiece: Sendable {
  // Layout: fragment id (2), number from 1 (1), flags: 1 for the last (1), bytes of the message, its header included.
  let identifier: UInt16
  let number: UInt8
  let isLast: Bool
  let bytes: [UInt8]

  init(_ reader: inout ByteReader) throws(ReadError) {
    identifier = try reader.u16()
    number = try reader.u8()
    isLast = try reader.u8() & 1 != 0
    guard number > 0 else { throw reader.invalid() }
    bytes = reader.rest().array
  }
}
