// A run: items side by side, each carried through by a thread, their outcomes in the order of the command line.

import Platform
import Synchronization

/// What a run is given beside its items.
public struct RunSettings: Sendable {
  /// How many items are analysed at a time.
  public var workers = 1
  public var worker = WorkerSettings()
  public var progress: Progress?

  public init() {}
}

/// What a run tells while it goes on, on the thread that called it.
public enum RunEvent {
  /// Time has passed: at least four times a second while workers work.
  case waited
  /// An item is done, whatever came of it. In no certain order.
  case finished(item: Int, ItemOutcome)
}

public enum Run {
  /// Analyses `items`.
  ///
  /// Flow records go to `flows`, in the order of the items; it is neither finished nor published here. Everything else is
  /// in the outcomes. `scratch` names the folder in which records wait; nothing is written to it itself.
  /// Throws where the run had to be given up: then nothing may be published. What `watch` throws gives it up too.
  public static func analyse(
    _ items: [WorkItem], flows: OutputFile?, scratch: OutputFile, settings: RunSettings,
    watch: (RunEvent) throws(RunError) -> Void = { (_) throws(RunError) in }
  ) throws(RunError) -> [ItemOutcome] {
    let state = RunState(items, flows: flows, scratch: scratch, settings: settings)
    let count = max(min(settings.workers, items.count), 1)
    var threads: [SystemThread] = []
    for _ in 0..<count {
      do throws(SystemError) {
        threads.append(try SystemThread { state.work() })
      } catch {
        // Fewer threads are slower, none is the end.
        if threads.isEmpty { throw .system(error) }
        break
      }
    }
    var told: Set<Int> = []
    func tell() {
      guard !state.stop.isSet else { return }
      do throws(RunError) {
        for (index, outcome) in state.finished where told.insert(index).inserted {
          try watch(.finished(item: index, outcome))
        }
        try watch(.waited)
      } catch { state.giveUp(error) }
    }
    while !state.isOver.wait(milliseconds: Progress.interval) {
      let now = state.meter.now
      settings.progress?.draw(now.bytes, now.frames)
      tell()
    }
    for thread in threads { thread.join() }
    settings.progress?.erase()
    tell()
    if let error = state.stop.error { throw error }
    return state.outcomes
  }
}

/// What the threads of a run share.
private final class RunState: Sendable {
  let meter = RunMeter()
  let stop = StopFlag()
  /// Opened when every item is done, or the run given up.
  let isOver = Gate()

  private let items: [WorkItem]
  private let settings: RunSettings
  private let scratch: OutputFile
  private let flows: FlowOrder?
  private let next = Atomic<Int>(0)
  private let done: Mutex<[Int: ItemOutcome]> = Mutex([:])

  init(_ items: [WorkItem], flows: OutputFile?, scratch: OutputFile, settings: RunSettings) {
    self.items = items
    self.settings = settings
    self.scratch = scratch
    self.flows = flows.map(FlowOrder.init)
    if items.isEmpty { isOver.open() }
  }

  /// Takes one item after the other, as long as there are any. A thread's workers die with it: it waits for each.
  func work() {
    while !stop.isSet {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < items.count else { return }
      var run = ItemRun(
        items[index], index: index, settings: settings.worker, scratch: scratch, flows: flows, meter: meter, stop: stop)
      do throws(RunError) {
        let outcome = try run.run()
        let count = done.withLock {
          $0[index] = outcome
          return $0.count
        }
        if count == items.count { isOver.open() }
      } catch { giveUp(error) }
    }
  }

  func giveUp(_ error: RunError) {
    stop.set(error)
    isOver.open()
  }

  /// Those that are done.
  var finished: [(item: Int, outcome: ItemOutcome)] {
    done.withLock { done in items.indices.compactMap { index in done[index].map { (index, $0) } } }
  }

  /// In the order of the items.
  var outcomes: [ItemOutcome] { done.withLock { done in items.indices.compactMap { done[$0] } } }
}
