// What the plugin claims.

import Findings

enum EncryptedDNSRules {
  static let all = [tls, quic, https]

  private static let blind: StaticString = "What was asked and answered."
  private static let defaults: StaticString =
    "Nothing: but systems and browsers ask by it without their user's doing (Android's private DNS, Firefox, Chrome)."

  static let tls = Rule(
    "encrypted-dns.tls", .encryptedDNS, tool: "dot", highest: .strong,
    meaning:
      "A handshake for DNS over TLS. Strong where it says so by ALPN, or by port and a resolver's name, and was answered.",
    marks: [
      "ALPN dot", "port 853 without another ALPN", "a name of the dated list of resolvers", "the server's hello",
    ],
    lookAlikes: [defaults, "By the port alone, any other TLS that was put there."],
    blindSpots: [blind, "DNS over TLS on another port without ALPN."],
    sources: ["RFC 7858", "IANA, ALPN protocol ids"],
    attack: "T1071.004")

  static let quic = Rule(
    "encrypted-dns.quic", .encryptedDNS, tool: "doq", highest: .strong,
    meaning:
      "A handshake for DNS over QUIC. Strong where it says so by ALPN, or by port and a resolver's name, and was answered.",
    marks: [
      "ALPN doq", "port 853, 784 or 8853 without another ALPN", "a name of the dated list of resolvers",
      "the server's hello",
    ],
    lookAlikes: [defaults, "By the port alone, any other QUIC that was put there."],
    blindSpots: [blind, "DNS over HTTP/3, which is HTTPS by its handshake."],
    sources: ["RFC 9250", "IANA, ALPN protocol ids"],
    attack: "T1071.004")

  static let https = Rule(
    "encrypted-dns.https", .encryptedDNS, tool: "doh", highest: .indicative,
    meaning: "A client asked for a server whose name is that of a public resolver for DNS over HTTPS.",
    marks: ["a name of the dated list of resolvers"],
    lookAlikes: [defaults, "Pages and interfaces that some resolvers serve under the same name."],
    blindSpots: [
      blind, "Resolvers that are not on the list, or whose name is not sent or encrypted; use inside another site.",
    ],
    sources: ["RFC 8484", "The list's sources stand in DoHNames.swift"], attack: "T1071.004")
}
