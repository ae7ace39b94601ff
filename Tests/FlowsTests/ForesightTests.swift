// What is foreseen of a frame is the key that its packet will have; of all other frames nothing is.

import Bytes
import Packets
import Terms
import Testing

@testable import Flows

struct ForesightTests {
  /// An Ethernet frame of 60 bytes or more: TCP or UDP between two ends, over IPv4 or IPv6.
  private func frame(_ from: End, _ to: End, number: UInt8, firstByte: UInt8? = nil) -> [UInt8] {
    let transport =
      [UInt8(from.port >> 8), UInt8(from.port & 255), UInt8(to.port >> 8), UInt8(to.port & 255)]
      + (number == 6 ? [0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0] : [0, 20, 0, 0])
    let payload = [UInt8](repeating: 7, count: 24)
    let length = transport.count + payload.count
    let link: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
    if from.address.family == .v4 {
      let header: [UInt8] =
        [firstByte ?? 0x45, 0, 0, UInt8(20 + length), 0, 9, 0, 0, 64, number, 0, 0] + from.address.bytes
        + to.address.bytes
      return link + [8, 0] + header + transport + payload
    }
    let header: [UInt8] =
      [0x60, 0, 0, 0, 0, UInt8(length), number, 64] + from.address.bytes + to.address.bytes
    return link + [0x86, 0xdd] + header + transport + payload
  }

  private func key(_ frame: [UInt8]) -> FlowKey? {
    frame.withRawSpan { span in
      var decoder = LayerDecoder()
      decoder.begin(linkType: .ethernet, fcsLength: 0, originalLength: span.byteCount, bytes: span)
      var packet = Packet(source: Address(v4: 0), destination: Address(v4: 0))
      guard decoder.next(span, into: &packet) == .packet else { return nil }
      return FlowKey.of(&packet, separatesVLANs: false).key
    }
  }

  @Test(arguments: [UInt8(6), 17])
  func `the commonest frames, either way`(number: UInt8) throws {
    for (one, other) in [
      (End.v4(1, 40_000), End.v4(2, 443)), (.v4(1, 5), .v4(1, 4)), (.v6(1, 40_000), .v6(2, 443)),
      (.v6(9, 1), .v6(9, 2)),
    ] {
      for frame in [frame(one, other, number: number), frame(other, one, number: number)] {
        let expected = try #require(key(frame))
        #expect(frame.withRawSpan { FlowTable.plainKey($0) } == expected)
      }
    }
  }

  @Test func `other frames are left alone`() {
    let plain = frame(.v4(1, 1), .v4(2, 2), number: 17)
    #expect(frame(.v4(1, 1), .v4(2, 2), number: 1).withRawSpan { FlowTable.plainKey($0) } == nil)
    #expect(frame(.v4(1, 1), .v4(2, 2), number: 17, firstByte: 0x46).withRawSpan { FlowTable.plainKey($0) } == nil)
    for length in 0..<58 { #expect(Array(plain.prefix(length)).withRawSpan { FlowTable.plainKey($0) } == nil) }
  }
}
