// QUIC's handshakes through the whole analysis, in each version.

import Bytes
import JSON
import PluginTestKit
import Terms
import Testing

@testable import QUICPlugin

@Suite struct QUICTests {
  private func connections(_ exchange: Exchange, categories: Categories = .all) throws -> [JSONValue] {
    try exchange.play(categories: categories) { QUIC.self }.observations("quic")
  }

  private func name(_ connection: JSONValue?) -> String? { connection?["tls"]?["server_name"]?.string }

  /// What the plugin says that it cannot tell.
  private func quic(_ played: Played) -> [String] {
    played.notAssessable.filter { $0.hasPrefix("QUIC:") || $0.hasPrefix("TLS:") }
  }

  // MARK: - Version 1 and 2

  @Test("RFC 9001 appendix A.2 and A.3")
  func version1() throws {
    let played = try Exchange.udp.client(QUICVectors.rfc9001Client).server(QUICVectors.rfc9001Server)
      .play { QUIC.self }
    #expect(played.protocols == ["quic"])
    #expect(played.findings.isEmpty)
    let connections = played.observations("quic")
    #expect(connections.count == 1)
    let connection = connections.first
    #expect(connection?["version"]?.string == "1")
    #expect(connection?["original_destination_connection_id"]?.string == "8394c8f03e515708")
    #expect(connection?["client_connection_id"]?.string?.isEmpty == true)
    #expect(connection?["server_connection_id"]?.string == "f067a5502a4262b5")
    #expect(connection?["alpn"]?.array?.map(\.string) == ["alpn"])
    #expect(connection?["transport_parameters"]?.array?.map(\.integer) == [4, 5, 7, 8, 1, 9, 15, 6])
    let tls = connection?["tls"]
    #expect(tls?["server_name"]?.string == "example.com")
    #expect(tls?["ja4"]?.string?.hasPrefix("q13d0211an_") == true)
    #expect(tls?["version"]?.string == "TLS 1.3")
    #expect(tls?["cipher"]?.string == "TLS_AES_128_GCM_SHA256")
    #expect(tls?["ja3s"]?.string?.count == 32)
    #expect(tls?["certificate_visibility"]?.string == "encrypted")
    #expect(quic(played) == ["TLS: the server's certificate is encrypted (TLS 1.3)"])
  }

  @Test("RFC 9369 appendix A.2 and A.3")
  func version2() throws {
    let connection = try connections(
      Exchange.udp.client(QUICVectors.rfc9369Client).server(QUICVectors.rfc9369Server)
    ).first
    #expect(connection?["version"]?.string == "quicv2")
    #expect(connection?["server_version"] == nil)
    #expect(name(connection) == "example.com")
    #expect(connection?["tls"]?["cipher"]?.string == "TLS_AES_128_GCM_SHA256")
  }

  @Test("A server that goes on in version 2 (RFC 9369 section 4.1)")
  func compatible() throws {
    let connection = try connections(Exchange.udp.client(QUICVectors.small).server(QUICVectors.answerOfVersion2)).first
    #expect(connection?["version"]?.string == "1")
    #expect(connection?["server_version"]?.string == "quicv2")
    #expect(connection?["tls"]?["version"]?.string == "TLS 1.3")
  }

  // MARK: - The handshake's way

  @Test("A hello over two packets, out of order, the second to the id that the server chose")
  func pieces() throws {
    let connections = try connections(
      Exchange.udp.client(QUICVectors.laterHalf).client(QUICVectors.firstHalf).server(QUICVectors.serverToClient))
    #expect(connections.count == 1)
    #expect(name(connections.first) == "example.com")
    #expect(connections.first?["original_destination_connection_id"]?.string == "8394c8f03e515708")
    #expect(connections.first?["client_connection_id"]?.string == "c101")
  }

  @Test("Part of a hello is said to be one")
  func half() throws {
    let played = try Exchange.udp.client(QUICVectors.laterHalf).play { QUIC.self }
    #expect(played.observations("quic").map { $0["version"]?.string } == ["1"])
    #expect(played.observations("quic").first?["tls"] == nil)
    #expect(quic(played) == ["QUIC: a part of the client's hello is not in view"])
  }

  @Test("Several packets in one datagram")
  func coalesced() throws {
    let connection = try connections(
      Exchange.udp.client(QUICVectors.small + QUICVectors.zeroRTT)
        .server(QUICVectors.handshake + QUICVectors.serverToClient)
    ).first
    #expect(name(connection) == "example.com")
    #expect(connection?["early_data_sent"]?.boolean == true)
    #expect(connection?["tls"]?["version"]?.string == "TLS 1.3")
  }

  @Test("After a Retry the keys are those of the server's id")
  func retry() throws {
    let retry = "f000000001 02c101 08f067a5502a4262b5 746f6b656e 000102030405060708090a0b0c0d0e0f"
    let connections = try connections(
      Exchange.udp.client(QUICVectors.small).server(retry).client(QUICVectors.afterRetry)
        .server(QUICVectors.answerAfterRetry))
    #expect(connections.count == 1)
    #expect(connections.first?["retry"]?.boolean == true)
    #expect(connections.first?["original_destination_connection_id"]?.string == "8394c8f03e515708")
    #expect(connections.first?["server_connection_id"]?.string == "5e4fe401")
    #expect(connections.first?["tls"]?["version"]?.string == "TLS 1.3")
  }

  @Test("RFC 9001 and RFC 9369 appendix A.4", arguments: [1, 2])
  func retryAlone(_ version: Int) throws {
    let played = try Exchange.udp.server(version == 1 ? QUICVectors.rfc9001Retry : QUICVectors.rfc9369Retry).play {
      QUIC.self
    }
    #expect(played.observations("quic").map { $0["retry"]?.boolean } == [true])
    #expect(quic(played) == ["QUIC: one direction only, the client's first packet is not in view"])
  }

  @Test("A HelloRetryRequest gives two objects")
  func anotherHello() throws {
    let connections = try connections(
      Exchange.udp.client(QUICVectors.small).server(QUICVectors.asksAgain).client(QUICVectors.secondHello)
        .server(QUICVectors.secondAnswer))
    #expect(connections.map { $0["tls"]?["hello_retry_request"]?.boolean } == [true, nil])
    #expect(connections.map(name) == ["example.com", "example.com"])
  }

  @Test("Version Negotiation: the client's ids come back")
  func negotiation() throws {
    let offer = "c01a2a3a4a 08 8394c8f03e515708 02 c101"
    let answer = "9a00000000 02 c101 08 8394c8f03e515708 5a6a7a8a 00000001 6b3343cf"
    let connections = try connections(Exchange.udp.client(offer, length: 1_200).server(answer))
    #expect(connections.count == 1)
    #expect(connections.first?["version"]?.string == "unknown-1a2a3a4a")
    #expect(connections.first?["server_versions"]?.array?.map(\.string) == ["1", "quicv2"])
    let other = "9a00000000 02 c102 08 8394c8f03e515708 5a6a7a8a 00000001 6b3343cf"
    #expect(try self.connections(Exchange.udp.client(offer, length: 1_200).server(other)).isEmpty)
    #expect(try self.connections(Exchange.udp.client(offer, length: 1_200)).isEmpty)
  }

  private static let drafts = [
    "draft-22": QUICVectors.draft22, "draft-23": QUICVectors.draft23, "draft-28": QUICVectors.draft28,
    "draft-29": QUICVectors.draft29, "draft-34": QUICVectors.draft34, "mvfst (faceb001)": QUICVectors.mvfst1,
    "mvfst (faceb002)": QUICVectors.mvfst2, "T050": QUICVectors.t050, "T051": QUICVectors.t051,
  ]

  @Test("Drafts, and what was made from them", arguments: drafts.keys.sorted())
  func draft(_ version: String) throws {
    let connection = try connections(Exchange.udp.client(try #require(Self.drafts[version]))).first
    #expect(connection?["version"]?.string == version)
    #expect(name(connection) == "example.com")
  }

  // MARK: - Google's

  private static let googles = [
    "Q050": QUICVectors.q050, "Q046": QUICVectors.q046, "Q043": QUICVectors.q043, "Q025": QUICVectors.q025,
  ]

  @Test("Google's own handshake", arguments: googles.keys.sorted())
  func google(_ version: String) throws {
    let exchange = Exchange.udp.client(try #require(Self.googles[version]), length: 1_200)
    let connection = try connections(exchange).first
    #expect(connection?["version"]?.string == version)
    #expect(name(connection) == "www.example.org")
    #expect(connection?["user_agent"]?.string == "Example/1.0 Test")
    let withheld = try connections(exchange, categories: [.init(.protocolMetadata)])
    #expect(withheld.first?["version"]?.string == version)
    #expect(withheld.first?["user_agent"] == nil)
    #expect(name(withheld.first) == nil)
  }

  // MARK: - What may be opened

  @Test("Nothing is opened where nothing of it may go out")
  func closed() throws {
    let exchange = Exchange.udp.client(QUICVectors.small).server(QUICVectors.serverToClient)
    let played = try exchange.play(categories: [.init(.flow)]) { QUIC.self }
    #expect(played.protocols == ["quic"])
    #expect(
      quic(played) == ["QUIC: the handshake was not opened, as the warrant allows nothing that it tells"])
    let names = try exchange.play(categories: [.init(.serverName)]) { QUIC.self }
    #expect(names.observations("quic").first?["tls"]?["server_name"]?.string == "example.com")
    #expect(names.observations("quic").first?["tls"]?["ja3"] == nil)
  }

  // MARK: - Damage

  @Test func theAnswerAlone() throws {
    let played = try Exchange.udp.server(QUICVectors.rfc9001Server).play { QUIC.self }
    #expect(played.observations("quic").map { $0["version"]?.string } == ["1"])
    #expect(played.observations("quic").first?["client_connection_id"] == nil)
    #expect(quic(played) == ["QUIC: one direction only, the client's first packet is not in view"])
  }

  @Test func theHelloAlone() throws {
    let played = try Exchange.udp.client(QUICVectors.rfc9001Client).play { QUIC.self }
    #expect(name(played.observations("quic").first) == "example.com")
    #expect(quic(played) == ["QUIC: one direction only, the server's answer is not in view"])
  }

  @Test func cutBySnapLength() throws {
    let played = try Exchange.udp.client(QUICVectors.rfc9001Client).server(QUICVectors.rfc9001Server).cut(at: 96)
      .play { QUIC.self }
    #expect(played.observations("quic").map { $0["version"]?.string } == ["1"])
    #expect(quic(played) == ["QUIC: the handshake is cut by the snap length"])
  }

  @Test("A first packet of a reserved version is opened by the salt of another")
  func reserved() throws {
    let played = try Exchange.udp.client(QUICVectors.reserved, length: 1_200).play { QUIC.self }
    #expect(played.observations("quic").map { $0["version"]?.string } == ["unknown-0a0a0a0a"])
    #expect(name(played.observations("quic").first) == "example.com")
    let goingOn = try connections(
      Exchange.udp.client(QUICVectors.reserved, length: 1_200)
        .server("9a00000000 02 c101 08 8394c8f03e515708 00000001")
        .client(QUICVectors.small).server(QUICVectors.serverToClient))
    #expect(goingOn.count == 1)
    #expect(goingOn.first?["server_version"]?.string == "1")
    #expect(goingOn.first?["tls"]?["version"]?.string == "TLS 1.3")
  }

  @Test func theHelloIsCutAndTheAnswerIsNot() throws {
    let played = try Exchange.udp.client(QUICVectors.rfc9001Client).server(QUICVectors.rfc9001Server).cut(at: 200)
      .play { QUIC.self }
    #expect(played.observations("quic").first?["tls"]?["version"]?.string == "TLS 1.3")
    #expect(quic(played).contains("QUIC: the client's hello is cut by the snap length"))
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      Exchange.udp.client(QUICVectors.laterHalf).client(QUICVectors.firstHalf)
        .server(QUICVectors.handshake + QUICVectors.serverToClient).verify { QUIC.self }
    }
    await #expect(processExitsWith: .success) {
      Exchange.udp.client(QUICVectors.q046).client(QUICVectors.q050).verify { QUIC.self }
    }
  }
}
