// A frame of each link type: its header before the same IP packet.

import Bytes
import Testing

/// A link type, and the header of a frame of it that holds IPv4 or IPv6.
struct LinkCase: Sendable, CustomTestStringConvertible {
  var name: String
  var link: UInt16
  var header: String
  var isIPv6 = false
  var trailer = ""
  var testDescription: String { name }
  var frame: [UInt8] { hex(header) + (isIPv6 ? innerIPv6 : innerIPv4) + hex(trailer) }

  static let snap = "aaaa03 000000 0800"
  static let wlan = "0000 020000000001 020000000002 020000000003 1000"
  static let all = [
    LinkCase(name: "Ethernet", link: 1, header: "020000000002 020000000001 0800"),
    LinkCase(name: "Ethernet, IPv6", link: 1, header: "020000000002 020000000001 86dd", isIPv6: true),
    LinkCase(name: "Ethernet padding", link: 1, header: "020000000002 020000000001 0800", trailer: "000000000000"),
    LinkCase(name: "802.3, LLC and SNAP", link: 1, header: "020000000002 020000000001 0033" + snap),
    LinkCase(name: "802.3, LLC with IP's own access point", link: 1, header: "020000000002 020000000001 002e 060603"),
    LinkCase(name: "VLAN", link: 1, header: "020000000002 020000000001 8100 6064 0800"),
    LinkCase(name: "QinQ", link: 1, header: "020000000002 020000000001 88a8 0064 8100 00c8 86dd", isIPv6: true),
    LinkCase(name: "old QinQ", link: 1, header: "020000000002 020000000001 9100 0064 8100 00c8 0800"),
    LinkCase(name: "E-tag", link: 1, header: "020000000002 020000000001 893f e001 1002 0000 0800"),
    LinkCase(
      name: "E-tag and VLAN", link: 1, header: "020000000002 020000000001 893f 0001 0002 0304 8100 0005 86dd",
      isIPv6: true),
    LinkCase(name: "MPLS", link: 1, header: "020000000002 020000000001 8847 0001003f 0001113f"),
    LinkCase(name: "MPLS, IPv6", link: 1, header: "020000000002 020000000001 8847 0001013f", isIPv6: true),
    LinkCase(
      name: "MPLS pseudowire with control word", link: 1,
      header: "020000000002 020000000001 8847 0001013f 00000000 020000000004 020000000003 0800"),
    LinkCase(
      name: "MPLS pseudowire without", link: 1,
      header: "020000000002 020000000001 8847 0001013f 020000000004 020000000003 0800"),
    LinkCase(name: "PPPoE in Ethernet", link: 1, header: "020000000002 020000000001 8864 11000001002d 0021"),
    LinkCase(name: "SLL", link: 113, header: "0000 0001 0006 0200000000010000 0800"),
    LinkCase(name: "SLL with VLAN", link: 113, header: "0000 0001 0006 0200000000010000 8100 0005 0800"),
    LinkCase(name: "SLL2", link: 276, header: "86dd 0000 00000002 0001 00 06 0200000000010000", isIPv6: true),
    LinkCase(name: "raw", link: 101, header: ""),
    LinkCase(name: "raw, old number", link: 12, header: "", isIPv6: true),
    LinkCase(name: "raw, another old number", link: 14, header: ""),
    LinkCase(name: "raw IPv4", link: 228, header: ""),
    LinkCase(name: "raw IPv6", link: 229, header: "", isIPv6: true),
    LinkCase(name: "null, little-endian", link: 0, header: "02000000"),
    LinkCase(name: "null, big-endian", link: 0, header: "00000002"),
    LinkCase(name: "null, IPv6 of FreeBSD", link: 0, header: "1c000000", isIPv6: true),
    LinkCase(name: "null, IPv6 of Darwin", link: 0, header: "0000001e", isIPv6: true),
    LinkCase(name: "loop", link: 108, header: "00000018", isIPv6: true),
    LinkCase(name: "PPP", link: 9, header: "ff03 0021"),
    LinkCase(name: "PPP, compressed", link: 9, header: "21"),
    LinkCase(name: "PPP in HDLC", link: 50, header: "ff03 0057", isIPv6: true),
    LinkCase(name: "Cisco's framing on a PPP link type", link: 50, header: "0f00 0800"),
    LinkCase(name: "PPPoE", link: 51, header: "11000001002d 0021"),
    LinkCase(name: "Cisco HDLC", link: 104, header: "0f000800"),
    LinkCase(name: "Cisco HDLC, broadcast", link: 104, header: "8f0086dd", isIPv6: true),
    LinkCase(name: "frame relay", link: 107, header: "1841 03 cc"),
    LinkCase(
      name: "frame relay, four address bytes, SNAP", link: 107, header: "18404081 03 00 80 000000 86dd", isIPv6: true),
    LinkCase(name: "frame relay, Cisco", link: 107, header: "1841 0800"),
    LinkCase(name: "NFLOG", link: 239, header: "02 00 0001 0800 0100 08000203 0600 0a00 6100 0000 2f00 0900"),
    LinkCase(name: "NFLOG, big-endian", link: 239, header: "02 00 0001 0008 0001 08000203 002f 0009"),
    LinkCase(
      name: "IP over InfiniBand", link: 242,
      header: "0000000a fe800000000000000000000000000002 8000000b fe800000000000000000000000000001 0800 0000"),
    LinkCase(
      name: "IP over InfiniBand, IPv6", link: 242,
      header: "0000000a fe800000000000000000000000000002 8000000b fe800000000000000000000000000001 86dd 0000",
      isIPv6: true),
    LinkCase(name: "PPI", link: 192, header: "00 00 0c00 01000000 02000000 020000000002 020000000001 0800"),
    LinkCase(
      name: "PKTAP", link: 258,
      header: "6c000000 01000000 0c000000" + String(repeating: "00", count: 96), isIPv6: true),
    LinkCase(
      name: "PKTAP as DLT_USER2", link: 149,
      header: "6c000000 01000000 00000000" + String(repeating: "00", count: 96)
        + "02000000"),
    LinkCase(name: "802.11", link: 105, header: "0801" + wlan + snap),
    LinkCase(name: "802.11, QoS", link: 105, header: "8802" + wlan + "0000" + snap),
    LinkCase(name: "802.11, QoS and HT control", link: 105, header: "8882" + wlan + "0000 00000000" + snap),
    LinkCase(name: "802.11, four addresses", link: 105, header: "8803" + wlan + "020000000004 0000" + snap),
    LinkCase(name: "radiotap", link: 127, header: "0000 0800 00000000 0802" + wlan + snap),
    LinkCase(
      name: "radiotap, timer, padded header", link: 127,
      header: "0000 1900 03000080 00000000 00000000 0000000000000000 20 8801" + wlan + "0000 0000" + snap),
    LinkCase(name: "Prism", link: 119, header: "44000000 10000000 0000000000000000 0801" + wlan + snap),
    LinkCase(
      name: "AVS under Prism's number", link: 119, header: "80211001 00000010 0000000000000000 0801" + wlan + snap),
    LinkCase(name: "AVS", link: 163, header: "80211002 00000010 0000000000000000 0801" + wlan + snap),
  ]
}
