// Certificates made for this test with `openssl req -x509`, and the one of RFC 8448 section 3.

import Bytes
import Testing

@testable import Cryptography

/// Subject `CN=a.example,O=Example\, GmbH+OU=Büro,C=DE`, serial 00f1e2d3, valid for a hundred years, five alternative
/// names: two DNS names, two addresses, one mail address.
private let made = hex(
  """
  3082021f308201c5a003020102020400f1e2d3300a06082a8648ce3d0403023047310b30090603550406130244453124300c060355040b0c0542c3bc
  726f3014060355040a0c0d4578616d706c652c20476d62483112301006035504030c09612e6578616d706c653020170d323631313234323231373033
  5a180f32313236313033313232313730335a3047310b30090603550406130244453124300c060355040b0c0542c3bc726f3014060355040a0c0d4578
  616d706c652c20476d62483112301006035504030c09612e6578616d706c653059301306072a8648ce3d020106082a8648ce3d030107034200049d40
  bf191cc2ef2b849d2bc118bfc7305bc8a3a10a03b94a173a75ba83949179bdb5cfe170dc597a650d46da7047c3f917ca777b14c0254d2256d0a694f5
  c966a3819c308199301d0603551d0e041604147b31ae72792ad12b4782a18784ad90cf38fb4688301f0603551d230418301680147b31ae72792ad12b
  4782a18784ad90cf38fb4688300f0603551d130101ff040530030101ff30460603551d11043f303d8209612e6578616d706c65820b2a2e622e657861
  6d706c658704c0000201871020010db8000000000000000000000001810b7840792e6578616d706c65300a06082a8648ce3d04030203480030450221
  008eed707157ef13eb7b60bd838da3fc27fd0500a299b2f92d3c48cd1690cc661a02207ebedb6a6b6a0cbb5a4f1eac5f4b97f9d6bb1523894da2a897
  1303975129ac44
  """)

private func hex(_ text: String) -> [UInt8] { Hex.bytes(text) ?? [] }

private func read(_ der: [UInt8]) -> X509Certificate? { der.withRawSpan { X509Certificate(der: $0) } }

@Suite struct X509CertificateTests {
  @Test func namesNumberAndTimes() throws {
    let certificate = try #require(read(made))
    #expect(certificate.subject == "CN=a.example,O=Example\\, GmbH+OU=Büro,C=DE")
    #expect(certificate.issuer == certificate.subject)
    #expect(certificate.serialNumber == "f1e2d3")
    #expect(certificate.notBefore == "2026-11-24T22:17:03Z")
    // A GeneralizedTime, since the year is past 2049 (RFC 5280 section 4.1.2.5).
    #expect(certificate.notAfter == "2126-10-31T22:17:03Z")
  }

  @Test func alternativeNamesAreDNSNamesAndAddresses() throws {
    let certificate = try #require(read(made))
    #expect(
      certificate.subjectAlternativeNames == [
        .dns("a.example"), .dns("*.b.example"), .address([192, 0, 2, 1]),
        .address([0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]),
      ])
    #expect(certificate.alternativeNamesLeftOut == 0)
  }

  @Test func whatIsNoCertificateIsNil() {
    #expect(read([]) == nil)
    #expect(read([0x30, 0x80]) == nil)
    #expect(read([UInt8](repeating: 0xff, count: 4096)) == nil)
    #expect(read([UInt8](repeating: 0x30, count: X509Certificate.Limits.encoding + 1)) == nil)
  }

  @Test func aLineBreakInANameIsEscaped() throws {
    // The last byte of the common name `a.example`, in subject and issuer.
    var altered = made
    let name = Array("a.example".utf8)
    for start in 0..<(altered.count - name.count) where Array(altered[start..<(start + name.count)]) == name {
      altered[start + 8] = 0x0a
    }
    let certificate = try #require(read(altered))
    #expect(certificate.subject.hasPrefix("CN=a.exampl\\0A,"))
  }

  @Test func noCutTraps() {
    for count in 0..<made.count { #expect(read(Array(made.prefix(count))) == nil) }
  }

  @Test func noFlippedBitTraps() {
    var readable = 0
    for bit in 0..<(made.count * 8) {
      var altered = made
      altered[bit / 8] ^= 1 << UInt8(bit % 8)
      if read(altered) != nil { readable += 1 }
    }
    // Bits of names, keys and signature leave a certificate that can be read.
    #expect(readable > made.count)
  }
}
