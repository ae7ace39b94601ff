// SSH as the plugin tells it: exchanges laid out as in RFC 4253, cut, reversed, with odd lines, of protocol 1.5.

import Bytes
import PluginTestKit
import SSHPlugin
import Testing

/// Packets as RFC 4253 sections 4.2, 6 and 7.1 lay them out.
enum SSHScript {
  static func string(_ bytes: [UInt8]) -> [UInt8] {
    [0, 0, UInt8(bytes.count >> 8 & 0xff), UInt8(bytes.count & 0xff)] + bytes
  }
  static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

  static func packet(_ payload: [UInt8]) -> [UInt8] {
    var padding = 8 - (payload.count + 5) % 8
    if padding < 4 { padding += 8 }
    let length = payload.count + padding + 1
    return [0, 0, UInt8(length >> 8 & 0xff), UInt8(length & 0xff), UInt8(padding)] + payload
      + [UInt8](repeating: 0, count: padding)
  }

  static func offer(
    _ methods: String, hostKeys: String = "ssh-ed25519,rsa-sha2-256", ciphers: String = "aes128-ctr,aes256-ctr",
    ciphersToClient: String? = nil, macs: String = "hmac-sha2-256", compressions: String = "none,zlib@openssh.com"
  ) -> [UInt8] {
    let lists = [
      methods, hostKeys, ciphers, ciphersToClient ?? ciphers, macs, macs, compressions, compressions, "", "",
    ]
    return packet([20] + [UInt8](repeating: 0xa5, count: 16) + lists.flatMap { string($0) } + [0, 0, 0, 0, 0])
  }

  static let hostKey = string("ssh-ed25519") + string([UInt8](repeating: 0x42, count: 32))
  static let share = packet([30] + string([UInt8](repeating: 0x17, count: 32)))
  static let answer = packet(
    [31] + string(hostKey) + string([UInt8](repeating: 0x18, count: 32)) + string([UInt8](repeating: 0x19, count: 83)))
  static let newKeys = packet([21])

  static let clientMethods = "mlkem768x25519-sha256,curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com"
  static let serverMethods = "curve25519-sha256,mlkem768x25519-sha256,kex-strict-s-v00@openssh.com"

  static let exchange = Exchange.tcp.ports(client: 50_000, server: 22)
    .client(text: "SSH-2.0-OpenSSH_9.9 Debian-3\r\n").server(text: "SSH-2.0-OpenSSH_9.2p1\r\n")
    .client(offer(clientMethods)).server(offer(serverMethods, ciphers: "aes256-ctr,chacha20-poly1305@openssh.com"))
    .client(share).server(answer + newKeys).client(newKeys)

  /// As little as can be, for the many variants of `verify`.
  static let short = Exchange.tcp.client(text: "SSH-2.0-a\r\n").server(text: "hi\nSSH-2.0-b\n")
    .client(offer("k", hostKeys: "h", ciphers: "c", macs: "m", compressions: "z"))
    .server(offer("k", hostKeys: "h", ciphers: "c", macs: "m", compressions: "z"))
    .server(packet([31] + string(string("ssh-x") + [0]) + string([1]) + string([2])) + newKeys).client(newKeys)
}

@Suite struct SSHTests {
  private func text(_ played: Played, _ key: String) -> String? { played.observations("ssh").first?[key]?.string }

  @Test func bothSidesAreToldAndWhatTheyAgreeOn() throws {
    let played = try SSHScript.exchange.play { SSH.self }
    #expect(played.protocols == ["ssh"])
    #expect(played.findings.isEmpty && played.notAssessable.isEmpty)
    #expect(text(played, "client") == "SSH-2.0-OpenSSH_9.9 Debian-3")
    #expect(text(played, "server") == "SSH-2.0-OpenSSH_9.2p1")
    // printf %s 'METHODS;aes128-ctr,aes256-ctr;hmac-sha2-256;none,zlib@openssh.com' | md5sum
    #expect(text(played, "hassh") == "35426be23bb2afb2a0d54a95779b39fa")
    #expect(text(played, "hassh_server") == "27ea451575a5c9b12f628e09e5322946")
    // The client's order decides (RFC 4253 section 7.1).
    #expect(text(played, "key_exchange") == "mlkem768x25519-sha256")
    #expect(text(played, "cipher") == "aes256-ctr")
    #expect(text(played, "mac") == "hmac-sha2-256")
    #expect(text(played, "compression") == "none")
    #expect(text(played, "host_key_algorithm") == "ssh-ed25519")
    let session = try #require(played.observations("ssh").first)
    #expect(session["version"]?.integer == 2)
    #expect(session["post_quantum"]?.boolean == true)
    #expect(session["strict_key_exchange"]?.boolean == true)
    #expect(session["cipher_to_client"] == nil && session["client_is_responder"] == nil)
    #expect(text(played, "host_key_type") == "ssh-ed25519")
    #expect(text(played, "host_key_sha256") == "2e066947358401b56f0629b14efebdfd407cf0f0fc8f23920ea7e8cebfa2357d")
  }

  @Test func aCipherThatAuthenticatesNeedsNoMAC() throws {
    let offer = SSHScript.offer("curve25519-sha256", ciphers: "chacha20-poly1305@openssh.com")
    let played = try Exchange.tcp.client(text: "SSH-2.0-a\r\n").client(offer)
      .server(text: "SSH-2.0-b\r\n").server(offer).play { SSH.self }
    #expect(text(played, "cipher") == "chacha20-poly1305@openssh.com")
    let session = try #require(played.observations("ssh").first)
    #expect(session["mac"] == nil && session["nothing_in_common"] == nil)
    #expect(session["post_quantum"]?.boolean == false)
  }

  @Test func offersWithNothingInCommonAreSaidToFail() throws {
    let played = try Exchange.tcp
      .client(text: "SSH-2.0-a\r\n").client(SSHScript.offer("curve25519-sha256", ciphers: "aes128-ctr"))
      .server(text: "SSH-2.0-b\r\n").server(SSHScript.offer("curve25519-sha256", ciphers: "aes256-ctr"))
      .play { SSH.self }
    #expect(played.observations("ssh").first?["nothing_in_common"]?.boolean == true)
    #expect(text(played, "key_exchange") == "curve25519-sha256")
    #expect(text(played, "cipher") == nil)
  }

  /// RFC 4253 section 4.2: other lines of text may come before the version string.
  @Test func textBeforeTheIdentificationIsCountedAndNotShown() throws {
    let played = try Exchange.tcp.client(text: "SSH-2.0-a\r\n")
      .server(text: "Welcome, Jane\r\nto this host\nSSH-2.0-b\n").play { SSH.self }
    #expect(text(played, "server") == "SSH-2.0-b")
    let session = try #require(played.observations("ssh").first)
    #expect(session["server_lines_before"]?.integer == 2)
    #expect(session["server_odd_line_end"]?.boolean == true)
    #expect(session["client_odd_line_end"] == nil)
    #expect(!"\(played.flows.map(\.record))".contains("Jane"))
  }

  @Test func whoEndlesslySendsTextHidesNotTheClient() throws {
    var exchange = Exchange.tcp.client(text: "SSH-2.0-a\r\n")
    for _ in 0..<140 { exchange = exchange.server(text: "x7f3b\r\n") }
    #expect(text(try exchange.leftOpen.play { SSH.self }, "client") == "SSH-2.0-a")
  }

  @Test(arguments: ["\n", "\r\n", "\r\r\n", "\n\r", "\u{0}"])
  func lineEndsOfAllKindsAreRead(end: String) throws {
    let offer = SSHScript.offer("curve25519-sha256")
    let played = try Exchange.tcp.client(text: "SSH-2.0-a\(end)").client(offer)
      .server(text: "SSH-2.0-b\(end)").server(offer).play { SSH.self }
    #expect(text(played, "client") == "SSH-2.0-a")
    #expect(text(played, "key_exchange") == "curve25519-sha256")
  }

  /// RFC 8071: the side that opens the connection is the server.
  @Test func aServerThatCallsHomeIsKnownByItsOffer() throws {
    let played = try Exchange.tcp
      .client(text: "SSH-2.0-server\r\n").client(SSHScript.offer(SSHScript.serverMethods))
      .server(text: "SSH-2.0-client\r\n").server(SSHScript.offer(SSHScript.clientMethods)).play { SSH.self }
    #expect(text(played, "client") == "SSH-2.0-client")
    #expect(played.observations("ssh").first?["client_is_responder"]?.boolean == true)
  }

  @Test func aGroupThatTheServerChoseHasItsBits() throws {
    // RFC 4419: request (34), group (31), init (32), reply (33).
    let prime = SSHScript.string([0] + [UInt8](repeating: 0xff, count: 256))
    let offer = SSHScript.offer("diffie-hellman-group-exchange-sha256")
    let played = try Exchange.tcp.client(text: "SSH-2.0-a\r\n").client(offer)
      .server(text: "SSH-2.0-b\r\n").server(offer)
      .client(SSHScript.packet([34, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 32, 0]))
      .server(SSHScript.packet([31] + prime + SSHScript.string([2]))).client(SSHScript.packet([32] + prime))
      .server(SSHScript.packet([33] + SSHScript.string(SSHScript.hostKey) + prime + prime) + SSHScript.newKeys)
      .client(SSHScript.newKeys).play { SSH.self }
    #expect(played.observations("ssh").first?["group_bits"]?.integer == 2_048)
    #expect(text(played, "host_key_type") == "ssh-ed25519")
  }

  /// "The SSH (Secure Shell) Remote Login Protocol": length of type, data and CRC, padding up to eight, type, data, CRC.
  @Test func protocolOneIsRead() throws {
    func packet(_ content: [UInt8]) -> [UInt8] {
      let length = content.count + 4
      return [0, 0, UInt8(length >> 8), UInt8(length & 0xff)] + [UInt8](repeating: 0, count: 8 - length % 8) + content
        + [1, 2, 3, 4]
    }
    let cookie = [UInt8](repeating: 7, count: 8)
    let key: [UInt8] = [0, 6, 0x25, 0, 16, 0x80, 1]
    let offer = [2] + cookie + [0, 0, 3, 0] + key + [0, 0, 4, 0] + key + [0, 0, 0, 2, 0, 0, 0, 0x48, 0, 0, 0, 0x0c]
    let played = try Exchange.tcp.server(text: "SSH-1.99-OpenSSH_3.1p1\n").client(text: "SSH-1.5-1.2.27\n")
      .server(packet(offer)).client(packet([3, 6] + cookie + [0, 16, 1, 2, 0, 0, 0, 0])).play { SSH.self }
    let session = try #require(played.observations("ssh").first)
    #expect(session["version"]?.integer == 1)
    #expect(session["version1_server_key_bits"]?.integer == 768)
    #expect(session["version1_host_key_bits"]?.integer == 1_024)
    #expect(session["version1_ciphers"]?.array?.compactMap(\.string) == ["3des", "blowfish"])
    #expect(session["version1_authentications"]?.array?.compactMap(\.string) == ["rsa", "password"])
    #expect(session["version1_cipher"]?.string == "blowfish")
  }

  @Test func oneDirectionAloneSaysSo() throws {
    let played = try SSHScript.exchange.seenOnly(from: .server).play { SSH.self }
    #expect(text(played, "server") == "SSH-2.0-OpenSSH_9.2p1")
    #expect(text(played, "hassh_server") == "27ea451575a5c9b12f628e09e5322946")
    #expect(played.notAssessable.contains("SSH: one direction only, the other side's offer is not in view"))
  }

  @Test func whatTheSnapLengthCutsIsNotAssessable() throws {
    let played = try SSHScript.exchange.cut(at: 60).play { SSH.self }
    #expect(text(played, "client") == "SSH-2.0-OpenSSH_9.9 Debian-3")
    #expect(text(played, "hassh") == nil)
    #expect(played.notAssessable.contains("SSH: the evidence ends within the key exchange"))
  }

  @Test func anOfferThatContradictsItselfIsMalformed() throws {
    let lists = SSHScript.packet([20] + [UInt8](repeating: 1, count: 16) + [0, 0, 0xff, 0xff] + [0x61])
    let played = try Exchange.tcp.client(text: "SSH-2.0-a\r\n").client(lists).server(text: "SSH-2.0-b\r\n")
      .play { SSH.self }
    #expect(played.observations("ssh").first?["client_offer_malformed"]?.boolean == true)
  }

  @Test(arguments: [
    "SSH-", "SSH-x.0-a\r\n", "SSH-2.0\r\n", "SSH-\u{1}\u{2}\r\n", "GET / HTTP/1.1\r\n\r\n",
    "SSH-" + String(repeating: "2", count: 2_000),
  ])
  func whatLooksAlikeIsNot(text: String) throws {
    let played = try Exchange.tcp.client(text: text).server(text: "220 hello\r\n").play { SSH.self }
    #expect(played.protocols.isEmpty && played.observations("ssh").isEmpty)
  }

  @Test func aLineInADatagramIsRead() throws {
    let played = try Exchange.udp.client(text: "SSH-2.0-a\n").server(text: "SSH-2.0-b\r\n").play { SSH.self }
    #expect(text(played, "client") == "SSH-2.0-a" && text(played, "server") == "SSH-2.0-b")
  }

  @Test func whatTheWarrantWithholdsStaysInside() throws {
    let played = try SSHScript.exchange.play(categories: [.init(.protocolMetadata)]) { SSH.self }
    let session = try #require(played.observations("ssh").first)
    #expect(session["cipher"] != nil && session["client"] == nil && session["hassh"] == nil)
    #expect(session["host_key_sha256"] == nil)
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) { SSHScript.short.verify { SSH.self } }
  }
}
