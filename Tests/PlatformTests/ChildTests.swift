// A child has the descriptors it was given and nothing else; its end says how it ended.

import Foundation
import TestSupport
import Testing

@testable import Platform

struct ChildTests {
  private func shell(_ script: String, _ descriptors: [Int32] = []) throws -> ChildEnd {
    try Child("/bin/sh", name: "sh", arguments: ["-c", script], descriptors: descriptors).wait()
  }

  private func output(_ script: String, also: [Int32] = []) throws -> String {
    let pipe = try Platform.Pipe()
    let child = try Child(
      "/bin/sh", name: "sh", arguments: ["-c", script], descriptors: [pipe.writing] + also)
    pipe.closeWriting()
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    let file = try InputFile(duplicating: pipe.reading, name: "pipe")
    while case let count = try file.readNext(into: &buffer), count > 0 { text += buffer.prefix(count) }
    _ = try child.wait()
    return String(decoding: text, as: UTF8.self)
  }

  @Test func `says how it ended`() throws {
    #expect(try shell("exit 0").status == .exited(code: 0))
    #expect(try shell("exit 77").status == .exited(code: 77))
    #expect(try shell("kill -ILL $$").status == .killed(signal: SIGILL))
  }

  @Test func `gets the descriptors in order, and no other`() throws {
    let folder = try TemporaryFolder()
    let file = try InputFile(path: folder.write("in", "evidence"))
    #expect(try output("cat <&4 >&3", also: [file.descriptor]) == "evidence")
    // 0, 1, 2, the two handed over, and the folder that ls itself has open.
    #expect(try output("ls /proc/self/fd >&3; true", also: [file.descriptor]).split(separator: "\n").count == 6)
  }

  @Test func `gets a minimal environment, with the backtracer off`() throws {
    let lines = try output("env >&3").split(separator: "\n").filter {
      !$0.hasPrefix("PWD=") && !$0.hasPrefix("LD_LIBRARY_PATH=") && !$0.hasPrefix("_=") && !$0.hasPrefix("SHLVL=")
    }
    #expect(lines == ["SWIFT_BACKTRACE=enable=no"])
  }

  @Test func `can be killed, and its processor time read while it lives`() throws {
    let child = try Child("/bin/sh", name: "sh", arguments: ["-c", "while :; do :; done"], descriptors: [])
    let end = Clock.monotonic + 20_000_000_000
    while (child.cpu ?? 0) < 50_000_000, Clock.monotonic < end { usleep(10_000) }
    #expect((child.cpu ?? 0) >= 50_000_000)
    child.kill()
    let ended = try child.wait()
    #expect(ended.status == .killed(signal: SIGKILL))
    #expect(ended.cpu >= 50_000_000)
    #expect(child.cpu == nil)
    child.kill()
    #expect(try child.wait() == ended)
  }

  @Test func `a program that is not there is named`() throws {
    #expect(throws: SystemError("start", "/nonexistent/program", code: ENOENT)) {
      try Child("/nonexistent/program", name: "x", descriptors: [])
    }
  }
}
