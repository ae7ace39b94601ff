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
    case .wentOn: "analysis went on behind this frame; \(loss)"
    case .ended:
      "analysis ended here: a compressed stream of that length cannot be taken up in its middle; unpack it first, or give"
        + " it as a file; \(loss)"
    case .gaveUp: "what follows was not analysed" + (lostFlows > 0 ? "; \(loss)" : "")
    }
  }
}

extension Fault {
  private var loss: String {
    "of \(lostFlows) flow\(lostFlows == 1 ? "" : "s") begun before there is no record"
  }
}

extension ItemOutcome {
  /// Whether the last worker's report covers only what came behind a fault.
  public var isTakenUp: Bool {
    faults.contains { $0.measure == .wentOn || $0.measure == .ended || $0.measure == .gaveUp }
  }

  /// Whether the worker that got through has named the fault itself, with frame and offset: it was told what to leave
  /// out, and where, and says so when it gets there.
  public func isNamedByWorker(_ fault: Fault) -> Bool {
    end == .complete && (fault.measure == .barred || fault.measure == .skippedFrame)
      && !isTakenUp && !faults.contains { $0.measure == .endedBefore }
  }
}
