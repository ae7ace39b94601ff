// Handshakes through the whole analysis, alone and behind STARTTLS: what is observed in any cut, and that no damage traps.

import OpenVPNPlugin
import PluginTestKit
import StartTLSPlugin
import TLSPlugin
import Testing
import WireGuardPlugin

@testable import PluginKit

@Suite struct TLSVerifyTests {
  /// A ClientHello for `mail.example` with versions, groups and ALPN; the ServerHello of TLS 1.3 and what follows it.
  private static let hello =
    "16 0301 0072 01 00006e 0303 \(String(repeating: "a7", count: 32)) 00 0006 1301 1302 c02f 01 00 003f"
    + "0000 0011 000f 00 000c 6d61696c2e6578616d706c65 000a 0006 0004 001d 0017 000d 0006 0004 0403 0804"
    + "0010 000b 0009 08 687474702f312e31 002b 0003 02 0304"
  private static let answer =
    "16 0303 0032 02 00002e 0303 \(String(repeating: "b9", count: 32)) 00 1301 00 0006 002b 0002 0304"
    + "14 0303 0001 01 17 0303 0010 \(String(repeating: "c5", count: 16))"

  private static let handshake = Exchange.tcp.client(hello).server(answer)

  private static let mail = Exchange.tcp
    .server(text: "220 mail.example ESMTP\r\n")
    .client(text: "EHLO a.example\r\n")
    .server(text: "250-mail.example\r\n250 STARTTLS\r\n")
    .client(text: "STARTTLS\r\n")
    .server(text: "220 Go ahead\r\n")
    .client(hello)
    .server(answer)

  @Test func theNameIsReadOnAnyPort() throws {
    let played = try Self.handshake.play { TLS.self }
    #expect(played.observations("tls").first?["server_name"]?.string == "mail.example")
  }

  @Test func behindSTARTTLSItIsReadTheSameWay() throws {
    let played = try Self.mail.play {
      StartTLS.self
      TLS.self
    }
    #expect(played.observations("tls").first?["server_name"]?.string == "mail.example")
    #expect(played.observations("tls").first?["way"]?.array?.compactMap(\.string) == ["starttls"])
  }

  @Test func whoIsAskedFirstChangesNothing() throws {
    let sorted = PluginCatalog {
      OpenVPN.self
      StartTLS.self
      TLS.self
      WireGuard.self
    }
    let reversed = PluginCatalog(entries: sorted.entries.reversed())
    #expect(try Self.mail.play(reversed).flows.map(\.record) == Self.mail.play(sorted).flows.map(\.record))
  }

  @Test func holds() async {
    await #expect(processExitsWith: .success) {
      TLSVerifyTests.handshake.verify { TLS.self }
    }
  }

  @Test func holdsBehindSTARTTLS() async {
    await #expect(processExitsWith: .success) {
      TLSVerifyTests.mail.verify {
        StartTLS.self
        TLS.self
      }
    }
  }
}
