// ClientHello: RFC 8446 section 4.1.2 with the trace of RFC 8448, and the extensions' own specifications.

import Bytes
import Testing

@testable import Wire

@Suite struct TLSClientHelloTests {
  private func read(_ body: [UInt8]) throws(ReadError) -> TLSClientHello {
    try body.withRawSpan { (span: RawSpan) throws(ReadError) in try TLSClientHello(span) }
  }

  @Test func traceOfRFC8448() throws {
    let hello = try read(Array(RFC8448.clientHello.dropFirst(4)))
    #expect(hello.legacyVersion == .tls12)
    #expect(hello.sessionID.isEmpty)
    #expect(
      hello.cipherSuites.map(\.description) == [
        "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384",
      ])
    #expect(hello.compressionMethods == [0])
    #expect(hello.extensions.map(\.rawValue) == [0, 0xff01, 10, 35, 51, 43, 13, 45, 28])
    #expect(hello.serverName == "server")
    #expect(
      hello.supportedGroups.map(\.description) == [
        "x25519", "secp256r1", "secp384r1", "secp521r1", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144",
        "ffdhe8192",
      ])
    #expect(hello.keyShareGroups.map(\.description) == ["x25519"])
    #expect(hello.offeredVersions == [.tls13])
    #expect(hello.signatureSchemes.count == 15)
    #expect(hello.signatureSchemes.first?.description == "ecdsa_secp256r1_sha256")
    // A TLS 1.2 pair that IANA gives no name: SHA-256 with DSA.
    #expect(hello.signatureSchemes.last?.description == "0x0202")
    #expect(hello.sessionTicketLength == 0)
    #expect(hello.resumptionOffers.isEmpty)
    #expect(!hello.usesGREASE && !hello.hasMalformedExtension)
    #expect(hello.ja4?.hasPrefix("t13d030900_55b375c5d22e_") == true)
  }

  @Test func offersOfResumption() throws {
    var hello = HelloBuilder()
    hello.sessionID = [1, 2, 3]
    #expect(try hello.read().resumptionOffers == [.sessionIdentifier])
    // With a ticket the identifier only serves to recognise that it was accepted (RFC 5077 section 3.4).
    hello.add(35, [9, 9])
    #expect(try hello.read().resumptionOffers == [.sessionTicket])
    // Under TLS 1.3 it only serves middleboxes (RFC 8446 appendix D.4).
    var new = HelloBuilder()
    new.sessionID = [UInt8](repeating: 7, count: 32)
    new.addVersions([0x0304])
    #expect(try new.read().resumptionOffers.isEmpty)
    new.add(42)
    new.add(41, [0, 0, 0, 0])
    let last = try new.read()
    #expect(last.resumptionOffers == [.preSharedKey])
    #expect(last.offersEarlyData)
  }

  @Test func encryptedHelloAndEncryptedName() throws {
    var hello = HelloBuilder()
    hello.addServerName("outer.example")
    hello.add(0xfe0d, [0, 0, 1, 0, 1])
    #expect(try hello.read().offersEncryptedClientHello)
    #expect(try !hello.read().offersEncryptedServerName)
    hello.add(0xffce)
    #expect(try hello.read().offersEncryptedServerName)
  }

  @Test func theHybridGroupHasItsName() throws {
    var hello = HelloBuilder()
    hello.add(51, list16(bytes(0x11ec) + list16([UInt8](repeating: 0, count: 1216)) + bytes(29) + list16([1])))
    #expect(try hello.read().keyShareGroups.map(\.description) == ["X25519MLKEM768", "x25519"])
  }

  @Test func transportParametersAreReadInsideQUICOnly() throws {
    var hello = HelloBuilder()
    // Identifiers 1 and 0x0f, and one of eight bytes (RFC 9000 section 16's example).
    hello.add(57, [1, 1, 7, 0x0f, 0, 0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c, 2, 1, 2])
    #expect(try hello.read(.quic).quicTransportParameters == [1, 0x0f, 151_288_809_941_952_652])
    #expect(try hello.read().quicTransportParameters == nil)
  }

  @Test func versionsOfDrafts() throws {
    var hello = HelloBuilder()
    hello.addVersions([0x7f17, 0xfb1a, 0x0304, 0x3a3a])
    let read = try hello.read()
    #expect(read.offeredVersions.map(\.description) == ["TLS 1.3 draft 23", "TLS 1.3 draft 26", "TLS 1.3"])
    #expect(read.offersTLS13)
  }

  @Test func aMalformedExtensionIsSaidAndTheRestIsRead() throws {
    var hello = HelloBuilder()
    hello.add(10, [0, 99, 0])
    hello.addServerName("a.example")
    let read = try hello.read()
    #expect(read.hasMalformedExtension)
    #expect(read.supportedGroups.isEmpty)
    #expect(read.serverName == "a.example")
    #expect(read.extensions.map(\.rawValue) == [10, 0])
  }

  @Test func lengthsThatContradictAreInvalid() {
    let whole = HelloBuilder(extensions: [(10, [0, 2, 0, 29])]).body
    for altered in [whole + [0], Array(whole.dropLast()), [0x02, 0x03] + whole.dropFirst(2), []] {
      #expect(throws: ReadError.self) { try read(altered) }
    }
  }

  @Test func namesThatAreNoText() throws {
    #expect(Array("bücher.example".utf8).withRawSpan(TLSText.text) == "bücher.example")
    #expect([0x61, 0xff, 0x5c].withRawSpan(TLSText.text) == "a\\xff\\\\")
    #expect([UInt8](repeating: 0x61, count: 2000).withRawSpan(TLSText.text).utf8.count == 1024 + 3)
  }

  @Test func noCutAndNoFlippedBitTraps() {
    let whole = Array(RFC8448.clientHello.dropFirst(4))
    for count in 0..<whole.count { _ = try? read(Array(whole.prefix(count))) }
    for bit in 0..<(whole.count * 8) {
      var altered = whole
      altered[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = try? read(altered)
    }
  }
}

@Suite struct SSL2ClientHelloTests {
  /// Version TLS 1.0; specifications of TLS (000035, 00002f) and of SSL 2.0 (0700c0); a challenge of 16 bytes.
  private let hello =
    hex("8022 01 0301 0009 0000 0010 000035 00002f 0700c0") + [UInt8](repeating: 0xaa, count: 16)

  @Test func asOldClientsSendIt() throws {
    let walk = Walk(hello)
    #expect(walk.elements == [.ssl2ClientHello])
    let read = try walk.bodies[0].withRawSpan { (span: RawSpan) throws(ReadError) in try TLSClientHello(ssl2: span) }
    #expect(read.isSSL2Format)
    #expect(read.legacyVersion == .tls10)
    #expect(read.cipherSuites.map(\.rawValue) == [0x0035, 0x002f])
    #expect(read.ja3 == nil && read.ja4 == nil)
  }

  @Test func recordsMayFollow() {
    #expect(Walk(hello + records([1], type: 20)).elements == [.ssl2ClientHello, .changeCipherSpec])
  }

  @Test func cutsRunOut() {
    for count in 1..<hello.count { #expect(Walk(Array(hello.prefix(count))).error?.kind == .ranOut) }
  }

  @Test(arguments: ["8022 02", "8022 01 0301 0008 0000 0010 00", "8022 01 0301 0009 0001 0010 00", "8022 01 0500"])
  func whatContradictsIsInvalid(_ start: String) {
    #expect(Walk(hex(start) + [UInt8](repeating: 0, count: 40)).error?.kind == .invalid)
  }
}
