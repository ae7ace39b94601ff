// What was left out because a bound on records was reached: counted, and said in the report.

import Terms

/// Counts what bounds left out, so that none of them is silent.
struct LimitsReached {
  /// A bound on what is said of a flow, or kept of a timeline to say it.
  enum Bound: Int, CaseIterable {
    case findings
    case objects
    case facts
    case streams
    case innerFrames
    case frames
    case inherited
    case reasons
    case thirdParties
    case notes
  }

  private var counts: [UInt64] = Array(repeating: 0, count: Bound.allCases.count)

  /// How much a bound left out so far.
  subscript(bound: Bound) -> UInt64 {
    get { counts[bound.rawValue] }
    set { counts[bound.rawValue] = newValue }
  }

  mutating func note(_ bound: Bound) { counts[bound.rawValue] &+= 1 }

  mutating func add(_ other: LimitsReached) {
    for index in counts.indices { counts[index] &+= other.counts[index] }
  }

  /// A notice for each bound that was reached.
  var notices: [Notice] {
    Bound.allCases.filter { self[$0] > 0 }.map { Notice(.limit, $0.code, $0.message, count: self[$0]) }
  }
}

extension LimitsReached.Bound {
  fileprivate var code: String {
    switch self {
    case .findings: "analysis.findings"
    case .objects: "analysis.objects"
    case .facts: "analysis.facts"
    case .streams: "analysis.streams"
    case .innerFrames: "analysis.inner-frames"
    case .frames: "analysis.frames"
    case .inherited: "analysis.inherited"
    case .reasons: "analysis.reasons"
    case .thirdParties: "analysis.third-parties"
    case .notes: "analysis.notes"
    }
  }

  fileprivate var message: String {
    switch self {
    case .findings: "flows gave more findings than are kept of one flow: the first ones were kept"
    case .objects: "more was observed in a flow than its record holds: the first objects were kept"
    case .facts: "a call gave rise to more observations than other plugins are told of: the first ones were told"
    case .streams: "more streams were found within a flow than are looked into"
    case .innerFrames: "a stream that a plugin put together came in more frames than are named: the first ones are"
    case .frames: "bytes of a stream came in more segments than are told apart: one frame is named for several"
    case .inherited: "more flows were cut at once than leave their indications to their next parts"
    case .reasons: "more reasons of what cannot be told than are summed: the flow records have them all"
    case .thirdParties:
      "more third parties than are told apart: the later ones share the name third-party-other;"
        + " raise --limit third-parties"
    case .notes:
      "more was noted across flows (names, connection ids) than is kept at once: what was noted first made way"
    }
  }
}
