// What this computer is, who runs the program on it, and how far its clock can be believed.

import CVeilPlatform
import Glibc

/// Facts about the computer, for the custody record. Each is nil or empty where the system does not say.
public enum Machine {
  /// The distribution's name: `Debian GNU/Linux 12 (bookworm)`.
  public static var system: String? {
    for path in ["/etc/os-release", "/usr/lib/os-release"] {
      for line in (text(path) ?? "").split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
        return line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" }
      }
    }
    return nil
  }

  /// The kernel's name, release and build: `Linux 6.1.0-18-amd64 #1 SMP …`.
  public static var kernel: String? {
    let parts = ["ostype", "osrelease", "version"].compactMap { text("/proc/sys/kernel/\($0)") }
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }

  public static var hostName: String? { text("/proc/sys/kernel/hostname") }

  /// A number that the kernel draws each time it starts: monotonic times of one boot can be compared.
  public static var bootID: String? { text("/proc/sys/kernel/random/boot_id") }

  /// The real user's number.
  public static var userID: UInt32 { getuid() }

  /// The real user's name, as the system's tables have it.
  public static var userName: String? {
    // Sound: the entry is the C library's, and copied before the next call that could change it. Asked at the start, by
    // one thread.
    guard let entry = unsafe getpwuid(getuid()), let name = unsafe entry.pointee.pw_name else { return nil }
    return unsafe String(cString: name)
  }

  /// The language settings of the environment that are set: `LANG=en_NZ.UTF-8`.
  public static var locale: [(name: String, value: String)] {
    ["LC_ALL", "LC_CTYPE", "LANG", "TZ"].compactMap { name in
      // Sound: the environment's text is copied at once; nobody changes it.
      unsafe getenv(name).map { (name, unsafe String(cString: $0)) }
    }
  }

  /// The file of this program.
  public static func program() throws(SystemError) -> InputFile {
    // The link in /proc is followed by the kernel to the file that runs, whatever stands under its name now.
    // Sound: the path is a constant.
    let descriptor = SystemCall.retrying { unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw SystemError(last: "open", "/proc/self/exe") }
    defer { close(descriptor) }
    return try InputFile(duplicating: descriptor, name: "/proc/self/exe")
  }

  /// A short text of the system's, without the line feed at its end.
  private static func text(_ path: String) -> String? {
    do throws(SystemError) {
      let file = try InputFile(path: path)
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = try file.readNext(into: &buffer)
      let text = String(decoding: buffer[..<count], as: UTF8.self)
      return text.hasSuffix("\n") ? String(text.dropLast()) : text
    } catch { return nil }
  }
}

/// How far the system's clock can be believed (adjtimex(2)).
public struct ClockState: Equatable, Sendable {
  /// Whether something keeps it in step with a reference (no STA_UNSYNC, and not TIME_ERROR).
  public let isSynchronised: Bool
  /// Microseconds, as whoever disciplines the clock estimates them.
  public let estimatedErrorMicroseconds: Int64
  public let maximumErrorMicroseconds: Int64

  /// STA_UNSYNC of linux/timex.h.
  private static let unsynchronised: Int32 = 0x0040
  /// TIME_ERROR of linux/timex.h.
  private static let error: Int32 = 5

  /// Now; nil where the system does not say.
  public static var now: ClockState? {
    var status: Int32 = 0
    var estimated: Int64 = 0
    var maximum: Int64 = 0
    // Sound: the call fills the three values that are lent for it.
    let state = unsafe veil_clock_state(&status, &estimated, &maximum)
    guard state >= 0 else { return nil }
    return ClockState(
      isSynchronised: state != error && status & unsynchronised == 0, estimatedErrorMicroseconds: estimated,
      maximumErrorMicroseconds: maximum)
  }
}

/// Open descriptors, as the kernel names them.
enum OpenFile {
  /// The path that the kernel knows a descriptor by; nil without /proc.
  static func path(of descriptor: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    // Sound: at most as many bytes as the array has are written.
    let count = unsafe readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
