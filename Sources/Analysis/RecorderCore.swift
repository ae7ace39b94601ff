// What stands behind a plugin's recorder during a call: it stamps frames and plugin, and can undo a call.

import Findings
import Flows
import JSON
import PluginKit
import Terms

/// Bounds on what plugins may say of one flow.
public struct RecordLimits: Sendable, Equatable {
  /// Findings of one flow; a real one has a handful.
  public var findings = 64
  /// Objects in one flow record: a stream of renegotiations must not grow without end.
  public var objects = 32
  /// Facts that one call may give rise to, those of subscribers too.
  public var facts = 64
  /// Calls of one plugin on one stream.
  public var looks = 256
  /// Streams within one flow: a carrier in a carrier in a carrier.
  public var streams = 6
  /// Bytes a side of an inner stream that a plugin puts together.
  public var innerBytes = 32_768
  public init() {}
}

final class RecorderCore: RecorderBacking {
  /// What the call at hand reads.
  enum Scene {
    case datagram(FrameReference)
    /// The frames of the stream's two directions, as a map from offsets.
    case stream(client: FrameMap, server: FrameMap)
    /// An observation, or the end of a flow.
    case frames([FrameReference])
  }

  struct Fact {
    let value: any Observation
    let frames: [FrameReference]
    let stream: Int
    let emitter: Int
  }

  private let allowed: Categories
  private let limits: RecordLimits
  private let emits: [Categories]
  private(set) var withheld = Withheld()

  // The call at hand.
  private(set) var watch: FlowWatch
  private(set) var stream = 0
  private(set) var plugin = 0
  private var scene = Scene.frames([])
  private(set) var facts: [Fact] = []
  private var inner: (client: [UInt8], server: [UInt8])?
  private var factsEmitted = 0

  // What the call said so far, kept apart until it has returned.
  private var newObservations: [(fact: any Observation, frames: [FrameReference])] = []
  private var newFindings: [PendingFinding] = []
  private var newReasons: [String] = []

  init(allowed: Categories, emits: [Categories], limits: RecordLimits) {
    self.allowed = allowed
    self.emits = emits
    self.limits = limits
    watch = FlowWatch()
  }

  // MARK: - A call

  func begin(_ watch: FlowWatch, stream: Int, plugin: Int, scene: Scene) {
    self.watch = watch
    self.stream = stream
    self.plugin = plugin
    self.scene = scene
  }

  /// Forgets what the call at hand said.
  func undo() {
    newObservations.removeAll(keepingCapacity: true)
    newFindings.removeAll(keepingCapacity: true)
    newReasons.removeAll(keepingCapacity: true)
    inner = nil
  }

  /// Keeps what the call at hand said, and queues its facts for subscribers.
  func keep() {
    for (fact, frames) in newObservations {
      record(fact)
      if factsEmitted < limits.facts {
        factsEmitted += 1
        facts.append(Fact(value: fact, frames: frames, stream: stream, emitter: plugin))
      }
    }
    for finding in newFindings where watch.findings.count < limits.findings { watch.findings.append(finding) }
    for reason in newReasons { watch.note(notAssessable: reason) }
    newObservations.removeAll(keepingCapacity: true)
    newFindings.removeAll(keepingCapacity: true)
    newReasons.removeAll(keepingCapacity: true)
  }

  /// The inner stream that the call put together, if any.
  func takeInner() -> (client: [UInt8], server: [UInt8])? {
    let taken = inner
    inner = nil
    return taken
  }

  func takeFacts() -> [Fact] {
    let taken = facts
    facts.removeAll(keepingCapacity: true)
    return taken
  }

  /// A new round of facts begins: a packet's, or a flow's end.
  func beginRound() { factsEmitted = 0 }

  private func record(_ fact: any Observation) {
    let type = type(of: fact)
    guard type.record.utf8CodeUnitCount > 0 else { return }
    watch.note(protocol: type.record)
    guard watch.objects.count < limits.objects else { return }
    var writer = FieldWriter(allowing: allowed.intersection(emits[plugin]))
    fact.write(to: &writer)
    withheld.add(writer.takeWithheld())
    let identity = ObjectIdentifier(type)
    let name = type.record.description
    if let last = watch.objects.lastIndex(where: { $0.record.description == name && $0.stream == stream }),
      !watch.objects[last].types.contains(identity)
    {
      watch.objects[last].types.append(identity)
      if !watch.objects[last].json.isEmpty, !writer.json.bytes.isEmpty { watch.objects[last].json.append(0x2c) }
      watch.objects[last].json.append(contentsOf: writer.json.bytes)
    } else {
      watch.objects.append(
        ObservedObject(record: type.record, stream: stream, types: [identity], json: writer.json.bytes))
    }
  }

  // MARK: - RecorderBacking

  func observe(_ fact: any Observation, at place: Place) {
    newObservations.append((fact, frames(of: place)))
  }

  func find(_ rule: Rule, at certainty: Certainty, variant: StaticString, marks: [Mark]) {
    let here = frames(of: .here)
    let placed = marks.map { mark in
      var mark = mark
      if mark.frames.isEmpty { mark.frames = here }
      return mark
    }
    newFindings.append(
      PendingFinding(
        rule: rule, plugin: plugin, certainty: min(certainty, rule.highest), variant: variant, marks: placed,
        stream: stream))
  }

  func notAssessable(_ reason: StaticString) { newReasons.append(reason.description) }

  func frames(of place: Place) -> [FrameReference] {
    switch scene {
    case .datagram(let frame): return [frame]
    case .frames(let frames): return frames
    case .stream(let client, let server):
      switch place {
      case .here: return FrameMap.merged(client.all, server.all)
      case .client(let range): return client.frames(of: range)
      case .server(let range): return server.frames(of: range)
      }
    }
  }

  func innerStream(client: [UInt8], server: [UInt8]) {
    inner = (Array(client.prefix(limits.innerBytes)), Array(server.prefix(limits.innerBytes)))
  }
}

/// Which frame each byte of a direction came from.
struct FrameMap {
  var pieces: [StreamPiece] = []
  /// Subtracted from the pieces' offsets: where the stream at hand begins.
  var origin = 0

  var all: [FrameReference] { FrameMap.merged(pieces.map(\.frame), []) }

  /// The frames of a stretch of the stream at hand.
  func frames(of range: Range<Int>) -> [FrameReference] {
    guard !range.isEmpty else { return [] }
    let lower = range.lowerBound &+ origin
    let upper = range.upperBound &+ origin
    return FrameMap.merged(pieces.filter { $0.start < upper && $0.end > lower }.map(\.frame), [])
  }

  /// Both lists' frames in order, each once.
  static func merged(_ left: [FrameReference], _ right: [FrameReference]) -> [FrameReference] {
    let sorted = (left + right).sorted()
    var out: [FrameReference] = []
    for frame in sorted where out.last != frame { out.append(frame) }
    return out
  }
}
