// The ServerHello and the HelloRetryRequest: RFC 8446 sections 4.1.3 and 4.1.4, RFC 5246 section 7.4.1.3, and the forms
// of the drafts of TLS 1.3.

import Bytes

/// What a server chooses.
public struct TLSServerHello: Hashable, Sendable {
  /// `legacy_version`, or the version itself up to TLS 1.2.
  public let legacyVersion: TLSVersion
  /// The version chosen.
  public private(set) var version: TLSVersion
  /// The server asks for another ClientHello.
  public private(set) var isHelloRetryRequest = false
  public private(set) var sessionID = TLSSessionID()
  /// Nil in a HelloRetryRequest of TLS 1.3 before draft 19.
  public private(set) var cipherSuite: TLSCipherSuite?
  public private(set) var compressionMethod: UInt8 = 0
  /// In the server's order.
  public private(set) var extensions: [TLSExtensionType] = []
  /// The protocol chosen by ALPN, readable as `TLSText` says; under TLS 1.3 the answer is encrypted.
  public private(set) var applicationProtocol: String?
  /// The group of the server's key share, or the one that a HelloRetryRequest asks for.
  public private(set) var keyShareGroup: TLSNamedGroup?
  /// The server took up the pre-shared key: under TLS 1.3 the session is resumed, or its key was agreed beforehand.
  public private(set) var acceptsPreSharedKey = false
  /// Some extension's content contradicts its format. What it would have held is missing above.
  public private(set) var hasMalformedExtension = false
  /// Whether the session of an earlier connection goes on; nil where the client's hello is not known.
  public private(set) var isResumed: Bool?
  /// 32 digits; nil where there is no cipher suite.
  public private(set) var ja3s: String?

  /// The random that makes a ServerHello a HelloRetryRequest: the SHA-256 of that word (RFC 8446 section 4.1.3).
  private static let retryRandom: [UInt64] = [
    0xcf21_ad74_e59a_6111, 0xbe1d_8c02_1e65_b891, 0xc2a2_1116_7abb_8c5e, 0x079e_09e2_c8a8_339c,
  ]
  /// The first draft whose ServerHello has session identifier and compression method again (draft 22, section 4.1.3).
  private static let draftWithSessionID = 22
  /// The first draft whose HelloRetryRequest names a cipher suite (draft 19, section 4.1.4).
  private static let draftWithRetrySuite = 19

  /// Reads the body of a ServerHello, without the message's header.
  ///
  /// - Throws: `invalid` where the body contradicts its format.
  public init(_ body: RawSpan, source: ReadSource = .server) throws(ReadError) {
    var whole = ByteReader(body, source: source)
    var reader = try whole.block(body.byteCount)
    legacyVersion = TLSVersion(try reader.u16())
    version = legacyVersion
    guard version.rawValue >> 8 == 3 || version.rawValue >> 8 == 0xfe || version.isTLS13 else {
      throw reader.invalid()
    }
    var isRetry = true
    for word in TLSServerHello.retryRandom where try reader.u64() != word { isRetry = false }
    isHelloRetryRequest = isRetry
    // Some drafts have the final version's number here, where the final version itself has that of TLS 1.2.
    let draft = version == .tls13 ? 0 : version.draft ?? TLSServerHello.draftWithSessionID
    let isOldDraft = draft < TLSServerHello.draftWithSessionID
    if !isOldDraft {
      let length = Int(try reader.u8())
      guard length <= TLSSessionID.longest else { throw reader.invalid() }
      sessionID = TLSSessionID(try reader.span(length))
    }
    cipherSuite = TLSCipherSuite(try reader.u16())
    if !isOldDraft { compressionMethod = try reader.u8() }
    try readExtensions(&reader)
    ja3s = JA3.server(self)
  }

  /// Reads the body of a HelloRetryRequest as drafts 16 to 21 of TLS 1.3 have it: a message type of its own.
  ///
  /// - Throws: `invalid` where the body contradicts its format.
  public init(draftRetryRequest body: RawSpan, source: ReadSource = .server) throws(ReadError) {
    var whole = ByteReader(body, source: source)
    var reader = try whole.block(body.byteCount)
    legacyVersion = TLSVersion(try reader.u16())
    version = legacyVersion
    guard let draft = version.draft, draft < TLSServerHello.draftWithSessionID else { throw reader.invalid() }
    isHelloRetryRequest = true
    if draft >= TLSServerHello.draftWithRetrySuite { cipherSuite = TLSCipherSuite(try reader.u16()) }
    try readExtensions(&reader)
    ja3s = JA3.server(self)
  }

  private mutating func readExtensions(_ reader: inout ByteReader) throws(ReadError) {
    guard !reader.isAtEnd else { return }
    let length = Int(try reader.u16())
    var list = try reader.block(length)
    guard reader.isAtEnd else { throw reader.invalid() }
    while !list.isAtEnd {
      let item = try TLSExtension(&list)
      extensions.append(item.type)
      do {
        try read(item.type, item.content)
      } catch {
        hasMalformedExtension = true
      }
    }
  }

  private mutating func read(_ type: TLSExtensionType, _ content: RawSpan) throws(ReadError) {
    var reader = ByteReader(content)
    switch type {
    case .supportedVersions:
      version = TLSVersion(try reader.u16())
    case .keyShare, .draftKeyShare:
      keyShareGroup = TLSNamedGroup(try reader.u16())
    case .preSharedKey:
      acceptsPreSharedKey = true
    case .applicationProtocols:
      applicationProtocol = try TLSList.opaques(&reader, TLSText.text).first
    default:
      break
    }
  }

  /// Notes whether the session that the client's hello offered goes on. Under TLS 1.3 the pre-shared key decides; before
  /// it the server sends the client's session identifier back (RFC 5246 section 7.4.1.3, RFC 5077 section 3.4).
  public mutating func note(sessionIDOfClient client: TLSSessionID) {
    guard !isHelloRetryRequest else { return }
    isResumed = version.isTLS13 ? acceptsPreSharedKey : !sessionID.isEmpty && sessionID == client
  }
}
