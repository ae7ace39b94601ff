// OpenVPN's reset exchange through the whole analysis, over UDP and TCP: what is found, and that no damage to it traps.

import PluginTestKit
import Testing

@testable import OpenVPNPlugin

@Suite struct OpenVPNVerifyTests {
  private static let acknowledgment = "28 1ba94cc33b0a32bd 01 00000000 b0afb7450f80c7d4"

  private static let datagrams = Exchange.udp
    .client(OpenVPNVectors.plainClient)
    .server(OpenVPNVectors.plainServer)
    .client(acknowledgment)

  /// Over TCP each packet follows its length.
  private static let stream = Exchange.tcp
    .client("000e" + OpenVPNVectors.plainClient)
    .server("001a" + OpenVPNVectors.plainServer)
    .client("0016" + acknowledgment)

  @Test func theExchangeIsConclusive() throws {
    for exchange in [Self.datagrams, Self.stream] {
      let played = try exchange.play { OpenVPN.self }
      #expect(played.findings.map(\.certainty) == [.conclusive])
      #expect(played.findings.map(\.tool) == ["openvpn"])
    }
  }

  @Test func holdsOverUDP() async {
    await #expect(processExitsWith: .success) {
      OpenVPNVerifyTests.datagrams.verify { OpenVPN.self }
    }
  }

  @Test func holdsOverTCP() async {
    await #expect(processExitsWith: .success) {
      OpenVPNVerifyTests.stream.verify { OpenVPN.self }
    }
  }

  @Test func holdsUnderTLSCrypt() async {
    await #expect(processExitsWith: .success) {
      let exchange = Exchange.udp.client(OpenVPNVectors.cryptClient).server(OpenVPNVectors.cryptServer)
      exchange.verify { OpenVPN.self }
    }
  }
}
