// What the plugin claims.

import Findings

enum WireGuardRules {
  static let all = [handshake, session, message, data]

  private static let paper: StaticString =
    "WireGuard: Next Generation Kernel Network Tunnel, sections 5.4.2 to 5.4.7, 6.1"
  private static let blind: StaticString =
    "What the tunnel carries, and who the peers are: both public keys are encrypted or absent."
  private static let altered: StaticString =
    "Builds that change the message headers (AmneziaWG, Cloudflare WARP), WireGuard inside TCP, TLS or QUIC."

  static let handshake = Rule(
    "wireguard.handshake", .vpnProtocol, tool: "wireguard", highest: .conclusive,
    meaning: "A WireGuard handshake was made: an initiation was answered by a response that names its session index.",
    marks: [
      "an initiation: type 1, reserved bytes zero, 148 bytes",
      "a response from the other side: type 2, reserved bytes zero, 92 bytes, its receiver index the initiation's sender",
      "data with the indices agreed upon, where it follows in view",
    ],
    lookAlikes: ["Other programs that speak the same protocol: Tailscale, NetBird, Mullvad, NordLynx and the like."],
    blindSpots: [blind, altered], sources: [paper], attack: "T1572")

  static let session = Rule(
    "wireguard.session", .vpnProtocol, tool: "wireguard", highest: .strong,
    meaning:
      "A WireGuard session, or that of a near relative: data is sent to an index that a handshake message chose.",
    marks: [
      "an initiation or a response, its answer lost or of another length than the protocol fixes",
      "data messages whose receiver index is the one that this message chose",
    ],
    lookAlikes: ["Protocols made from WireGuard with longer handshakes (TunnelBear's adds 56 and 8 bytes)."],
    blindSpots: [blind, altered], sources: [paper], attack: "T1572")

  static let message = Rule(
    "wireguard.message", .vpnProtocol, tool: "wireguard", highest: .indicative,
    meaning: "A single message has the form of a WireGuard handshake or cookie reply. Nothing in view confirms it.",
    marks: ["type, reserved bytes and exact length of an initiation, a response or a cookie reply"],
    lookAlikes: [
      "Other protocols whose messages begin with a small little-endian number and happen to have the length.",
      "Scanners: an initiation is cheap to send, and a server is silent unless it knows the key.",
    ],
    blindSpots: [blind, altered], sources: [paper], attack: "T1572")

  static let data = Rule(
    "wireguard.data", .vpnProtocol, tool: "wireguard", highest: .indicative,
    meaning: "Messages have the form of WireGuard data, with counters that rise. The handshake is not in view.",
    marks: [
      "type 4 and reserved bytes zero", "one receiver index a direction",
      "a counter that rises from message to message",
    ],
    lookAlikes: ["Games, DNS and other protocols with small little-endian integers at the start of each datagram."],
    blindSpots: [blind, altered], sources: [paper], attack: "T1572")
}
