// Evidence is opened as what was named, and a change of it is noticed.

import Foundation
import TestSupport
import Testing

@testable import Platform

struct InputFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func `reads at an offset and knows the size`() throws {
    let file = try InputFile(path: folder.write("in", "0123456789"))
    #expect(file.identity.size == 10)
    #expect(file.isSeekable)
    var buffer = [UInt8](repeating: 0, count: 4)
    #expect(try file.read(at: 8, into: &buffer) == 2)
    #expect(buffer.prefix(2) == [0x38, 0x39])
    #expect(try file.read(at: 10, into: &buffer) == 0)
  }

  @Test func `a link, a folder and a missing file are refused with the reason`() throws {
    try folder.write("in", "x")
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: folder.path("in"))
    let codes = ["link", ".", "none"].map { name -> Int32 in
      do throws(SystemError) { _ = try InputFile(path: folder.path(name)) } catch { return error.code }
      return 0
    }
    #expect(codes == [ELOOP, EISDIR, ENOENT])
    #expect(
      SystemError("open", "x", code: ENOENT).description == "cannot open x: No such file or directory (check the path)")
  }

  @Test func `a write to the file is noticed, a further name is not`() throws {
    let path = try folder.write("in", "0123456789")
    let file = try InputFile(path: path)
    try FileManager.default.linkItem(atPath: path, toPath: folder.path("second"))
    #expect(try file.currentIdentity().hasSameContents(as: file.identity))
    let handle = try #require(FileHandle(forWritingAtPath: path))
    handle.seekToEndOfFile()
    handle.write(Data([0x61]))
    #expect(try !file.currentIdentity().hasSameContents(as: file.identity))
  }

  @Test func `a pipe is a stream`() throws {
    let pipe = try Platform.Pipe()
    let file = try InputFile(duplicating: pipe.reading, name: "-")
    #expect(!file.isSeekable)
    #expect(file.name == "-")
  }

  @Test func `a file that has been read from already is a stream`() throws {
    let file = try InputFile(path: folder.write("in", "0123456789"))
    var buffer = [UInt8](repeating: 0, count: 4)
    #expect(try file.readNext(into: &buffer) == 4)
    #expect(try !InputFile(duplicating: file.descriptor, name: "-").isSeekable)
    try file.rewind()
    #expect(try InputFile(duplicating: file.descriptor, name: "-").isSeekable)
  }
}
