// The one clock. Nothing that it shows may enter the findings: they hold nothing of the run.

import Glibc

public enum Clock {
  /// Nanoseconds since 1970-01-01 UTC, as the system's clock has it.
  public static var wall: Int64 { nanoseconds(CLOCK_REALTIME) }
  /// Nanoseconds since some fixed moment; never set back. For durations.
  public static var monotonic: Int64 { nanoseconds(CLOCK_MONOTONIC) }
  /// Nanoseconds of processor time that this process has used, all threads together.
  public static var processCPU: Int64 { nanoseconds(CLOCK_PROCESS_CPUTIME_ID) }

  /// Nanoseconds of processor time of a living child that has not been waited for; nil where there is none.
  static func cpu(ofProcess process: pid_t) -> Int64? {
    var clock = clockid_t()
    var time = timespec()
    // Sound, both calls: they fill the values that are lent for the call.
    guard unsafe clock_getcpuclockid(process, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else { return nil }
    return nanoseconds(time)
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // Sound: the call fills the struct that is lent for it. These clocks are always there.
    unsafe clock_gettime(clock, &time)
    return nanoseconds(time)
  }

  static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  static func nanoseconds(_ time: timeval) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_usec) &* 1000
  }
}
