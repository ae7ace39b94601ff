// IKE, ESP and AH as the plugin tells them: RFC 2408, RFC 7296, RFC 3948, RFC 4303, RFC 9329.

import Bytes
import IPsecPlugin
import PluginTestKit
import Testing

/// Messages as RFC 7296 section 3 and RFC 2408 section 3 lay them out.
enum IKEScript {
  static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static let initiator = Array("INITSPI1".utf8)
  static let responder = Array("RESPSPI2".utf8)
  static let none = [UInt8](repeating: 0, count: 8)

  /// A header and payloads (type and content).
  static func message(
    _ spis: [UInt8], _ version: UInt8, _ exchange: UInt8, flags: UInt8, id: Int = 0, _ payloads: [(UInt8, [UInt8])]
  ) -> [UInt8] {
    var body: [UInt8] = []
    for (index, payload) in payloads.enumerated() {
      let next = index + 1 < payloads.count ? payloads[index + 1].0 : 0
      body += [next, 0] + number(payload.1.count + 4, 2) + payload.1
    }
    return spis + [payloads.first?.0 ?? 0, version, exchange, flags] + number(id, 4) + number(body.count + 28, 4) + body
  }

  /// A transform of version 2, with a key's length where there is one.
  static func transform(_ type: UInt8, _ id: Int, key: Int? = nil, isLast: Bool = false) -> [UInt8] {
    let attribute = key.map { [0x80, 0x0e] + number($0, 2) } ?? []
    return [isLast ? 0 : 3, 0] + number(8 + attribute.count, 2) + [type, 0] + number(id, 2) + attribute
  }

  static func proposal(_ transforms: [[UInt8]], isLast: Bool = true) -> [UInt8] {
    let content = transforms.flatMap(\.self)
    return [isLast ? 0 : 2, 0] + number(8 + content.count, 2) + [1, 1, 0, UInt8(transforms.count)] + content
  }

  static let offered = proposal([
    transform(1, 20, key: 256), transform(1, 20, key: 128), transform(2, 5), transform(4, 31), transform(4, 14),
    transform(6, 36, isLast: true),
  ])
  static let chosen = proposal([transform(1, 20, key: 256), transform(2, 5), transform(4, 31, isLast: true)])
  static let share = number(31, 2) + [0, 0] + [UInt8](repeating: 0x33, count: 32)
  static let nonce = [UInt8](repeating: 0x44, count: 32)

  static func notify(_ type: Int, _ content: [UInt8] = []) -> (UInt8, [UInt8]) {
    (41, [0, 0] + number(type, 2) + content)
  }

  /// MD5 of "strongSwan".
  static let strongSwan: [UInt8] = [
    0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc, 0x22, 0x51, 0x61, 0x3b, 0x2e, 0xbe, 0x5b, 0xeb,
  ]

  static let initRequest = message(
    initiator + none, 0x20, 34, flags: 0x08,
    [(33, offered), (34, share), (40, nonce), notify(16_388), notify(16_430), (43, strongSwan)])
  static let initResponse = message(
    initiator + responder, 0x20, 34, flags: 0x20, [(33, chosen), (34, share), (40, nonce), notify(16_404)])
  static let sealed = [UInt8](repeating: 0x5a, count: 60)
  static let authRequest = message(initiator + responder, 0x20, 35, flags: 0x08, id: 1, [(46, sealed)])
  static let authResponse = message(initiator + responder, 0x20, 35, flags: 0x20, id: 1, [(46, sealed)])

  static let marker: [UInt8] = [0, 0, 0, 0]

  static func esp(_ spi: Int, _ sequence: Int) -> [UInt8] {
    number(spi, 4) + number(sequence, 4) + [UInt8](repeating: 0x6b, count: 32)
  }

  static let exchange = Exchange.udp.ports(client: 500, server: 500)
    .client(initRequest).server(initResponse).client(authRequest).server(authResponse)
}

@Suite struct IPsecTests {
  private func texts(_ played: Played, _ key: String) -> [String]? {
    played.observations("ike").first?[key]?.array?.compactMap(\.string)
  }
  private func text(_ played: Played, _ key: String) -> String? { played.observations("ike").first?[key]?.string }

  @Test func anExchangeOfVersion2IsConclusive() throws {
    let played = try IKEScript.exchange.play { IPsec.self }
    #expect(played.findings.map(\.rule) == ["ipsec.ike-exchange"])
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.findings.map(\.tool) == ["ike"] && played.findings.map(\.variant) == ["ikev2"])
    #expect(played.findings.first?.marks.map(\.frames) == [[1], [1], [2]])
    let ike = try #require(played.observations("ike").first)
    #expect(ike["version"]?.integer == 2)
    #expect(text(played, "exchange") == "IKE_SA_INIT" && text(played, "carried_by") == "udp")
    #expect(text(played, "initiator_spi") == "494e495453504931" && text(played, "responder_spi") == "5245535053504932")
    #expect(
      texts(played, "proposals_offered") == [
        "AES-GCM-16-256+AES-GCM-16-128/PRF-HMAC-SHA2-256/Curve25519+MODP-2048/additional-ML-KEM-768"
      ])
    #expect(texts(played, "proposal_chosen") == ["AES-GCM-16-256/PRF-HMAC-SHA2-256/Curve25519"])
    #expect(ike["post_quantum_offered"]?.boolean == true)
    #expect(text(played, "group") == "Curve25519")
    #expect(texts(played, "initiator_vendors") == ["strongSwan"])
    #expect(texts(played, "initiator_notifications") == ["NAT_DETECTION_SOURCE_IP", "IKEV2_FRAGMENTATION_SUPPORTED"])
    #expect(ike["initiator_takes_fragments"]?.boolean == true && ike["initiator_detects_nat"]?.boolean == true)
    #expect(texts(played, "responder_notifications") == ["MULTIPLE_AUTH_SUPPORTED"])
  }

  @Test func anotherSPIIsNoAnswer() throws {
    var other = IKEScript.initResponse
    other[0] ^= 1
    let played = try Exchange.udp.client(IKEScript.initRequest).server(other).play { IPsec.self }
    #expect(played.findings.map(\.rule) == ["ipsec.ike-message"])
    #expect(played.findings.map(\.certainty) == [.indicative])
  }

  @Test func onlyTheOtherSideAnswers() throws {
    let played = try Exchange.udp.client(IKEScript.initRequest).client(IKEScript.initResponse).play { IPsec.self }
    #expect(played.findings.map(\.certainty) == [.indicative])
  }

  /// RFC 7296 section 2.6: the first answer may only ask for a cookie, and has no SPI then.
  @Test func aCookieIsAnAnswerAndNoChoice() throws {
    let cookie = IKEScript.message(
      IKEScript.initiator + IKEScript.none, 0x20, 34, flags: 0x20, [IKEScript.notify(16_390, [1, 2, 3, 4])])
    let played = try Exchange.udp.client(IKEScript.initRequest).server(cookie).client(IKEScript.initRequest)
      .server(IKEScript.initResponse).play { IPsec.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
    #expect(played.observations("ike").count == 1)
    #expect(text(played, "responder_spi") == "5245535053504932")
  }

  @Test func aRefusalIsNamed() throws {
    let refusal = IKEScript.message(
      IKEScript.initiator + IKEScript.none, 0x20, 34, flags: 0x20, [IKEScript.notify(14)])
    let played = try Exchange.udp.client(IKEScript.initRequest).server(refusal).play { IPsec.self }
    #expect(text(played, "refused") == "NO_PROPOSAL_CHOSEN")
  }

  // MARK: - NAT, ESP

  @Test func behindTheMarkerIKEAndESPShareAFlow() throws {
    var exchange = Exchange.udp.ports(client: 40_500, server: 4_500)
      .client(IKEScript.marker + IKEScript.authRequest).server(IKEScript.marker + IKEScript.authResponse)
    for number in 1...4 {
      exchange = exchange.client(IKEScript.esp(0xc001_0203, number)).server(IKEScript.esp(0xc0de_0506, number))
    }
    let played = try exchange.client([0xff]).play { IPsec.self }
    #expect(Set(played.findings.map(\.rule)) == ["ipsec.ike-exchange", "ipsec.esp-pair"])
    #expect(played.findings.first { $0.tool == "esp" }?.certainty == .strong)
    #expect(text(played, "carried_by") == "udp-encapsulation" && text(played, "exchange") == "IKE_AUTH")
    let esp = try #require(played.observations("esp").first)
    #expect(esp["spis_from_initiator"]?.array?.compactMap(\.string) == ["c0010203"])
    #expect(esp["spis_from_responder"]?.array?.compactMap(\.string) == ["c0de0506"])
    #expect(esp["nat_keepalives"]?.integer == 1)
  }

  @Test func espInUDPAloneIsALeadOnly() throws {
    var exchange = Exchange.udp.ports(client: 40_500, server: 4_500)
    for number in 1...5 {
      exchange = exchange.client(IKEScript.esp(0xc001_0203, 900 + number)).server(IKEScript.esp(0xc0de_0506, number))
    }
    let played = try exchange.play { IPsec.self }
    #expect(played.findings.map(\.rule) == ["ipsec.esp-packets"])
    #expect(played.findings.map(\.certainty) == [.indicative])
    #expect(
      played.notAssessable.contains("IPsec: the key exchange is not in view, the tunnel began before the capture"))
  }

  @Test func theSameOnAnotherPortIsNothing() throws {
    var exchange = Exchange.udp.ports(client: 40_500, server: 9_999)
    for number in 1...5 { exchange = exchange.client(IKEScript.esp(0xc001_0203, number)) }
    #expect(try exchange.play { IPsec.self }.findings.isEmpty)
  }

  @Test func protocol50InBothDirectionsIsStrong() throws {
    var exchange = Exchange.ip(50)
    for number in 1...3 {
      exchange = exchange.client(IKEScript.esp(0xc001_0203, number)).server(IKEScript.esp(0xc0de_0506, number))
    }
    let played = try exchange.play { IPsec.self }
    #expect(played.findings.map(\.rule) == ["ipsec.esp-pair"] && played.findings.map(\.tool) == ["esp"])
    let one = try Exchange.ip(50).client(IKEScript.esp(0xc001_0203, 1)).play { IPsec.self }
    #expect(one.findings.map(\.certainty) == [.indicative])
  }

  /// RFC 4302 section 2: next header 50, four words (six less two), reserved, SPI, number, a check of twelve bytes.
  @Test func espUnderAHIsBoth() throws {
    let ah: [UInt8] = [50, 4, 0, 0, 0, 0, 4, 1, 0, 0, 0, 7] + [UInt8](repeating: 0x77, count: 12)
    let played = try Exchange.ip(51).client(ah + IKEScript.esp(0xc001_0203, 1)).play { IPsec.self }
    #expect(Set(played.findings.map(\.tool)) == ["esp", "ah"])
    #expect(played.observations("ah").first?["spis_from_initiator"]?.array?.compactMap(\.string) == ["00000401"])
    #expect(played.observations("esp").first?["spis_from_initiator"]?.array?.compactMap(\.string) == ["c0010203"])
  }

  @Test func manyPacketsAreToldOfOnce() throws {
    var exchange = Exchange.ip(50)
    for number in 1...60 {
      exchange = exchange.client(IKEScript.esp(0xc001_0203, number)).server(IKEScript.esp(0xc0de_0506, number))
    }
    let played = try exchange.play { IPsec.self }
    #expect(played.findings.map(\.certainty) == [.strong] && played.observations("esp").count == 1)
  }

  @Test func associationsSideBySideCountEachForItself() throws {
    var exchange = Exchange.ip(50)
    for number in 1...3 {
      for spi in [0xc001_0203, 0xc001_0204] {
        exchange = exchange.client(IKEScript.esp(spi, number)).server(IKEScript.esp(spi + 0x1000, 50 + number))
      }
    }
    #expect(try exchange.play { IPsec.self }.findings.map(\.certainty) == [.strong])
  }

  /// RFC 7383 section 2.5: number and total of the fragment, then ciphertext.
  @Test func fragmentsOfVersion2AreSaid() throws {
    func fragment(_ number: UInt8) -> [UInt8] {
      IKEScript.message(
        IKEScript.initiator + IKEScript.responder, 0x20, 35, flags: 0x08, id: 1,
        [(53, [0, number, 0, 3] + IKEScript.sealed)])
    }
    let played = try Exchange.udp.client(fragment(1)).client(fragment(2)).client(fragment(3))
      .server(IKEScript.authResponse).play { IPsec.self }
    #expect(played.findings.map(\.certainty) == [.conclusive])
    let ike = try #require(played.observations("ike").first)
    #expect(ike["fragmented"]?.boolean == true && ike["fragments"]?.integer == 3)
  }

  // MARK: - TCP

  static let tcp: Exchange = {
    func framed(_ content: [UInt8]) -> [UInt8] { IKEScript.number(content.count + 2, 2) + content }
    return Exchange.tcp.ports(client: 50_000, server: 4_500).client(text: "IKETCP")
      .client(framed(IKEScript.marker + IKEScript.authRequest)).server(
        framed(IKEScript.marker + IKEScript.authResponse)
      )
      .client(framed(IKEScript.esp(0xc001_0203, 1))).server(framed(IKEScript.esp(0xc0de_0506, 1)))
  }()

  @Test func overTCPTheSameIsRead() throws {
    let played = try Self.tcp.play { IPsec.self }
    #expect(Set(played.findings.map(\.rule)) == ["ipsec.ike-exchange", "ipsec.esp-packets"])
    #expect(text(played, "carried_by") == "tcp")
  }

  @Test func aStreamThatEndsInAFrameIsReadUpToIt() throws {
    let played = try Self.tcp.client("0040 c0010203").leftOpen.play { IPsec.self }
    #expect(Set(played.findings.map(\.rule)) == ["ipsec.ike-exchange", "ipsec.esp-packets"])
  }

  @Test func aStreamThatLosesItsFormKeepsWhatWasSeen() throws {
    let played = try Self.tcp.client("0000 c0010203").play { IPsec.self }
    #expect(Set(played.findings.map(\.rule)) == ["ipsec.ike-exchange", "ipsec.esp-packets"])
  }

  // MARK: - Version 1

  /// A phase 1 offer (RFC 2409 appendix A): AES-CBC with a key of 256, SHA, pre-shared key, group 2.
  private var version1SA: [UInt8] {
    let attributes: [UInt8] = [0x80, 1, 0, 7, 0x80, 14, 1, 0, 0x80, 2, 0, 2, 0x80, 3, 0, 1, 0x80, 4, 0, 2]
    let transform: [UInt8] = [0, 0] + IKEScript.number(8 + attributes.count, 2) + [1, 1, 0, 0] + attributes
    let proposal: [UInt8] = [0, 0] + IKEScript.number(8 + transform.count, 2) + [1, 1, 0, 1] + transform
    return [0, 0, 0, 1, 0, 0, 0, 1] + proposal
  }

  @Test func mainModeIsConclusiveWithItsVendors() throws {
    // RFC 3947, and Cisco's fragments with a word of flags.
    let natTraversal = try #require(Hex.bytes("4a131c81070358455c5728f20e95452f"))
    let fragments = try #require(Hex.bytes("4048b7d56ebce88525e7de7f00d6c2d380000000"))
    let first = IKEScript.message(
      IKEScript.initiator + IKEScript.none, 0x10, 2, flags: 0,
      [(1, version1SA), (13, natTraversal), (13, fragments), (13, [1, 2, 3])])
    let second = IKEScript.message(
      IKEScript.initiator + IKEScript.responder, 0x10, 2, flags: 0, [(1, version1SA)])
    let played = try Exchange.udp.ports(client: 500, server: 500).client(first).server(second).play { IPsec.self }
    #expect(played.findings.map(\.certainty) == [.conclusive] && played.findings.map(\.variant) == ["ikev1"])
    #expect(text(played, "exchange") == "main")
    #expect(texts(played, "proposals_offered") == ["AES-CBC-256/SHA1/pre-shared-key/MODP-1024"])
    #expect(texts(played, "proposal_chosen") == ["AES-CBC-256/SHA1/pre-shared-key/MODP-1024"])
    #expect(texts(played, "initiator_vendors") == ["RFC 3947", "FRAGMENTATION", "010203"])
    #expect(played.observations("ike").first?["initiator_takes_fragments"]?.boolean == true)
  }

  @Test func anIdentityIsNamedByItsTypeOnly() throws {
    let name = Array("someone@example.org".utf8)
    let first = IKEScript.message(
      IKEScript.initiator + IKEScript.none, 0x10, 4, flags: 0,
      [(1, version1SA), (4, IKEScript.nonce), (10, IKEScript.nonce), (5, [3, 17, 1, 244] + name)])
    let played = try Exchange.udp.client(first).play { IPsec.self }
    #expect(text(played, "exchange") == "aggressive" && text(played, "initiator_identity_type") == "user-FQDN")
    #expect(!"\(played.flows.map(\.record))".contains("someone"))
  }

  @Test func aMessageInPiecesIsPutTogether() throws {
    let whole = IKEScript.message(
      IKEScript.initiator + IKEScript.responder, 0x10, 2, flags: 0, [(6, [4] + Array("no certificate".utf8))])
    func piece(_ number: UInt8, _ isLast: Bool, _ bytes: ArraySlice<UInt8>) -> [UInt8] {
      IKEScript.message(
        IKEScript.initiator + IKEScript.responder, 0x10, 2, flags: 0,
        [(132, [0, 9, number, isLast ? 1 : 0] + Array(bytes))])
    }
    let played = try Exchange.udp.client(piece(2, true, whole[30...])).client(piece(1, false, whole[..<30]))
      .play { IPsec.self }
    #expect(played.observations("ike").first?["certificates"]?.array?.count == 1)
  }

  // MARK: - What is not IKE

  @Test func whatTheWarrantWithholdsStaysInside() throws {
    let played = try IKEScript.exchange.play(categories: [.init(.protocolMetadata)]) { IPsec.self }
    let ike = try #require(played.observations("ike").first)
    #expect(ike["version"] != nil && ike["initiator_vendors"] == nil)
  }

  @Test func noiseIsNothing() throws {
    // A linear congruential generator (Knuth's MMIX): datagrams whose eighteenth byte says version 2.
    var state: UInt64 = 7
    func next() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    for round in 0..<60 {
      var exchange = Exchange.udp.ports(client: 4_500, server: 4_500)
      for turn in 0..<6 {
        var bytes = (0..<(40 + 4 * round)).map { _ in next() }
        bytes[17] = 0x20
        bytes[18] = 34
        bytes[19] = 0x08
        if round % 2 == 1 { bytes[4...6] = [0, 0, 0] }
        exchange = turn % 2 == 0 ? exchange.client(bytes) : exchange.server(bytes)
      }
      let played = try exchange.play { IPsec.self }
      #expect(played.findings.isEmpty)
    }
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) { IKEScript.exchange.verify { IPsec.self } }
  }

  @Test func holdsOverTCP() async {
    await #expect(processExitsWith: .success) { IPsecTests.tcp.verify { IPsec.self } }
  }

  @Test func holdsForESP() async {
    await #expect(processExitsWith: .success) {
      Exchange.ip(50).client(IKEScript.esp(0xc001_0203, 1)).server(IKEScript.esp(0xc0de_0506, 1))
        .verify { IPsec.self }
    }
  }

  @Test func holdsForVersion1() async {
    await #expect(processExitsWith: .success) {
      let first = IKEScript.message(
        IKEScript.initiator + IKEScript.none, 0x10, 4, flags: 0,
        [
          (1, IPsecTests().version1SA), (13, IKEScript.strongSwan), (6, [4, 0x30, 0]),
          (11, [0, 0, 0, 1, 1, 0, 0x60, 2]),
        ])
      let second = IKEScript.message(
        IKEScript.initiator + IKEScript.responder, 0x10, 4, flags: 0, [(132, [0, 1, 1, 1] + first)])
      Exchange.udp.client(first).server(second).verify { IPsec.self }
    }
  }
}
