// What the machine says of itself agrees with what the system's own commands say.

import Foundation
import Testing

@testable import Platform

@Suite struct MachineTests {
  @Test("kernel, boot, user")
  func facts() throws {
    let release = try String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    #expect(Machine.kernel?.contains(release) == true)
    #expect(Machine.bootID?.count == 36)
    #expect(Machine.userID == getuid())
    #expect(Machine.userName == nil || Machine.userName == NSUserName())
    #expect(Machine.hostName == ProcessInfo.processInfo.hostName || Machine.hostName?.isEmpty == false)
  }

  @Test("the program is the file that runs")
  func program() throws {
    let file = try Machine.program()
    let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    #expect(file.resolvedPath == path)
  }

  @Test("the clock's state is there, its errors are no less than nothing")
  func clock() throws {
    let state = try #require(ClockState.now)
    #expect(state.estimatedErrorMicroseconds >= 0 && state.maximumErrorMicroseconds >= 0)
  }
}
