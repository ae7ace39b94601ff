// Every cut and every flipped bit of a frame of each kind: never a trap, never a loop, no length beyond its bytes.
// What holds for every packet is checked by `drain`.

import Bytes
import Packets
import Testing

struct HostileTests {
  /// A frame and its link type.
  struct Frame: Sendable, CustomTestStringConvertible {
    var name: String
    var link: UInt16
    var bytes: [UInt8]
    var testDescription: String { name }

    static let extensions = ethernet(
      0x86dd,
      ipv6(0, hex("3c00 0502 0000 0100 2c00 0104 0000 0000 0600 0000 89abcdef") + tcp([0x61])))
    static let jumbo = ethernet(0x86dd, ipv6(0, hex("0600 c204 00000023") + tcp([0x61]), length: 0))
    static let aggregate =
      hex("8801" + LinkCase.wlan + "8000" + "020000000002 020000000001 0033" + LinkCase.snap) + innerIPv4 + [0, 0, 0]
      + hex("020000000002 020000000001 0033" + LinkCase.snap) + innerIPv4
    static let all =
      LinkCase.all.map { Frame(name: $0.name, link: $0.link, bytes: $0.frame) }
      + TunnelCase.all.map { Frame(name: $0.name, link: 1, bytes: $0.frame) }
      + [
        Frame(name: "IPv6 extension headers", link: 1, bytes: extensions),
        Frame(name: "jumbo payload", link: 1, bytes: jumbo),
        Frame(name: "A-MSDU", link: 105, bytes: aggregate),
        Frame(name: "IPv4 options", link: 101, bytes: ipv4(17, udp([1]), options: hex("9404 0000 0107 0401"))),
        Frame(name: "SCTP", link: 101, bytes: ipv4(132, hex("0b59 0b5a 00000001 00000000 0a000004"))),
        Frame(name: "ICMP", link: 101, bytes: ipv4(1, hex("0301 0000 00000000 4500"))),
      ]
  }

  @Test(arguments: Frame.all)
  func `every cut is told apart from a short frame`(frame: Frame) {
    for length in 0...frame.bytes.count {
      let cut = Array(frame.bytes.prefix(length))
      // By the snap length: nothing contradicts itself.
      #expect(decode(cut, link: frame.link, original: frame.bytes.count).reason != .malformed)
      // The whole frame: nothing was cut by the capture.
      #expect(decode(cut, link: frame.link).reason != .truncated)
    }
  }

  @Test(arguments: Frame.all)
  func `every flipped bit is survived, in whole and in cut frames`(frame: Frame) {
    var bytes = frame.bytes
    for index in bytes.indices {
      for bit in 0..<8 {
        bytes[index] ^= 1 << bit
        _ = decode(bytes, link: frame.link)
        _ = decode(Array(bytes.prefix(index + 3)), link: frame.link, original: bytes.count)
        bytes[index] ^= 1 << bit
      }
    }
  }

  @Test(arguments: Frame.all)
  func `every byte is survived at its extremes`(frame: Frame) {
    var bytes = frame.bytes
    for index in bytes.indices {
      let was = bytes[index]
      for value: UInt8 in [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff] {
        bytes[index] = value
        _ = decode(bytes, link: frame.link)
      }
      bytes[index] = was
    }
  }

  @Test func `any bytes under any link type are survived`() {
    // A fixed sequence (Marsaglia's xorshift64), so that a failure can be repeated.
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    func random() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    for round in 0..<20000 {
      let frame = (0..<Int(random() % 200)).map { _ in UInt8(truncatingIfNeeded: random() >> 20) }
      _ = decode(frame, link: UInt16(round % 280), original: Int(random() % 300), fcs: UInt8(random() % 8))
    }
  }

  @Test(arguments: Frame.all)
  func `an original length that contradicts the capture is survived`(frame: Frame) {
    for length in [Int.min, -1, 0, 1, 1 << 32, Int.max] {
      _ = decode(frame.bytes, link: frame.link, original: length, fcs: 255)
      _ = decode(frame.bytes, link: frame.link, original: length)
    }
  }

  @Test func `shorter bytes at a later call are survived`() {
    for frame in Frame.all {
      for length in 0...frame.bytes.count {
        var decoder = LayerDecoder()
        var packet = Packet(source: client, destination: client)
        frame.bytes.withRawSpan {
          decoder.begin(linkType: .init(frame.link), fcsLength: 0, originalLength: $0.byteCount, bytes: $0)
        }
        Array(frame.bytes.prefix(length)).withRawSpan { bytes in
          for _ in 0..<4 { _ = decoder.next(bytes, into: &packet) }
        }
      }
    }
  }

  @Test func `a reassembled datagram of any length is survived`() {
    for frame in Frame.all {
      guard let first = decode(frame.bytes, link: frame.link).packets.first else { continue }
      let payload = Array(frame.bytes.dropFirst(Int(first.ipPayloadOffset)))
      for length in 0...payload.count {
        Array(payload.prefix(length)).withRawSpan { bytes in
          var decoder = LayerDecoder()
          decoder.begin(reassembled: first, bytes: bytes)
          _ = drain(&decoder, bytes)
        }
      }
    }
  }
}
