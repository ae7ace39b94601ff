// draft-ietf-opsawg-pcap: the forms of the file header and of the records. Where the draft leaves a choice, what is
// expected is what tshark 4.0 gives for the same bytes.

import Terms
import Testing

@testable import CaptureFiles

@Suite struct PcapRecordsTests {
  @Test(arguments: [false, true])
  func microseconds(bigEndian: Bool) throws {
    var file = PcapFile(bigEndian: bigEndian)
    file.record(packet(60), seconds: 1_600_000_000, fraction: 5)
    file.record(packet(61, seed: 2), seconds: 1_600_000_001, fraction: 999_999, original: 1514)
    let reading = try read(file.bytes)
    #expect(
      reading.frames == [
        GivenFrame(
          number: 1, offset: 24, nanoseconds: 1_600_000_000_000_005_000, captured: 60, original: 60, link: 1,
          interface: 0, bytes: packet(60)),
        GivenFrame(
          number: 2, offset: 100, nanoseconds: 1_600_000_001_999_999_000, captured: 61, original: 1514, link: 1,
          interface: 0, bytes: packet(61, seed: 2)),
      ])
    #expect(reading.facts.format == .pcap)
    #expect(reading.facts.isWhole)
    #expect(reading.facts.frames == 2)
    #expect(reading.facts.packets == 2)
    #expect(reading.facts.bytes == 177)
    #expect(reading.facts.notices.isEmpty)
    #expect(reading.facts.interfaces.map(\.snapLength) == [65_535])
  }

  @Test(arguments: [false, true])
  func nanoseconds(bigEndian: Bool) throws {
    var file = PcapFile(magic: 0xa1b2_3c4d, bigEndian: bigEndian)
    file.record(packet(60), fraction: 999_999_999)
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.nanoseconds) == [1_600_000_000_999_999_999])
    #expect(reading.facts.format.rawValue == "pcap-ns")
  }

  /// Seconds are unsigned: captures go on after 2038.
  @Test func lastSecond() throws {
    var file = PcapFile()
    file.record(packet(4), seconds: .max, fraction: 0)
    #expect(try read(file.bytes).frames.map(\.nanoseconds) == [4_294_967_295_000_000_000])
  }

  @Test func zeroTimeIsNone() throws {
    var file = PcapFile()
    file.record(packet(4), seconds: 0, fraction: 0)
    file.record(packet(4))
    #expect(try read(file.bytes).frames.map(\.nanoseconds) == [nil, 1_600_000_000_000_005_000])
  }

  /// The patched libpcap's records have 8 bytes more, those of September 1999 twelve.
  @Test(arguments: [8, 12], [false, true])
  func modifiedHeader(extra: Int, bigEndian: Bool) throws {
    var file = PcapFile(magic: 0xa1b2_cd34, bigEndian: bigEndian)
    file.extra = [3, 0, 0, 0, 0, 8, 0, 0] + Array(repeating: 0, count: extra - 8)
    for seed in 1...3 { file.record(packet(60, seed: seed)) }
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.bytes) == (1...3).map { packet(60, seed: $0) })
    #expect(reading.frames.map(\.offset) == (0..<3).map { Int64(24 + $0 * (76 + extra)) })
    #expect(reading.facts.format == .pcapModified)
  }

  @Test func modifiedHeaderOfOneRecord() throws {
    var file = PcapFile(magic: 0xa1b2_cd34)
    file.extra = Array(repeating: 0, count: 8)
    file.record(packet(60))
    #expect(try read(file.bytes).frames.map(\.bytes) == [packet(60)])
  }

  /// The upper bits of the link type field: FCS length in units of two bytes, valid where bit 26 is set.
  @Test(
    arguments: [
      (0x2400_0001, 4), (0x1400_0001, 2), (0xf400_0001, 30), (0x2000_0001, 0), (0x0400_0001, 0), (0x3800_0001, 0),
    ] as [(UInt32, UInt8)])
  func frameCheckSequence(link: UInt32, length: UInt8) throws {
    var file = PcapFile(link: link)
    file.record(packet(60))
    var reader = try CaptureReader(bytes: file.bytes)
    let advanced = reader.advance()
    #expect(advanced)
    #expect(reader.header.linkType == LinkType(1))
    #expect(reader.header.fcsLength == length)
    #expect(reader.facts.interfaces.map(\.fcsLength) == [length])
  }

  @Test(arguments: [0x0001_0001, 0x0200_0001] as [UInt32])
  func reservedLinkTypeBits(link: UInt32) throws {
    var file = PcapFile(link: link)
    file.record(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.isEmpty)
    #expect(reading.damage.map(\.code) == ["capture.link-type"])
    #expect(reading.damage.map(\.offset) == [20])
  }

  /// Captured length and length on the wire change places before 2.3, and in 2.3 where the first is longer.
  @Test(
    arguments: [
      (2, 0, 90, 60, 60, 90), (2, 2, 90, 60, 60, 90), (543, 0, 90, 60, 60, 90), (2, 3, 90, 60, 60, 90),
      (2, 3, 60, 90, 60, 90), (2, 4, 60, 50, 60, 50), (2, 5, 60, 90, 60, 90), (3, 0, 60, 90, 60, 90),
    ] as [(UInt16, UInt16, UInt32, UInt32, UInt32, UInt32)])
  func versions(
    _ form: (major: UInt16, minor: UInt16, first: UInt32, second: UInt32, captured: UInt32, original: UInt32)
  ) throws {
    var file = PcapFile(version: (form.major, form.minor))
    file.record(packet(60), captured: form.first, original: form.second)
    file.record(packet(8))
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.captured) == [form.captured, 8])
    #expect(reading.frames.map(\.original) == [form.original, 8])
  }

  @Test(arguments: [0, 1] as [UInt16])
  func versionsThatNobodyKnows(major: UInt16) throws {
    var file = PcapFile(version: (major, 0))
    file.record(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.isEmpty)
    #expect(reading.damage.map(\.code) == ["capture.version"])
  }

  @Test func aFileWithoutPackets() throws {
    let reading = try read(PcapFile().bytes)
    #expect(reading.frames.isEmpty)
    #expect(reading.codes == ["capture.no-frames"])
    #expect(reading.facts.isWhole)
  }

  @Test(arguments: [0, 20, 262_145, 0x7fff_ffff, 0xffff_ffff] as [UInt32])
  func snapLengthIsNotReliedOn(length: UInt32) throws {
    var file = PcapFile(snapLength: length)
    file.record(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.facts.notices.isEmpty)
  }

  @Test func absurdSnapLength() throws {
    var file = PcapFile(snapLength: 0x6809_0000)
    file.record(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.snap-length"])
    #expect(reading.damage.map(\.offset) == [16])
  }

  @Test func longestRecord() throws {
    var file = PcapFile()
    file.record(packet(262_144))
    file.record(packet(8))
    file.record(packet(262_145))
    file.record(packet(8))
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.captured) == [262_144, 8])
    #expect(reading.frames.first?.bytes == packet(262_144))
    #expect(reading.damage.map(\.code) == ["capture.record-length"])
    #expect(reading.damage.map(\.offset) == [262_208])
    #expect(!reading.facts.isWhole)
  }

  /// Link types whose records may be longer than others': held up to the room's own limit, passed over above it.
  @Test func longRecordsOfUSB() throws {
    var limits = CaptureLimits()
    limits.longestRecord = 300_000
    var file = PcapFile(link: 249)
    file.record(packet(300_000))
    file.record(packet(300_001))
    file.record(packet(8))
    let reading = try read(file.bytes, limits: limits)
    #expect(reading.frames.map(\.number) == [1, 3])
    #expect(reading.frames.map(\.captured) == [300_000, 8])
    #expect(reading.facts.frames == 3)
    #expect(reading.facts.packets == 2)
    #expect(reading.facts.notices.map(\.code) == ["capture.record-limit"])
    #expect(reading.facts.notices.map(\.kind) == [.limit])
    #expect(reading.facts.notices.map(\.frame) == [2])
  }
}
