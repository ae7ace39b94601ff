// A stream that cannot be read twice goes on in another reader: its preamble, then the bytes behind the last record.

import Testing

@testable import CaptureFiles

@Suite struct TakingUpTests {
  private static let bigEndian: [UInt8] = {
    var file = PcapFile(magic: 0xa1b2_3c4d, bigEndian: true)
    for seed in 1...3 { file.record(packet(40 + seed, seed: seed)) }
    return file.bytes
  }()

  private static let interfaces: [UInt8] = {
    var file = PcapngFile.begun()
    file.enhanced(packet(30))
    file.interface(link: 101) { $0.option(9, [9]) }
    file.enhanced(packet(31, seed: 2), interface: 1)
    file.section(bigEndian: true)
    file.interface(link: 113)
    file.enhanced(packet(32, seed: 3))
    file.block(0x0a) { $0.u32(0) }
    file.simple(packet(33, seed: 4))
    return file.bytes
  }()

  @Test(arguments: [DamageTests.pcap, bigEndian, interfaces])
  func behindEachFrame(bytes: [UInt8]) throws {
    let whole = try read(bytes)
    #expect(whole.frames.count >= 3)
    var reader = try CaptureReader(bytes: bytes)
    var count = 0
    while reader.advance() {
      count += 1
      let canBeTakenUp = reader.canBeTakenUp
      #expect(canBeTakenUp)
      let rest = try read(reader.preamble + Array(bytes[Int(reader.endOfRecord)...]))
      let moved = Int64(reader.preamble.count) - Int64(reader.endOfRecord)
      let expected = whole.frames.dropFirst(count)
      #expect(rest.frames.map(\.bytes) == expected.map(\.bytes))
      #expect(rest.frames.map(\.link) == expected.map(\.link))
      #expect(rest.frames.map(\.nanoseconds) == expected.map(\.nanoseconds))
      #expect(rest.frames.map(\.offset) == expected.map { $0.offset + moved })
      #expect(rest.damage.isEmpty)
    }
  }

  @Test func compressedStreamsCannotBeTakenUp() throws {
    var reader = try CaptureReader(bytes: gzip(DamageTests.pcap))
    let advanced = reader.advance()
    #expect(advanced)
    let canBeTakenUp = reader.canBeTakenUp
    #expect(!canBeTakenUp)
  }
}
