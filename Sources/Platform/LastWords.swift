// What a thread leaves on standard error when a fault ends the process: how a test kit names the input that trapped.

import CVeilPlatform
import Glibc

/// The last words of the thread that made it, for as long as `speaking`'s body runs.
///
/// A trap, a bad access or an overflow of the stack ends a process without another line of code; only a signal handler can
/// still say what was at hand. The words are prepared in advance, and the handler writes them and leaves the fault to
/// whoever handled it before.
// Sound: the pointers are to memory that lives as long as the object, and are used by its own thread alone.
@safe public final class LastWords: Sendable {
  private static let capacity = 4_096
  /// Enough for the handler, which calls `write` and little else.
  private static let stackSize = 64 * 1024

  /// The number of bytes to be written, then the bytes.
  nonisolated(unsafe) private let buffer: UnsafeMutableRawPointer
  nonisolated(unsafe) private let stack: UnsafeMutableRawPointer

  private init() {
    // Sound: freed in deinit, never handed out.
    unsafe buffer = .allocate(byteCount: Self.capacity + 8, alignment: 8)
    unsafe buffer.storeBytes(of: 0, as: Int.self)
    unsafe stack = .allocate(byteCount: Self.stackSize, alignment: 16)
  }

  deinit {
    unsafe buffer.deallocate()
    unsafe stack.deallocate()
  }

  /// Runs `body`, during which a fault of this thread writes the words last set. May not be nested.
  public static func speaking<R, E: Error>(_ body: (LastWords) throws(E) -> R) throws(E) -> R {
    FaultSignals.catchOnce()
    let words = LastWords()
    // Sound: the thread's own value and its own alternate stack are set for the time of `body`, and then as they were.
    var own = unsafe stack_t(ss_sp: words.stack, ss_flags: 0, ss_size: stackSize)
    var earlier = unsafe stack_t()
    unsafe sigaltstack(&own, &earlier)
    unsafe pthread_setspecific(FaultSignals.key, words.buffer)
    defer {
      pthread_setspecific(FaultSignals.key, nil)
      unsafe sigaltstack(&earlier, nil)
    }
    return try body(words)
  }

  /// Sets the words, on the thread that they belong to. Longer than 4,096 bytes, they are cut.
  public func set(_ words: [UInt8]) {
    let count = min(words.count, Self.capacity)
    // Sound: `count` bytes fit behind the length; while they are copied the length says none.
    unsafe buffer.storeBytes(of: 0, as: Int.self)
    unsafe words.withUnsafeBytes {
      if let from = $0.baseAddress { unsafe (buffer + 8).copyMemory(from: from, byteCount: count) }
    }
    unsafe buffer.storeBytes(of: count, as: Int.self)
  }
}

private enum FaultSignals {
  // Sound: made once, before the handler is set, and never changed.
  static let key: pthread_key_t = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    return key
  }()

  /// What handled each signal before, by its number.
  // Sound: written by `installed`, once, and then only read.
  nonisolated(unsafe) static let earlier: UnsafeMutablePointer<sigaction> = {
    let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    unsafe actions.initialize(repeating: sigaction(), count: 65)
    return unsafe actions
  }()

  static func catchOnce() { _ = installed }

  private static let installed: Bool = {
    _ = key
    for signal in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] {
      var action = sigaction()
      // Sound: the handler calls async-signal-safe functions and reads what was set before it was installed.
      unsafe action.__sigaction_handler.sa_handler = { signal in
        if let buffer = unsafe pthread_getspecific(FaultSignals.key) {
          unsafe _ = write(2, buffer + 8, buffer.load(as: Int.self))
        }
        // Back to what was there before: the fault happens again, and takes its usual way.
        unsafe sigaction(signal, FaultSignals.earlier + Int(signal), nil)
        if signal == SIGABRT { raise(signal) }
      }
      action.sa_flags = SA_ONSTACK | SA_NODEFER
      unsafe sigaction(signal, &action, earlier + Int(signal))
    }
    return true
  }()
}
