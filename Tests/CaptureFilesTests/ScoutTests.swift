// What the reader sees ahead is what it gives later; where it cannot see, it says so and goes on as if never asked.

import Bytes
import Platform
import Terms
import Testing

@testable import CaptureFiles

struct ScoutTests {
  /// The frames given, and for each the frames seen ahead while it was at hand.
  private func read(_ bytes: [UInt8], asks: Bool) throws -> (given: [[UInt8]], seen: [Int: [[UInt8]]]) {
    var limits = CaptureLimits()
    limits.blockSize = 1_000
    var reader = try CaptureReader(bytes: bytes, limits: limits)
    var given: [[UInt8]] = []
    var seen: [Int: [[UInt8]]] = [:]
    while reader.advance() {
      given.append(reader.bytes.array)
      while asks, reader.scout() { seen[given.count, default: []].append(reader.scouted.array) }
    }
    return (given, seen)
  }

  private func file(bigEndian: Bool = false) -> [UInt8] {
    var file = PcapFile(bigEndian: bigEndian)
    for index in 0..<200 { file.record(packet(20 + index * 7 % 300, seed: index)) }
    return file.bytes
  }

  @Test func `frames seen ahead are those that come, at most two ahead and each once`() throws {
    let (given, seen) = try read(file(), asks: true)
    var next = 1
    for at in 1...given.count {
      for bytes in seen[at] ?? [] {
        next = max(next, at)
        #expect(next < given.count && bytes == given[next])
        #expect(next - (at - 1) <= 2)
        next += 1
      }
    }
    // All but the few at the edges of what was read are seen.
    #expect(seen.values.reduce(0) { $0 + $1.count } > given.count / 2)
  }

  @Test func `looking ahead changes nothing`() throws {
    #expect(try read(file(), asks: true).given == read(file(), asks: false).given)
  }

  @Test func `records of another form are not seen`() throws {
    #expect(try read(file(bigEndian: true), asks: true).seen.isEmpty)
  }

  @Test func `a length that lies beyond the file is not followed`() throws {
    var bytes = file()
    bytes += [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0, 1, 2, 3]
    let (given, seen) = try read(bytes, asks: true)
    #expect(given.count == 200)
    // All but the first frame can be seen ahead, and nothing behind the last.
    #expect(seen.values.reduce(0) { $0 + $1.count } <= 199)
    #expect(seen[200] == nil)
  }
}
