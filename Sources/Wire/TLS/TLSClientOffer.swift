// What a client's program offers in a ClientHello, whatever server it asks for: RFC 8446 section 4.1.2, RFC 5246 section
// 7.4.1.2, extensions of RFC 6066, 7301, 8422, 9849.

import Bytes
import Synchronization

/// The part of a ClientHello that its program and settings decide.
public struct TLSClientOffer: Hashable, Sendable {
  public let carrier: TLSCarrier
  /// `legacy_version`; the highest version offered up to TLS 1.2.
  public let legacyVersion: TLSVersion
  /// Sent in the form of SSL 2.0, which has neither extensions nor fingerprints.
  public internal(set) var isSSL2Format = false
  /// In the client's order, GREASE and signalling values included.
  public internal(set) var cipherSuites: [TLSCipherSuite] = []
  public private(set) var compressionMethods: [UInt8] = []
  /// In the client's order, GREASE included.
  public private(set) var extensions: [TLSExtensionType] = []
  /// ALPN, in the client's order, readable as `TLSText` says; nil without the extension.
  public private(set) var applicationProtocols: [String]?
  public private(set) var supportedGroups: [TLSNamedGroup] = []
  public private(set) var pointFormats: [UInt8] = []
  public private(set) var signatureSchemes: [TLSSignatureScheme] = []
  public private(set) var certificateSignatureSchemes: [TLSSignatureScheme] = []
  /// The groups that the client sent a key for.
  public private(set) var keyShareGroups: [TLSNamedGroup] = []
  /// The versions extension; nil without it.
  public private(set) var supportedVersions: [TLSVersion]?
  public private(set) var offersPreSharedKey = false
  public private(set) var offersEarlyData = false
  /// Offered, which does not mean used: many clients send a meaningless one (GREASE ECH), and it looks the same.
  public private(set) var offersEncryptedClientHello = false
  public private(set) var offersEncryptedServerName = false
  /// 32 digits; nil for SSL 2.0's form.
  public private(set) var ja3: String?
  /// 36 characters; nil for SSL 2.0's form.
  public private(set) var ja4: String?

  /// The bytes of the first ALPN value.
  private(set) var firstProtocol: [UInt8] = []
  /// An extension that is read here contradicts its format.
  private(set) var hasMalformedList = false

  init(_ carrier: TLSCarrier, _ legacyVersion: TLSVersion) {
    self.carrier = carrier
    self.legacyVersion = legacyVersion
  }

  /// - Parameter block: the extensions; what contradicts its format within one of them is left out.
  /// - Throws: where the extensions are not whole.
  init(
    _ carrier: TLSCarrier, _ legacyVersion: TLSVersion, suites: RawSpan, compression: RawSpan, extensions block: RawSpan
  ) throws(ReadError) {
    self.init(carrier, legacyVersion)
    cipherSuites = TLSList.codes(suites)
    compressionMethods = compression.array
    var reader = ByteReader(block)
    while !reader.isAtEnd {
      let item = try TLSExtension(&reader)
      extensions.append(item.type)
      do {
        try read(item.type, item.content)
      } catch {
        hasMalformedList = true
      }
    }
    ja3 = JA3.client(self)
    ja4 = JA4.client(self)
  }

  private mutating func read(_ type: TLSExtensionType, _ content: RawSpan) throws(ReadError) {
    var reader = ByteReader(content)
    switch type {
    case .applicationProtocols:
      var first: [UInt8]?
      applicationProtocols = try TLSList.opaques(&reader) { name in
        first = first ?? name.array
        return TLSText.text(name)
      }
      firstProtocol = first ?? []
    case .supportedGroups:
      supportedGroups = try TLSList.codes16(&reader)
    case .pointFormats:
      let length = Int(try reader.u8())
      pointFormats = try reader.span(length).array
    case .signatureAlgorithms:
      signatureSchemes = try TLSList.codes16(&reader)
    case .certificateSignatureAlgorithms:
      certificateSignatureSchemes = try TLSList.codes16(&reader)
    case .keyShare, .draftKeyShare:
      keyShareGroups += try TLSList.keyShareGroups(&reader)
    case .supportedVersions:
      supportedVersions = try TLSList.codes8(&reader)
    case .preSharedKey:
      offersPreSharedKey = true
    case .earlyData:
      offersEarlyData = true
    case .encryptedClientHello:
      offersEncryptedClientHello = true
    case .encryptedServerName:
      offersEncryptedServerName = true
    default:
      break
    }
  }
}

extension TLSClientOffer {
  /// The versions offered, in the client's order, GREASE left out; without the extension the one version of the hello,
  /// which stands for it and all before it.
  public var offeredVersions: [TLSVersion] { supportedVersions?.withoutGREASE ?? [legacyVersion] }

  /// Whether TLS 1.3, a draft of it included, is among the versions offered.
  public var offersTLS13: Bool { supportedVersions?.contains { $0.isTLS13 } ?? legacyVersion.isTLS13 }

  /// Whether the client sends values that mean nothing, to keep servers tolerant (RFC 8701).
  public var usesGREASE: Bool {
    cipherSuites.contains { $0.isGREASE } || extensions.contains { $0.isGREASE }
      || supportedGroups.contains { $0.isGREASE }
  }
}

/// An offer and its part of the record, shared by all hellos that make it: programs are few, and each offers the same
/// every time.
@usableFromInline
final class SharedOffer: Hashable, Sendable {
  @usableFromInline let offer: TLSClientOffer
  /// Its members of the record where the warrant allows them: fingerprints, and lists.
  let fingerprintMembers: [UInt8]
  let listMembers: [UInt8]

  init(_ offer: TLSClientOffer) {
    self.offer = offer
    fingerprintMembers = TLSClientHello.members { TLSClientHello.writeFingerprints(of: offer, to: &$0) }
    listMembers = TLSClientHello.members { TLSClientHello.writeLists(of: offer, to: &$0) }
  }

  /// 1,024 offers, of which each takes some 4 KiB.
  private static let known = Mutex(ByteMemo<SharedOffer>(places: 256, longestKey: 1_024))

  /// The offer whose bytes are `key`, made by `read` where it was not seen before.
  static func of(
    _ key: TLSOfferKey, _ read: () throws(ReadError) -> TLSClientOffer
  ) throws(ReadError) -> SharedOffer {
    try key.bytes.withRawSpan { (key) throws(ReadError) in
      if let known = known.withLock({ $0.value(of: key) }) { return known }
      let new = SharedOffer(try read())
      known.withLock { $0.keep(new, of: key) }
      return new
    }
  }

  @usableFromInline
  static func == (left: SharedOffer, right: SharedOffer) -> Bool { left === right || left.offer == right.offer }

  @usableFromInline
  func hash(into hasher: inout Hasher) { hasher.combine(offer) }
}

/// All bytes of a hello that decide what it offers.
struct TLSOfferKey {
  private(set) var bytes: [UInt8] = []

  init(_ carrier: TLSCarrier, _ legacyVersion: TLSVersion, suites: RawSpan, compression: RawSpan) {
    bytes.reserveCapacity(512)
    bytes.append(carrier.rawValue)
    append(legacyVersion.rawValue)
    append(suites)
    append(compression)
  }

  /// Adds an extension: with its content where that is read for the offer.
  mutating func add(_ type: TLSExtensionType, _ content: RawSpan) {
    append(type.rawValue)
    switch type {
    case .applicationProtocols, .supportedGroups, .pointFormats, .signatureAlgorithms,
      .certificateSignatureAlgorithms, .supportedVersions:
      append(content)
    case .keyShare, .draftKeyShare:
      addKeyShares(content)
    default:
      break
    }
  }

  /// The groups without their keys, which are others each time.
  private mutating func addKeyShares(_ content: RawSpan) {
    var reader = ByteReader(content)
    let start = bytes.count
    append(0)
    do {
      var count: UInt16 = 0
      try TLSList.forEachKeyShare(&reader) { group in
        append(group.rawValue)
        count &+= 1
      }
      bytes[start] = UInt8(count >> 8)
      bytes[start + 1] = UInt8(count & 0xff)
    } catch {
      // Where the list contradicts its format, none of it is read. No list has as many groups.
      bytes.removeSubrange(start...)
      append(UInt16.max)
    }
  }

  private mutating func append(_ number: UInt16) {
    bytes.append(UInt8(number >> 8))
    bytes.append(UInt8(number & 0xff))
  }

  private mutating func append(_ content: RawSpan) {
    append(UInt16(truncatingIfNeeded: content.byteCount))
    bytes.append(content)
  }
}
