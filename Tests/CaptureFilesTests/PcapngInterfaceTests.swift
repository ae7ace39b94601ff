// if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng section 4.2). The values are those that tshark 4.0 prints, or
// follow from the draft's arithmetic where tshark's own overflows.

import Terms
import Testing

@testable import CaptureFiles

@Suite struct PcapngInterfaceTests {
  private func time(_ ticks: UInt64, resolution: UInt8? = nil, offset: Int64? = nil) -> Int64? {
    var clock = PcapngClock()
    if let resolution { clock.setResolution(resolution) }
    if let offset { clock.setOffset(seconds: offset) }
    return clock.time(ticks)?.nanoseconds
  }

  @Test func microsecondsWithoutAnOption() { #expect(time(1_500_000) == 1_500_000_000) }

  @Test(
    arguments: [
      (3, 20_015_998_341_291, nil), (6, 20_015_998_341_291, 20_015_998_341_291_000),
      (7, 20_015_998_341_291, 2_001_599_834_129_100), (9, 20_015_998_341_291, 20_015_998_341_291),
      (10, 20_015_998_341_291, 2_001_599_834_129), (12, 20_015_998_341_291, 20_015_998_341),
      (12, .max, 18_446_744_073_709_551), (19, .max, 1_844_674_407), (0, 3, 3_000_000_000), (0, .max, nil),
      (127, .max, 1_844_674_407),
    ] as [(UInt8, UInt64, Int64?)])
  func powersOfTen(resolution: UInt8, ticks: UInt64, nanoseconds: Int64?) {
    #expect(time(ticks, resolution: resolution) == nanoseconds)
  }

  @Test(
    arguments: [
      (0x80, 3, 3_000_000_000), (0x80 | 6, 96, 1_500_000_000), (0x80 | 20, 20_015_998_341_291, 19_088_743_535_319_328),
      (0x80 | 32, 0x1_8000_0000, 1_500_000_000), (0x80 | 63, .max, 1_999_999_999), (0x80 | 127, .max, 1_999_999_999),
      (0x80 | 6, .max, nil),
    ] as [(UInt8, UInt64, Int64?)])
  func powersOfTwo(resolution: UInt8, ticks: UInt64, nanoseconds: Int64?) {
    #expect(time(ticks, resolution: resolution) == nanoseconds)
  }

  @Test(
    arguments: [
      (1_000_000_000, 1_500_000, 1_000_000_001_500_000_000), (-10, 1_500_000, -8_500_000_000), (-10, 1, -9_999_999_000),
      (.max, 1, nil), (.min, 1, nil), (9_223_372_036, 1_000_000, nil),
    ] as [(Int64, UInt64, Int64?)])
  func offsets(offset: Int64, ticks: UInt64, nanoseconds: Int64?) {
    #expect(time(ticks, offset: offset) == nanoseconds)
  }

  @Test(arguments: [false, true])
  func inAFile(bigEndian: Bool) throws {
    var file = PcapngFile(bigEndian: bigEndian)
    file.section()
    // Given twice, the first counts; of a wrong length, it is passed over.
    file.interface {
      $0.option(9, [3, 0])
      $0.option(9, [9])
      $0.option(9, [3])
      $0.option(14, UInt64(100))
      $0.option(0, [])
      $0.option(14, UInt64(200))
    }
    file.enhanced(packet(60), ticks: 5)
    #expect(try read(file.bytes).frames.map(\.nanoseconds) == [100_000_000_005])
  }

  /// A time that 64 bits of nanoseconds do not hold is none; the frame is given all the same.
  @Test func timesBeyondTheRange() throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60), ticks: .max)
    file.enhanced(packet(60), ticks: 0)
    #expect(try read(file.bytes).frames.map(\.nanoseconds) == [nil, nil])
  }
}
