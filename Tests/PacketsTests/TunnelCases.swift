// A frame of each tunnel with the same packet inside.

import Bytes
import Packets
import Testing

/// A tunnel's outer IP payload, and what is expected of it.
struct TunnelCase: Sendable, CustomTestStringConvertible {
  var name: String
  var carrier: Carrier
  var number: UInt8 = 47
  /// For UDP tunnels: the port.
  var port: Int?
  var header: String
  var isIPv6 = false
  var isOuterIPv6 = false
  var trailer = ""
  var id: UInt64?
  var testDescription: String { name }

  var payload: [UInt8] { hex(header) + (isIPv6 ? innerIPv6 : innerIPv4) + hex(trailer) }
  var frame: [UInt8] {
    let carried = port.map { udp(payload, to: $0) } ?? payload
    let number: UInt8 = port == nil ? number : 17
    return isOuterIPv6 ? ethernet(0x86dd, ipv6(number, carried)) : ethernet(0x0800, ipv4(number, carried))
  }

  private static let frameHeader = "020000000004 020000000003 0800"
  private static let wlan = "0802" + LinkCase.wlan + LinkCase.snap

  static let all = [
    TunnelCase(name: "IP in IP", carrier: .ipInIP, number: 4, header: ""),
    TunnelCase(name: "4 in 6", carrier: .ipInIP, number: 4, header: "", isOuterIPv6: true),
    TunnelCase(name: "6 in 4", carrier: .sixInFour, number: 41, header: "", isIPv6: true),
    TunnelCase(name: "6 in 6", carrier: .ipInIP, number: 41, header: "", isIPv6: true, isOuterIPv6: true),
    TunnelCase(name: "GRE", carrier: .gre, header: "0000 0800"),
    TunnelCase(name: "GRE with IPv6", carrier: .gre, header: "0000 86dd", isIPv6: true, isOuterIPv6: true),
    TunnelCase(
      name: "GRE with checksum, key, sequence", carrier: .gre, header: "b000 0800 00000000 00000007 00000001", id: 7),
    TunnelCase(
      name: "GRE with routing (RFC 1701)", carrier: .gre,
      header: "4000 0800 00000000 0800 0004 c0000201 0000 0000"),
    TunnelCase(name: "GRE with Ethernet", carrier: .gre, header: "2000 6558 00002a00" + frameHeader, id: 0x2a00),
    TunnelCase(name: "GRE with MPLS", carrier: .gre, header: "0000 8847 0001013f"),
    TunnelCase(name: "GRE with VLAN", carrier: .gre, header: "0000 8100 0005 0800"),
    TunnelCase(name: "GRE with PPP", carrier: .gre, header: "0000 880b ff03 0021"),
    TunnelCase(
      name: "PPTP", carrier: .gre, header: "3081 880b 002f 0040 00000001 00000002 ff03 0021", id: 0x40),
    TunnelCase(name: "PPTP, compressed", carrier: .gre, header: "3001 880b 002c 0040 00000001 21", id: 0x40),
    TunnelCase(name: "ERSPAN I", carrier: .erspan, header: "0000 88be" + frameHeader),
    TunnelCase(
      name: "ERSPAN II", carrier: .erspan, header: "1000 88be 00000001 1005 1803 00000000" + frameHeader, id: 3),
    TunnelCase(
      name: "ERSPAN III", carrier: .erspan,
      header: "1000 22eb 00000001 2005 0009 00000000 0000 0000" + frameHeader, id: 9),
    TunnelCase(
      name: "ERSPAN III with subheader, IP", carrier: .erspan,
      header: "1000 22eb 00000001 2005 0009 00000000 0000 0801 0000000000000000", id: 9),
    TunnelCase(name: "Teredo", carrier: .teredo, port: 3544, header: "", isIPv6: true),
    TunnelCase(
      name: "Teredo with origin", carrier: .teredo, port: 3544, header: "0000 63bf 3ffffdfe", isIPv6: true),
    TunnelCase(
      name: "Teredo with authentication and origin", carrier: .teredo, port: 3544,
      header: "0001 02 03 6162 010203 0102030405060708 00 0000 63bf 3ffffdfe", isIPv6: true),
    TunnelCase(
      name: "Teredo with trailer", carrier: .teredo, port: 3544, header: "", isIPv6: true, trailer: "01040000"),
    TunnelCase(name: "VXLAN", carrier: .vxlan, port: 4789, header: "08000000 00002a00" + frameHeader, id: 42),
    TunnelCase(
      name: "VXLAN with VLAN, other flags and reserved fields", carrier: .vxlan, port: 4789,
      header: "8c000010 00002aff 020000000004 020000000003 8100 0007 0800", isOuterIPv6: true, id: 42),
    TunnelCase(
      name: "Geneve with options", carrier: .geneve, port: 6081,
      header: "0200 6558 00002b00 0102 8001 00000000" + frameHeader, id: 43),
    TunnelCase(name: "Geneve with IP", carrier: .geneve, port: 6081, header: "0000 0800 00002b00", id: 43),
    TunnelCase(name: "GTP-U", carrier: .gtpu, port: 2152, header: "30ff 002b 00000539", id: 0x539),
    TunnelCase(
      name: "GTP-U with extension", carrier: .gtpu, port: 2152,
      header: "34ff 0033 00000539 0000 00 85 01 1001 00", id: 0x539),
    TunnelCase(name: "CAPWAP", carrier: .capwap, port: 5247, header: "00 100300 0000 0000" + wlan),
    TunnelCase(
      name: "CAPWAP, 802.11 words in network order", carrier: .capwap, port: 5247,
      header: "00 200320 0000 0000 04bf2300 00000000 1108 2c00 020000000001 020000000002 020000000003 7630"
        + LinkCase.snap),
    TunnelCase(name: "CAPWAP with 802.3", carrier: .capwap, port: 5247, header: "00 100200 0000 0000" + frameHeader),
    TunnelCase(name: "TZSP", carrier: .tzsp, port: 37008, header: "01 00 0001 0a 01 c0 00 01" + frameHeader),
    TunnelCase(name: "TZSP with 802.11", carrier: .tzsp, port: 37008, header: "01 00 0012 01" + wlan),
    TunnelCase(
      name: "AYIYA", carrier: .ayiya, port: 5072,
      header: "41 52 11 29 4d0a2b10" + String(repeating: "aa", count: 16) + String(repeating: "bb", count: 20),
      isIPv6: true),
  ]
}
