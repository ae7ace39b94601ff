// ServerHello and HelloRetryRequest: RFC 8446 sections 4.1.3 and 4.1.4 with the traces of RFC 8448; RFC 5246 section
// 7.4.1.3; drafts.

import Bytes
import Testing

@testable import Wire

@Suite struct TLSServerHelloTests {
  private func read(_ body: [UInt8]) throws(ReadError) -> TLSServerHello {
    try body.withRawSpan { (span: RawSpan) throws(ReadError) in try TLSServerHello(span) }
  }

  /// A ServerHello with session identifier and compression method.
  private func body(_ version: UInt16, session: [UInt8] = [], suite: UInt16, extensions: [UInt8] = []) -> [UInt8] {
    bytes(version) + [UInt8](repeating: 1, count: 32) + list8(session) + bytes(suite) + [0]
      + (extensions.isEmpty ? [] : list16(extensions))
  }

  private func identifier(_ bytes: [UInt8]) -> TLSSessionID { bytes.withRawSpan { TLSSessionID($0) } }

  @Test func traceOfRFC8448() throws {
    let hello = try read(Array(RFC8448.serverHello.dropFirst(4)))
    #expect(hello.version == .tls13)
    #expect(hello.legacyVersion == .tls12)
    #expect(hello.cipherSuite?.description == "TLS_AES_128_GCM_SHA256")
    #expect(hello.keyShareGroup?.description == "x25519")
    #expect(!hello.isHelloRetryRequest && !hello.acceptsPreSharedKey)
    #expect(hello.isResumed == nil)
  }

  @Test func helloRetryRequestOfRFC8448() throws {
    let hello = try read(Array(RFC8448.helloRetryRequest.dropFirst(4)))
    #expect(hello.isHelloRetryRequest)
    #expect(hello.version == .tls13)
    #expect(hello.keyShareGroup?.description == "secp256r1")
    #expect(try !read(Array(RFC8448.serverHelloAfterRetry.dropFirst(4))).isHelloRetryRequest)
  }

  @Test func beforeTLS13() throws {
    let alpn: [UInt8] = [0, 16] + list16(list16(list8(Array("h2".utf8))))
    let hello = try read(body(0x0303, suite: 0xc02f, extensions: alpn))
    #expect(hello.version.description == "TLS 1.2")
    #expect(hello.cipherSuite?.description == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    #expect(hello.applicationProtocol == "h2")
    #expect(try read(body(0x0300, suite: 0xfefe)).version.description == "SSL 3.0")
    // A number that IANA gives no name.
    #expect(try read(body(0x0300, suite: 0xfefe)).cipherSuite?.description == "0xfefe")
  }

  @Test func resumptionIsToldByTheIdentifierBeforeTLS13() throws {
    var hello = try read(body(0x0303, session: [1, 2, 3], suite: 0x002f))
    hello.note(sessionIDOfClient: identifier([1, 2, 3]))
    #expect(hello.isResumed == true)
    hello.note(sessionIDOfClient: identifier([1, 2, 4]))
    #expect(hello.isResumed == false)
    var none = try read(body(0x0303, suite: 0x002f))
    none.note(sessionIDOfClient: identifier([]))
    #expect(none.isResumed == false)
  }

  @Test func resumptionIsToldByThePreSharedKeyUnderTLS13() throws {
    let version: [UInt8] = [0, 43, 0, 2, 3, 4]
    var hello = try read(body(0x0303, session: [1], suite: 0x1301, extensions: version))
    // The identifier comes back always (RFC 8446 section 4.1.3).
    hello.note(sessionIDOfClient: identifier([1]))
    #expect(hello.isResumed == false)
    hello = try read(body(0x0303, session: [1], suite: 0x1301, extensions: version + [0, 41, 0, 2, 0, 0]))
    hello.note(sessionIDOfClient: identifier([1]))
    #expect(hello.isResumed == true)
  }

  @Test func draftsWithoutSessionIdentifier() throws {
    // Draft 18 and, with the final number, some before: version, random, suite, extensions.
    for version in [0x7f12, 0x0304] as [UInt16] {
      let share: [UInt8] = [0, 40, 0, 5, 0, 29, 0, 1, 9]
      let hello = try read(bytes(version) + [UInt8](repeating: 1, count: 32) + bytes(0x1301) + list16(share))
      #expect(hello.version.isTLS13)
      #expect(hello.cipherSuite?.rawValue == 0x1301)
      #expect(hello.keyShareGroup?.rawValue == 29)
    }
    // Draft 23 says its number in the extension, as the final version does.
    let hello = try read(body(0x0303, suite: 0x1301, extensions: [0, 43, 0, 2, 0x7f, 0x17]))
    #expect(hello.version.description == "TLS 1.3 draft 23")
  }

  @Test func helloRetryRequestOfDrafts() throws {
    let group: [UInt8] = [0, 40, 0, 2, 0, 23]
    let draft18 = bytes(0x7f12) + list16(group)
    let draft20 = bytes(0x7f14) + bytes(0x1301) + list16(group)
    for body in [draft18, draft20] {
      let hello = try body.withRawSpan { (span: RawSpan) throws(ReadError) in
        try TLSServerHello(draftRetryRequest: span)
      }
      #expect(hello.isHelloRetryRequest)
      #expect(hello.keyShareGroup?.rawValue == 23)
    }
  }

  @Test func noCutAndNoFlippedBitTraps() {
    let whole = Array(RFC8448.helloRetryRequest.dropFirst(4))
    for count in 0..<whole.count { _ = try? read(Array(whole.prefix(count))) }
    for bit in 0..<(whole.count * 8) {
      var altered = whole
      altered[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = try? read(altered)
    }
  }
}
