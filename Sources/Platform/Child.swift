// A child process with descriptors at known numbers and nothing else of ours.

import CVeilPlatform
import Glibc
import Synchronization

/// How a process ended.
public enum ExitStatus: Equatable, Sendable {
  case exited(code: Int32)
  case killed(signal: Int32)

  init(waitStatus: Int32) {
    // The low seven bits hold the signal, the next byte the exit code (POSIX leaves it to macros; Linux wait(2)).
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .exited(code: waitStatus >> 8 & 0xff) : .killed(signal: signal)
  }

  public var isClean: Bool { self == .exited(code: 0) }
}

/// How a process ended, and what it used.
public struct ChildEnd: Equatable, Sendable {
  public let status: ExitStatus
  /// Processor time of user and system together, nanoseconds.
  public let cpu: Int64
  /// Largest resident size, bytes.
  public let peakMemory: UInt64
}

/// A running child. It must be waited for; where it was not, `deinit` kills it and waits.
public final class Child: Sendable {
  private let process: pid_t
  private let name: String
  /// The end, once waited for. Under its lock no signal can reach a process that took over the number.
  private let end = Mutex<ChildEnd?>(nil)

  /// The first number that handed-over descriptors get in the child.
  public static let firstDescriptor: Int32 = 3
  /// The program that is running now, whatever its path was renamed to since.
  public static let thisProgram = "/proc/self/exe"
  /// The backtracer of Swift would print memory, which here is evidence.
  private static let ownEnvironment = ["SWIFT_BACKTRACE=enable=no"]
  /// Passed on where it is set: a build with a shared standard library may need it to start.
  private static let inherited = ["LD_LIBRARY_PATH"]

  /// Starts `program`.
  /// - Parameters:
  ///   - arguments: after the program's name; `name` becomes the zeroth.
  ///   - descriptors: put at 3, 4, 5… in this order. Every other descriptor from 3 on is closed.
  ///   - keepsStandardError: else all three standard streams are `/dev/null`.
  public init(
    _ program: String = Child.thisProgram, name: String, arguments: [String] = [], descriptors: [Int32],
    environment: [String] = [], keepsStandardError: Bool = false
  ) throws(SystemError) {
    self.name = name
    // First out of the way of the numbers they shall get.
    let lowest = Child.firstDescriptor &+ Int32(descriptors.count)
    var sources: [Int32] = []
    defer { for source in sources { close(source) } }
    for descriptor in descriptors {
      let source = veil_duplicate_above(descriptor, max(lowest, 64))
      guard source >= 0 else { throw SystemError(last: "hand over a descriptor to", name) }
      sources.append(source)
    }
    let passedOn = Child.inherited.compactMap { key -> String? in
      // Sound: the environment of this process is never written to by this program; the text is copied at once.
      unsafe getenv(key).map { unsafe "\(key)=\(String(cString: $0))" }
    }
    process = try Child.spawn(
      program, arguments: [name] + arguments, environment: Child.ownEnvironment + passedOn + environment,
      sources: sources, keepsStandardError: keepsStandardError)
  }

  deinit {
    kill()
    _ = try? wait()
  }

  /// Ends the child at once. Nothing happens where it has been waited for.
  public func kill() {
    end.withLock { if $0 == nil { _ = Glibc.kill(process, SIGKILL) } }
  }

  /// Processor time used so far, nanoseconds; nil once the child is gone.
  public var cpu: Int64? { end.withLock { $0 == nil ? Clock.cpu(ofProcess: process) : nil } }

  /// Whether the child has ended. Its end is still to be waited for.
  public var hasEnded: Bool {
    end.withLock {
      guard $0 == nil else { return true }
      // Sound: the struct is lent for the call, which fills it where the child has ended and zeroes it where not.
      var information = unsafe siginfo_t()
      let code = unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG)
      return unsafe code != 0 || information.si_signo != 0
    }
  }

  /// Waits for the end, at most so long; a child that goes on is killed then.
  public func wait(atMost milliseconds: Int) throws(SystemError) -> ChildEnd {
    let last = Clock.monotonic &+ Int64(milliseconds) &* 1_000_000
    var pause: UInt32 = 100
    while !hasEnded {
      if Clock.monotonic > last {
        kill()
        break
      }
      usleep(pause)
      // From a tenth of a millisecond, which a clean exit takes, to ten.
      pause = min(pause &* 2, 10_000)
    }
    return try wait()
  }

  /// Waits for the end. Further calls give the same answer.
  public func wait() throws(SystemError) -> ChildEnd {
    if let known = end.withLock({ $0 }) { return known }
    // Waits without taking the number away, so that `kill` and `cpu` go on working meanwhile.
    let process = process
    // Sound: the struct is lent for the call.
    var information = unsafe siginfo_t()
    let waited = SystemCall.retrying { unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) }
    guard waited == 0 || SystemCall.lastError == ECHILD else { throw SystemError(last: "wait for", name) }
    let taken: ChildEnd? = end.withLock { end in
      if let end { return end }
      var status: Int32 = 0
      var usage = rusage()
      // Sound: both are lent for the call.
      guard SystemCall.retrying({ unsafe wait4(process, &status, 0, &usage) }) == process else { return nil }
      end = ChildEnd(
        status: ExitStatus(waitStatus: status),
        cpu: Clock.nanoseconds(usage.ru_utime) &+ Clock.nanoseconds(usage.ru_stime),
        // Linux counts it in kibibytes (getrusage(2)).
        peakMemory: UInt64(clamping: usage.ru_maxrss) &* 1024)
      return end
    }
    guard let taken else { throw SystemError(last: "wait for", name) }
    return taken
  }

  // MARK: - posix_spawn

  private static func spawn(
    _ program: String, arguments: [String], environment: [String], sources: [Int32], keepsStandardError: Bool
  ) throws(SystemError) -> pid_t {
    // Sound: initialised before use, lent to calls, destroyed at the end.
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var code: Int32 = 0
    for stream in 0...(keepsStandardError ? 1 : 2) where code == 0 {
      code = unsafe posix_spawn_file_actions_addopen(
        &actions, Int32(stream), "/dev/null", stream == 0 ? O_RDONLY : O_WRONLY, 0)
    }
    for (index, source) in sources.enumerated() where code == 0 {
      code = unsafe posix_spawn_file_actions_adddup2(&actions, source, firstDescriptor &+ Int32(index))
    }
    if code == 0 { code = unsafe veil_spawn_close_from(&actions, firstDescriptor &+ Int32(sources.count)) }

    // Sound: initialised before use, lent to calls, destroyed at the end.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    // Sound: each text is a copy of its own, ended by nil as the call wants it, and freed once the call is over.
    var vectors = unsafe [arguments, environment].map { texts in
      unsafe texts.map { unsafe strdup($0) } + [nil]
    }
    defer {
      unsafe vectors.joined().forEach { unsafe free($0) }
    }
    var process: pid_t = -1
    if code == 0 {
      // Sound: all that is lent lives until the call is over.
      code = unsafe posix_spawn(&process, program, &actions, &attributes, &vectors[0], &vectors[1])
    }
    guard code == 0 else { throw SystemError("start", program, code: code) }
    return process
  }
}
