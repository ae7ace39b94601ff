// IPv4 and IPv6: lengths, options, extension headers, fragments, checksums.

import Bytes
import Packets
import Terms
import Testing

struct NetworkTests {
  @Test func `the header of RFC 1071's kind of sum is told from a damaged one`() {
    var frame = ethernet(0x0800, innerIPv4)
    #expect(decode(frame).packets.first?.badNetworkChecksum == false)
    frame[22] ^= 1  // time to live
    #expect(decode(frame).packets.first?.badNetworkChecksum == true)
    expectInner(decode(frame).packets.first)
    // Left to the network card.
    frame.replaceSubrange(24..<26, with: [0, 0])
    #expect(decode(frame).packets.first?.badNetworkChecksum == false)
  }

  @Test func `options are passed over and summed`() {
    let options = hex("9404 0000 0107 0401")
    let frame = ethernet(0x0800, ipv4(6, tcp([0x61, 0x62, 0x63]), options: options))
    let packet = decode(frame).packets.first
    expectInner(packet)
    #expect(packet?.ipPayloadOffset == 42)
    #expect(packet?.badNetworkChecksum == false)
    // Cut among the options: the addresses are known, the sum is not.
    let cut = decode(Array(frame.prefix(14 + 24)), original: frame.count).packets.first
    #expect(cut?.source == client)
    #expect(cut?.protocolNumber == 6)
    #expect(cut?.hasTransportHeader == false)
    #expect(cut?.badNetworkChecksum == false)
    #expect(cut?.ipPayloadLength == 23)
    #expect(cut?.ipPayloadCaptured == 0)
  }

  @Test func `lengths come from the header, not from what was captured`() {
    let whole = ethernet(0x0800, ipv4(6, tcp([UInt8](repeating: 1, count: 1000))))
    let packet = decode(Array(whole.prefix(96)), original: whole.count).packets.first
    #expect(packet?.ipLength == 1040)
    #expect(packet?.payloadLength == 1000)
    #expect(packet?.payloadCaptured == 42)
  }

  @Test func `a length of zero means what is there on the wire`() {
    let frame = ethernet(0x0800, ipv4(6, tcp([UInt8](repeating: 1, count: 500)), length: 0))
    #expect(decode(frame).packets.first?.payloadLength == 500)
    let cut = decode(Array(frame.prefix(100)), original: frame.count).packets.first
    #expect(cut?.payloadLength == 500)
    #expect(cut?.payloadCaptured == 46)
    let six = ethernet(0x86dd, ipv6(6, tcp([1, 2, 3]), length: 0))
    #expect(decode(six).packets.first?.payloadLength == 3)
  }

  @Test func `an IPv6 packet without a next header has no payload`() {
    let frame = ethernet(0x86dd, ipv6(59, [], length: 0)) + [UInt8](repeating: 0, count: 6)
    let packet = decode(frame).packets.first
    #expect(packet?.protocolNumber == 59)
    #expect(packet?.ipPayloadLength == 0)
  }

  @Test func `impossible lengths are malformed`() {
    #expect(decode(ethernet(0x0800, ipv4(6, tcp(), length: 19))).steps == [.malformed, .end])
    var frame = ethernet(0x0800, innerIPv4)
    frame[14] = 0x44
    #expect(decode(frame).steps == [.malformed, .end])
    frame[14] = 0x65
    #expect(decode(frame).steps == [.malformed, .end])
    #expect(decode(ethernet(0x0800, [0x45, 0, 0])).steps == [.malformed, .end])
    #expect(decode(ethernet(0x0800, [0x45, 0, 0]), original: 100).steps == [.truncated, .end])
    #expect(decode(ethernet(0x86dd, [0x60, 0, 0]), original: 100).steps == [.truncated, .end])
  }

  @Test func `extension headers lead to the transport`() {
    let hops = hex("3c00 0502 0000 0100")  // hop-by-hop with router alert, then destination options
    let options = hex("2b01 0104 00000000 0000000000000000")  // sixteen bytes, then routing
    let routing = hex("8c00 0000 00000000")  // then shim6
    let shim = hex("0600 8000 00000000")
    let frame = ethernet(0x86dd, ipv6(0, hops + options + routing + shim + tcp([0x61, 0x62, 0x63])))
    let packet = decode(frame).packets.first
    expectInner(packet)
    #expect(packet?.protocolNumber == 6)
    #expect(packet?.ipPayloadOffset == 94)
  }

  @Test func `mobility messages are a protocol of their own`() {
    let packet = decode(ethernet(0x86dd, ipv6(135, hex("3b00 0100 0000 0000")))).packets.first
    #expect(packet?.protocolNumber == 135)
    #expect(packet?.ipPayloadLength == 8)
    #expect(packet?.transport == .other)
  }

  @Test func `an endless chain of extension headers gives the packet without a transport`() {
    let chain = (0..<40).flatMap { _ in hex("3c00 0104 0000 0000") }
    let decoded = decode(ethernet(0x86dd, ipv6(60, chain + tcp())))
    #expect(decoded.packets.count == 1)
    #expect(decoded.packets.first?.protocolNumber == 60)
    #expect(decoded.packets.first?.hasTransportHeader == false)
  }

  @Test func `RFC 2675's jumbo payload option gives the length`() {
    let hops = hex("0600 c204 00010014")  // 65,556 bytes: this header, and a TCP segment of 65,528
    let frame = ethernet(0x86dd, ipv6(0, hops + tcp([1, 2, 3]), length: 0))
    let packet = decode(frame, original: 14 + 40 + 65556).packets.first
    #expect(packet?.ipLength == 65596)
    #expect(packet?.payloadLength == 65528)
    #expect(packet?.payloadCaptured == 3)
  }

  @Test func `fragments say so, and later ones have no transport header`() {
    let first = decode(ethernet(0x0800, ipv4(17, udp([UInt8](repeating: 1, count: 16)), fragment: 0x2000))).packets
      .first
    #expect(first?.isFragment == true)
    #expect(first?.moreFragments == true)
    #expect(first?.fragmentOffset == 0)
    #expect(first?.identification == 0x1234)
    #expect(first?.hasTransportHeader == true)
    #expect(first?.destinationPort == 53)
    let later = decode(ethernet(0x0800, ipv4(17, [UInt8](repeating: 1, count: 16), fragment: 3))).packets.first
    #expect(later?.isFragment == true)
    #expect(later?.moreFragments == false)
    #expect(later?.fragmentOffset == 24)
    #expect(later?.transport == .udp)
    #expect(later?.hasTransportHeader == false)
    #expect(later?.destinationPort == 0)
    #expect(later?.payloadLength == 16)
    #expect(decode(ethernet(0x0800, innerIPv4)).packets.first?.isFragment == false)
  }

  @Test func `IPv6 fragments stop at their header; an atomic one is whole`() {
    let later = decode(ethernet(0x86dd, ipv6(44, hex("1100 0569 89abcdef") + [1, 2, 3, 4]))).packets.first
    #expect(later?.isFragment == true)
    #expect(later?.moreFragments == true)
    #expect(later?.fragmentOffset == 0x568)
    #expect(later?.identification == 0x89ab_cdef)
    #expect(later?.ipPayloadLength == 4)
    let atomic = decode(ethernet(0x86dd, ipv6(44, hex("0600 0000 89abcdef") + tcp([0x61, 0x62, 0x63])))).packets.first
    #expect(atomic?.isFragment == false)
    expectInner(atomic)
  }

  @Test func `a reassembled datagram enters again at its layer`() {
    let datagram = udp(hex("0800000000002a00") + ethernet(0x0800, innerIPv4), to: 4789)
    let piece = decode(ethernet(0x8100, hex("0005 0800") + ipv4(17, Array(datagram.prefix(24)), fragment: 0x2000)))
    #expect(piece.packets.count == 1)
    #expect(piece.steps == [.end])
    #expect(piece.pending == [Carrier.none])
    guard let first = piece.packets.first else { return }
    let decoded = datagram.withRawSpan { bytes in
      var decoder = LayerDecoder()
      decoder.begin(reassembled: first, bytes: bytes)
      return drain(&decoder, bytes)
    }
    #expect(decoded.packets.count == 2)
    let outer = decoded.packets.first
    #expect(outer?.source == client)
    #expect(outer?.isFragment == false)
    #expect(outer?.destinationPort == 4789)
    #expect(outer?.payloadOffset == 8)
    #expect(outer?.payloadLength == Int32(datagram.count - 8))
    #expect(outer?.ipLength == Int32(datagram.count + 20))
    #expect(outer?.tags.vlan(0) == 5)
    expectInner(decoded.packets.last)
    #expect(decoded.packets.last?.carrier == .vxlan)
    #expect(decoded.packets.last?.depth == 1)
  }

  @Test func `a reassembled IPv6 datagram may begin with extension headers`() {
    let datagram = hex("0600 0104 0000 0000") + tcp([0x61, 0x62, 0x63])
    let piece = decode(ethernet(0x86dd, ipv6(44, hex("3c00 0001 00000001") + Array(datagram.prefix(16)))))
    guard let first = piece.packets.first else { return }
    #expect(first.protocolNumber == 60)
    let decoded = datagram.withRawSpan { bytes in
      var decoder = LayerDecoder()
      decoder.begin(reassembled: first, bytes: bytes)
      return drain(&decoder, bytes)
    }
    expectInner(decoded.packets.first)
    #expect(decoded.packets.first?.protocolNumber == 6)
    #expect(decoded.packets.first?.ipPayloadOffset == 8)
  }
}
