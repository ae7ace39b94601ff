// Tunnels: what is opened, what is not, and that nothing is read before it is asked for.

import Bytes
import Packets
import Terms
import Testing

struct TunnelTests {
  @Test(arguments: TunnelCase.all)
  func `each tunnel gives its outer and its inner packet`(tunnel: TunnelCase) {
    let decoded = decode(tunnel.frame)
    #expect(decoded.steps == [.end])
    #expect(decoded.packets.map(\.depth) == [0, 1])
    #expect(decoded.packets.map(\.carrier) == [.none, tunnel.carrier])
    #expect(decoded.pending == [tunnel.carrier, .none])
    expectInner(decoded.packets.last)
    #expect(decoded.packets.last?.hasTunnelID == (tunnel.id != nil))
    #expect(decoded.packets.last?.tunnelID == tunnel.id ?? 0)
    #expect(decoded.packets.first?.hasTunnelID == false)
  }

  @Test(arguments: TunnelCase.all)
  func `what is inside is left where the caller does not look`(tunnel: TunnelCase) {
    let frame = tunnel.frame
    frame.withRawSpan { bytes in
      var decoder = LayerDecoder()
      var packet = Packet(source: client, destination: client)
      decoder.begin(linkType: LinkType(1), fcsLength: 0, originalLength: frame.count, bytes: bytes)
      #expect(decoder.next(bytes, into: &packet) == .packet)
      #expect(!decoder.isAtEnd)
      decoder.skipInside()
      #expect(decoder.isAtEnd)
      #expect(decoder.pendingCarrier(bytes) == Carrier.none)
      #expect(decoder.next(bytes, into: &packet) == .end)
    }
  }

  @Test(arguments: TunnelCase.all.filter { $0.port != nil })
  func `a UDP tunnel needs its port`(tunnel: TunnelCase) {
    var other = tunnel
    other.port = 9999
    #expect(decode(other.frame).packets.count == 1)
    #expect(decode(other.frame).pending == [Carrier.none])
  }

  @Test(arguments: TunnelCase.all.filter { $0.port != nil })
  func `a UDP tunnel needs a valid packet inside`(tunnel: TunnelCase) {
    var damaged = tunnel.frame
    // The inner version number, then a length that the datagram does not hold.
    let inner = tunnel.isIPv6 ? innerIPv6 : innerIPv4
    let start = damaged.count - hex(tunnel.trailer).count - inner.count
    damaged[start] ^= 0x10
    #expect(decode(damaged).packets.count == 1)
    #expect(decode(damaged).steps == [.end])
    damaged[start] ^= 0x10
    #expect(decode(damaged).packets.count == 2)
    damaged[start + (tunnel.isIPv6 ? 4 : 2)] = 0x40
    #expect(decode(damaged).packets.count == 1)
    #expect(decode(damaged).pending == [Carrier.none])
  }

  @Test(arguments: TunnelCase.all.filter { $0.port != nil })
  func `a cut UDP tunnel is no tunnel`(tunnel: TunnelCase) {
    let frame = tunnel.frame
    let inner = (tunnel.isIPv6 ? innerIPv6 : innerIPv4).count + hex(tunnel.trailer).count
    let decoded = decode(Array(frame.prefix(frame.count - inner + 10)), original: frame.count)
    #expect(decoded.packets.count == 1)
    #expect(decoded.steps == [.end])
  }

  @Test func `either port may be the tunnel's`() {
    let datagram = udp(hex("30ff 002b 00000539") + innerIPv4, from: 2152, to: 40000)
    #expect(decode(ethernet(0x0800, ipv4(17, datagram))).packets.count == 2)
  }

  @Test func `a first fragment is not looked into`() {
    let decoded = decode(ethernet(0x0800, ipv4(4, innerIPv4, fragment: 0x2000)))
    #expect(decoded.packets.count == 1)
    #expect(decoded.steps == [.end])
  }

  @Test(arguments: ["0000 0000", "2000 2001 00000007", "3001 880b 0006 0040 00000001 ff03 c021 0100"])
  func `GRE is a tunnel whatever it carries`(payload: String) {
    let decoded = decode(ethernet(0x0800, ipv4(47, hex(payload))))
    #expect(decoded.packets.count == 1)
    #expect(decoded.pending == [.gre])
    #expect(decoded.steps == [.notIP, .end])
  }

  @Test func `PPTP's acknowledgment carries nothing`() {
    let decoded = decode(ethernet(0x0800, ipv4(47, hex("2081 880b 0000 0040 00000001"))))
    #expect(decoded.pending == [.gre])
    #expect(decoded.steps == [.end])
  }

  @Test func `a version of GRE that is not known is malformed`() {
    #expect(decode(ethernet(0x0800, ipv4(47, hex("0002 0800") + innerIPv4))).steps == [.malformed, .end])
  }

  @Test func `CAPWAP keep-alives, fragments and DTLS are not opened`() {
    for header in ["00 100308 0000 0000", "00 100380 0000 0000", "01 000000 0000 0000"] {
      let datagram = udp(hex(header + "0802" + LinkCase.wlan + LinkCase.snap) + innerIPv4, to: 5247)
      #expect(decode(ethernet(0x0800, ipv4(17, datagram))).packets.count == 1)
    }
  }

  @Test func `no more than eight packets are read inside one another`() {
    var packet = innerIPv4
    for _ in 0..<7 { packet = ipv4(4, packet) }
    let eight = decode(ethernet(0x0800, packet))
    #expect(eight.packets.count == 8)
    #expect(eight.steps == [.end])
    expectInner(eight.packets.last)
    let nine = decode(ethernet(0x0800, ipv4(4, packet)))
    #expect(nine.packets.count == 8)
    #expect(nine.steps == [.tooDeep, .end])
  }

  @Test func `an inner packet is no longer than what carries it`() {
    let packet = decode(ethernet(0x0800, ipv4(4, ipv4(6, tcp([1, 2, 3]), length: 2000)))).packets.last
    #expect(packet?.ipLength == 43)
    #expect(packet?.payloadLength == 3)
  }

  @Test func `tunnels in tunnels name each their carrier`() {
    let gre = ipv4(47, hex("2000 0800 00000007") + innerIPv4)
    let vxlan = udp(hex("08000000 00002a00 020000000004 020000000003 0800") + gre, to: 4789)
    let packets = decode(ethernet(0x0800, ipv4(17, vxlan))).packets
    #expect(packets.map(\.carrier) == [.none, .vxlan, .gre])
    #expect(packets.map(\.tunnelID) == [0, 42, 7])
    #expect(packets.map(\.hasLinkAddresses) == [true, true, false])
  }
}
