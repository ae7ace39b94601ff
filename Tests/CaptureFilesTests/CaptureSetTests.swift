// Several captures as one timeline.

import Bytes
import Terms
import Testing

@testable import CaptureFiles

@Suite struct CaptureSetTests {
  /// A capture whose packets come at these seconds; the packet's byte is its file's.
  private func capture(_ seconds: [UInt32], evidence: UInt32) throws -> CaptureReader {
    var file = PcapFile()
    for second in seconds { file.record([UInt8(evidence)], seconds: second, fraction: 0) }
    return try CaptureReader(bytes: file.bytes, evidence: evidence)
  }

  /// File and number of each frame, e.g. `a1 b1 a2`.
  private func order(_ set: inout CaptureSet) -> String {
    var out: [String] = []
    while set.advance() {
      let header = set.header
      #expect(set.bytes.array == [UInt8(header.reference.evidence)])
      let letter = Character(Unicode.Scalar(UInt8(0x61 + header.reference.evidence)))
      out.append("\(letter)\(header.reference.number)")
    }
    #expect(set.bytes.byteCount == 0)
    return out.joined(separator: " ")
  }

  @Test func byTimeThenByPlace() throws {
    var set = CaptureSet()
    set.add(try capture([10, 20, 30, 30], evidence: 0))
    set.add(try capture([5, 20, 25, 30], evidence: 1))
    set.add(try capture([20, 40], evidence: 2))
    #expect(order(&set) == "b1 a1 a2 b2 c1 b3 a3 a4 b4 c2")
    #expect(set.notices.isEmpty)
    #expect((0..<3).map { set.facts($0).frames } == [4, 4, 2])
    #expect((0..<3).allSatisfy { set.facts($0).isWhole })
    let more = set.advance()
    #expect(!more)
  }

  /// Rotated files, given in the wrong order.
  @Test func oneBehindTheOther() throws {
    var set = CaptureSet()
    set.add(try capture([30, 31], evidence: 0))
    set.add(try capture([10, 11], evidence: 1))
    set.add(try capture([20, 21], evidence: 2))
    #expect(order(&set) == "b1 b2 c1 c2 a1 a2")
  }

  /// Within a file the order is the file's.
  @Test func timesThatGoBack() throws {
    var set = CaptureSet()
    set.add(try capture([10, 5, 20], evidence: 0))
    set.add(try capture([7, 12], evidence: 1))
    #expect(order(&set) == "b1 a1 a2 b2 a3")
  }

  @Test func framesWithoutATime() throws {
    var file = PcapngFile.begun()
    file.enhanced([0], ticks: 10_000_000)
    file.simple([0])
    file.simple([0])
    file.enhanced([0], ticks: 20_000_000)
    var untimed = PcapngFile.begun()
    untimed.simple([2])
    untimed.enhanced([2], ticks: 11_000_000)
    var set = CaptureSet()
    set.add(try CaptureReader(bytes: file.bytes, evidence: 0))
    set.add(try capture([10, 15], evidence: 1))
    set.add(try CaptureReader(bytes: untimed.bytes, evidence: 2))
    #expect(order(&set) == "c1 a1 a2 a3 b1 c2 b2 a4")
  }

  @Test func gaps() throws {
    var set = CaptureSet()
    set.add(try capture([10, 7_000], evidence: 0))
    set.add(try capture([7_000 + 3_600, 7_000 + 3_601], evidence: 1))
    set.add(try capture([20_000, 50_000], evidence: 2))
    #expect(order(&set) == "a1 a2 b1 b2 c1 c2")
    #expect(set.notices.map(\.code) == ["capture.set-gap"])
    #expect(set.notices.map(\.evidence) == [2])
    #expect(set.notices.map(\.frame) == [1])
    #expect(set.notices.first?.message.contains(" 9399 s ") == true)
  }

  @Test func emptyAndDamagedMembers() throws {
    var set = CaptureSet()
    set.add(try capture([], evidence: 0))
    set.add(try capture([10], evidence: 1))
    var cut = PcapFile()
    cut.record([2], seconds: 5)
    cut.record([2], captured: 9)
    set.add(try CaptureReader(bytes: cut.bytes, evidence: 2))
    #expect(order(&set) == "c1 b1")
    #expect((0..<3).map { set.facts($0).notices.map(\.code) } == [["capture.no-frames"], [], ["capture.cut"]])
    #expect((0..<3).map { set.facts($0).notices.compactMap(\.evidence) } == [[0], [], [2]])
  }

  @Test func setsOfOneAndOfNone() throws {
    var set = CaptureSet()
    set.add(try capture([1, 2], evidence: 0))
    #expect(order(&set) == "a1 a2")
    var none = CaptureSet()
    #expect(order(&none) == "")
  }
}
