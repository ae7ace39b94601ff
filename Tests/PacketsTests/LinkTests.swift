// From a frame's link header to its IP packet.

import Bytes
import Packets
import Terms
import Testing

struct LinkTests {
  @Test(arguments: LinkCase.all)
  func `a frame of each link type gives its packet`(link: LinkCase) {
    let decoded = decode(link.frame, link: link.link)
    #expect(decoded.packets.count == 1)
    #expect(decoded.steps == [.end])
    expectInner(decoded.packets.first)
    #expect(decoded.packets.first?.carrier == Carrier.none)
  }

  @Test func `Ethernet gives both link addresses`() {
    let packet = decode(ethernet(0x0800, innerIPv4)).packets.first
    #expect(packet?.hasLinkAddresses == true)
    #expect(packet?.linkDestination == 0x0200_0000_0002)
    #expect(packet?.linkSource == 0x0200_0000_0001)
    #expect(packet?.networkOffset == 14)
    #expect(packet?.payloadOffset == 54)
  }

  @Test func `802.11 names its addresses by the distribution system's two flags`() {
    let addresses = "0000 02000000000a 02000000000b 02000000000c 1000"
    // IEEE 802.11-2020 table 9-30: destination and source for neither, to, from, both.
    let expected: [(UInt64, UInt64)] = [(0xa, 0xb), (0xc, 0xb), (0xa, 0xc), (0xc, 0xd)]
    for flags in 0..<4 {
      let four = flags == 3 ? "02000000000d" : ""
      let frame = hex("080\(flags)" + addresses + four + LinkCase.snap) + innerIPv4
      let packet = decode(frame, link: 105).packets.first
      #expect(packet?.linkDestination == 0x0200_0000_0000 | expected[flags].0)
      #expect(packet?.linkSource == 0x0200_0000_0000 | expected[flags].1)
    }
  }

  @Test func `tags are listed outermost first`() {
    let tags = "88a8 0064 8100 e0c8 8100 0001 8100 0002 8100 0003 8847 0001003f 0001113f"
    let packet = decode(hex("020000000002 020000000001" + tags) + innerIPv4).packets.first
    expectInner(packet)
    #expect(packet?.tags.vlanCount == 5)
    #expect((0..<5).map { packet?.tags.vlan($0) } == [100, 200, 1, 2, nil])
    #expect(packet?.tags.mplsCount == 2)
    #expect(packet?.tags.mpls == 17 << 20 | 16)
  }

  @Test func `every subframe of an A-MSDU gives its packet`() {
    func subframe(_ payload: [UInt8]) -> [UInt8] {
      hex("020000000002 020000000001") + big(payload.count + 8) + hex(LinkCase.snap) + payload
    }
    let first = subframe(innerIPv4)
    let padding = [UInt8](repeating: 0, count: (4 - first.count % 4) % 4)
    let arp = hex("020000000002 020000000001 000a aaaa03 000000 0806 0001")
    let header = hex("8801" + LinkCase.wlan + "8000")
    let frame = header + first + padding + arp + subframe(ipv4(17, udp([1, 2]))) + hex("deadbeef")
    let decoded = decode(frame, link: 105)
    #expect(decoded.packets.count == 2)
    #expect(decoded.steps == [.notIP, .end])
    expectInner(decoded.packets.first)
    #expect(decoded.packets.last?.transport == .udp)
    #expect(decoded.packets.map(\.depth) == [0, 0])
  }

  @Test func `encrypted 802.11 frames are said to be so`() {
    let frame = hex("0841" + LinkCase.wlan) + [UInt8](repeating: 7, count: 60)
    #expect(decode(frame, link: 105).steps == [.protected, .end])
    #expect(decode(hex("0000 0800 00000000") + frame, link: 127).steps == [.protected, .end])
  }

  @Test(arguments: [
    "8000" + LinkCase.wlan,  // a beacon
    "c801" + LinkCase.wlan + "0000",  // QoS without data
    "0801 0000 020000000001 020000000002 020000000003 1100" + LinkCase.snap,  // a fragment but the first
  ])
  func `802.11 frames without the beginning of a packet are no IP`(frame: String) {
    #expect(decode(hex(frame), link: 105).steps == [.notIP, .end])
  }

  @Test(arguments: [
    ("0806", "0001080006040001"),  // ARP
    ("88cc", "0207"),  // LLDP
    ("8863", "1109000000000000"),  // PPPoE discovery
    ("8864", "110000010006 c021 0100"),  // PPP's own negotiation
    ("0026", "424203"),  // spanning tree
    ("0010", "aaaa03 00000c 2000"),  // Cisco's discovery
  ])
  func `what is no IP is said to be so`(type: String, payload: String) {
    #expect(decode(hex("020000000002 020000000001" + type + payload)).steps == [.notIP, .end])
  }

  @Test(arguments: [2, 15, 147, 220, 1000, 65535] as [UInt16])
  func `a link type that is not read is said to be so`(number: UInt16) {
    #expect(decode(ethernet(0x0800, innerIPv4), link: number).steps == [.unreadLinkType, .end])
  }

  @Test func `DLT_USER2 is PKTAP only where it looks like it`() {
    #expect(decode(ethernet(0x0800, innerIPv4), link: 149).steps == [.unreadLinkType, .end])
  }

  @Test func `padding and frame check sequence are no payload`() {
    let frame = ethernet(0x0800, ipv4(6, tcp())) + [UInt8](repeating: 0, count: 10)
    let packet = decode(frame, fcs: 4).packets.first
    #expect(packet?.payloadLength == 0)
    #expect(packet?.ipLength == 40)
  }

  @Test func `a length of zero means up to the frame check sequence`() {
    let frame = ethernet(0x0800, ipv4(6, tcp([1, 2, 3]), length: 0)) + hex("deadbeef")
    #expect(decode(frame, fcs: 4).packets.first?.payloadLength == 3)
    #expect(decode(frame).packets.first?.payloadLength == 7)
  }

  @Test func `an 802.3 length bounds what is inside`() {
    let frame = hex("020000000002 020000000001 0033" + LinkCase.snap) + ipv4(6, tcp([1, 2, 3]), length: 1000)
    let packet = decode(frame).packets.first
    #expect(packet?.payloadLength == 3)
  }
}
