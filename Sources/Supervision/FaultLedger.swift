// What a worker's death teaches: what the next attempt is kept off, step by step until it gets through.

import Platform

/// Why an attempt ended early.
public enum FaultCause: Equatable, Sendable, CustomStringConvertible {
  /// Killed by a signal: a trap of the program, or memory that ran out.
  case signal(Int32)
  /// The page stood still for the stall limit's processor time.
  case stalled
  /// The worker sent something that is no record.
  case badRecord(ChannelFault)
  /// It ended by itself without having finished.
  case status(Int32)

  /// A clause that names the cause; its subject is the plugin, or the analysis.
  public var description: String {
    switch self {
    case .signal(let number): FaultCause.signals[number] ?? "was ended by signal \(number)"
    case .stalled: "looped: it made no progress within its limit of processor time"
    case .badRecord(let fault): "sent \(fault)"
    case .status(let code): "ended with status \(code) before it was done"
    }
  }

  /// What a signal says (Linux signal(7)). A check of the language ends in ILL or TRAP.
  private static let signals: [Int32: String] = [
    4: "trapped (SIGILL)", 5: "trapped (SIGTRAP)", 6: "gave up (SIGABRT), as where no memory can be had",
    7: "trapped on a bad address (SIGBUS)", 8: "trapped on an impossible number (SIGFPE)",
    9: "was killed by the system (SIGKILL), as it does where memory runs out",
    11: "trapped on a bad address (SIGSEGV), as where the stack runs out",
  ]
}

/// A fault, and what was done about it.
public struct Fault: Equatable, Sendable {
  public enum Measure: Equatable, Sendable {
    /// The plugin is kept off that flow from that frame on.
    case barred
    /// The plugin, which has failed too often, is not called any more.
    case disabled
    /// The frame is not read.
    case skippedFrame
    /// The evidence is taken to end before that frame.
    case endedBefore
    /// Of evidence that cannot be read twice: analysis went on behind that frame, and flows open there were lost.
    case wentOn
    /// Of compressed evidence that cannot be read twice: nobody can go on in its middle.
    case ended
    /// The item could not be analysed.
    case gaveUp
  }
  /// Where the worker was. A plugin of 0: outside plugins. A frame of 0: before the first.
  public let place: WorkerPlace
  public let cause: FaultCause
  public let measure: Measure
  /// Flows that were begun before the fault and of which there is no record: where analysis went on behind it.
  public var lostFlows: UInt64 = 0
}

/// Decides after each death of one item's workers, always so that the next attempt gets further or leaves out more.
struct FaultLedger {
  /// After so many faults one plugin is not called any more.
  static let faultsOfOnePlugin = 8
  /// After so many faults in all the evidence is taken to end where the next one happens: each attempt reads from the
  /// start, and a capture made of fatal frames must come to an end.
  static let mostFaults = 64
  /// So many more while the end is looked for.
  static let lastFaults = 8

  private(set) var faults: [Fault] = []
  private(set) var exclusions = Exclusions()

  /// Takes a death; gives what is to be done.
  mutating func take(_ place: WorkerPlace, _ cause: FaultCause) -> Fault.Measure {
    let measure = measure(for: place)
    faults.append(Fault(place: place, cause: cause, measure: measure))
    switch measure {
    case .barred: exclusions.barred.append(Exclusion(place: place, cause: cause))
    case .disabled: exclusions.disabledPlugins.append(place.plugin)
    case .skippedFrame: exclusions.skippedFrames.append(Exclusion(place: place, cause: cause))
    case .endedBefore: exclusions.endBefore = place.frame
    case .wentOn, .ended, .gaveUp: break
    }
    return measure
  }

  /// Takes a death over evidence that cannot be read twice: the next worker goes on behind the frame, if it can.
  mutating func takeOfStream(
    _ place: WorkerPlace, _ cause: FaultCause, canGoOn: Bool, isCompressed: Bool = false, lostFlows: UInt64 = 0
  ) -> Fault.Measure {
    let isFit = canGoOn && place.frame > 0 && faults.count < FaultLedger.mostFaults
    let measure: Fault.Measure = !isFit ? .gaveUp : isCompressed ? .ended : .wentOn
    faults.append(Fault(place: place, cause: cause, measure: measure, lostFlows: lostFlows))
    if place.plugin > 0, !exclusions.disabledPlugins.contains(place.plugin),
      faults.count(where: { $0.place.plugin == place.plugin }) >= FaultLedger.faultsOfOnePlugin
    {
      exclusions.disabledPlugins.append(place.plugin)
    }
    return measure
  }

  /// Nothing more is read: the evidence is taken to end where the last worker ended.
  mutating func endNow() { exclusions.endBefore = 1 }

  private func measure(for place: WorkerPlace) -> Fault.Measure {
    // Before the first frame there is nothing to leave out; and an end must be.
    guard place.frame > 0, faults.count < FaultLedger.mostFaults + FaultLedger.lastFaults else { return .gaveUp }
    if let end = exclusions.endBefore {
      return place.frame < end && place.frame > 1 ? .endedBefore : .gaveUp
    }
    if faults.count >= FaultLedger.mostFaults || exclusions.skips(place.frame) { return .endedBefore }
    // A worker that was taken over may name a plugin that was not called: then, too, the next step leaves out more.
    guard place.plugin > 0, !exclusions.disabledPlugins.contains(place.plugin) else { return .skippedFrame }
    guard !exclusions.bars(place) else { return .disabled }
    let earlier = faults.count(where: { $0.place.plugin == place.plugin })
    return earlier + 1 >= FaultLedger.faultsOfOnePlugin ? .disabled : .barred
  }
}
