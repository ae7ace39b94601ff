// The clock by which memory is given back.

import Terms

/// The latest time that two successive frames reached. One frame with a wrong date does not move it, and it never goes
/// back.
struct TimelineClock {
  /// Confirmed time; the smallest number before the second frame.
  private(set) var now = Int64.min
  /// Time of the last frame.
  private(set) var latest = Int64.min
  private var frame = FrameReference(number: 0)

  @inline(__always)
  mutating func advance(to time: Int64, frame: FrameReference) {
    // The inner packets of one frame confirm nothing.
    if frame.number == self.frame.number, frame.evidence == self.frame.evidence { return }
    self.frame = frame
    let confirmed = min(time, latest)
    if confirmed > now { now = confirmed }
    latest = time
  }
}
