// TCP, UDP, SCTP, ICMP and ICMPv6 headers, and what is left where they are cut or contradict themselves.

import Bytes
import Packets
import Terms
import Testing

struct TransportTests {
  @Test func `a TCP header is read field by field`() {
    let header = hex("9c40 01bb 01020304 05060708 7012 faf0 0000 0000 020405b4 01010402") + [9, 9]
    let packet = decode(ethernet(0x0800, ipv4(6, header))).packets.first
    #expect(packet?.transport == .tcp)
    #expect(packet?.sourcePort == 40000)
    #expect(packet?.destinationPort == 443)
    #expect(packet?.tcpSequence == 0x0102_0304)
    #expect(packet?.tcpAcknowledgment == 0x0506_0708)
    #expect(packet?.tcpFlags == [.syn, .ack])
    #expect(packet?.tcpWindow == 0xfaf0)
    #expect(packet?.hasTransportHeader == true)
    #expect(packet?.payloadOffset == 62)
    #expect(packet?.payloadLength == 2)
  }

  @Test func `an impossible TCP header length leaves ports and no payload`() {
    for word in ["4010", "f010"] {
      let header = hex("9c40 01bb 01020304 05060708" + word + "faf0 0000 0000") + [9, 9]
      let packet = decode(ethernet(0x0800, ipv4(6, header))).packets.first
      #expect(packet?.destinationPort == 443)
      #expect(packet?.hasTransportHeader == false)
      #expect(packet?.payloadLength == 0)
    }
  }

  @Test func `a cut header leaves its ports`() {
    let frame = ethernet(0x0800, innerIPv4)
    let packet = decode(Array(frame.prefix(14 + 20 + 12)), original: frame.count).packets.first
    #expect(packet?.sourcePort == 40000)
    #expect(packet?.destinationPort == 443)
    #expect(packet?.hasTransportHeader == false)
    #expect(packet?.payloadCaptured == 0)
    #expect(decode(Array(frame.prefix(14 + 20 + 3)), original: frame.count).packets.first?.sourcePort == 0)
  }

  @Test(arguments: [(12, 4), (0, 6), (100, 6), (8, 0), (5, 0)])
  func `a UDP payload is what both lengths allow`(stated: Int, expected: Int32) {
    let datagram = hex("1000 0035") + big(stated) + [0, 0] + [1, 2, 3, 4, 5, 6]
    let packet = decode(ethernet(0x0800, ipv4(17, datagram))).packets.first
    #expect(packet?.transport == .udp)
    #expect(packet?.sourcePort == 0x1000)
    #expect(packet?.destinationPort == 53)
    #expect(packet?.payloadLength == expected)
    #expect(packet?.hasTransportHeader == (stated != 5))
  }

  @Test func `SCTP's chunks follow its common header`() {
    let packet = decode(ethernet(0x0800, ipv4(132, hex("0b59 0b5a 00000001 00000000 0a000004")))).packets.first
    #expect(packet?.transport == .sctp)
    #expect(packet?.sourcePort == 2905)
    #expect(packet?.destinationPort == 2906)
    #expect(packet?.hasTransportHeader == true)
    #expect(packet?.payloadLength == 4)
  }

  @Test func `ICMP and ICMPv6 have type and code, each with its own IP`() {
    let message = hex("0301 0000 00000000 4500")
    let four = decode(ethernet(0x0800, ipv4(1, message))).packets.first
    #expect(four?.transport == .icmp)
    #expect(four?.icmpType == 3)
    #expect(four?.icmpCode == 1)
    #expect(four?.payloadLength == 2)
    let six = decode(ethernet(0x86dd, ipv6(58, message))).packets.first
    #expect(six?.transport == .icmpv6)
    #expect(six?.icmpType == 3)
    #expect(decode(ethernet(0x0800, ipv4(58, message))).packets.first?.transport == .other)
  }

  @Test func `another protocol keeps its number and its payload`() {
    let packet = decode(ethernet(0x0800, ipv4(50, [1, 2, 3, 4, 5]))).packets.first
    #expect(packet?.transport == .other)
    #expect(packet?.protocolNumber == 50)
    #expect(packet?.payloadLength == 5)
    #expect(packet?.payloadOffset == 34)
  }

  @Test func `an authenticated packet belongs to protocol 51; only a packet inside is read on`() {
    let header = "040000 00000001 00000001 000000000000000000000000"
    let transport = decode(ethernet(0x0800, ipv4(51, hex("06" + header) + tcp())))
    #expect(transport.packets.map(\.protocolNumber) == [51])
    #expect(transport.packets.first?.sourcePort == 0)
    let tunnel = decode(ethernet(0x0800, ipv4(51, hex("04" + header) + innerIPv4)))
    #expect(tunnel.packets.map(\.protocolNumber) == [51, 6])
    expectInner(tunnel.packets.last)
  }
}
