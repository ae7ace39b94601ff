// What programs say of themselves in vendor payloads: RFC 2408 section 3.16, RFC 7296 section 3.12. Most are the MD5
// of a text; those here were computed from it (`printf %s TEXT | md5sum`), or stand in the source that is named.

import Bytes

/// A vendor id that is known.
struct IKEVendor: Sendable {
  /// What it says beyond a name.
  enum Meaning: Sendable { case software, natTraversal, fragments }

  let name: String
  let bytes: [UInt8]
  /// More bytes may follow: a version, flags.
  let mayGoOn: Bool
  let means: Meaning
  /// Where it is written.
  let source: String

  private init(_ hex: String, _ name: String, goesOn: Bool = false, _ means: Meaning = .software, source: String) {
    self.name = name
    bytes = Hex.bytes(hex) ?? []
    mayGoOn = goesOn
    self.means = means
    self.source = source
  }

  /// The vendor whose id these bytes are; the longest where several are their start.
  static func known(_ bytes: [UInt8]) -> IKEVendor? {
    all.filter { $0.mayGoOn ? bytes.starts(with: $0.bytes) : bytes == $0.bytes }
      .max { $0.bytes.count < $1.bytes.count }
  }

  /// Bytes that are shown of an id that is not known.
  private static let longestShown = 32

  static func text(ofUnknown bytes: [UInt8]) -> String { Hex.text(bytes.prefix(longestShown)) }

  private static let md5 = "MD5 of the name"
  private static let microsoft = "MD5 of the name ([MS-IKEE] section 1.7)"
  private static let pluto = "strongSwan (pluto), table of known vendors"
  private static let libreswan = "Libreswan, table of known vendors"
  private static let text = "text"

  static let all: [IKEVendor] = [
    IKEVendor("4a131c81070358455c5728f20e95452f", "RFC 3947", .natTraversal, source: "RFC 3947 section 3.1"),
    IKEVendor("4485152d18b6bbcd0be8a8469579ddcc", "draft-ietf-ipsec-nat-t-ike-00", .natTraversal, source: md5),
    IKEVendor("16f6ca16e4a4066d83821a0f0aeaa862", "draft-ietf-ipsec-nat-t-ike-01", .natTraversal, source: md5),
    IKEVendor("cd60464335df21f87cfdb2fc68b6a448", "draft-ietf-ipsec-nat-t-ike-02", .natTraversal, source: md5),
    IKEVendor("7d9419a65310ca6f2c179d9215529d56", "draft-ietf-ipsec-nat-t-ike-03", .natTraversal, source: md5),
    IKEVendor("9909b64eed937c6573de52ace952fa6b", "draft-ietf-ipsec-nat-t-ike-04", .natTraversal, source: md5),
    IKEVendor("80d0bb3def54565ee84645d4c85ce3ee", "draft-ietf-ipsec-nat-t-ike-05", .natTraversal, source: md5),
    IKEVendor("4d1e0e136deafa34c4f3ea9f02ec7285", "draft-ietf-ipsec-nat-t-ike-06", .natTraversal, source: md5),
    IKEVendor("439b59f8ba676c4c7737ae22eab8f582", "draft-ietf-ipsec-nat-t-ike-07", .natTraversal, source: md5),
    IKEVendor("8f8d83826d246b6fc7a8a6a428c11de8", "draft-ietf-ipsec-nat-t-ike-08", .natTraversal, source: md5),
    IKEVendor(
      "90cb80913ebb696e086381b5ec427b1f", "draft-ietf-ipsec-nat-t-ike-02 (with line end)", .natTraversal,
      source: "MD5 of the name and a line feed, as the draft prints it"),
    IKEVendor(
      "27bab5dc01ea0760ea4e3190ac27c0d0", "draft-stenberg-ipsec-nat-traversal-01", .natTraversal, source: md5),
    IKEVendor(
      "6105c422e76847e43f9684801292aecd", "draft-stenberg-ipsec-nat-traversal-02", .natTraversal, source: md5),
    IKEVendor("50760f624c63e5c53eea386c685ca083", "ESPThruNAT", .natTraversal, source: md5),
    IKEVendor(
      "6a7434c19d7e36348090a02334c9c805", "draft-huttunen-ipsec-esp-in-udp-00.txt", .natTraversal, source: md5),
    IKEVendor(
      "4048b7d56ebce88525e7de7f00d6c2d3", "FRAGMENTATION", goesOn: true, .fragments,
      source: "MD5 of the name, a word of flags may follow ([MS-IKEE] section 1.7)"),
    IKEVendor("afcad71368a1f1c96b8696fc77570100", "RFC 3706 (dead peer detection)", source: "RFC 3706 section 5.1"),
    IKEVendor("09002689dfd6b712", "XAUTH", source: "draft-beaulieu-ike-xauth-02 section 2"),
    IKEVendor(
      "12f5f28c457168a9702d9fe274cc", "CISCO-UNITY", goesOn: true,
      source: "first 14 bytes of the MD5 of the name, then a version"),
    IKEVendor("7003cbc1097dbe9c2600ba6983bc8b35", "KAME/racoon", source: md5),
    IKEVendor("882fe56d6fd20dbc2251613b2ebe5beb", "strongSwan", source: md5),
    IKEVendor("05ceccd8e985fe0669eac282f803292a", "strongSwan 4.2.11", source: md5),
    IKEVendor(
      "1e2b516905991c7d7c96fcbfb587e461", "MS NT5 ISAKMPOAKLEY", goesOn: true,
      source: "MD5 of the name, then a version ([MS-IKEE] section 1.7)"),
    IKEVendor("fb1de3cdf341b7ea16b7e5be0855f120", "MS-Negotiation Discovery Capable", source: microsoft),
    IKEVendor("26244d38eddb61b3172a36e3d0cfb819", "Vid-Initial-Contact", source: microsoft),
    IKEVendor("e3a5966a76379fe707228231e5ce8652", "IKE CGA version 1", source: microsoft),
    IKEVendor("214ca4faffa7f32d6748e5303395ae83", "MS-MamieExists", source: microsoft),
    IKEVendor("621b04bb09882ac1e15935fefa24aeee", "GSSAPI", source: microsoft),
    IKEVendor("ad2c0dd0b9c32083ccba25b8861ec455", "A GSS-API Authentication Method for IKE", source: md5),
    IKEVendor("054182a07c7ae206f9d2cf9d2432c482", "SSH Sentinel", source: md5),
    IKEVendor("b91623e693ca18a54c6a2778552305e8", "SSH Sentinel 1.1", source: md5),
    IKEVendor("5430888de01a31a6fa8f60224e449958", "SSH Sentinel 1.2", source: md5),
    IKEVendor("7ee5cb85f71ce259c94a5c731ee4e752", "SSH Sentinel 1.3", source: md5),
    IKEVendor("63d9a1a7009491b5a0a6fdeb2a8284f0", "SSH Sentinel 1.4", source: md5),
    IKEVendor("eb4b0d96276b4e220ad16221a7b2a5e6", "SSH Sentinel 1.4.1", source: md5),
    IKEVendor(
      "fbf47614984031fa8e3bb6198089b223", "Ssh Communications Security IPSEC Express version 1.1.0", source: md5),
    IKEVendor(
      "1952dc91ac20f646fb01cf42a33aee30", "Ssh Communications Security IPSEC Express version 1.1.1", source: md5),
    IKEVendor(
      "e8bffa643e5c8f2cd10fda7370b6ebe5", "Ssh Communications Security IPSEC Express version 1.1.2", source: md5),
    IKEVendor(
      "c1111b2dee8cbc3d620573ec57aab9cb", "Ssh Communications Security IPSEC Express version 1.2.1", source: md5),
    IKEVendor(
      "09ec27bfbc09c75823cfecbffe565a2e", "Ssh Communications Security IPSEC Express version 1.2.2", source: md5),
    IKEVendor(
      "7f21a596e4e318f0b2f4944c2384cb84", "SSH Communications Security IPSEC Express version 2.0.0", source: md5),
    IKEVendor(
      "2836d1fd2807bc9e5ae30786320451ec", "SSH Communications Security IPSEC Express version 2.1.0", source: md5),
    IKEVendor(
      "a68de756a9c5229bae66498040951ad5", "SSH Communications Security IPSEC Express version 2.1.1", source: md5),
    IKEVendor(
      "3f2372867e237c1cd8250a75559cae20", "SSH Communications Security IPSEC Express version 2.1.2", source: md5),
    IKEVendor(
      "0e58d5774df602007d0b02443660f7eb", "SSH Communications Security IPSEC Express version 3.0.0", source: md5),
    IKEVendor(
      "f5ce31ebc210f44350cf71265b57380f", "SSH Communications Security IPSEC Express version 3.0.1", source: md5),
    IKEVendor(
      "f64260af2e2742daddd56987068a99a0", "SSH Communications Security IPSEC Express version 4.0.0", source: md5),
    IKEVendor(
      "7a54d3bdb3b1e6d923892064be2d981c", "SSH Communications Security IPSEC Express version 4.0.1", source: md5),
    IKEVendor(
      "9aa1f3b43472a45d5f506aeb260cf214", "SSH Communications Security IPSEC Express version 4.1.0", source: md5),
    IKEVendor(
      "6880c7d026099114e486c55430e7abee", "SSH Communications Security IPSEC Express version 4.2.0", source: md5),
    IKEVendor("b4f01ca951e9da8d0bafbbd34ad3044e", "Fortinet Endpoint Control", source: md5),
    IKEVendor("c1dc4350476b98a429b91781914ca43e", "Forticlient EAP Extension", source: md5),
    IKEVendor(
      "4c53427b6d465d1b337bb755a37a7fef", "FortiClient connect license",
      source: "seen; open tools that imitate the client"),
    IKEVendor(
      "1f07f70eaa6514d3b0fa96542a50", "Cisco VPN 3000", goesOn: true,
      source: "strongSwan (pluto), table of known vendors; version follows"),
    IKEVendor("f4ed19e0c114eb516faaac0ee37daf2807b4381f", "Check Point", goesOn: true, source: libreswan),
    IKEVendor("4df37928e9fc4fd1b3262170d515c662", "Mac OS X", goesOn: true, source: pluto),
    IKEVendor("c6f57ac398f493208145b758", "NCP server", goesOn: true, source: pluto),
    IKEVendor("eb4c1b788afd4a9cb7730a68", "NCP client", goesOn: true, source: pluto),
    IKEVendor("08db45e6cb01f80bb576e9a78c0f54e1300b8881", "ELVIS-PLUS Zastava", goesOn: true, source: libreswan),
    IKEVendor(
      "4865617274426561745f4e6f74696679", "HeartBeat_Notify (NetScreen)", goesOn: true,
      source: "text, then a version; strongSwan (pluto)"),
    IKEVendor("4f70656e5047503130313731", "OpenPGP", source: "text; strongSwan (pluto)"),
    IKEVendor(
      "4f452d4c696272657377616e2d", "Libreswan", goesOn: true,
      source: "text, then a version; Libreswan, table of known vendors"),
    IKEVendor("4f454e", "Libreswan 3.0 to 3.5", goesOn: true, source: "text; Libreswan, table of known vendors"),
    IKEVendor("4f5357", "Openswan", goesOn: true, source: "text; Libreswan, table of known vendors"),
    IKEVendor(
      "4f45", "FreeS/WAN or Openswan", goesOn: true,
      source: "text, then ten characters of a digest; Libreswan, table of known vendors"),
    IKEVendor("4f70656e494b4544", "OpenIKED", goesOn: true, source: "text; Libreswan, table of known vendors"),
    IKEVendor("54494d4553544550", "TIMESTEP", goesOn: true, source: "text; strongSwan (pluto)"),
    IKEVendor("434953434f2d44454c4554452d524541534f4e", "CISCO-DELETE-REASON", source: text),
    IKEVendor("434953434f56504e2d5245562d3032", "CISCOVPN-REV-02", source: text),
    IKEVendor("434953434f2d44594e414d49432d524f555445", "CISCO-DYNAMIC-ROUTE", source: text),
    IKEVendor("464c455856504e2d535550504f52544544", "FLEXVPN-SUPPORTED", source: text),
    IKEVendor("434953434f28434f5059524947485429", "Cisco", goesOn: true, source: "text, then a copyright notice"),
  ]
}
