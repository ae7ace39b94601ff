// DNS over TLS and HTTPS by their handshakes: hellos put together from RFC 8446 section 4.1.

import Bytes
import PluginTestKit
import PluginKit
import TLSPlugin
import Terms
import Testing
import Wire

@testable import EncryptedDNSPlugin

@Suite struct EncryptedDNSTests {
  static func u16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }
  static func framed(_ bytes: [UInt8]) -> [UInt8] { u16(bytes.count) + bytes }

  static func record(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    let message = [type, 0] + u16(body.count) + body
    return [0x16, 3, 1] + framed(message)
  }

  static func hello(name: String?, alpn: [String]) -> [UInt8] {
    var extensions: [UInt8] = []
    if let name { extensions += u16(0) + framed(framed([0] + framed(Array(name.utf8)))) }
    if !alpn.isEmpty {
      extensions += u16(16) + framed(framed(alpn.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }))
    }
    return record(
      1, [3, 3] + Array(repeating: 7, count: 32) + [0] + framed([0x13, 0x01]) + [1, 0] + framed(extensions))
  }

  static let answer = record(
    2, [3, 3] + Array(repeating: 9, count: 32) + [0, 0x13, 0x01, 0] + framed(u16(43) + framed([3, 4])))

  static func exchange(_ name: String?, _ alpn: [String], port: UInt16, isAnswered: Bool = true) -> Exchange {
    let asked = Exchange.tcp.ports(client: 40_000, server: port).client(hello(name: name, alpn: alpn))
    return isAnswered ? asked.server(answer) : asked
  }

  func found(_ exchange: Exchange) throws -> [String] {
    try exchange.play {
      TLS.self
      EncryptedDNS.self
    }.findings.map { "\($0.tool) \($0.certainty.name)" }
  }

  @Test func byALPN() throws {
    #expect(try found(Self.exchange("resolver.example", ["dot"], port: 8_530)) == ["dot strong"])
    #expect(try found(Self.exchange(nil, ["dot"], port: 853)) == ["dot strong"])
    #expect(try found(Self.exchange(nil, ["dot"], port: 853, isAnswered: false)) == ["dot indicative"])
  }

  @Test func byPort() throws {
    #expect(try found(Self.exchange("resolver.example", [], port: 853)) == ["dot indicative"])
    #expect(try found(Self.exchange("dns.google", [], port: 853)) == ["dot strong"])
    // Another protocol on the port is what it says.
    #expect(try found(Self.exchange("resolver.example", ["h2"], port: 853)) == [])
    #expect(try found(Self.exchange("resolver.example", [], port: 443)) == [])
  }

  @Test func byName() throws {
    #expect(try found(Self.exchange("Dns.Google", ["h2", "http/1.1"], port: 443)) == ["doh indicative"])
    #expect(try found(Self.exchange("dns.google.example", ["h2"], port: 443)) == [])
    #expect(try found(Self.exchange("dns.google", ["acme-tls/1"], port: 443)) == [])
  }

  @Test(
    arguments: [
      (["doq"], 8_530, true, ["doq strong"]), (["doq-i02"], 784, false, ["doq indicative"]),
      ([], 853, true, ["doq indicative"]), (["h3"], 443, true, ["doh indicative"]), (["h3"], 853, true, []),
    ] as [([String], UInt16, Bool, [String])])
  func inQUIC(_ alpn: [String], _ port: UInt16, _ isAnswered: Bool, _ expected: [String]) throws {
    let name = alpn == ["h3"] && port == 443 ? "dns.google" : "resolver.example"
    // A connection's hellos without their records, one a datagram, as a plugin of QUIC observes them.
    var exchange = Exchange.udp.ports(client: 40_000, server: port)
      .client(Array(Self.hello(name: name, alpn: alpn).dropFirst(5)))
    if isAnswered { exchange = exchange.server(Array(Self.answer.dropFirst(5))) }
    let played = try exchange.play {
      PlainQUIC.self
      EncryptedDNS.self
    }
    #expect(played.findings.map { "\($0.tool) \($0.certainty.name)" } == expected)
  }

  @Test func theNameIsWithheldWithoutItsCategory() throws {
    let played = try Self.exchange("dns.google", ["h2"], port: 443).play(categories: [.init(.protocolMetadata)]) {
      TLS.self
      EncryptedDNS.self
    }
    #expect(played.findings.first?.marks.first { $0.name == "tls.server_name" }?.value == nil)
  }

  @Test func theListIsOfNames() {
    #expect(DoHNames.all.allSatisfy { $0 == $0.lowercased() && $0.contains(".") && !$0.hasSuffix(".") })
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      EncryptedDNSTests.exchange("dns.google", ["dot"], port: 853).verify {
        TLS.self
        EncryptedDNS.self
      }
    }
  }
}

/// Observes a connection of which both hellos came in clear.
struct PlainQUIC: DatagramPlugin {
  struct Hellos: FlowMemory { var connection = QUICConnection() }

  static let manifest = Manifest(
    "plain-quic", title: "QUIC in clear", transports: [.udp], constants: [Constant("01"), Constant("02")])

  func inspect(
    _ datagram: Datagram, memory: inout Hellos, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    if datagram.side == .client {
      memory.connection.hello = try TLSClientHello(datagram.bytes.slice(4), carrier: .quic)
    } else {
      memory.connection.answer = try TLSServerHello(datagram.bytes.slice(4))
      recorder.observe(memory.connection)
    }
    return .needMore
  }

  func conclude(_ flow: FlowFacts, memory: Hellos, recorder: inout Recorder) {
    if memory.connection.answer == nil { recorder.observe(memory.connection) }
  }
}
