// draft-ietf-opsawg-pcapng: sections, interfaces and packet blocks. Numbers and offsets are those that tshark 4.0 gives
// for the same bytes.

import Terms
import Testing

@testable import CaptureFiles

@Suite struct PcapngBlocksTests {
  @Test(arguments: [false, true])
  func packetBlocks(bigEndian: Bool) throws {
    var file = PcapngFile.begun(bigEndian: bigEndian)
    file.enhanced(packet(61), original: 1514)
    file.obsolete(packet(60, seed: 2), ticks: 1_600_000_000_000_006)
    file.simple(packet(62, seed: 3))
    let reading = try read(file.bytes)
    #expect(
      reading.frames == [
        GivenFrame(
          number: 1, offset: 48, nanoseconds: 1_600_000_000_000_005_000, captured: 61, original: 1514, link: 1,
          interface: 0, bytes: packet(61)),
        GivenFrame(
          number: 2, offset: 144, nanoseconds: 1_600_000_000_000_006_000, captured: 60, original: 60, link: 1,
          interface: 0, bytes: packet(60, seed: 2)),
        GivenFrame(
          number: 3, offset: 236, nanoseconds: nil, captured: 62, original: 62, link: 1, interface: 0,
          bytes: packet(62, seed: 3)),
      ])
    #expect(reading.facts.format.rawValue == "pcapng")
    #expect(reading.facts.isWhole)
    #expect(reading.facts.notices.isEmpty)
  }

  /// A frame without a time keeps that of its predecessor in the header, so that no consumer jumps back to 1970.
  @Test func simplePacketsFollowTheirPredecessor() throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.simple(packet(60))
    var reader = try CaptureReader(bytes: file.bytes)
    let advanced = reader.advance() && reader.advance()
    #expect(advanced)
    #expect(!reader.header.hasTime)
    #expect(reader.header.time == Timestamp(nanoseconds: 1_600_000_000_000_005_000))
  }

  /// Each section has its own byte order and its own interface ids; over all, interfaces are counted on.
  @Test func sections() throws {
    var file = PcapngFile.begun()
    file.interface(link: 113)
    file.enhanced(packet(60), interface: 1)
    file.section(bigEndian: true, version: (1, 2), length: 12_345)
    file.interface(link: 101)
    file.enhanced(packet(60, seed: 2), interface: 0)
    file.obsolete(packet(60, seed: 3))
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.link) == [113, 101, 101])
    #expect(reading.frames.map(\.interface) == [1, 2, 2])
    #expect(reading.frames.map(\.bytes) == (1...3).map { packet(60, seed: $0) })
    #expect(reading.facts.interfaces.map(\.linkType.number) == [1, 113, 101])
    #expect(reading.facts.interfaceCount == 3)
  }

  /// A simple packet block holds what the interface's snap length leaves of the packet.
  @Test func simplePacketsAreCutByTheSnapLength() throws {
    var file = PcapngFile()
    file.section()
    file.interface(snapLength: 40)
    file.simple(packet(40), original: 60)
    let frames = try read(file.bytes).frames
    #expect(frames.map(\.captured) == [40])
    #expect(frames.map(\.original) == [60])
  }

  /// Blocks that hold no packet; the types that Wireshark gives a frame number are numbered here too.
  @Test(
    arguments: [
      (4, false), (5, false), (7, false), (8, false), (9, true), (0x0a, false), (0xbad, true), (0x4000_0bad, true),
      (0x201, false), (0x204, true), (0x208, false), (0x216, true), (0x217, false), (0x221, true), (0x55, false),
      (0x8000_0001, false),
    ] as [(UInt32, Bool)])
  func otherBlocks(type: UInt32, isNumbered: Bool) throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.block(type) { $0.raw(Array(repeating: 0, count: 40)) }
    file.enhanced(packet(60, seed: 2))
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.number) == [1, isNumbered ? 3 : 2])
    #expect(reading.frames.map(\.offset) == [48, 192])
    #expect(reading.facts.frames == (isNumbered ? 3 : 2))
    #expect(reading.facts.packets == 2)
    #expect(reading.damage.isEmpty)
    #expect(reading.codes.contains("capture.no-packet-record") == isNumbered)
    #expect(reading.codes.contains("capture.secrets") == (type == 0x0a))
  }

  /// Some writers leave the padding out of the length.
  @Test func lengthWithoutPadding() throws {
    var file = PcapngFile.begun()
    file.fields.raw([6, 0, 0, 0, 34, 0, 0, 0] + Array(repeating: 0, count: 12))
    file.fields.raw([2, 0, 0, 0, 2, 0, 0, 0, 0xaa, 0xbb, 0, 0, 34, 0, 0, 0])
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.captured) == [2, 60])
    #expect(reading.frames.map(\.offset) == [48, 84])
    #expect(reading.damage.isEmpty)
  }

  @Test func emptyBlock() throws {
    var file = PcapngFile.begun()
    file.block(0x55) { _ in }
    file.enhanced(packet(60))
    #expect(try read(file.bytes).frames.map(\.offset) == [60])
  }

  @Test func aFileWithoutPackets() throws {
    let reading = try read(PcapngFile.begun().bytes)
    #expect(reading.frames.isEmpty)
    #expect(reading.codes == ["capture.no-frames"])
    #expect(reading.facts.isWhole)
  }

  /// The options of an enhanced packet block: what was lost before it, and an FCS of its own.
  @Test(arguments: [false, true])
  func packetOptions(bigEndian: Bool) throws {
    var file = PcapngFile.begun(bigEndian: bigEndian)
    file.enhanced(packet(61)) {
      $0.option(1, Array("a comment".utf8))
      $0.option(4, UInt64(7))
      $0.option(2, UInt32(4 << 5))
      $0.option(0, [])
    }
    file.enhanced(packet(60)) { $0.option(4, UInt64(5)) }
    file.obsolete(packet(60), drops: 3)
    file.obsolete(packet(60), drops: 0xffff)
    var reader = try CaptureReader(bytes: file.bytes)
    let advanced = reader.advance()
    #expect(advanced)
    #expect(reader.header.fcsLength == 4)
    let reading = readAll(&reader)
    #expect(reading.frames.count == 3)
    #expect(reading.facts.interfaces.map(\.dropped.byRecords) == [15])
    #expect(reading.facts.notices.isEmpty)
  }

  /// An interface's counters run from the start: the last block holds.
  @Test(arguments: [false, true])
  func statistics(bigEndian: Bool) throws {
    var file = PcapngFile.begun(bigEndian: bigEndian)
    file.interface()
    for drops in [3, 9] as [UInt64] {
      file.block(5) {
        $0.u32(1)
        $0.u64(0)
        $0.option(4, UInt64(1000))
        $0.option(5, drops)
        $0.option(7, drops * 2)
        $0.option(0, [])
      }
    }
    let interfaces = try read(file.bytes).facts.interfaces
    #expect(interfaces.map(\.dropped.byInterface) == [nil, 9])
    #expect(interfaces.map(\.dropped.bySystem) == [nil, 18])
    #expect(interfaces.map(\.dropped.byRecords) == [nil, nil])
  }

  @Test func interfaceDescription() throws {
    var file = PcapngFile()
    file.section()
    file.interface(link: 1, snapLength: 262_144) {
      $0.option(2, Array("eth0".utf8))
      $0.option(13, [4])
      $0.option(0, [])
    }
    file.interface { $0.option(2, [0x65, 0xff, 0x30, 0x00, 0x41]) }
    file.interface { $0.option(2, Array(repeating: 0x61, count: 5_000)) }
    file.enhanced(packet(60))
    var reader = try CaptureReader(bytes: file.bytes)
    let advanced = reader.advance()
    #expect(advanced)
    #expect(reader.header.fcsLength == 4)
    let interfaces = reader.facts.interfaces
    #expect(interfaces.map(\.snapLength) == [262_144, 0, 0])
    #expect(interfaces.map(\.name) == ["eth0", "e\u{fffd}0", String(repeating: "a", count: 256)])
  }
}
