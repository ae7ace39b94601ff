// A file that grows in its place: whole pieces, never through a link, and what it replaces is kept until it is settled.

import Foundation
import TestSupport
import Testing

@testable import Platform

@Suite struct AppendFileTests {
  private func contents(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("stands under its name from the first moment on, and is read back while it grows")
  func grows() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("record")
    let file = try AppendFile(creating: path)
    #expect(contents(path) == "")
    try file.append(Array("one\n".utf8))
    try file.append(Array("two\n".utf8))
    try file.sync(withName: true)
    #expect(contents(path) == "one\ntwo\n" && file.size == 8)
    var buffer = [UInt8](repeating: 0, count: 3)
    #expect(try file.read(at: 4, into: &buffer) == 3)
    #expect(buffer == Array("two".utf8))
  }

  @Test("a second run is kept off for as long as the first has it open; later it is gone on with")
  func locked() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("record")
    do {
      let file = try AppendFile(creating: path)
      try file.append([0x61])
      #expect(throws: OutputError.inUse(path)) { _ = try AppendFile(opening: path) }
      #expect(throws: OutputError.inUse(path)) { _ = try AppendFile(creating: path, overwrite: true) }
    }
    let more = try AppendFile(opening: path)
    try more.append([0x62])
    #expect(contents(path) == "ab")
  }

  @Test("an existing file, a link, a folder are refused")
  func refused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("record")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: OutputError.exists(path)) { _ = try AppendFile(creating: path) }
    let link = folder.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    for overwrite in [false, true] {
      #expect(throws: OutputError.symbolicLink(link)) { _ = try AppendFile(creating: link, overwrite: overwrite) }
    }
    #expect(throws: OutputError.symbolicLink(link)) { _ = try AppendFile(opening: link) }
    #expect(throws: OutputError.noFolder(folder.path("none"))) {
      _ = try AppendFile(creating: folder.path("none/x"))
    }
    #expect(contents(path) == "mine")
  }

  @Test("what is replaced comes back when the new file is discarded, and goes when it is settled")
  func replaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("record")
    let old = path + AppendFile.oldSuffix
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    try AppendFile(creating: path, overwrite: true).discard()
    #expect(contents(path) == "old" && contents(old) == nil)
    // Killed: neither discarded nor settled.
    do { try AppendFile(creating: path, overwrite: true).append(Array("killed".utf8)) }
    #expect(contents(path) == "killed" && contents(old) == "old")
    // The next one keeps what is of value.
    do { try AppendFile(creating: path, overwrite: true).append(Array("again".utf8)) }
    #expect(contents(path) == "again" && contents(old) == "old")
    let last = try AppendFile(creating: path, overwrite: true)
    try last.append(Array("new".utf8))
    last.settle()
    #expect(contents(path) == "new" && contents(old) == nil)
  }
}
