// The ClientHello: RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2. What the program offers is `TLSClientOffer`; here is
// what differs from connection to connection.

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

/// What a client offers. The random and the keys are not kept. The members of `offer` are members of the hello too.
@dynamicMemberLookup
public struct TLSClientHello: Hashable, Sendable {
  @usableFromInline let shared: SharedOffer
  public internal(set) var sessionID = TLSSessionID()
  /// The first host name of the server name extension, readable as `TLSText` says; nil where there is none.
  public private(set) var serverName: String?
  /// Bytes of the session ticket; nil without the extension, 0 where one is only asked for.
  public private(set) var sessionTicketLength: Int?
  /// Identifiers of QUIC's transport parameters, in the client's order; nil without the extension.
  public private(set) var quicTransportParameters: [UInt64]?
  /// Some extension's content contradicts its format. What it would have held is missing.
  public private(set) var hasMalformedExtension = false

  @inlinable public var offer: TLSClientOffer { shared.offer }

  @inlinable
  public subscript<Value>(dynamicMember member: KeyPath<TLSClientOffer, Value>) -> Value {
    shared.offer[keyPath: member]
  }

  init(_ offer: TLSClientOffer) { shared = SharedOffer(offer) }

  /// Reads the body of a ClientHello, without the message's header.
  ///
  /// - Throws: `invalid` where the body contradicts its format.
  public init(_ body: RawSpan, carrier: TLSCarrier = .stream, source: ReadSource = .client) throws(ReadError) {
    var whole = ByteReader(body, source: source)
    var reader = try whole.block(body.byteCount)
    let version = TLSVersion(try reader.u16())
    guard TLSClientHello.mayBegin(with: version, carrier) else { throw reader.invalid() }
    try reader.skip(TLSHelloLayout.random)
    let sessionLength = Int(try reader.u8())
    guard sessionLength <= TLSSessionID.longest else { throw reader.invalid() }
    let sessionID = TLSSessionID(try reader.span(sessionLength))
    if carrier == .datagram {
      // The cookie of DTLS (RFC 6347 section 4.2.1).
      let length = Int(try reader.u8())
      try reader.skip(length)
    }
    let suitesLength = Int(try reader.u16())
    guard suitesLength % 2 == 0 else { throw reader.invalid() }
    let suites = try reader.span(suitesLength)
    let compressionLength = Int(try reader.u8())
    let compression = try reader.span(compressionLength)
    let blockLength = reader.isAtEnd ? 0 : Int(try reader.u16())
    var list = try reader.block(blockLength)
    guard reader.isAtEnd else { throw reader.invalid() }

    var own = Own()
    var key = TLSOfferKey(carrier, version, suites: suites, compression: compression)
    while !list.isAtEnd {
      let item = try TLSExtension(&list)
      key.add(item.type, item.content)
      own.read(item.type, item.content, carrier)
    }
    shared = try SharedOffer.of(key) { () throws(ReadError) in
      try TLSClientOffer(carrier, version, suites: suites, compression: compression, extensions: list.whole)
    }
    self.sessionID = sessionID
    serverName = own.serverName
    sessionTicketLength = own.sessionTicketLength
    quicTransportParameters = own.quicTransportParameters
    hasMalformedExtension = own.isMalformed || shared.offer.hasMalformedList
  }

  private static func mayBegin(with version: TLSVersion, _ carrier: TLSCarrier) -> Bool {
    // DTLS counts down from 0xfeff; 0x0100 is OpenSSL's before the standard.
    carrier == .datagram
      ? version.rawValue >> 8 == 0xfe || version.rawValue == 0x0100
      : version.rawValue >> 8 == 3 || version.isTLS13
  }

  /// What extensions say of this connection alone.
  private struct Own {
    var serverName: String?
    var sessionTicketLength: Int?
    var quicTransportParameters: [UInt64]?
    var isMalformed = false

    mutating func read(_ type: TLSExtensionType, _ content: RawSpan, _ carrier: TLSCarrier) {
      var reader = ByteReader(content)
      do throws(ReadError) {
        switch type {
        case .serverName:
          // An empty list is what servers send back; a client that sends one names no server.
          if !reader.isAtEnd { serverName = try TLSList.firstHostName(&reader) }
        case .sessionTicket:
          sessionTicketLength = content.byteCount
        case .quicTransportParameters, .draftQUICTransportParameters:
          if carrier == .quic { quicTransportParameters = try TLSList.transportParameters(&reader) }
        default:
          break
        }
      } catch {
        isMalformed = true
      }
    }
  }
}

extension TLSClientHello {
  /// By what means the client offers to resume a session.
  public var resumptionOffers: [TLSResumption] {
    var means: [TLSResumption] = []
    // With TLS 1.3 a session identifier is there for the sake of middleboxes (RFC 8446 section 4.1.2), and with a
    // ticket only as a mark to recognise its acceptance (RFC 5077 section 3.4).
    let hasTicket = (sessionTicketLength ?? 0) > 0
    if !sessionID.isEmpty, !shared.offer.offersTLS13, !hasTicket { means.append(.sessionIdentifier) }
    if hasTicket { means.append(.sessionTicket) }
    if shared.offer.offersPreSharedKey { means.append(.preSharedKey) }
    return means
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
