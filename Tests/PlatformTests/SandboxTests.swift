// Shut in, a process computes, reads and writes what is open, and can do nothing else.

import Foundation
import TestSupport
import Testing

@testable import Platform

struct SandboxTests {
  @Test func `what is open works, everything else is refused`() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let folder = try TemporaryFolder()
      let file = try InputFile(path: folder.write("in", "0123456789"))
      let pipe = try Platform.Pipe()
      try FileManager.default.removeItem(atPath: folder.url.path)
      let on = Sandbox.enter()
      precondition(on.isSuperset(of: [.noNewPrivileges, .noDump, .limits, .callList]))
      var buffer = [UInt8](repeating: 0, count: 4)
      let count = try file.read(at: 2, into: &buffer)
      precondition(count == 4)
      let writer = RecordWriter(descriptor: pipe.writing)
      try [UInt8](repeating: 0x61, count: 1000).withRawSpanForTests { try writer.append(1, $0) }
      try writer.flush()
      // A worker waits for a slow pipe.
      var entry = pollfd(fd: pipe.reading, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&entry, 1, 1000)
      precondition(ready == 1)
      // Memory in every size, and a fresh dictionary.
      var sizes: [Int: Int] = [:]
      for size in [10, 10_000, 10_000_000, 100_000_000] { sizes[[UInt8](repeating: 1, count: size).count] = size }
      precondition(sizes.count == 4 && Clock.wall > 0)

      unsafe precondition(open("/etc/passwd", O_RDONLY) == -1)
      precondition(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) == -1 && errno == EPERM)
      precondition(fork() == -1)
      unsafe precondition(unlink("/etc/passwd-none") == -1 && errno == EPERM)
      let code = unsafe mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      unsafe precondition(code == MAP_FAILED)
      precondition(dup(1) == -1)
      exit(7)
    }
  }

  @Test func `a trap still ends the process at once`() async {
    await #expect(processExitsWith: .signal(SIGILL)) {
      _ = Sandbox.enter()
      let empty: [Int] = []
      print(empty[Int(Clock.wall & 1)])
    }
  }

  @Test func `every jump of the filter stays inside it`() {
    let program = CallList.program()
    #expect(program.count < 256)
    for (index, word) in program.enumerated() where word & 0x7 == 0x5 {
      #expect(index + 1 + Int(word >> 16 & 0xff) < program.count)
      #expect(index + 1 + Int(word >> 24 & 0xff) < program.count)
    }
  }
}
