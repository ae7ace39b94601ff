// What is a capture, and what the user is told of what is none.

import Testing

@testable import CaptureFiles

@Suite struct OpeningTests {
  @Test func emptyFile() {
    #expect(error([]) == .empty(.none))
    #expect(CaptureError.empty(.none).message.hasPrefix("the file is empty"))
    #expect(CaptureError.empty(.none).notice(evidence: 3).kind == .gap)
  }

  @Test(
    arguments: [
      ([0x50, 0x4b, 0x03, 0x04, 0x14, 0, 0, 0, 8], "begins with 50 4b 03 04 14 00 00 00 (a ZIP archive?), expected"),
      (Array("snoop\0\0\0\0\0\0\u{2}".utf8), "begins with 73 6e 6f 6f 70 00 00 00 (a snoop capture?), expected"),
      ([0xd4, 0xc3, 0xb2], "begins with d4 c3 b2, expected pcap or pcapng, plain or compressed by gzip or zstd"),
      ([0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4], "begins with 0a 0d 0d 0a 1c 00 00 00, expected"),
      (gzip(Array("hello, world".utf8)), "begins with 68 65 6c 6c 6f 2c 20 77 inside gzip, expected"),
      ([7], "begins with 07, expected"),
    ] as [([UInt8], String)])
  func notACapture(bytes: [UInt8], message: String) {
    guard let found = error(bytes), case .notACapture = found else {
      Issue.record("it was taken for a capture")
      return
    }
    #expect(found.message.hasPrefix("not a capture: "))
    #expect(found.message.contains(message))
    #expect(found.notice(evidence: 2).kind == .damage)
    #expect(found.notice(evidence: 2).evidence == 2)
  }

  /// The magic number is there: a capture that was cut, not another kind of file.
  @Test(arguments: [4, 10, 23])
  func cutInThePcapHeader(length: Int) throws {
    let reading = try read(Array(PcapFile().bytes.prefix(length)))
    #expect(reading.frames.isEmpty)
    #expect(reading.codes == ["capture.cut", "capture.no-frames"])
  }

  @Test(arguments: [4, 8, 11, 12, 20, 27])
  func cutInTheSectionHeader(length: Int) throws {
    let reading = try read(Array(PcapngFile.begun().bytes.prefix(length)))
    #expect(reading.frames.isEmpty)
    #expect(reading.codes == ["capture.cut", "capture.no-frames"])
    #expect(reading.facts.format == .pcapng)
  }
}
