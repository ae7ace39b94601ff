// A thread for work that blocks: the digest, the draining of a worker's channel.

import Glibc
import Synchronization

/// A thread that runs one closure. It must be joined; where it was not, it goes on by itself.
public final class SystemThread: Sendable {
  // Sound: a plain number, set once.
  private let identifier: pthread_t
  private let isJoined = Atomic<Bool>(false)

  /// Starts `body` on a thread of its own. Signals are left to the other threads.
  public init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let box = unsafe Unmanaged.passRetained(Body(body))
    var identifier = pthread_t()
    var all = sigset_t()
    var before = sigset_t()
    // Sound: the sets are filled by the calls they are lent to. A new thread inherits the mask of its maker.
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    // Sound: the box is retained until the thread takes it over.
    let code = unsafe pthread_create(
      &identifier, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, box.toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    guard code == 0 else {
      unsafe box.release()
      throw SystemError("start", "a thread", code: code)
    }
    self.identifier = identifier
  }

  deinit { if !isJoined.load(ordering: .acquiring) { pthread_detach(identifier) } }

  /// Waits for the closure's end. A second call returns at once.
  public func join() {
    guard !isJoined.exchange(true, ordering: .acquiringAndReleasing) else { return }

    pthread_join(identifier, nil)
  }
}

private final class Body: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A gate that one thread opens and others wait at.
@safe
public final class Gate: @unchecked Sendable {
  // Sound: both live at a fixed address until deinit; `isOpen` is only touched under the mutex.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var isOpen = false

  public init() {
    var attributes = pthread_condattr_t()
    // Sound: the calls initialise what they are lent; the timed wait then counts on the monotonic clock.
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    // Sound: the last reference is gone, so nobody waits.
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Lets everybody pass, now and later.
  public func open() {
    // Sound, here and below: initialised in init.
    unsafe pthread_mutex_lock(mutex)
    isOpen = true
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits until the gate is open, at most so long. Returns whether it is.
  public func wait(milliseconds: Int) -> Bool {
    let end = Clock.monotonic &+ Int64(milliseconds) &* 1_000_000
    var time = timespec(tv_sec: time_t(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while !isOpen {
      if unsafe pthread_cond_timedwait(condition, mutex, &time) != 0 { break }
    }
    return isOpen
  }
}
