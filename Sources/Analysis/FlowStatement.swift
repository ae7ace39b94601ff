// What was said of a flow: its record and its findings are written from it.

import Bytes
import Packets

/// The objects of a flow record, each made of one or more observations. The text of all stands in one buffer, piece by
/// piece as it came, so that a flow takes no memory for each.
struct ObservedObjects {
  /// One object of the flow record.
  struct Object {
    let record: StaticString
    let stream: Int
    /// The plugins whose verdicts led to the stream, outermost first.
    let way: [Int]
  }

  /// What one observation says: members of the object's JSON, with commas between.
  private struct Piece {
    let object: Int
    let type: ObjectIdentifier
    let range: Range<Int>
  }

  private(set) var objects: [Object] = []
  private var pieces: [Piece] = []
  private var text: [UInt8] = []

  var count: Int { objects.count }
  var isEmpty: Bool { objects.isEmpty }

  /// Puts what one observation says into the last object of its record, or into a new one where that has the type.
  mutating func add(_ type: ObjectIdentifier, of record: StaticString, stream: Int, way: [Int], members: RawSpan) {
    var object = objects.count &- 1
    while object >= 0, objects[object].stream != stream || !objects[object].record.isSame(as: record) { object &-= 1 }
    if object < 0 || holds(type, object) {
      object = objects.count
      objects.append(Object(record: record, stream: stream, way: way))
    }
    let start = text.count
    text.append(members)
    pieces.append(Piece(object: object, type: type, range: start..<text.count))
  }

  private func holds(_ type: ObjectIdentifier, _ object: Int) -> Bool {
    for piece in pieces where piece.object == object && piece.type == type { return true }
    return false
  }

  /// Lends the pieces of an object, in order.
  func forEachPiece(of object: Int, _ body: (RawSpan) -> Void) {
    text.withRawSpan { text in
      for piece in pieces where piece.object == object { body(text.slice(piece.range.lowerBound, piece.range.count)) }
    }
  }

  /// A text much longer than a flow's usual one is given back.
  private static let longestKept = 4_096

  mutating func removeAll() {
    objects.removeAll(keepingCapacity: true)
    pieces.removeAll(keepingCapacity: true)
    if text.capacity > Self.longestKept { text = [] } else { text.removeAll(keepingCapacity: true) }
  }
}

/// What was said of a flow so far.
struct FlowStatement {
  /// What is said of one part of a flow that a limit cut, and not again of the next.
  struct Part {
    var objects = ObservedObjects()
    var findings: [PendingFinding] = []
    var notAssessable: [String] = []
  }

  var part = Part()
  /// Names of what was recognised, in order.
  private(set) var protocols: [StaticString] = []
  /// What the flow carries as a tunnel of addressed packets.
  var tunnel = Carrier.none
  /// Where the first byte of its stream stands that came again with another content.
  var contradiction = StreamPlace.never

  mutating func note(protocol name: StaticString) {
    for known in protocols where known.isSame(as: name) { return }
    protocols.append(name)
  }

  /// Gives all that was said until now. What holds of the flow is said of its next part too; of that part itself nothing
  /// is said yet.
  mutating func beginPart() -> FlowStatement {
    let past = self
    part = Part()
    return past
  }

  /// Forgets everything but the memory that it took.
  mutating func reset() {
    if !part.objects.isEmpty { part.objects.removeAll() }
    if !part.findings.isEmpty { part.findings.removeAll(keepingCapacity: true) }
    if !part.notAssessable.isEmpty { part.notAssessable.removeAll(keepingCapacity: true) }
    if !protocols.isEmpty { protocols.removeAll(keepingCapacity: true) }
    tunnel = .none
    contradiction = .never
  }
}
