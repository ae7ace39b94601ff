// What was said of a flow: its record and its findings are written from it.

import Bytes
import Packets

/// One object of the flow record, made of one or more observations.
struct ObservedObject {
  let record: StaticString
  let stream: Int
  /// The plugins whose verdicts led to the stream, outermost first.
  let way: [Int]
  var types: [ObjectIdentifier]
  /// Members of the JSON object, with commas between.
  var json: [UInt8]
}

extension [ObservedObject] {
  mutating func add(
    _ type: ObjectIdentifier, of record: StaticString, stream: Int, way: [Int], members: [UInt8]
  ) {
    if let last = lastIndex(where: { $0.stream == stream && $0.record.isSame(as: record) }),
      !self[last].types.contains(type)
    {
      self[last].types.append(type)
      if !self[last].json.isEmpty, !members.isEmpty { self[last].json.append(0x2c) }
      self[last].json.append(contentsOf: members)
    } else {
      // A copy of its own: the caller's memory is used again.
      append(
        ObservedObject(
          record: record, stream: stream, way: way, types: [type], json: members.withRawSpan { $0.array }))
    }
  }
}

/// What was said of a flow so far.
struct FlowStatement {
  /// What is said of one part of a flow that a limit cut, and not again of the next.
  struct Part {
    var objects: [ObservedObject] = []
    var findings: [PendingFinding] = []
    var notAssessable: [String] = []
  }

  var part = Part()
  /// Names of what was recognised, in order.
  var protocols: [StaticString] = []
  /// What the flow carries as a tunnel of addressed packets.
  var tunnel = Carrier.none
  /// Where the first byte of its stream stands that came again with another content.
  var contradiction = StreamPlace.never

  /// Gives all that was said until now. What holds of the flow is said of its next part too; of that part itself nothing
  /// is said yet.
  mutating func beginPart() -> FlowStatement {
    let past = self
    part = Part()
    return past
  }
}
