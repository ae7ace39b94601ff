// Damage: what stands before it is given, a notice says what and where, and nothing traps or loops.

import Terms
import Testing

@testable import CaptureFiles

@Suite struct DamageTests {
  static let pcap: [UInt8] = {
    var file = PcapFile()
    for seed in 1...3 { file.record(packet(40 + seed, seed: seed)) }
    return file.bytes
  }()

  /// Every kind of block, two sections, options.
  static let pcapng: [UInt8] = {
    var file = PcapngFile()
    file.section()
    file.interface(snapLength: 100) {
      $0.option(2, Array("eth0".utf8))
      $0.option(9, [9])
      $0.option(14, UInt64(3))
      $0.option(0, [])
    }
    file.enhanced(packet(30)) {
      $0.option(4, UInt64(2))
      $0.option(0, [])
    }
    file.block(0x0a) {
      $0.u32(0x544c_534b)
      $0.u32(4)
      $0.raw([1, 2, 3, 4])
    }
    file.simple(packet(21, seed: 2))
    file.block(5) {
      $0.u32(0)
      $0.u64(0)
      $0.option(5, UInt64(1))
    }
    file.section(bigEndian: true)
    file.interface(link: 101)
    file.block(0xbad) { $0.u32(32_473) }
    file.obsolete(packet(22, seed: 3))
    return file.bytes
  }()

  @Test(arguments: [pcap, pcapng])
  func everyCut(bytes: [UInt8]) throws {
    let expected = try read(bytes)
    #expect(expected.facts.isWhole)
    for length in 12..<bytes.count {
      let reading = try read(Array(bytes[..<length]))
      #expect(expected.frames.starts(with: reading.frames), "cut after \(length)")
      // A cut between two records cannot be seen.
      #expect(reading.damage.isEmpty == reading.facts.isWhole, "cut after \(length)")
      #expect(reading.damage.map(\.code) == (reading.facts.isWhole ? [] : ["capture.cut"]), "cut after \(length)")
    }
    let seen = try (12..<bytes.count).filter { try read(Array(bytes[..<$0])).facts.isWhole }
    #expect(seen.count < 12)
  }

  /// Where the cut is: the offset of the record that is not whole, and how much of it is there.
  @Test func placeOfACut() throws {
    var notice = try read(Array(DamageTests.pcap.dropLast(3))).damage.first
    #expect(notice?.offset == 139)
    #expect(notice?.message == "the file ends inside a record: 59 bytes expected, 56 there; it was cut short")
    notice = try read(Array(DamageTests.pcap.prefix(24 + 16 + 41 + 5))).damage.first
    #expect(notice?.offset == 81)
    #expect(notice?.message == "the file ends inside a record header: 16 bytes expected, 5 there; it was cut short")
  }

  /// Where the records of `pcap` and the packet blocks of `pcapng` end.
  static let ends: [[Int]] = [[81, 139, 198], [160, 224, 380]]

  @Test(arguments: [0, 1])
  func everyChangedByte(file: Int) throws {
    let bytes = [DamageTests.pcap, DamageTests.pcapng][file]
    let whole = try read(bytes)
    for index in bytes.indices {
      let before = whole.frames.prefix(DamageTests.ends[file].count { $0 <= index })
      for value in [0x00, 0x01, 0x7f, 0x80, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] = changed[index] == value ? value ^ 0x55 : value
        guard let reading = try? read(changed) else {
          #expect(index < 12, "byte \(index) is \(value)")
          continue
        }
        #expect(reading.frames.starts(with: before), "byte \(index) is \(value)")
        // No byte can make more frames than the bytes have room for, nor longer ones than they say.
        #expect(reading.frames.count <= bytes.count / 16, "byte \(index) is \(value)")
        #expect(reading.frames.allSatisfy { $0.bytes.count == Int($0.captured) }, "byte \(index) is \(value)")
      }
    }
  }

  @Test func recordLongerThanTheFile() throws {
    var file = PcapFile()
    file.record(packet(60))
    file.record(packet(60), captured: 100_000)
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.cut"])
    #expect(reading.damage.map(\.offset) == [100])
  }

  @Test(arguments: [0x7fff_ffff, 0xffff_ffff] as [UInt32])
  func recordLongerThanAnyCanBe(length: UInt32) throws {
    var file = PcapFile()
    file.record(packet(60))
    file.record(packet(60), captured: length)
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.record-length"])
    #expect(reading.damage.map(\.offset) == [100])
  }

  /// Behind a wrong length no block can be found.
  @Test(arguments: [0, 8, 11] as [UInt8])
  func blockShorterThanEmpty(length: UInt8) throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.fields.raw([0x55, 0, 0, 0, length, 0, 0, 0])
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.block-length"])
    #expect(reading.damage.map(\.offset) == [140])
  }

  @Test(arguments: [0x55, 6, 1, 0x0a0d_0d0a, 5] as [UInt32])
  func lengthsThatDiffer(type: UInt32) throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.block(type, second: 99) {
      $0.u32(type == 0x0a0d_0d0a ? 0x1a2b_3c4d : 0)
      $0.u16(1)
      $0.raw(Array(repeating: 0, count: 30))
    }
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.block-length"])
    #expect(reading.damage.map(\.offset) == [140])
  }

  /// Where the two lengths of a block agree, what is wrong inside costs that block only.
  @Test func wrongInsideABlock() throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.enhanced(packet(60), interface: 5)
    file.enhanced(packet(60), captured: 5_000)
    file.enhanced(packet(262_145))
    file.simple(packet(60), original: 100)
    file.obsolete(packet(60), interface: 1)
    file.block(6) { $0.u32(0) }
    file.block(3) { _ in }
    file.enhanced(packet(60, seed: 2))
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.number) == [1, 9])
    #expect(reading.frames.last?.bytes == packet(60, seed: 2))
    #expect(reading.facts.frames == 9)
    #expect(reading.facts.packets == 2)
    #expect(reading.damage.map(\.code) == ["capture.block"])
    #expect(reading.damage.map(\.count) == [7])
    #expect(reading.damage.map(\.frame) == [2])
    #expect(reading.damage.map(\.offset) == [140])
  }

  @Test func packetsBeforeAnyInterface() throws {
    var file = PcapngFile()
    file.section()
    file.simple(packet(60))
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.isEmpty)
    #expect(reading.codes == ["capture.block", "capture.no-frames"])
    #expect(reading.facts.frames == 2)
  }

  /// An interface that cannot be read would shift the ids of all behind it.
  @Test func wrongInterfaceDescription() throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.block(1) { $0.u32(1) }
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.block"])
  }

  @Test(arguments: [(2, 0), (0, 9), (1, 1)] as [(UInt16, UInt16)])
  func sectionOfAnotherVersion(major: UInt16, minor: UInt16) throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.section(version: (major, minor))
    file.interface()
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.version"])
  }

  @Test func wrongByteOrderMagic() throws {
    var file = PcapngFile.begun()
    file.enhanced(packet(60))
    file.block(0x0a0d_0d0a) {
      $0.u32(0x1a2b_3c4e)
      $0.raw(Array(repeating: 0, count: 12))
    }
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.block"])
  }

  /// Options that do not fit in their block are not read; packet and interface are.
  @Test func optionsThatDoNotFit() throws {
    var file = PcapngFile()
    file.section()
    file.interface {
      $0.option(2, Array("eth0".utf8))
      $0.u16(9)
      $0.u16(50)
    }
    file.enhanced(packet(60)) {
      $0.u16(4)
      $0.u16(0xffff)
    }
    file.block(5) {
      $0.u32(0)
      $0.u64(0)
      $0.u16(5)
      $0.u16(9)
    }
    let reading = try read(file.bytes)
    #expect(reading.frames.map(\.bytes) == [packet(60)])
    #expect(reading.damage.map(\.code) == ["capture.options"])
    #expect(reading.damage.map(\.count) == [3])
    #expect(reading.facts.interfaces.map(\.name) == ["eth0"])
  }

  @Test func wrongStatistics() throws {
    var file = PcapngFile.begun()
    file.block(5) { $0.u32(0) }
    file.block(5) {
      $0.u32(7)
      $0.u64(0)
    }
    file.enhanced(packet(60))
    let reading = try read(file.bytes)
    #expect(reading.frames.count == 1)
    #expect(reading.damage.map(\.code) == ["capture.statistics"])
    #expect(reading.damage.map(\.count) == [2])
  }

  /// What a hostile file can make the reader keep is bounded.
  @Test func interfacesWithoutEnd() throws {
    var limits = CaptureLimits()
    limits.interfacesPerSection = 3
    limits.describedInterfaces = 4
    var file = PcapngFile()
    for _ in 0..<2 {
      file.section()
      for _ in 0..<3 { file.interface() }
    }
    file.enhanced(packet(60), interface: 2) { $0.option(4, UInt64(1)) }
    var reading = try read(file.bytes, limits: limits)
    #expect(reading.frames.map(\.interface) == [5])
    #expect(reading.facts.interfaces.count == 4)
    #expect(reading.facts.interfaceCount == 6)
    #expect(reading.codes == ["capture.described-limit"])
    file.interface()
    reading = try read(file.bytes, limits: limits)
    #expect(reading.frames.count == 1)
    #expect(reading.codes == ["capture.described-limit", "capture.interface-limit"])
    #expect(reading.facts.notices.map(\.kind) == [.limit, .limit])
  }

  @Test func blocksThatAreTooLong() throws {
    var limits = CaptureLimits()
    limits.longestRecord = 1_000
    var file = PcapngFile.begun()
    file.enhanced(packet(2_000))
    file.block(0x55) { $0.raw(packet(2_000)) }
    file.block(5) { $0.raw(packet(2_000)) }
    file.enhanced(packet(60))
    file.interface { $0.option(1, packet(2_000)) }
    file.enhanced(packet(60))
    let reading = try read(file.bytes, limits: limits)
    #expect(reading.frames.map(\.number) == [2])
    #expect(reading.codes == ["capture.record-limit", "capture.block-limit"])
  }
}
