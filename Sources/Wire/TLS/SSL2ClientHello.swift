// The ClientHello in the form of SSL 2.0, with which old clients offer SSL 3.0 and TLS too: RFC 5246 appendix E.2.

import Bytes

/// Two bytes of length with the highest bit set, then: message type 1, version, three lengths (cipher specifications,
/// session identifier, challenge), and what they measure.
enum SSL2ClientHelloLayout {
  static let header = 2
  static let messageType: UInt8 = 1
  /// From the message type to the end of the three lengths.
  static let fixed = 9
  static let version = 1
  static let suites = 3
  static let session = 5
  static let challenge = 7

  /// Where the hello's body stands in `bytes`, which begin with it; nil where they begin with something else.
  ///
  /// - Throws: `ranOut` where the bytes end before the hello does.
  static func body(in bytes: RawSpan, source: ReadSource) throws(ReadError) -> Range<Int>? {
    guard let first = bytes.u8IfPresent(0), first & 0x80 != 0 else { return nil }
    if let type = bytes.u8IfPresent(header), type != messageType { return nil }
    if let major = bytes.u8IfPresent(header &+ version), major != 0, major != 3 { return nil }
    guard header &+ fixed <= bytes.byteCount else {
      throw ReadError(.ranOut, source: source, wanted: header &+ fixed, found: bytes.byteCount)
    }
    let length = Int(bytes.u16(0) & 0x7fff)
    let version = bytes.u16(header &+ version)
    let suites = Int(bytes.u16(header &+ suites))
    let session = Int(bytes.u16(header &+ session))
    let challenge = Int(bytes.u16(header &+ challenge))
    // Each specification takes three bytes; the challenge has 16 to 32.
    guard version == TLSVersion.ssl2.rawValue || (0x0300...0x0303).contains(version),
      suites > 0, suites % 3 == 0, session == 0 || session == 16, (16...32).contains(challenge),
      length == fixed &+ suites &+ session &+ challenge
    else { return nil }
    guard header &+ length <= bytes.byteCount else {
      throw ReadError(.ranOut, source: source, wanted: header &+ length, found: bytes.byteCount)
    }
    return header..<(header &+ length)
  }
}

extension TLSClientHello {
  /// Reads a ClientHello in the form of SSL 2.0, from the message type on. Cipher specifications that only SSL 2.0 knows
  /// are left out. JA3 and JA4 are defined on fields that this form has not, so it has neither.
  ///
  /// - Throws: `invalid` where the body contradicts its format.
  public init(ssl2 body: RawSpan, source: ReadSource = .client) throws(ReadError) {
    var whole = ByteReader(body, source: source)
    var reader = try whole.block(body.byteCount)
    guard try reader.u8() == SSL2ClientHelloLayout.messageType else { throw reader.invalid() }
    var offer = TLSClientOffer(.stream, TLSVersion(try reader.u16()))
    offer.isSSL2Format = true
    let suites = Int(try reader.u16())
    let session = Int(try reader.u16())
    try reader.skip(2)
    var list = try reader.block(suites)
    while list.remaining >= 3 {
      let specification = try list.u24()
      if let suite = UInt16(exactly: specification) { offer.cipherSuites.append(TLSCipherSuite(suite)) }
    }
    let sessionID = TLSSessionID(try reader.span(session))
    self.init(offer)
    self.sessionID = sessionID
  }
}
