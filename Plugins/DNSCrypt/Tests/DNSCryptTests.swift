// Certificates over plain DNS, and encrypted queries and answers, as the specification lays them out.

import Bytes
import DNSPlugin
import JSON
import PluginTestKit
import Terms
import Testing

@testable import DNSCryptPlugin

@Suite struct DNSCryptTests {
  /// "DNSC", version 2.0, then signature, key, the client's magic, serial and times.
  static let certificate: [UInt8] =
    Array("DNSC".utf8) + [0, 2, 0, 0] + Array(repeating: 0xaa, count: 64 + 32) + Array("clientma".utf8)
    + [0, 0, 0, 1, 0x60, 0, 0, 0, 0x70, 0, 0, 0]

  static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  static func fetch(_ text: String, answered records: [[UInt8]]?) -> Exchange {
    let question = name(text) + [0, 16, 0, 1]
    let asked = Exchange.udp.ports(client: 40_000, server: 443).client([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question)
    guard let records else { return asked }
    let answers = records.flatMap { data -> [UInt8] in
      let text = [UInt8(data.count)] + data
      return [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, UInt8(text.count)] + text
    }
    return asked.server([0, 7, 0x81, 0x80, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0] + question + answers)
  }

  @Test func certificatesAreConclusive() throws {
    let played = try Self.fetch("2.dnscrypt-cert.example.org", answered: [Self.certificate]).play {
      DNS.self
      DNSCrypt.self
    }
    #expect(played.findings.map(\.rule) == ["dnscrypt.certificates"])
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.map(\.variant) == ["v2"])
    #expect(played.observations("dnscrypt").first?["certificate_versions"]?.array?.compactMap(\.integer) == [2])
  }

  @Test(arguments: [nil, [Array("nothing".utf8)]] as [[[UInt8]]?])
  func withoutCertificatesItIsALead(_ records: [[UInt8]]?) throws {
    let played = try Self.fetch("2.dnscrypt-cert.example.org", answered: records).play {
      DNS.self
      DNSCrypt.self
    }
    #expect(played.findings.map(\.certainty) == [.indicative])
  }

  @Test func aProvidersOwnName() throws {
    let avast = try Self.fetch("2.securedns.avast.com", answered: [Self.certificate]).play {
      DNS.self
      DNSCrypt.self
    }
    #expect(avast.findings.map(\.tool) == ["avast-securedns"])
    let other = try Self.fetch("2.example.org", answered: [Array("v=spf1 -all".utf8)]).play {
      DNS.self
      DNSCrypt.self
    }
    #expect(other.findings.isEmpty)
  }

  // MARK: - Queries and answers

  static let nonce = "0102030405060708090a0b0c"

  static func query(_ nonce: String) -> String { "636c69656e746d61" + String(repeating: "4b", count: 32) + nonce }
  static func answer(_ nonce: String) -> String { "7236666e76576a38" + nonce + "ffeeddccbbaa998877665544" }

  static let twice = Exchange.udp.ports(client: 40_000, server: 443)
    .client(query("aa02030405060708090a0b0c"), length: 324).server(answer("aa02030405060708090a0b0c"), length: 112)
    .client(query(nonce), length: 324).server(answer(nonce), length: 176)

  @Test func anAnswerThatRepeatsTheNonceIsConclusive() throws {
    let played = try Self.twice.play { DNSCrypt.self }
    #expect(played.findings.map(\.rule) == ["dnscrypt.exchange"])
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.first?.marks.map(\.frames) == [[3], [4], [4]])
  }

  @Test func oneAnswerIsStrong() throws {
    let once = Exchange.udp.client(Self.query(Self.nonce), length: 324).server(Self.answer(Self.nonce), length: 112)
    #expect(try once.play { DNSCrypt.self }.findings.map(\.certainty) == [.strong])
    let unpadded = Exchange.udp.client(Self.query(Self.nonce), length: 324).server(Self.answer(Self.nonce), length: 113)
    #expect(try unpadded.play { DNSCrypt.self }.findings.map(\.certainty) == [.indicative])
  }

  @Test func overTCPOneAnswerIsEnough() throws {
    let played = try Self.stream.play { DNSCrypt.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
  }

  static let stream = Exchange.tcp.ports(client: 40_000, server: 443)
    .client("0144" + query(nonce), length: 326).server("0070" + answer(nonce), length: 114)

  @Test func holds() async {
    await #expect(processExitsWith: .success) { DNSCryptTests.twice.verify { DNSCrypt.self } }
  }

  @Test func holdsOverTCP() async {
    await #expect(processExitsWith: .success) { DNSCryptTests.stream.verify { DNSCrypt.self } }
  }

  @Test func certificatesHold() async {
    await #expect(processExitsWith: .success) {
      DNSCryptTests.fetch("2.dnscrypt-cert.example.org", answered: [DNSCryptTests.certificate]).verify {
        DNS.self
        DNSCrypt.self
      }
    }
  }
}
