// What the plugin claims.

import Findings

enum IPsecRules {
  static let all = [exchange, association, message, esp, espPackets, ah, ahPackets]

  private static let uses: StaticString =
    "Every use of IPsec: a company's network, a provider's VPN, Wi-Fi calling, routers among themselves."
  private static let blind: StaticString =
    "Who the ends are beyond their addresses, and what is carried: encrypted, but for certificates of version 1."

  static let exchange = Rule(
    "ipsec.ike-exchange", .vpnProtocol, tool: "ike", highest: .conclusive,
    meaning: "Two ends exchanged messages of IKE, the key exchange of IPsec: one answered the other under its SPIs.",
    marks: [
      "a message of IKE of one side: version, exchange type, flags and length agree with the protocol",
      "an answer of the other side: the same exchange, message id and SPIs",
    ],
    lookAlikes: [uses],
    blindSpots: [blind, "Whether the two agreed in the end: the last messages are encrypted."],
    sources: ["RFC 7296 sections 2.1, 2.2, 3.1", "RFC 2408 section 3.1", "RFC 3948", "RFC 9329"], attack: "T1572")

  static let association = Rule(
    "ipsec.ike-association", .vpnProtocol, tool: "ike", highest: .strong,
    meaning: "Both sides sent messages of IKE under the same two SPIs; no request and its answer are both in view.",
    marks: ["messages of both sides with the same SPIs of eight bytes each"], lookAlikes: [uses], blindSpots: [blind],
    sources: ["RFC 7296 section 3.1", "RFC 2408 section 3.1"], attack: "T1572")

  static let message = Rule(
    "ipsec.ike-message", .vpnProtocol, tool: "ike", highest: .indicative,
    meaning: "A message has the form of IKE. No answer to it is in view.",
    marks: ["version, exchange type, flags, length and payloads agree with the protocol"],
    lookAlikes: ["Scanners that look for IKE servers: a first message is cheap to send.", uses], blindSpots: [blind],
    sources: ["RFC 7296 section 3", "RFC 2408 section 3"], attack: "T1572")

  static let esp = Rule(
    "ipsec.esp-pair", .vpnProtocol, tool: "esp", highest: .strong,
    meaning: "Both sides send packets of ESP, IPsec's encryption, each under an SPI of its own and numbered in order.",
    marks: [
      "an SPI of each side", "sequence numbers of each side that rise",
      "IP protocol 50, or UDP or TCP that carries IKE beside it",
    ],
    lookAlikes: [uses],
    blindSpots: [blind, "Whether anything is encrypted: ESP may leave it in clear (NULL encryption)."],
    sources: ["RFC 4303 section 2", "RFC 3948 section 2"], attack: "T1572")

  static let espPackets = Rule(
    "ipsec.esp-packets", .vpnProtocol, tool: "esp", highest: .indicative,
    meaning: "Packets have the form of ESP; one direction only, too few, or no key exchange beside them.",
    marks: ["IP protocol 50 and an SPI; or, in UDP to port 4500, an SPI and sequence numbers that rise"],
    lookAlikes: ["In UDP: protocols with a constant and a counter at the start of each datagram.", uses],
    blindSpots: [blind], sources: ["RFC 4303 section 2", "RFC 3948 section 2"], attack: "T1572")

  static let ah = Rule(
    "ipsec.ah-pair", .vpnProtocol, tool: "ah", highest: .strong,
    meaning: "Both sides send packets under AH, IPsec's authentication, numbered in order under SPIs of their own.",
    marks: ["IP protocol 51", "an SPI of each side", "sequence numbers of each side that rise"],
    lookAlikes: [uses, "AH encrypts nothing: it also protects routing protocols."],
    blindSpots: ["What is carried, unless it is ESP."], sources: ["RFC 4302 section 2"], attack: "T1572")

  static let ahPackets = Rule(
    "ipsec.ah-packets", .vpnProtocol, tool: "ah", highest: .indicative,
    meaning: "Packets have the form of AH; one direction only, or too few.", marks: ["IP protocol 51 and an SPI"],
    lookAlikes: [uses, "AH encrypts nothing: it also protects routing protocols."],
    blindSpots: ["What is carried, unless it is ESP."], sources: ["RFC 4302 section 2"], attack: "T1572")
}
