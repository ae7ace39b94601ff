// Work on a thread of its own whose faults are outlived: how a test kit learns, and says, which input trapped.

import Glibc

/// What a thread leaves behind if a fault ends it.
///
/// A trap, a bad access or an overflow of the stack ends a process without another line of code; only a signal handler can
/// still do something. The words are prepared in advance. The handler writes them to standard error, wakes whoever waits
/// for the thread, and never returns: the thread stands still, with whatever it holds, until the process ends.
// Sound: the pointers are to memory that is never freed once the thread has faulted, and is the thread's own until then.
@safe public final class LastWords: Sendable {
  private static let capacity = 4_096
  /// Enough for the handler, which makes three system calls.
  private static let stackSize = 64 * 1024

  // The buffer's layout: the words' length, whether the thread faulted, the semaphore that its end raises, the words.
  fileprivate static let faultField = 8
  fileprivate static let endField = 16
  fileprivate static let wordsField = 64

  nonisolated(unsafe) fileprivate let buffer: UnsafeMutableRawPointer
  nonisolated(unsafe) private let stack: UnsafeMutableRawPointer

  private init() {
    // Sound: zero is "none" and "no"; the semaphore (32 bytes) lies before the words.
    unsafe buffer = .allocate(byteCount: Self.wordsField + Self.capacity, alignment: 16)
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0, count: Self.wordsField)
    unsafe stack = .allocate(byteCount: Self.stackSize, alignment: 16)
    unsafe sem_init(end, 0, 0)
  }

  deinit {
    unsafe sem_destroy(end)
    unsafe buffer.deallocate()
    unsafe stack.deallocate()
  }

  private var end: UnsafeMutablePointer<sem_t> {
    unsafe (buffer + Self.endField).assumingMemoryBound(to: sem_t.self)
  }

  /// Runs `body` on a thread of its own and waits for it.
  ///
  /// - Returns: the words last set, where a fault ended the thread; nil where `body` returned. After a fault the process
  ///   should end soon: a lock that the thread held stays locked.
  public static func run(_ body: @escaping @Sendable (LastWords) -> Void) throws(SystemError) -> [UInt8]? {
    FaultSignals.catchOnce()
    let words = LastWords()
    let thread = try SystemThread {
      words.takeThread()
      body(words)
      words.giveThreadBack()
      // Sound: as in init; the waiter frees nothing before the thread was joined.
      unsafe sem_post(words.end)
    }
    while unsafe sem_wait(words.end) != 0 {}
    // Sound: the semaphore was raised after the buffer was written.
    guard unsafe words.buffer.load(fromByteOffset: faultField, as: Int.self) != 0 else {
      thread.join()
      return nil
    }
    // The thread stands in its handler, on this stack: it must stay.
    _ = unsafe Unmanaged.passRetained(words)
    let count = unsafe words.buffer.load(as: Int.self)
    return (0..<count).map { unsafe words.buffer.load(fromByteOffset: wordsField + $0, as: UInt8.self) }
  }

  /// Sets the words, on the thread that they belong to. Longer than 4,096 bytes, they are cut.
  public func set(_ words: [UInt8]) {
    let count = min(words.count, Self.capacity)
    // Sound: `count` bytes fit behind the other fields; while they are copied the length says none.
    unsafe buffer.storeBytes(of: 0, as: Int.self)
    unsafe words.withUnsafeBytes {
      if let from = $0.baseAddress { unsafe (buffer + Self.wordsField).copyMemory(from: from, byteCount: count) }
    }
    unsafe buffer.storeBytes(of: count, as: Int.self)
  }

  /// Lets the thread's faults come to the handler, on a stack of its own.
  private func takeThread() {
    // Sound: the alternate stack lives as long as this object, and is given back before.
    var own = unsafe stack_t(ss_sp: stack, ss_flags: 0, ss_size: Self.stackSize)
    unsafe sigaltstack(&own, nil)
    unsafe pthread_setspecific(FaultSignals.key, buffer)
    var faults = sigset_t()
    unsafe sigemptyset(&faults)
    for signal in FaultSignals.numbers { unsafe sigaddset(&faults, signal) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &faults, nil)
  }

  private func giveThreadBack() {
    // Sound: the thread runs on its own stack again.
    var none = unsafe stack_t(ss_sp: nil, ss_flags: Int32(SS_DISABLE), ss_size: 0)
    pthread_setspecific(FaultSignals.key, nil)
    unsafe sigaltstack(&none, nil)
  }
}

private enum FaultSignals {
  static let numbers = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

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
    for signal in numbers {
      var action = sigaction()
      // Sound: the handler calls async-signal-safe functions and reads what was set before it was installed.
      unsafe action.__sigaction_handler.sa_handler = { signal in
        guard let buffer = unsafe pthread_getspecific(FaultSignals.key) else {
          // Another thread's fault happens again, and takes its usual way.
          unsafe sigaction(signal, FaultSignals.earlier + Int(signal), nil)
          if signal == SIGABRT { raise(signal) }
          return
        }
        unsafe _ = write(2, buffer + LastWords.wordsField, buffer.load(as: Int.self))
        unsafe buffer.storeBytes(of: 1, toByteOffset: LastWords.faultField, as: Int.self)
        unsafe sem_post((buffer + LastWords.endField).assumingMemoryBound(to: sem_t.self))
        while true { pause() }
      }
      action.sa_flags = SA_ONSTACK | SA_NODEFER
      unsafe sigaction(signal, &action, earlier + Int(signal))
    }
    return true
  }()
}
