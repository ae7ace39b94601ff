// What hellos and certificates put into the record, and the Certificate message itself (RFC 5246 section 7.4.2).

import Bytes
import Findings
import JSON
import Terms
import Testing

@testable import Wire

@Suite struct TLSObservationsTests {
  private func text(_ observation: some Observation, allowing allowed: Categories = .all) -> String {
    var writer = FieldWriter(allowing: allowed)
    writer.json.beginObject()
    observation.write(to: &writer)
    writer.json.endObject()
    return String(decoding: writer.json.bytes, as: UTF8.self)
  }

  private func chain(_ certificates: [[UInt8]]) throws(ReadError) -> TLSCertificateChain {
    let content = certificates.flatMap { message(0, $0).dropFirst() }
    return try message(0, content).withRawSpan { (span: RawSpan) throws(ReadError) in
      try TLSCertificateChain(span.slice(1))
    }
  }

  @Test func clientHello() throws {
    var hello = HelloBuilder()
    hello.suites = [0x1a1a, 0x1301]
    hello.addServerName("a.example")
    hello.addProtocols(Array("h2".utf8), [0x8a, 0x8a])
    hello.addVersions([0x2a2a, 0x0304, 0x0303])
    hello.add(10, list16([0x3a3a, 0x11ec, 29].flatMap(bytes)))
    hello.add(51, list16(bytes(0x3a3a) + list16([0]) + bytes(29) + list16([0])))
    hello.addSignatures([0x0403])
    hello.add(0xfe0d)
    let read = try hello.read()
    let ja3 = read.ja3 ?? ""
    #expect(
      text(read) == """
        {"server_name":"a.example","server_name_is_outer":true,"ja3":"\(ja3)",\
        "ja4":"\(read.ja4 ?? "")","offered_versions":["TLS 1.3","TLS 1.2"],"alpn_offered":["h2","\\\\x8a\\\\x8a"],\
        "supported_groups":["X25519MLKEM768","x25519"],"key_share_groups":["x25519"],\
        "signature_algorithms":["ecdsa_secp256r1_sha256"],"ech_offered":true}
        """)
    // Without the category of names and of fingerprints.
    #expect(!text(read, allowing: Categories([.protocolMetadata])).contains("a.example"))
    #expect(!text(read, allowing: Categories([.protocolMetadata])).contains(ja3))
  }

  @Test func serverHello() throws {
    let read = try RFC8448.serverHello.withRawSpan { (span: RawSpan) throws(ReadError) in
      try TLSServerHello(span.slice(4))
    }
    #expect(
      text(read) == """
        {"version":"TLS 1.3","cipher":"TLS_AES_128_GCM_SHA256","ja3s":"eb1d94daa7e0344597e756a1fb6e7054",\
        "key_share_group":"x25519"}
        """)
  }

  @Test func certificates() throws {
    let chain = try chain([RFC8448.certificate, [0x30, 0x00]])
    #expect(chain.certificates.map { $0.content == nil } == [false, true])
    #expect(
      text(TLSServerCertificates(.clear, chain)) == """
        {"certificate_visibility":"clear","certificates":[{"sha1":"23e0f7b6a95ddfa96558494a9494fea0785ace45",\
        "sha256":"a7ef15cef43e4b67bdb158fcc13cceef9041c8a6cef762046e825543a92bdc83","subject":"CN=rsa","issuer":"CN=rsa",\
        "serial":"02","not_before":"2016-07-30T01:23:59Z","not_after":"2026-07-30T01:23:59Z"},\
        {"sha1":"f944dcd635f9801f7ac90a407fbc479964dec024",\
        "sha256":"e4f60d0aa6d7f3d3b6a6494b1c861b99f649c6f9ec51abaf201b20f297327c95"}]}
        """)
  }

  @Test func concealedCertificatesAreSaidToBe() {
    #expect(text(TLSServerCertificates(.encrypted)) == #"{"certificate_visibility":"encrypted"}"#)
    #expect(text(TLSServerCertificates(.resumed)) == #"{"certificate_visibility":"resumed"}"#)
  }

  @Test func aClientWithoutCertificate() throws {
    #expect(text(TLSClientCertificates(try chain([]))) == #"{"client_certificates":[]}"#)
  }

  @Test func longChainsAreCutAndCounted() throws {
    let chain = try chain([[UInt8]](repeating: [0x30, 0x00], count: 20))
    #expect(chain.certificates.count == 16)
    #expect(chain.leftOut == 4)
    #expect(text(TLSServerCertificates(.clear, chain)).hasSuffix(#","certificates_left_out":4}"#))
  }

  @Test func lengthsThatContradictAreInvalid() {
    for body in [[0, 0, 4, 0, 0, 2, 1], [0, 0, 1, 0], [0, 0, 0, 9], [0, 0]] as [[UInt8]] {
      #expect(throws: ReadError.self) {
        try body.withRawSpan { (span: RawSpan) throws(ReadError) in try TLSCertificateChain(span) }
      }
    }
  }

  @Test func noFieldIsDeclaredTwice() {
    let names =
      (TLSClientHello.fields + TLSServerHello.fields + TLSServerCertificates.fields
      + TLSClientCertificates.fields).map(\.name)
    #expect(Set(names).count == names.count)
  }
}
