// What runs in the worker process before and after the analysis: descriptors taken up, the process shut in, the end said.

import Bytes
import Platform

/// The numbers of a worker's descriptors.
enum WorkerDescriptor {
  static let job = Child.firstDescriptor
  static let channel = Child.firstDescriptor + 1
  static let page = Child.firstDescriptor + 2
  static let spill = Child.firstDescriptor + 3
  static let slots = Child.firstDescriptor + 4
  static let firstEvidence = Child.firstDescriptor + 5
}

/// What a worker has: its job, its evidence, and the ways out.
public struct WorkerContext {
  public let job: Job
  /// Open descriptors, each at its beginning; in the order of the item's files.
  public let evidence: [Int32]
  /// Where the worker says where it is.
  public let notes: PlaceNotes
  /// Scratch space for records that wait.
  public let spill: SpillFile
  /// Where records go.
  public let records: WorkerRecords
}

/// The worker's end of the record channel.
public final class WorkerRecords {
  private let writer: RecordWriter
  private let slots: SlotWriter?

  /// - Parameter slots: the way for flows, where there is one beside the channel.
  init(_ writer: RecordWriter, slots: SlotWriter? = nil) {
    self.writer = writer
    self.slots = slots
  }

  /// Lines that become due together can be many: they are sent in records of about this size, cut behind a line, so that
  /// neither end holds them all at once.
  private static let portion = 256 * 1024
  private static let lineFeed: UInt8 = 0x0a

  /// Sends a record of UTF-8. Flows and findings may be any number of lines; others at most 64 MiB. Where the supervisor
  /// is gone, the process ends.
  public func send(_ kind: RecordKind, _ payload: RawSpan) {
    var rest = payload
    if kind == .flow || kind == .finding {
      while rest.byteCount > WorkerRecords.portion {
        var end = WorkerRecords.portion
        while end < rest.byteCount, rest.u8(end - 1) != WorkerRecords.lineFeed { end += 1 }
        append(kind, rest.slice(0, end))
        rest = rest.slice(end)
        if rest.isEmpty { return }
      }
    }
    append(kind, rest)
  }

  /// From this size on a payload goes through a slot.
  private static let large = 64 * 1024

  private func append(_ kind: RecordKind, _ payload: RawSpan) {
    if kind == .flow, payload.byteCount >= WorkerRecords.large, let slot = slots?.fill(payload) {
      append(.flowSlot, Array("\(slot) \(payload.byteCount)".utf8))
      flush()
      return
    }
    do throws(SystemError) { try writer.append(kind.rawValue, payload) } catch { WorkerSide.quit() }
  }

  private func append(_ kind: RecordKind, _ payload: [UInt8]) { payload.withRawSpan { append(kind, $0) } }

  /// Sends a record.
  public func send(_ kind: RecordKind, _ payload: [UInt8]) { payload.withRawSpan { send(kind, $0) } }

  /// Hands over what was sent so far: before a wait for evidence that comes slowly.
  public func flush() {
    do throws(SystemError) { try writer.flush() } catch { WorkerSide.quit() }
  }
}

/// The worker's side of a run.
public enum WorkerSide {
  /// The argument that makes this program a worker. It is no command: it works with descriptors that only a supervisor
  /// gives.
  public static let argument = "--analysis-worker"

  /// The exit code of a worker whose descriptors are not what a supervisor gives.
  public static let noWorker: Int32 = 64
  /// The exit code of a worker that could not send its records.
  private static let noSupervisor: Int32 = 74

  /// Whether this process was started as a worker.
  public static func isAsked(_ arguments: [String]) -> Bool { arguments.count == 2 && arguments[1] == argument }

  /// Takes up the descriptors, shuts the process in, runs `body` and says that it has ended.
  /// - Parameter prepare: what must happen while paths can still be opened (a library's own set-up).
  /// - Returns: the exit code. End the process with it at once.
  public static func run(prepare: () -> Void = {}, _ body: (WorkerContext) -> Void) -> Int32 {
    let job: Job
    let notes: PlaceNotes
    let slots: SlotWriter
    do {
      notes = try SharedPage.notes(mapping: WorkerDescriptor.page)
      slots = try SlotWriter(mapping: WorkerDescriptor.slots)
      job = try Job.decoded(try SealedBytes.read(WorkerDescriptor.job))
    } catch { return noWorker }
    prepare()
    let protections = Sandbox.enter()
    let records = WorkerRecords(RecordWriter(descriptor: WorkerDescriptor.channel), slots: slots)
    records.send(.protections, Array("\(protections.rawValue)".utf8))
    body(
      WorkerContext(
        job: job, evidence: (0..<job.evidenceCount).map { WorkerDescriptor.firstEvidence + Int32($0) }, notes: notes,
        spill: SpillFile(descriptor: WorkerDescriptor.spill), records: records))
    records.send(.end, [])
    records.flush()
    return 0
  }

  static func quit() -> Never { ProcessEnd.now(noSupervisor) }
}
