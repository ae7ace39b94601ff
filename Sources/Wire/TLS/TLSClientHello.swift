// The ClientHello: RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2, extensions of RFC 6066, 7301, 8422, 9849.

import Bytes

/// What carries the handshake; the first letter of a JA4 fingerprint.
public enum TLSCarrier: UInt8, Sendable {
  /// TLS over a stream.
  case stream = 0x74
  /// TLS inside QUIC.
  case quic = 0x71
  /// DTLS.
  case datagram = 0x64
}

/// What a client offers. The random and the keys are not kept.
public struct TLSClientHello: Hashable, Sendable {
  public let carrier: TLSCarrier
  /// `legacy_version`; the highest version offered up to TLS 1.2.
  public let legacyVersion: TLSVersion
  /// Sent in the form of SSL 2.0, which has neither extensions nor fingerprints.
  public internal(set) var isSSL2Format = false
  public internal(set) var sessionID = TLSSessionID()
  /// In the client's order, GREASE and signalling values included.
  public internal(set) var cipherSuites: [TLSCipherSuite] = []
  public internal(set) var compressionMethods: [UInt8] = []
  /// In the client's order, GREASE included.
  public internal(set) var extensions: [TLSExtensionType] = []

  /// The first host name of the server name extension, readable as `TLSText` says; nil where there is none.
  public internal(set) var serverName: String?
  /// ALPN, in the client's order, readable as `TLSText` says; nil without the extension.
  public internal(set) var applicationProtocols: [String]?
  public internal(set) var supportedGroups: [TLSNamedGroup] = []
  public internal(set) var pointFormats: [UInt8] = []
  public internal(set) var signatureSchemes: [TLSSignatureScheme] = []
  public internal(set) var certificateSignatureSchemes: [TLSSignatureScheme] = []
  /// The groups that the client sent a key for.
  public internal(set) var keyShareGroups: [TLSNamedGroup] = []
  /// The versions extension; nil without it.
  public internal(set) var supportedVersions: [TLSVersion]?
  /// Bytes of the session ticket; nil without the extension, 0 where one is only asked for.
  public internal(set) var sessionTicketLength: Int?
  public internal(set) var offersPreSharedKey = false
  public internal(set) var offersEarlyData = false
  /// Offered, which does not mean used: many clients send a meaningless one (GREASE ECH), and it looks the same.
  public internal(set) var offersEncryptedClientHello = false
  public internal(set) var offersEncryptedServerName = false
  /// Identifiers of QUIC's transport parameters, in the client's order; nil without the extension.
  public internal(set) var quicTransportParameters: [UInt64]?
  /// Some extension's content contradicts its format. What it would have held is missing above.
  public internal(set) var hasMalformedExtension = false

  /// 32 digits; nil for SSL 2.0's form.
  public internal(set) var ja3: String?
  /// 36 characters; nil for SSL 2.0's form.
  public internal(set) var ja4: String?
  /// The bytes of the first ALPN value.
  var firstProtocol: [UInt8] = []

  init(carrier: TLSCarrier, legacyVersion: TLSVersion) {
    self.carrier = carrier
    self.legacyVersion = legacyVersion
  }

  /// Reads the body of a ClientHello, without the message's header.
  ///
  /// - Throws: `invalid` where the body contradicts its format.
  public init(_ body: RawSpan, carrier: TLSCarrier = .stream, source: ReadSource = .client) throws(ReadError) {
    var whole = ByteReader(body, source: source)
    var reader = try whole.block(body.byteCount)
    let version = TLSVersion(try reader.u16())
    guard TLSClientHello.mayBegin(with: version, carrier) else { throw reader.invalid() }
    self.init(carrier: carrier, legacyVersion: version)
    try reader.skip(TLSHelloLayout.random)
    let sessionLength = Int(try reader.u8())
    guard sessionLength <= TLSSessionID.longest else { throw reader.invalid() }
    sessionID = TLSSessionID(try reader.span(sessionLength))
    if carrier == .datagram {
      // The cookie of DTLS (RFC 6347 section 4.2.1).
      let length = Int(try reader.u8())
      try reader.skip(length)
    }
    let suitesLength = Int(try reader.u16())
    guard suitesLength % 2 == 0 else { throw reader.invalid() }
    cipherSuites = TLSList.codes(try reader.span(suitesLength))
    let compressionLength = Int(try reader.u8())
    compressionMethods = try reader.span(compressionLength).array
    if !reader.isAtEnd {
      let length = Int(try reader.u16())
      try readExtensions(reader.block(length))
      guard reader.isAtEnd else { throw reader.invalid() }
    }
    let fingerprints = TLSFingerprints.client(self)
    ja3 = fingerprints.ja3
    ja4 = fingerprints.ja4
  }

  private static func mayBegin(with version: TLSVersion, _ carrier: TLSCarrier) -> Bool {
    // DTLS counts down from 0xfeff; 0x0100 is OpenSSL's before the standard.
    carrier == .datagram
      ? version.rawValue >> 8 == 0xfe || version.rawValue == 0x0100
      : version.rawValue >> 8 == 3 || version.isTLS13
  }

  // MARK: - Extensions

  private mutating func readExtensions(_ block: consuming ByteReader) throws(ReadError) {
    var reader = block
    while !reader.isAtEnd {
      let type = TLSExtensionType(try reader.u16())
      let length = Int(try reader.u16())
      let content = try reader.span(length)
      extensions.append(type)
      do {
        try read(type, content)
      } catch {
        hasMalformedExtension = true
      }
    }
  }

  private mutating func read(_ type: TLSExtensionType, _ content: RawSpan) throws(ReadError) {
    var reader = ByteReader(content)
    switch type {
    case .serverName:
      // An empty list is what servers send back; a client that sends one names no server.
      if !reader.isAtEnd { serverName = try TLSList.firstHostName(&reader) }
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
    case .sessionTicket:
      sessionTicketLength = content.byteCount
    case .preSharedKey:
      offersPreSharedKey = true
    case .earlyData:
      offersEarlyData = true
    case .encryptedClientHello:
      offersEncryptedClientHello = true
    case .encryptedServerName:
      offersEncryptedServerName = true
    case .quicTransportParameters, .draftQUICTransportParameters:
      if carrier == .quic { quicTransportParameters = try TLSList.transportParameters(&reader) }
    default:
      break
    }
  }
}

extension TLSClientHello {
  /// The versions offered, in the client's order, GREASE left out; without the extension the one version of the hello,
  /// which stands for it and all before it.
  public var offeredVersions: [TLSVersion] { supportedVersions?.withoutGREASE ?? [legacyVersion] }

  /// Whether TLS 1.3, a draft of it included, is among the versions offered.
  public var offersTLS13: Bool { supportedVersions?.contains { $0.isTLS13 } ?? legacyVersion.isTLS13 }

  /// By what means the client offers to resume a session.
  public var resumptionOffers: [TLSResumption] {
    var means: [TLSResumption] = []
    // With TLS 1.3 a session identifier is there for the sake of middleboxes (RFC 8446 section 4.1.2), and with a
    // ticket only as a mark to recognise its acceptance (RFC 5077 section 3.4).
    let hasTicket = (sessionTicketLength ?? 0) > 0
    if !sessionID.isEmpty, !offersTLS13, !hasTicket { means.append(.sessionIdentifier) }
    if hasTicket { means.append(.sessionTicket) }
    if offersPreSharedKey { means.append(.preSharedKey) }
    return means
  }

  /// Whether the client sends values that mean nothing, to keep servers tolerant (RFC 8701).
  public var usesGREASE: Bool {
    cipherSuites.contains { $0.isGREASE } || extensions.contains { $0.isGREASE }
      || supportedGroups.contains { $0.isGREASE }
  }
}

/// How a session is taken up again.
public enum TLSResumption: String, CaseIterable, Sendable {
  /// RFC 5246 section 7.3.
  case sessionIdentifier = "session_identifier"
  /// RFC 5077.
  case sessionTicket = "session_ticket"
  /// RFC 8446 section 4.2.11; out-of-band keys look the same.
  case preSharedKey = "pre_shared_key"
}
