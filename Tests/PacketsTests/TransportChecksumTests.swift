// Which transport checksums are said not to hold.

import Bytes
import Packets
import Testing

@Suite struct TransportChecksumTests {
  /// Whether each packet of a frame has a checksum that does not hold.
  private func bad(_ frame: [UInt8], captured: Int? = nil) -> [Bool] {
    let held = Array(frame.prefix(captured ?? frame.count))
    let packets = decode(held, original: frame.count).packets
    return held.withRawSpan { span in packets.map { $0.hasBadTransportChecksum(span) } }
  }

  private func sum(_ bytes: [UInt8]) -> Int {
    Int((bytes + (bytes.count % 2 == 0 ? [] : [0])).withRawSpan { $0.onesComplementSum(0, $0.byteCount) ?? 0 })
  }

  /// The pseudo header of RFC 9293 section 3.1, of RFC 8200 section 8.1.
  private func pseudo(_ number: UInt8, _ length: Int, v6: Bool) -> [UInt8] {
    v6
      ? client6.bytes + server6.bytes + [0, 0] + big(length) + [0, 0, 0, number]
      : client.bytes + server.bytes + [0, number] + big(length)
  }

  /// `segment` with its checksum filled in at `place`.
  private func filled(_ segment: [UInt8], _ number: UInt8, at place: Int, v6: Bool = false) -> [UInt8] {
    var segment = segment
    segment.replaceSubrange(place..<(place + 2), with: [0, 0])
    let before = number == 1 ? [] : pseudo(number, segment.count, v6: v6)
    segment.replaceSubrange(place..<(place + 2), with: big(~sum(before + segment)))
    return segment
  }

  private let payload = (0..<101).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  private let echo: [UInt8] = [8, 0, 0, 0, 0, 1, 0, 1]

  @Test("a checksum worked out by hand holds: UDP from 192.0.2.1 to 198.51.100.7")
  func byHand() {
    // c000 + 0201 + c633 + 6407 + 0011 + 000a, then 9c40 + 0035 + 000a + 6869: f140 with the carries; its complement.
    let datagram = hex("9c40 0035 000a 0ebf 6869")
    #expect(bad(ethernet(0x0800, ipv4(17, datagram))) == [false])
    #expect(bad(ethernet(0x0800, ipv4(17, datagram.dropLast() + [0x68]))) == [true])
  }

  @Test("each transport's checksum holds, and no longer with a bit flipped", arguments: [false, true])
  func each(v6: Bool) {
    let segments: [(UInt8, [UInt8])] = [
      (6, filled(tcp(payload), 6, at: 16, v6: v6)), (17, filled(udp(payload), 17, at: 6, v6: v6)),
      (v6 ? 58 : 1, filled((v6 ? [128] : [8]) + echo.dropFirst() + payload, v6 ? 58 : 1, at: 2, v6: v6)),
    ]
    for (number, segment) in segments {
      for flipped in [nil, 1, segment.count - 1] {
        var segment = segment
        if let flipped { segment[flipped] ^= 0x10 }
        let frame = v6 ? ethernet(0x86dd, ipv6(number, segment)) : ethernet(0x0800, ipv4(number, segment))
        #expect(bad(frame) == [flipped != nil])
      }
    }
  }

  @Test("UDP's zero says that there is none")
  func none() {
    #expect(bad(ethernet(0x0800, ipv4(17, udp(payload)))) == [false])
    #expect(bad(ethernet(0x86dd, ipv6(17, udp(payload)))) == [false])
  }

  @Test("a checksum left to the network card counts for nothing: zero, or the pseudo header's sum")
  func offload() {
    #expect(bad(ethernet(0x0800, ipv4(6, tcp(payload)))) == [false])
    var segment = tcp(payload)
    segment.replaceSubrange(16..<18, with: big(sum(pseudo(6, segment.count, v6: false))))
    #expect(bad(ethernet(0x0800, ipv4(6, segment))) == [false])
    segment.replaceSubrange(16..<18, with: big(sum(pseudo(6, 0, v6: false))))
    #expect(bad(ethernet(0x0800, ipv4(6, segment))) == [false])
    segment.replaceSubrange(16..<18, with: big(sum(pseudo(6, 1, v6: false))))
    #expect(bad(ethernet(0x0800, ipv4(6, segment))) == [true])
  }

  @Test("what cannot be told is not said: cut, a fragment, options, a length left to the network card")
  func unknown() {
    var segment = filled(tcp(payload), 6, at: 16)
    segment[30] ^= 1
    let frame = ethernet(0x0800, ipv4(6, segment))
    #expect(bad(frame) == [true])
    #expect(bad(frame, captured: frame.count - 1) == [false])
    #expect(bad(ethernet(0x0800, ipv4(6, segment, fragment: 0x2000))) == [false])
    #expect(bad(ethernet(0x0800, ipv4(6, segment, options: [1, 1, 1, 1]))) == [false])
    #expect(bad(ethernet(0x0800, ipv4(6, segment, length: 0))) == [false])
    let routed = hex("06 00 00 00 00000000") + segment
    #expect(bad(ethernet(0x86dd, ipv6(43, routed))) == [false])
  }

  @Test("padding is no part of it, nor are bytes after UDP's own length")
  func lengths() {
    let segment = filled(tcp(), 6, at: 16)
    #expect(bad(ethernet(0x0800, ipv4(6, segment)) + [1, 2, 3, 4, 5, 6]) == [false])
    let datagram = filled(udp(payload), 17, at: 6)
    #expect(bad(ethernet(0x0800, ipv4(17, datagram + [9, 9, 9]))) == [false])
    var longer = filled(udp(payload), 17, at: 6)
    longer[5] &+= 1
    #expect(bad(ethernet(0x0800, ipv4(17, longer))) == [false])
  }

  @Test("inside a tunnel the inner packet's counts too")
  func inner() {
    var segment = filled(tcp(payload), 6, at: 16)
    #expect(bad(ethernet(0x0800, ipv4(4, ipv4(6, segment)))) == [false, false])
    segment[40] ^= 1
    #expect(bad(ethernet(0x0800, ipv4(4, ipv4(6, segment)))) == [false, true])
  }
}
