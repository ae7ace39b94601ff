// What the plugin claims.

import Findings

enum OpenVPNRules {
  static let all = [reset, encrypted, control, opening, data]

  private static let protocolPages: StaticString =
    "OpenVPN 2.6 developers' documentation: network protocol, control channel security"
  private static let description: StaticString = "The OpenVPN protocol, MirageVPN's description of OpenVPN 2.6"
  private static let study: StaticString = "Xue et al., OpenVPN is Open to VPN Fingerprinting, USENIX Security 2022"
  private static let blind: StaticString = "What the tunnel carries; with TLS 1.3, the certificates of both ends."
  private static let obfuscated: StaticString =
    "OpenVPN with a static key, which has no opcode; scrambled by a patch; inside TLS, SSH, obfs4 or WebSocket."

  static let reset = Rule(
    "openvpn.reset-exchange", .vpnProtocol, tool: "openvpn", highest: .conclusive,
    meaning: "An OpenVPN session was opened: the server's end acknowledged the client's reset by its session id.",
    marks: [
      "a client's reset: opcode 7, key id 0, message 0, no byte more than its fields",
      "a server's reset: opcode 8",
      "an acknowledgment of message 0 from the server's end that names the client's random session id of 64 bits",
      "the client's acknowledgment of the server's session id, where it is in view",
    ],
    lookAlikes: ["Other programs that speak the same protocol: OpenVPN 3, MikroTik, SoftEther's clone function."],
    blindSpots: [blind, obfuscated], sources: [protocolPages, description], attack: "T1572")

  static let encrypted = Rule(
    "openvpn.tls-crypt", .vpnProtocol, tool: "openvpn", highest: .conclusive,
    meaning:
      "An OpenVPN session with an encrypted control channel was opened: both ends' resets have its form and begin to count. Nothing is acknowledged in clear; it is conclusive only where both counts, times and session ids hold.",
    marks: [
      "a client's reset of 54 bytes, or one that ends with a wrapped key of the length it declares",
      "a server's reset", "both ends' replay ids count from 1",
      "each time field within a day of the packet's time", "one session id an end",
    ],
    lookAlikes: ["None is known that counts and tells the time likewise; below conclusive, an imitation is cheap."],
    blindSpots: [blind, obfuscated, "A wrong clock at either end keeps it below conclusive."],
    sources: [protocolPages, description], attack: "T1572")

  static let control = Rule(
    "openvpn.control", .vpnProtocol, tool: "openvpn", highest: .strong,
    meaning: "Control packets of OpenVPN: each end acknowledges the other's session id. The resets are not in view.",
    marks: ["session ids of 64 bits, each acknowledged by the other end at the place the protocol gives"],
    lookAlikes: ["Other programs that speak the same protocol."],
    blindSpots: [blind, obfuscated], sources: [protocolPages, description], attack: "T1572")

  static let opening = Rule(
    "openvpn.opening", .vpnProtocol, tool: "openvpn", highest: .indicative,
    meaning: "One end's packet has the form of an OpenVPN reset. Nothing in view confirms it.",
    marks: ["opcode, key id, message number and length of a reset"],
    lookAlikes: ["Scanners, and any other protocol whose first message happens to have this form."],
    blindSpots: [blind, obfuscated], sources: [protocolPages, description, study], attack: "T1572")

  static let data = Rule(
    "openvpn.data", .vpnProtocol, tool: "openvpn", highest: .indicative,
    meaning: "Packets have the form of OpenVPN's data channel in both directions. The handshake is not in view.",
    marks: ["opcode 9 with one peer id in both directions", "packet ids that rise in both directions"],
    lookAlikes: ["Any protocol with a constant head of four bytes and a counter after it."],
    withdrawnBy: ["wireguard"],
    blindSpots: [blind, obfuscated, "Data with CBC ciphers, which shows no packet id, and opcode 6."],
    sources: [protocolPages, description, study], attack: "T1572")
}
