// DNS as its specifications lay it out: queries, answers, EDNS, services, and what has its form and is none.

import Bytes
import JSON
import PluginTestKit
import Terms
import Testing

@testable import DNSPlugin

/// Messages, put together.
enum Message {
  static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  static func u16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }
  static func u32(_ value: Int) -> [UInt8] { u16(value >> 16) + u16(value) }

  static func header(_ identifier: Int, _ flags: Int, _ counts: Int...) -> [UInt8] {
    u16(identifier) + u16(flags) + counts.flatMap { u16($0) }
  }

  static func query(_ identifier: Int, _ text: String, type: Int = 1) -> [UInt8] {
    header(identifier, 0x0100, 1, 0, 0, 0) + name(text) + u16(type) + u16(1)
  }

  /// A record of the question's name, which stands at offset 12.
  static func record(_ type: Int, ttl: Int, _ data: [UInt8]) -> [UInt8] {
    [0xc0, 0x0c] + u16(type) + u16(1) + u32(ttl) + u16(data.count) + data
  }

  static func answer(
    _ identifier: Int, _ text: String, type: Int = 1, flags: Int = 0x8180, _ records: [[UInt8]],
    additional: [[UInt8]] = []
  ) -> [UInt8] {
    header(identifier, flags, 1, records.count, 0, additional.count) + name(text) + u16(type) + u16(1)
      + (records + additional).flatMap { $0 }
  }
}

@Suite struct DNSTests {
  static let asked = Exchange.udp.ports(client: 40_000, server: 53)
    .client(Message.query(0x1234, "WWW.Example.com"))
    .server(
      Message.answer(
        0x1234, "www.example.com",
        [
          Message.record(5, ttl: 60, [0xc0, 0x10]), Message.record(1, ttl: 300, [192, 0, 2, 1]),
          Message.record(1, ttl: 300, [192, 0, 2, 2]),
        ],
        // EDNS: 1,232 bytes, DNSSEC OK, a cookie (RFC 6891 section 6.1, RFC 7873 section 4).
        additional: [[0, 0, 41] + Message.u16(1_232) + [0, 0, 0x80, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]]))

  @Test func aQueryAndItsAnswerAreOneObject() throws {
    let played = try Self.asked.play { DNS.self }
    let said = played.observations("dns")
    try #require(said.count == 1)
    #expect(said[0]["name"]?.string == "example.com")
    #expect(said[0]["name_full"]?.string == "www.example.com")
    #expect(said[0]["type"]?.string == "A")
    #expect(said[0]["code"]?.string == "NOERROR")
    #expect(said[0]["answers"]?.integer == 3)
    #expect(said[0]["additionals"]?.integer == 1)
    #expect(said[0]["addresses"]?.array?.compactMap(\.string) == ["192.0.2.1", "192.0.2.2"])
    #expect(said[0]["edns"]?["udp_size"]?.integer == 1_232)
    #expect(said[0]["edns"]?["dnssec_ok"]?.boolean == true)
    #expect(said[0]["edns"]?["options"]?.array?.compactMap(\.string) == ["COOKIE"])
    #expect(said[0]["unanswered"] == nil && said[0]["unasked"] == nil && said[0]["malformed"] == nil)
    #expect(played.flows.map(\.protocols) == [["dns"]])
    #expect(played.findings.isEmpty)
  }

  @Test func categoriesDecideHowMuchOfANameGoesOut() throws {
    let cut = try Self.asked.play(categories: [.init(.dnsName), .init(.protocolMetadata)]) { DNS.self }
    let said = try #require(cut.observations("dns").first)
    #expect(said["name"]?.string == "example.com")
    #expect(said["name_full"] == nil && said["addresses"] == nil)
    let none = try Self.asked.play(categories: [.init(.protocolMetadata)]) { DNS.self }
    #expect(none.observations("dns").first?["name"] == nil)
    #expect(none.observations("dns").first?["type"]?.string == "A")
  }

  @Test func twoQueriesOfOneSocketAreKeptApart() throws {
    let played = try Exchange.udp.ports(client: 40_000, server: 53)
      .client(Message.query(1, "a.example")).client(Message.query(2, "a.example", type: 28))
      .client(Message.query(1, "a.example"))
      .server(Message.answer(2, "a.example", type: 28, [Message.record(28, ttl: 1, Array(repeating: 1, count: 16))]))
      .server(Message.answer(1, "a.example", [Message.record(1, ttl: 1, [1, 2, 3, 4])]))
      .client(Message.query(3, "b.example"))
      .play { DNS.self }
    let said = played.observations("dns")
    #expect(said.map { $0["type"]?.string } == ["AAAA", "A", "A"])
    #expect(said.map { $0["name"]?.string } == ["a.example", "a.example", "b.example"])
    #expect(said.map { $0["unanswered"]?.boolean } == [nil, nil, true])
  }

  @Test func anAnswerAloneIsUnasked() throws {
    let played = try Self.asked.seenOnly(from: .server).play { DNS.self }
    #expect(played.observations("dns").map { $0["unasked"]?.boolean } == [true])
  }

  @Test func codesAndOtherOperationsAreNamed() throws {
    let refused = try Exchange.udp.ports(client: 40_000, server: 53).client(Message.query(1, "x.example"))
      .server(Message.answer(1, "x.example", flags: 0x8183, [])).play { DNS.self }
    #expect(refused.observations("dns").first?["code"]?.string == "NXDOMAIN")
    // NOTIFY (RFC 1996 section 3.5) on another port.
    let notify = try Exchange.udp.client(
      Message.header(7, 0x2400, 1, 0, 0, 0) + Message.name("example.org") + Message.u16(6) + Message.u16(1)
    ).play { DNS.self }
    #expect(notify.observations("dns").first?["opcode"]?.string == "NOTIFY")
  }

  @Test func overTCPMessagesComeBehindTheirLength() throws {
    func framed(_ message: [UInt8]) -> [UInt8] { Message.u16(message.count) + message }
    let played = try Exchange.tcp.ports(client: 40_000, server: 53)
      .client(framed(Message.query(1, "a.example")) + framed(Message.query(2, "b.example", type: 65)))
      .server(framed(Message.answer(1, "a.example", [Message.record(1, ttl: 1, [1, 2, 3, 4])])))
      .server(framed(Message.answer(2, "b.example", type: 65, [])))
      .play { DNS.self }
    #expect(played.observations("dns").map { $0["type"]?.string } == ["A", "HTTPS"])
  }

  @Test func servicesAreRead() throws {
    // Priority 1, the owner itself, ALPN h2 and h3, port 8443, a hint, ECH keys of four bytes (RFC 9848 section 3).
    let data =
      Message.u16(1) + [0] + Message.u16(1) + Message.u16(6) + [2, 0x68, 0x32, 2, 0x68, 0x33] + Message.u16(3)
      + Message.u16(2) + Message.u16(8_443) + Message.u16(4) + Message.u16(4) + [192, 0, 2, 9] + Message.u16(5)
      + Message.u16(4) + [0, 2, 0xfe, 0x0d]
    let played = try Exchange.udp.ports(client: 40_000, server: 53).client(Message.query(1, "a.example", type: 65))
      .server(Message.answer(1, "a.example", type: 65, [Message.record(65, ttl: 60, data)])).play { DNS.self }
    let service = try #require(played.observations("dns").first?["services"]?.array?.first)
    #expect(service["alpn"]?.array?.compactMap(\.string) == ["h2", "h3"])
    #expect(service["port"]?.integer == 8_443)
    #expect(service["ech"]?.boolean == true)
    #expect(service["address_hints"]?.array?.compactMap(\.string) == ["192.0.2.9"])
  }

  @Test func multicastIsNoted() throws {
    // An announcement: no question, one PTR record (RFC 6762 section 8.3).
    let announcement =
      Message.header(0, 0x8400, 0, 1, 0, 0) + Message.name("_ipp._tcp.local") + Message.u16(12) + Message.u16(0x8001)
      + Message.u32(120) + Message.u16(2) + [0xc0, 0x0c]
    let mdns = try Exchange.udp.addresses(client: "192.168.1.9", server: "224.0.0.251").ports(
      client: 5353, server: 5353
    )
    .client(announcement).play { DNS.self }
    let said = try #require(mdns.observations("dns").first)
    #expect(said["variant"]?.string == "mdns")
    #expect(said["name"]?.string == "_tcp.local")
    #expect(said["questions"]?.integer == 0)
    let llmnr = try Exchange.udp.addresses(client: "192.168.1.9", server: "224.0.0.252").ports(
      client: 50_000, server: 5355
    )
    .client(Message.header(9, 0, 1, 0, 0, 0) + Message.name("wpad") + Message.u16(1) + Message.u16(1)).play { DNS.self }
    #expect(llmnr.observations("dns").first?["variant"]?.string == "llmnr")
    #expect(llmnr.observations("dns").first?["name"]?.string == "wpad")
  }

  @Test func whatHasTheFormAndIsNone() throws {
    // A NetBIOS name query (RFC 1002 section 4.2.12), and a message with bytes behind its end on another port.
    let netBIOS =
      Message.header(7, 0x0110, 1, 0, 0, 0) + [32] + Array("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".utf8) + [0, 0, 33, 0, 1]
    #expect(
      try Exchange.udp.ports(client: 137, server: 137).client(netBIOS).play { DNS.self }.observations("dns").isEmpty)
    let longer = Message.query(1, "a.example") + [0]
    #expect(try Exchange.udp.client(longer).play { DNS.self }.observations("dns").isEmpty)
    #expect(
      try Exchange.udp.ports(client: 1, server: 53).client(longer).play { DNS.self }.observations("dns").count == 1)
  }

  @Test func noiseBehindAHeaderIsNone() throws {
    // What the constants ask for, and behind it 40 bytes of any kind, each in a flow of its own.
    var state: UInt64 = 7
    func byte() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    let flows = (0..<2_000).map { number -> (Int, Exchange) in
      let header = Message.header(number, number % 2 == 0 ? 0x0100 : 0x8180, 1, number % 2, 0, 0)
      return (
        number,
        Exchange.udp.ports(client: UInt16(1_024 + number), server: 40_000).client(header + (0..<40).map { _ in byte() })
      )
    }
    #expect(try Capture(of: flows).play { DNS.self }.observations("dns").isEmpty)
  }

  @Test func loopsOfPointersAreHarmless() throws {
    for pointer: [UInt8] in [[0xc0, 0x0c], [0xc0, 0x0e], [0xc0, 0x00], [0xff, 0xff], [1, 0x61, 0xc0, 0x0c]] {
      let looped = Message.header(1, 0x0100, 1, 0, 0, 0) + pointer + Message.u16(1) + Message.u16(1)
      let played = try Exchange.udp.ports(client: 40_000, server: 53).client(looped).play { DNS.self }
      #expect(played.observations("dns").isEmpty)
    }
  }

  @Test func manyTransactionsAreCounted() throws {
    var exchange = Exchange.udp.ports(client: 40_000, server: 53)
    for number in 0..<200 {
      exchange = exchange.client(Message.query(number, "a\(number).example"))
        .server(Message.answer(number, "a\(number).example", []))
    }
    let said = try exchange.play { DNS.self }.observations("dns")
    #expect(said.count == 16)
    #expect(said.last?["further_messages"]?.integer == 368)
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) { DNSTests.asked.verify { DNS.self } }
  }

  @Test func holdsOverTCP() async {
    await #expect(processExitsWith: .success) {
      let query = Message.query(1, "www.example.com")
      let answer = Message.answer(1, "www.example.com", [Message.record(1, ttl: 1, [1, 2, 3, 4])])
      Exchange.tcp.ports(client: 40_000, server: 53).client(Message.u16(query.count) + query)
        .server(Message.u16(answer.count) + answer).verify { DNS.self }
    }
  }
}
