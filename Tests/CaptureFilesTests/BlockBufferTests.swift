// Records over the edges of the block, whatever the sizes of block, head room and reads.

import Testing

@testable import CaptureFiles

@Suite struct BlockBufferTests {
  /// A buffer that is smaller than many of the records.
  private func limits(block: Int, headRoom: Int, first: Int = 64) -> CaptureLimits {
    var limits = CaptureLimits()
    limits.blockSize = block
    limits.headRoom = headRoom
    limits.firstBlockSize = first
    return limits
  }

  @Test(arguments: [1, 2, 64, 100, 1_000], [0, 1, 16, 200])
  func recordsOverEdges(block: Int, headRoom: Int) throws {
    var pcap = PcapFile()
    var pcapng = PcapngFile.begun()
    for seed in 0..<60 {
      let bytes = packet(seed * seed % 700, seed: seed)
      pcap.record(bytes)
      pcapng.enhanced(bytes)
      pcapng.block(0x55) { $0.raw(packet(seed * 37 % 1_000)) }
    }
    for file in [pcap.bytes, pcapng.bytes] {
      let expected = try read(file)
      #expect(expected.frames.count == 60)
      for portion in [1, 3, 50, 999, Int.max] {
        let reading = try read(file, portion: portion, limits: limits(block: block, headRoom: headRoom))
        #expect(reading.frames == expected.frames)
        #expect(reading.facts.bytes == UInt64(file.count))
        #expect(reading.facts.isWhole)
      }
    }
  }

  /// A span of the current frame stays right while the buffer is being used behind it.
  @Test func bytesOfTheCurrentFrame() throws {
    var file = PcapFile()
    for seed in 0..<100 { file.record(packet(50, seed: seed)) }
    var reader = try CaptureReader(MemorySource(file.bytes), limits: limits(block: 128, headRoom: 32))
    var seed = 0
    while reader.advance() {
      #expect(reader.bytes.byteCount == 50)
      #expect(reader.bytes.array == packet(50, seed: seed))
      seed += 1
    }
    #expect(seed == 100)
    #expect(reader.bytes.byteCount == 0)
    let more = reader.advance()
    #expect(!more)
  }

  @Test func skipping() {
    var buffer = BlockBuffer(MemorySource(packet(10_000), portion: 700), limits: limits(block: 256, headRoom: 16))
    var missing = buffer.skip(5_000)
    #expect(missing == 0)
    #expect(buffer.offset == 5_000)
    let isThere = buffer.require(1)
    #expect(isThere)
    #expect(buffer.ahead.u8IfPresent(0) == packet(5_001).last)
    missing = buffer.skip(6_000)
    #expect(missing == 1_000)
    #expect(buffer.offset == 10_000)
  }
}
