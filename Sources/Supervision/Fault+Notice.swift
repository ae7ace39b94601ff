// A fault in words, for the findings: which plugin, where, what was done about it.

import Platform
import Terms

extension Fault {
  /// The notice that names the fault. `plugin` gives the identifier of a plugin by its place in the catalog, from 1.
  public func notice(evidence: UInt32? = nil, plugin: (UInt16) -> String?) -> Notice {
    let who = place.plugin > 0 ? "the plugin \(plugin(place.plugin) ?? "number \(place.plugin)")" : "the analysis"
    let code = place.plugin > 0 ? "fault.plugin" : "fault.analysis"
    return Notice(
      .fault, code, "\(who) \(cause); \(consequence)", evidence: evidence, frame: place.frame > 0 ? place.frame : nil)
  }

  private var consequence: String {
    switch measure {
    case .barred where place.flow > 0: "it was kept off the end of one flow, which ended by this frame"
    case .barred: "it was kept off that flow from this frame on"
    case .disabled: "it had failed too often and was left out for this evidence"
    case .skippedFrame: "this frame was left out"
    case .endedBefore: "the evidence was analysed up to the frame before"
    case .wentOn:
      "analysis went on behind this frame; of \(lostFlows) flow\(lostFlows == 1 ? "" : "s") begun before there is no record"
    case .gaveUp: "what follows was not analysed"
    }
  }
}

extension ItemOutcome {
  /// Whether the worker that got through has named the fault itself, with frame and offset: it was told what to leave
  /// out, and where, and says so when it gets there.
  public func isNamedByWorker(_ fault: Fault) -> Bool {
    end == .complete && (fault.measure == .barred || fault.measure == .skippedFrame)
      && !faults.contains { $0.measure == .endedBefore || $0.measure == .wentOn || $0.measure == .gaveUp }
  }
}
