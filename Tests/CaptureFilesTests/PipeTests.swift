// Reading from a pipe whose writer still runs: frames come as they are written, none waits for more than itself.

import Foundation
import Platform
import Testing

@testable import CaptureFiles

@Suite struct PipeTests {
  @Test func framesComeAsTheyAreWritten() throws {
    var file = PcapFile()
    let pipe = Foundation.Pipe()
    let input = pipe.fileHandleForWriting
    file.record(packet(60))
    input.write(Data(file.bytes))
    // The writer holds its end open all the while: any read too many would wait for ever.
    var reader = try CaptureReader(Descriptor(pipe.fileHandleForReading.fileDescriptor))
    var sent = file.bytes.count
    for seed in 2...50 {
      let advanced = reader.advance()
      #expect(advanced)
      #expect(reader.header.reference.number == UInt64(seed - 1))
      file.record(packet(60 + seed, seed: seed))
      input.write(Data(file.bytes[sent...]))
      sent = file.bytes.count
    }
    let last = reader.advance()
    #expect(last)
    #expect(reader.bytes.array == packet(110, seed: 50))
    try input.close()
    let more = reader.advance()
    #expect(!more)
    #expect(reader.facts.isWhole)
    #expect(reader.facts.frames == 50)
  }

  @Test func blocksComeAsTheyAreWritten() throws {
    var file = PcapngFile.begun()
    let pipe = Foundation.Pipe()
    let input = pipe.fileHandleForWriting
    input.write(Data(file.bytes))
    var reader = try CaptureReader(Descriptor(pipe.fileHandleForReading.fileDescriptor))
    var sent = file.count
    for seed in 1...20 {
      file.enhanced(packet(60 + seed, seed: seed))
      input.write(Data(file.bytes[sent...]))
      sent = file.count
      let advanced = reader.advance()
      #expect(advanced)
      #expect(reader.bytes.array == packet(60 + seed, seed: seed))
    }
    try input.close()
  }

  /// What cannot be read at all is no capture.
  @Test func descriptorThatIsNotOpen() {
    do throws(CaptureError) {
      _ = try CaptureReader(Descriptor(9_999))
      Issue.record("it was read")
    } catch {
      #expect(error.code == "capture.unreadable")
      #expect(error.message == "cannot be read: Bad file descriptor")
    }
  }

  /// A source that fails in the middle: the frames before it stand.
  @Test func readErrorInTheMiddle() throws {
    final class Failing: ByteSource {
      let whole: MemorySource
      init(_ bytes: [UInt8]) { whole = MemorySource(bytes) }
      var bytesRead: UInt64 { whole.bytesRead }
      func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceFailure) -> Int {
        let count = unsafe try whole.read(into: buffer)
        if count == 0 { throw .system(SystemError("read", "descriptor 3", code: EIO)) }
        return count
      }
    }
    var reader = try CaptureReader(Failing(DamageTests.pcap), limits: CaptureLimits())
    let reading = readAll(&reader)
    #expect(reading.frames.count == 3)
    #expect(reading.damage.map(\.code) == ["capture.read-failed"])
    #expect(reading.damage.first?.message.contains("Input/output error") == true)
  }
}
