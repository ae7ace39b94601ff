// What the plugin says of whole exchanges.

import Bytes
import OpenVPNPlugin
import PluginKit
import PluginTestKit
import TLSPlugin
import Terms
import Testing

@Suite struct OpenVPNTests {
  private static let client = "1ba94cc33b0a32bd"
  private static let server = "b0afb7450f80c7d4"

  static let plain = Exchange.udp
    .client("38 \(client) 00 00000000")
    .server("40 \(server) 01 00000000 \(client) 00000000")
    .client("28 \(client) 01 00000000 \(server)")

  /// With tls-auth and SHA-1: 20 bytes of HMAC, replay id, time.
  static let authenticated = Exchange.udp
    .client("38 \(client) \(hmac) 00000001 6955b900 00 00000000")
    .server("40 \(server) \(hmac) 00000001 6955b900 01 00000000 \(client) 00000000")

  private static let hmac = String(repeating: "5c", count: 20)

  /// With tls-crypt: `count` packets each way, at the time of the exchange moved by `days`.
  static func encrypted(_ exchange: Exchange, count: Int = 3, days: Int = 0) -> Exchange {
    let time = Hex.text((0..<4).map { UInt8(truncatingIfNeeded: (0x6955_b900 + days * 86_400) >> (24 - 8 * $0)) })
    let isStream = exchange.carriage == .tcp
    return (1...count).reduce(exchange) { exchange, number in
      let id = "0000000\(number) \(time)"
      let (first, second) = isStream ? ("0036", "0042") : ("", "")
      return
        exchange
        .client("\(first) \(number == 1 ? "38" : "20") \(client) \(id)", length: isStream ? 56 : 54)
        .server("\(second) \(number == 1 ? "40" : "28") \(server) \(id)", length: isStream ? 68 : 66)
    }
  }

  static func stream(_ exchange: Exchange) -> Exchange {
    exchange.messages.reduce(Exchange.tcp) { stream, message in
      let bytes = [UInt8(message.bytes.count >> 8), UInt8(message.bytes.count & 0xff)] + message.bytes
      return message.side == .client ? stream.client(bytes) : stream.server(bytes)
    }
  }

  // MARK: - In clear

  @Test(arguments: [plain, stream(plain)])
  func anAcknowledgedResetIsConclusive(exchange: Exchange) throws {
    let played = try exchange.play { OpenVPN.self }
    let finding = try #require(played.findings.first)
    #expect(played.findings.count == 1)
    #expect(finding.rule == "openvpn.reset-exchange" && finding.certainty == .conclusive)
    #expect(finding.tool == "openvpn" && finding.variant == "plain")
    #expect(finding.marks.first?.value?.string == Self.client)
    #expect(played.observations("openvpn").first?["responder_session"]?.string == Self.server)
  }

  @Test func theHMACTellsTLSAuth() throws {
    let played = try Self.authenticated.play { OpenVPN.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.map(\.variant) == ["tls-auth"])
    #expect(played.observations("openvpn").first?["hmac_bytes"]?.integer == 20)
  }

  @Test func anotherSessionAcknowledgedIsAHint() throws {
    let played = try Exchange.udp.client("38 \(Self.client) 00 00000000")
      .server("40 \(Self.server) 01 00000000 1ba94cc33b0a32be 00000000").play { OpenVPN.self }
    #expect(played.findings.map(\.rule) == ["openvpn.opening"])
    #expect(played.findings.map(\.certainty) == [.indicative])
  }

  @Test func aResetWithoutAnswerInViewIsAHint() throws {
    let played = try Self.plain.seenOnly(from: .client).play { OpenVPN.self }
    #expect(played.findings.map(\.certainty) == [.indicative])
    #expect(played.notAssessable.contains { $0.hasPrefix("OpenVPN: one direction only") })
  }

  @Test func acknowledgmentsAfterTheResetsAreStrong() throws {
    let played = try Exchange.udp
      .server("20 \(Self.server) 01 00000003 \(Self.client) 00000004 170303")
      .client("28 \(Self.client) 01 00000004 \(Self.server)")
      .server("28 \(Self.server) 01 00000005 \(Self.client)").play { OpenVPN.self }
    #expect(played.findings.map(\.rule) == ["openvpn.control"])
    #expect(played.findings.map(\.certainty) == [.strong])
  }

  // MARK: - Under tls-crypt

  @Test(arguments: [encrypted(.udp), encrypted(.tcp)])
  func countsTimesAndSessionsAreConclusive(exchange: Exchange) throws {
    let played = try exchange.play { OpenVPN.self }
    #expect(played.findings.map(\.rule) == ["openvpn.tls-crypt"])
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.map(\.variant) == ["tls-crypt"])
  }

  @Test func resetsThatBeginToCountAreStrong() throws {
    #expect(try Self.encrypted(.udp, count: 2).play { OpenVPN.self }.findings.map(\.certainty) == [.strong])
  }

  @Test func aClockThatIsWrongKeepsItStrong() throws {
    #expect(try Self.encrypted(.udp, count: 5, days: 2).play { OpenVPN.self }.findings.map(\.certainty) == [.strong])
  }

  @Test func aQueryOfDNSIsNoReset() throws {
    // 54 bytes, transaction id 0x3801, a first label of 12 letters where a replay counter would stand.
    let played = try Exchange.udp
      .client(
        "3801 0100 0001 0000 0000 0000 0c 6b6b6b6b6b6b6b6b6b6b6b6b 10 70707070707070707070707070707070 03 6e6574 00 0001 0001"
          + "000000"
      )
      .play { OpenVPN.self }
    #expect(played.findings.isEmpty)
  }

  // MARK: - Data

  @Test func dataBothWaysIsAHintAndSaysWhatIsMissing() throws {
    let exchange = (4...6).reduce(Exchange.udp) { exchange, number in
      exchange.client("48 00000a 0000000\(number)", length: 100).server("48 00000a 0000000\(number)", length: 120)
    }
    let played = try exchange.play { OpenVPN.self }
    #expect(played.findings.map(\.rule) == ["openvpn.data"])
    #expect(played.findings.map(\.certainty) == [.indicative])
    #expect(played.notAssessable.contains { $0.hasPrefix("OpenVPN: the handshake is not in view") })
  }

  @Test func staticKeyModeIsNotNamed() throws {
    let exchange = (0..<8).reduce(Exchange.udp) { exchange, _ in
      exchange.client("", length: 100).server("", length: 116)
    }
    #expect(try exchange.play { OpenVPN.self }.findings.isEmpty)
  }

  // MARK: - The TLS inside

  @Test func theHelloInsideIsReadByTLS() throws {
    let played = try Capture(path: Self.sample).play {
      OpenVPN.self
      TLS.self
    }
    // UDP and TCP: plain and tls-auth with SHA-256 in IPv4, tls-auth with SHA-1 in IPv6.
    let inClear = played.flows.filter { $0.protocols == ["openvpn", "tls"] }
    #expect(inClear.count == 6)
    #expect(inClear.allSatisfy { $0.observations("tls").first?["ja3"]?.string?.utf8.count == 32 })
    #expect(
      played.findings.map(\.variant) == [
        "plain", "plain", "tls-auth", "tls-auth", "tls-crypt", "tls-crypt", "tls-crypt-v2", "tls-crypt-v2", "tls-auth",
        "tls-auth",
      ])
    #expect(played.findings.allSatisfy { $0.certainty == .conclusive })
  }

  private static var sample: String {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
    return parts.joined(separator: "/") + "/Samples/openvpn-modes/capture.pcapng"
  }

  // MARK: - Hostile bytes

  @Test func itHoldsOnHostileBytes() async {
    await #expect(processExitsWith: .success) {
      OpenVPNTests.plain.verify { OpenVPN.self }
      OpenVPNTests.authenticated.verify { OpenVPN.self }
      OpenVPNTests.encrypted(.udp).verify { OpenVPN.self }
    }
    await #expect(processExitsWith: .success) {
      OpenVPNTests.stream(OpenVPNTests.plain).verify { OpenVPN.self }
      OpenVPNTests.encrypted(.tcp).verify { OpenVPN.self }
    }
  }
}
