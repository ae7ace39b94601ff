// One attempt at one item: a worker is started, its channel drained, its page watched, its end explained.

import Bytes
import Platform
import Synchronization

/// How a worker is started and watched.
public struct WorkerSettings: Sendable {
  public var program = Child.thisProgram
  public var arguments = [WorkerSide.argument]
  /// Processor time of the worker during which its page may stand still, nanoseconds.
  public var stallLimit: Int64 = 10_000_000_000
  /// Bytes of a plain stream that are kept at least though the worker is through with them. While they are all of it, a
  /// fault is taken as with a file; a live capture of a quiet link is often no longer.
  public var streamKept = 4 * 1024 * 1024
  /// Bytes of a stream that are kept at most: more than pipe, blocks and the longest record together.
  public var streamMost = 32 * 1024 * 1024
  /// Whether the worker's standard error stays this process's: what a trap prints could hold evidence.
  public var keepsStandardError = false

  public init() {}
}

/// How an attempt ended.
enum AttemptEnd: Equatable {
  /// All records are there.
  case done
  /// The evidence cannot be analysed; the record of kind `refusal` says why.
  case refused
  case died(WorkerPlace, FaultCause)
  /// The run was stopped from outside.
  case stopped
}

/// What an attempt used.
struct AttemptUse: Equatable {
  var cpu: Int64 = 0
  var peakMemory: UInt64 = 0
}

/// Runs attempts, one after the other, over one page and one scratch space.
struct WorkerProcess {
  let settings: WorkerSettings
  let page: SharedPage
  let slots: SharedSlots
  let spill: SpillSpace
  /// Set when the whole run is given up.
  let stop: StopFlag

  /// How often the page is looked at, milliseconds.
  private static let lookInterval: Int32 = 250
  /// How long a worker may take from closing its channel to its end, milliseconds.
  private static let exitTime = 10_000

  /// Starts a worker on `job` and gives each record to `take`, until it ends.
  func attempt(
    _ job: Job, evidence: [Int32], use: inout AttemptUse,
    take: (RecordKind, RawSpan) throws(RunError) -> Void
  ) throws(RunError) -> AttemptEnd {
    page.clear()
    slots.clear()
    let pipe: Pipe
    let child: Child
    do throws(SystemError) {
      try spill.clear()
      let sealed = try SealedBytes(job.encoded())
      pipe = try Pipe()
      child = try Child(
        settings.program, name: "veilscope", arguments: settings.arguments,
        descriptors: [sealed.descriptor, pipe.writing, page.descriptor, spill.descriptor, slots.descriptor] + evidence,
        keepsStandardError: settings.keepsStandardError)
    } catch { throw .system(error) }
    pipe.closeWriting()

    var ending: RecordKind?
    var cause: FaultCause?
    do throws(RunError) {
      cause = try drain(pipe, of: child) { (kind, payload) throws(RunError) in
        if kind == .refusal || (kind == .end && ending == nil) { ending = kind }
        if kind != .end { try take(kind, payload) }
      }
    } catch {
      child.kill()
      _ = try? child.wait()
      throw error
    }
    let end: ChildEnd
    do throws(SystemError) { end = try child.wait(atMost: WorkerProcess.exitTime) } catch { throw .system(error) }
    use.cpu += end.cpu
    use.peakMemory = max(use.peakMemory, end.peakMemory)

    if stop.isSet { return .stopped }
    if let cause { return .died(page.place, cause) }
    switch end.status {
    case .killed(let signal): return .died(page.place, .signal(signal))
    case .exited(let code):
      guard code == 0, let ending else { return .died(page.place, .status(code)) }
      return ending == .refusal ? .refused : .done
    }
  }

  /// Takes records until the channel ends. Gives a cause where the worker had to be killed.
  private func drain(
    _ pipe: Pipe, of child: Child, take: (RecordKind, RawSpan) throws(RunError) -> Void
  ) throws(RunError) -> FaultCause? {
    var reader = RecordReader(descriptor: pipe.reading, kinds: RecordKind.range)
    var watch = StallWatch(limit: settings.stallLimit)
    var nextLook = Clock.monotonic + Int64(WorkerProcess.lookInterval) * 1_000_000
    var cause: FaultCause?
    var lines: [UInt8] = []
    var badSlot: ChannelFault?
    func give(_ record: ChannelRecord) throws(RunError) {
      // The reader lets only known kinds through.
      guard let kind = RecordKind(rawValue: record.kind), badSlot == nil else { return }
      guard kind == .flowSlot else { return try take(kind, record.payload) }
      let numbers = String(decoding: record.payload.array, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
      guard numbers.count == 2, slots.take(slot: numbers[0], length: numbers[1], into: &lines) else {
        badSlot = .noSuchSlot
        return
      }
      try lines.withRawSpan { (span) throws(RunError) in
        guard span.isUTF8 else {
          badSlot = .notUTF8(kind: record.kind)
          return
        }
        try take(.flow, span)
      }
    }
    while true {
      let isReady = try system { () throws(SystemError) in try reader.wait(milliseconds: WorkerProcess.lookInterval) }
      if Clock.monotonic >= nextLook {
        nextLook = Clock.monotonic + Int64(WorkerProcess.lookInterval) * 1_000_000
        if stop.isSet {
          child.kill()
        } else if let cpu = child.cpu, watch.isStalled(page.pulse, cpu: cpu) {
          // What stands in the channel is still taken: it will be thrown away with the attempt.
          cause = cause ?? .stalled
          child.kill()
        }
      }
      guard isReady else { continue }
      guard try system({ () throws(SystemError) in try reader.receive() }) else { break }
      let fault = try reader.forEach(give)
      if let fault = badSlot ?? fault {
        // Nothing behind it can be told apart.
        cause = .badRecord(fault)
        child.kill()
        break
      }
    }
    return cause
  }
}

/// Notices a worker whose page does not change while it uses processor time.
struct StallWatch {
  private let limit: Int64
  private var pulse: SIMD4<UInt64>?
  private var cpuAtPulse: Int64 = 0

  init(limit: Int64) { self.limit = limit }

  /// Whether `pulse` has stood still for the limit. `cpu` is the processor time that the worker has used so far: a worker
  /// that waits, for a disk or for its turn, uses none.
  mutating func isStalled(_ pulse: SIMD4<UInt64>, cpu: Int64) -> Bool {
    if pulse != self.pulse {
      self.pulse = pulse
      cpuAtPulse = cpu
    }
    return cpu - cpuAtPulse >= limit
  }
}
