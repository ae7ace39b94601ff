// Captures compressed by gzip (RFC 1952) and zstd (RFC 8878), whole and damaged.

import Bytes
import Terms
import Testing

@testable import CaptureFiles

@Suite struct CompressionTests {
  /// Two packets of 60 bytes, 176 bytes in all.
  static let plain: [UInt8] = {
    var file = PcapFile()
    file.record(packet(60))
    file.record(packet(60))
    return file.bytes
  }()

  /// The same, compressed by zlib 1.2.13 at level 9.
  static let byZlib =
    Hex.bytes(
      """
      1f8b0800000000000203bb7278d3422606160618f8ff9f818111c410888b6705523650cca8601f573b67f7ad9f12e661a553365ffa28a0ef
      97dbb3fad44b0e75b7d496c5871e32c8dbc5d6ccde75f387b85968c9e44d173ff0ebf9e674af3af9825d8d9a660100db3d51e6b0000000
      """) ?? []

  /// The same, compressed by zstd 1.5.4 with a checksum.
  static let byZstd =
    Hex.bytes(
      """
      28b52ffd24b00503001405d4c3b2a102000400ffff000001105e5f050000003c01203f5e7d9cbbdaf91837567594b3d2f1102f4e6d8cabca
      e90827466584a3c2e1001f3e5d7c9bbad9f81736557493b2d1f00f2e4d6c8baac9e8072604009c4f4070e7fc65e91770019d03032b
      """) ?? []

  @Test(
    arguments: [
      (byZlib, .gzip), (gzip(plain), .gzip), (gzip(Array(plain[..<50])) + gzip(Array(plain[50...])), .gzip),
      (gzip([]) + gzip(plain) + gzip([]), .gzip), (gzip(plain) + Array(repeating: 0, count: 512), .gzip),
      (byZstd, .zstd), (zstd(plain), .zstd), (zstd(Array(plain[..<50])) + zstd(Array(plain[50...])), .zstd),
      (skippable([1, 2, 3]) + zstd(plain) + skippable([], kind: 15), .zstd), (zstd([]) + zstd(plain), .zstd),
    ] as [([UInt8], Compression)])
  func whole(bytes: [UInt8], compression: Compression) throws {
    let expected = try read(CompressionTests.plain)
    for portion in [1, 7, Int.max] {
      let reading = try read(bytes, portion: portion)
      #expect(reading.frames == expected.frames)
      #expect(reading.facts.compression == compression)
      #expect(reading.facts.format == .pcap)
      #expect(reading.facts.bytes == 176)
      #expect(reading.facts.bytesRead == UInt64(bytes.count))
      #expect(reading.facts.isWhole)
      #expect(reading.facts.notices.isEmpty)
    }
  }

  /// Larger than every buffer on the way, with offsets of the unpacked stream.
  @Test(arguments: [Compression.gzip, .zstd])
  func large(compression: Compression) throws {
    var file = PcapFile()
    for seed in 0..<40 { file.record(packet(30_000 + seed, seed: seed)) }
    let expected = try read(file.bytes)
    let reading = try read(compression == .gzip ? gzip(file.bytes) : zstd(file.bytes))
    #expect(reading.frames == expected.frames)
    #expect(reading.frames.last?.offset == Int64(file.bytes.count - 30_039 - 16))
  }

  @Test(arguments: [gzip(plain), byZlib, zstd(plain), byZstd])
  func everyCut(bytes: [UInt8]) throws {
    let expected = try read(CompressionTests.plain)
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      do throws(CaptureError) {
        let reading = try read(cut)
        #expect(expected.frames.starts(with: reading.frames), "cut after \(length)")
        #expect(reading.damage.count == 1, "cut after \(length)")
        #expect(!reading.facts.isWhole)
      } catch {
        switch error {
        case .empty: #expect(length == 0)
        case .notACapture: #expect(length < 4)
        case .cannotUnpack(let first, _, let reason):
          #expect(first == Array(cut.prefix(8)))
          #expect(reason.hasSuffix("ends in its middle"))
        case .unreadable: Issue.record("no system call was made")
        }
      }
    }
  }

  /// No single wrong byte traps, loops or makes frames from nothing: they are those before the damage.
  @Test(arguments: [gzip(plain), byZlib, zstd(plain), byZstd])
  func everyChangedByte(bytes: [UInt8]) {
    for index in bytes.indices {
      for flip in [0x01, 0x80, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] ^= flip
        if let reading = try? read(changed) { #expect(reading.frames.count <= 20) }
      }
    }
  }

  @Test func wrongChecksum() throws {
    let reading = try read(gzip(CompressionTests.plain, checksum: 1))
    #expect(reading.frames.count == 2)
    #expect(reading.damage.map(\.code) == ["capture.compression"])
    #expect(reading.damage.map(\.offset) == [176])
    #expect(reading.damage.first?.message.contains("incorrect data check") == true)
  }

  @Test(arguments: [gzip(plain), zstd(plain)])
  func somethingElseBehind(bytes: [UInt8]) throws {
    let reading = try read(bytes + Array("trailer".utf8))
    #expect(reading.frames.count == 2)
    #expect(reading.damage.map(\.code) == ["capture.trailing-bytes"])
  }

  /// A hostile header must not make the program take gigabytes.
  @Test func windowThatIsTooLarge() {
    guard case .cannotUnpack(_, .zstd, let reason) = error(zstd(CompressionTests.plain, windowLog: 28)) else {
      Issue.record("it was read")
      return
    }
    #expect(reason.contains("window above 128 MiB"))
    #expect(error(zstd(CompressionTests.plain, windowLog: 27)) == nil)
  }

  @Test(
    arguments: [(gzip([]), .gzip), (gzip([]) + gzip([]), .gzip), (zstd([]), .zstd), (skippable([1]), .zstd)]
      as [([UInt8], Compression)])
  func emptyInside(bytes: [UInt8], compression: Compression) {
    #expect(error(bytes) == .empty(compression))
  }

  /// One layer is unpacked, no more.
  @Test func packedTwice() {
    let inner = Array(gzip(CompressionTests.plain).prefix(8))
    #expect(error(gzip(gzip(CompressionTests.plain))) == .notACapture(firstBytes: inner, compression: .gzip))
  }
}
