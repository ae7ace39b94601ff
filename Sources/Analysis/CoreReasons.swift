// What cannot be told of a flow by what the evidence holds of it, whatever its protocol.

import Flows
import Packets

/// The engine's own reasons for `not_assessable`.
struct CoreReasons: OptionSet {
  let rawValue: UInt8
  static let beginsMidStream = CoreReasons(rawValue: 1)
  static let oneDirection = CoreReasons(rawValue: 2)
  static let gap = CoreReasons(rawValue: 4)
  static let cut = CoreReasons(rawValue: 8)
  static let aboveMTU = CoreReasons(rawValue: 16)
  static let afterFault = CoreReasons(rawValue: 32)

  private static let texts: [(reason: CoreReasons, text: StaticString)] = [
    (.beginsMidStream, "begins mid-stream: what came before is not in the evidence"),
    (.oneDirection, "one direction only: that no answer is seen says nothing"),
    (.gap, "bytes of the stream are missing in the evidence"),
    (.cut, "payload cut by the snap length"),
    (.afterFault, "may be the rest of a flow that a fault of the program cut: what came before is in no record"),
    (.aboveMTU, "segments above the link's MTU: sizes are not those of the wire"),
  ]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ ended: inout FlowEnd) {
    var found: CoreReasons = []
    if ended.core.flow.beginsMidStream { found.insert(.beginsMidStream) }
    if !ended.core.flow.isSeen(.fromInitiator) || !ended.core.flow.isSeen(.fromResponder) {
      found.insert(.oneDirection)
    }
    if ended.core.flow.hasGap { found.insert(.gap) }
    if ended.core.flow.isCut { found.insert(.cut) }
    if let aboveMTU = ended.annex?.aboveMTU, aboveMTU > 0 { found.insert(.aboveMTU) }
    self = found
  }

  func forEach(_ body: (StaticString) -> Void) {
    guard !isEmpty else { return }
    for (reason, text) in CoreReasons.texts where contains(reason) { body(text) }
  }
}
