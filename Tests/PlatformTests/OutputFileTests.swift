// What stands under a final name is whole; what stood there before is only replaced when asked for.

import Foundation
import TestSupport
import Testing

@testable import Platform

struct OutputFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func `the final name appears with publish, and not before`() throws {
    let output = try OutputFile(path: folder.path("out.json"))
    try output.write(Array("whole".utf8))
    #expect(folder.names == ["out.json.partial"])
    try output.finish()
    #expect(folder.text("out.json.partial") == "whole")
    #expect(folder.names == ["out.json.partial"])
    try output.publish()
    #expect(folder.names == ["out.json"])
    #expect(folder.text("out.json") == "whole")
    #expect(output.size == 5)
  }

  @Test func `an existing file is refused before anything is created`() throws {
    try folder.write("out.json", "old")
    #expect(throws: OutputError.exists(folder.path("out.json"))) { try OutputFile(path: folder.path("out.json")) }
    #expect(folder.names == ["out.json"])
    #expect(folder.text("out.json") == "old")
  }

  @Test func `overwriting leaves the old file whole until publish`() throws {
    try folder.write("out.json", "old")
    let output = try OutputFile(path: folder.path("out.json"), overwrite: true)
    try output.write(Array("new".utf8))
    try output.finish()
    #expect(folder.text("out.json") == "old")
    try output.publish()
    #expect(folder.text("out.json") == "new")
    #expect(folder.names == ["out.json"])
  }

  @Test func `a file that appears meanwhile is not replaced`() throws {
    let output = try OutputFile(path: folder.path("out.json"))
    try output.finish()
    try folder.write("out.json", "somebody else's")
    #expect(throws: OutputError.exists(folder.path("out.json"))) { try output.publish() }
    #expect(folder.text("out.json") == "somebody else's")
  }

  @Test(arguments: [false, true])
  func `of two outputs both get their names or neither, and what stood there stands again`(overwrite: Bool) throws {
    if overwrite { try folder.write("first", "old") }
    let first = try OutputFile(path: folder.path("first"), overwrite: overwrite)
    let second = try OutputFile(path: folder.path("second"), overwrite: overwrite)
    for (output, text) in [(first, "one"), (second, "two")] {
      try output.write(Array(text.utf8))
      try output.finish()
    }
    // The rename itself fails: the temporary file is gone.
    try FileManager.default.removeItem(atPath: folder.path("second.partial"))
    #expect(throws: OutputError.self) { try OutputFile.publish([first, second]) }
    #expect(folder.text("first") == (overwrite ? "old" : nil))
    #expect(folder.text("first.partial") == "one")
    first.discard()
    #expect(folder.names == (overwrite ? ["first"] : []))
  }

  @Test func `two outputs get their names, and nothing of what they replaced is left`() throws {
    try folder.write("first", "old")
    let first = try OutputFile(path: folder.path("first"), overwrite: true)
    let second = try OutputFile(path: folder.path("second"), overwrite: true)
    try first.write(Array("one".utf8))
    try first.finish()
    try second.finish()
    try OutputFile.publish([first, second])
    #expect(folder.names == ["first", "second"])
    #expect(folder.text("first") == "one" && folder.text("second") == "")
  }

  @Test(arguments: [false, true])
  func `a symbolic link in either place is refused, overwriting or not`(overwrite: Bool) throws {
    try folder.write("target", "target")
    for (link, out) in [("a", "a"), ("b.partial", "b")] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(link), withDestinationPath: folder.path("target"))
      #expect(throws: OutputError.symbolicLink(folder.path(link))) {
        try OutputFile(path: folder.path(out), overwrite: overwrite)
      }
    }
    #expect(folder.text("target") == "target")
  }

  @Test func `a folder in the place is refused`() throws {
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
    #expect(throws: OutputError.notAFile(folder.path("out"))) {
      try OutputFile(path: folder.path("out"), overwrite: true)
    }
  }

  @Test func `a leftover partial file is kept unless overwriting`() throws {
    try folder.write("out.partial", "line\n")
    #expect(throws: OutputError.leftover(folder.path("out.partial"))) { try OutputFile(path: folder.path("out")) }
    #expect(folder.text("out.partial") == "line\n")
    let output = try OutputFile(path: folder.path("out"), overwrite: true)
    try output.finish()
    #expect(folder.text("out.partial") == "")
  }

  @Test func `two runs do not share one partial file`() throws {
    let first = try OutputFile(path: folder.path("out"))
    #expect(throws: OutputError.inUse(folder.path("out.partial"))) {
      try OutputFile(path: folder.path("out"), overwrite: true)
    }
    try first.write(Array("mine".utf8))
    try first.finish()
    try first.publish()
    #expect(folder.text("out") == "mine")
  }

  @Test func `a missing folder and a path without a name are named`() throws {
    #expect(throws: OutputError.noFolder(folder.path("none"))) { try OutputFile(path: folder.path("none/out")) }
    #expect(throws: OutputError.noName(folder.url.path + "/")) { try OutputFile(path: folder.url.path + "/") }
    #expect(throws: OutputError.noName("")) { try OutputFile(path: "") }
  }

  @Test func `without publish the partial file stays, discard removes it`() throws {
    do {
      let output = try OutputFile(path: folder.path("kept"))
      try output.write(Array("line\n".utf8))
      try output.flush()
    }
    let output = try OutputFile(path: folder.path("gone"))
    try output.flush()
    output.discard()
    #expect(folder.names == ["kept.partial"])
    #expect(throws: OutputError.self) { try output.write(Array("more".utf8)) }
    #expect(throws: OutputError.self) { try output.publish() }
  }

  @Test(arguments: [3, 200_000, 300_000, 700_000])
  func `what is taken back is gone, in the buffer or on the disk`(kept: Int) throws {
    let output = try OutputFile(path: folder.path("out"))
    let line = [UInt8](repeating: 0x61, count: 1000)
    while output.size < kept { try output.write(Array(line.prefix(kept - Int(output.size)))) }
    for _ in 0..<600 { try output.write([UInt8](repeating: 0x62, count: 1000)) }
    try output.truncate(to: UInt64(kept))
    #expect(output.size == UInt64(kept))
    try output.write(Array("end".utf8))
    try output.finish()
    let text = try #require(folder.text("out.partial"))
    #expect(text.utf8.count == kept + 3)
    #expect(text.hasSuffix("aend"))
    #expect(!text.contains("b"))
  }

  @Test(arguments: [10, 400_000])
  func `a spool is appended whole, from memory or from its file`(size: Int) throws {
    let output = try OutputFile(path: folder.path("out"))
    try output.write(Array("head ".utf8))
    let spool = SpoolFile(beside: output)
    let bytes = (0..<size).map { UInt8(0x30 + $0 % 10) }
    try bytes.withRawSpanForTests { try spool.write($0) }
    try output.append(spool)
    try output.write(Array(" tail".utf8))
    try output.finish()
    #expect(folder.text("out.partial") == "head " + String(decoding: bytes, as: UTF8.self) + " tail")
    #expect(folder.names == ["out.partial"])
  }

  @Test func `a spool that was emptied holds only what came after`() throws {
    let output = try OutputFile(path: folder.path("out"))
    let spool = SpoolFile(beside: output, threshold: 8)
    for text in ["first words ", "and more "] { try Array(text.utf8).withRawSpanForTests { try spool.write($0) } }
    try spool.removeAll()
    for text in ["last ", "words that count"] { try Array(text.utf8).withRawSpanForTests { try spool.write($0) } }
    try output.append(spool)
    try output.finish()
    #expect(folder.text("out.partial") == "last words that count")
    var pieces: [UInt8] = []
    try spool.forEachPiece { (piece) throws(SystemError) in pieces += piece.array }
    #expect(String(decoding: pieces, as: UTF8.self) == "last words that count")
  }

  @Test func `outputs are taken back where nobody can vouch for them, and what they replaced stands again`() throws {
    struct Refusal: Error {}
    for isThere in [false, true] {
      if isThere { try Data("old".utf8).write(to: URL(fileURLWithPath: folder.path("out"))) }
      let outputs = try ["out", "other"].map { try OutputFile(path: folder.path($0), overwrite: true) }
      for output in outputs {
        try output.write(Array("new".utf8))
        try output.finish()
      }
      #expect(throws: Refusal.self) {
        try OutputFile.publish(outputs) {
          #expect(folder.text("out") == "new" && folder.text("other") == "new")
          throw Refusal()
        }
      }
      #expect(folder.text("out") == (isThere ? "old" : nil) && folder.text("other") == nil)
      for output in outputs { output.discard() }
      #expect(folder.names == (isThere ? ["out"] : []))
    }
    let output = try OutputFile(path: folder.path("out"), overwrite: true)
    try output.finish()
    try OutputFile.publish([output]) {}
    #expect(folder.names == ["out"])
  }

  @Test func `a full disk surfaces, and nothing is published`() async throws {
    // The largest file size stands in for the disk's: the same call fails in the same place, with EFBIG.
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 300_000, rlim_max: 300_000)
      unsafe setrlimit(__rlimit_resource_t(1), &limit)
      let folder = try TemporaryFolder()
      let output = try OutputFile(path: folder.path("out"))
      var failure: OutputError?
      do throws(OutputError) {
        for _ in 0..<1000 { try output.write([UInt8](repeating: 0x61, count: 1000)) }
        try output.finish()
      } catch { failure = error }
      guard case .system(let error)? = failure, error.isFull else { fatalError("\(String(describing: failure))") }
      do throws(OutputError) {
        try output.publish()
        fatalError("published")
      } catch { precondition(error == failure) }
      output.discard()
      precondition(folder.names.isEmpty)
    }
  }
}
