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
  /// Frames of such a stream that are named.
  public var innerFrames = 64
  /// Flows cut by a limit whose indications wait for their next parts.
  public var inherited = 65_536
  /// Different reasons of what cannot be told that are summed.
  public var reasons = 256
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

  /// One value, so that each call of the class costs one check of exclusive access.
  private var state: State

  init(
    allowed: Categories, emits: [Categories], heard: [ObjectIdentifier], notes: [NoteTopic], limits: RecordLimits
  ) {
    state = State(allowed: allowed, emits: emits, heard: heard, topics: notes, limits: limits)
  }

  var withheld: Withheld { state.withheld }

  /// What bounds left out so far.
  var reached: LimitsReached {
    var reached = state.reached
    for table in state.notes { reached[.notes] &+= table.evicted }
    return reached
  }

  func note(_ bound: LimitsReached.Bound) { state.reached.note(bound) }

  // MARK: - A call

  func begin(_ watch: inout FlowWatch, stream: Int, plugin: Int, scene: Scene) {
    state.begin(&watch, stream: stream, plugin: plugin, scene: scene)
  }

  /// Forgets what the call at hand said.
  func undo() { state.forget() }

  /// Keeps what the call at hand said, and queues its facts for subscribers.
  func keep(in watch: inout FlowWatch) { state.keep(in: &watch) }

  /// The inner stream that the call put together, if any.
  func takeInner() -> (client: [UInt8], server: [UInt8])? {
    state.inner == nil ? nil : state.inner.take()
  }

  /// The facts that subscribers have yet to hear.
  func takeFacts() -> [Fact] {
    guard !state.facts.isEmpty else { return [] }
    let taken = state.facts
    state.facts = []
    return taken
  }

  /// A new round of facts begins: a packet's, or a flow's end.
  func beginRound() { state.factsEmitted = 0 }

  /// Lets go of the flow's frames: the flow goes on to collect them, in place.
  func endRound() { state.scene = .frames([]) }

  // MARK: - RecorderBacking

  func observe(_ fact: some Observation, at place: Place) { state.observe(fact, at: place) }

  func find(_ rule: Rule, at certainty: Certainty, variant: StaticString, marks: [Mark]) {
    state.find(rule, at: certainty, variant: variant, marks: marks)
  }

  func notAssessable(_ reason: StaticString) { state.note(notAssessable: reason) }

  func frames(of place: Place) -> [FrameReference] { state.scene.frames(of: place) }

  func innerStream(client: [UInt8], server: [UInt8]) { state.takeInner(client: client, server: server) }

  func allows(_ category: Category) -> Bool {
    state.allowed.holds(category) && state.emits[state.plugin].holds(category)
  }

  func note(_ topic: NoteTopic, _ key: NoteKey, _ note: Note) { state.newNotes.append((topic, key, note)) }

  func noted(_ topic: NoteTopic, _ key: NoteKey, at time: Timestamp) -> Note? {
    state.table(of: topic).flatMap { noted(inTable: $0, key, at: time) }
  }

  /// As `noted`, by the topic's place among those that are kept.
  func noted(inTable table: Int, _ key: NoteKey, at time: Timestamp) -> Note? {
    state.notes[table].note(key, at: time)
  }
}

extension RecorderCore {
  /// What an observation of the call at hand says.
  private struct Said {
    let type: any Observation.Type
    /// Its members in the writer's text; nil where it waits until it is known whether there is room for it.
    let members: Range<Int>?
    /// The observation itself and its frames, where subscribers hear it; alone, where it waits.
    let fact: (any Observation)?
    let frames: [FrameReference]?
  }

  /// The call at hand and what it said so far, kept apart until it has returned.
  private struct State {
    let allowed: Categories
    let emits: [Categories]
    /// The types of facts that some plugin subscribes to.
    let heard: [ObjectIdentifier]
    let limits: RecordLimits
    /// Holds the text of all observations of the call at hand, one behind the other.
    var writer = FieldWriter(JSONWriter(reserving: 4_096), allowing: [])
    /// What was withheld of earlier calls.
    var withheld = Withheld()

    var stream = 0
    var plugin = 0
    var scene = Scene.frames([])
    /// How far the flow's stream has been read.
    var read = StreamPlace()
    /// Objects that the flow's record has, and those that the call may add to it.
    var objects = 0
    var facts: [Fact] = []
    var inner: (client: [UInt8], server: [UInt8])?
    var factsEmitted = 0

    var newObservations: [Said] = []
    var newFindings: [PendingFinding] = []
    var newReasons: [String] = []
    var newNotes: [(topic: NoteTopic, key: NoteKey, note: Note)] = []
    /// What was noted across flows, a table a topic.
    var notes: [TimelineNotes]
    let topics: [NoteTopic]
    var reached = LimitsReached()
    /// Reasons as text; there are no more than plugins hold as literals.
    var reasonTexts: [(name: StaticString, text: String)] = []

    init(
      allowed: Categories, emits: [Categories], heard: [ObjectIdentifier], topics: [NoteTopic], limits: RecordLimits
    ) {
      self.allowed = allowed
      self.emits = emits
      self.heard = heard
      self.topics = topics
      notes = topics.map { TimelineNotes($0) }
      self.limits = limits
    }

    mutating func begin(_ watch: inout FlowWatch, stream: Int, plugin: Int, scene: consuming Scene) {
      read = watch.read
      objects = watch.said.part.objects.count
      self.stream = stream
      self.plugin = plugin
      self.scene = scene
    }

    mutating func observe(_ fact: some Observation, at place: Place) {
      let isHeard = !heard.isEmpty && heard.contains(ObjectIdentifier(type(of: fact)))
      // Each makes one object at most: written at once, it spares a copy of the observation.
      let hasRoom = objects < limits.objects
      objects &+= 1
      newObservations.append(
        Said(
          type: type(of: fact), members: hasRoom ? write(fact) : nil, fact: isHeard || !hasRoom ? fact : nil,
          frames: isHeard ? scene.frames(of: place) : nil))
    }

    mutating func find(_ rule: Rule, at certainty: Certainty, variant: StaticString, marks: [Mark]) {
      let here = scene.frames(of: .here)
      if !scene.namesAllFrames { reached.note(.frames) }
      let placed = marks.map { mark in
        var mark = mark
        if mark.frames.isEmpty { mark.frames = here }
        return mark
      }
      newFindings.append(
        PendingFinding(
          rule: rule, plugin: plugin, certainty: min(certainty, rule.highest), variant: variant, marks: placed,
          stream: stream, read: read))
    }

    mutating func note(notAssessable reason: StaticString) {
      for known in reasonTexts where known.name.isSame(as: reason) {
        newReasons.append(known.text)
        return
      }
      let text = reason.description
      reasonTexts.append((reason, text))
      newReasons.append(text)
    }

    mutating func takeInner(client: [UInt8], server: [UInt8]) {
      inner = (Array(client.prefix(limits.innerBytes)), Array(server.prefix(limits.innerBytes)))
    }

    mutating func keep(in watch: inout FlowWatch) {
      for index in newObservations.indices {
        record(index, in: &watch)
        let frames = newObservations[index].frames
        if factsEmitted < limits.facts {
          factsEmitted += 1
          if let frames, let fact = newObservations[index].fact {
            facts.append(Fact(value: fact, frames: frames, stream: stream, emitter: plugin))
          }
        } else if frames != nil {
          reached.note(.facts)
        }
      }
      for finding in newFindings {
        if watch.said.part.findings.count < limits.findings {
          watch.said.part.findings.append(finding)
        } else {
          reached.note(.findings)
        }
      }
      for reason in newReasons { watch.note(notAssessable: reason) }
      for (topic, key, note) in newNotes {
        if let table = table(of: topic) { notes[table].set(key, note) }
      }
      writer.moveWithheld(to: &withheld)
      forgetSaid()
    }

    /// The place of a topic's table; nil where no running plugin declares it.
    func table(of topic: NoteTopic) -> Int? { topics.firstIndex { $0.isSame(as: topic) } }

    mutating func forget() {
      writer.forgetWithheld()
      forgetSaid()
      inner = nil
    }

    private mutating func forgetSaid() {
      if !newObservations.isEmpty {
        newObservations.removeAll(keepingCapacity: true)
        writer.json.clear()
      }
      if !newFindings.isEmpty { newFindings.removeAll(keepingCapacity: true) }
      if !newReasons.isEmpty { newReasons.removeAll(keepingCapacity: true) }
      if !newNotes.isEmpty { newNotes.removeAll(keepingCapacity: true) }
    }

    private mutating func write(_ fact: some Observation) -> Range<Int> {
      guard type(of: fact).record.utf8CodeUnitCount > 0 else { return 0..<0 }
      // An address in a text needs no category of the plugin's own.
      let own = emits[plugin].union(Categories(.addressesOfThirdParties))
      writer.beginRecord(allowing: allowed.intersection(own))
      let start = writer.json.bytes.count
      fact.write(to: &writer)
      return start..<writer.json.bytes.count
    }

    private mutating func record(_ index: Int, in watch: inout FlowWatch) {
      let type = newObservations[index].type
      let record = type.record
      guard record.utf8CodeUnitCount > 0 else { return }
      watch.said.note(protocol: record)
      guard watch.said.part.objects.count < limits.objects else {
        reached.note(.objects)
        return
      }
      var members = newObservations[index].members
      if members == nil, let fact = newObservations[index].fact { members = write(fact) }
      guard let members else { return }
      let way = watch.streams[stream].way
      writer.json.bytes.withRawSpan { text in
        watch.said.part.objects.add(
          ObjectIdentifier(type), of: record, stream: stream, way: way,
          members: text.slice(members.lowerBound, members.count))
      }
    }
  }
}

extension RecorderCore.Scene {
  /// Whether no frame is named for others.
  var namesAllFrames: Bool {
    guard case .stream(let client, let server) = self else { return true }
    return client.isExact && server.isExact
  }

  func frames(of place: Place) -> [FrameReference] {
    switch self {
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
}

/// Which frame each byte of a direction came from.
struct FrameMap {
  var pieces: [StreamPiece] = []
  /// Subtracted from the pieces' offsets: where the stream at hand begins.
  var origin = 0

  /// Whether each piece is named by the frame that brought it.
  var isExact: Bool { !(pieces.last?.standsForMore ?? false) }

  var all: [FrameReference] { FrameMap.ordered(pieces.map(\.frame)) }

  /// The frames of a stretch of the stream at hand.
  func frames(of range: Range<Int>) -> [FrameReference] {
    guard !range.isEmpty else { return [] }
    let lower = range.lowerBound &+ origin
    let upper = range.upperBound &+ origin
    return FrameMap.ordered(pieces.filter { $0.start < upper && $0.end > lower }.map(\.frame))
  }

  /// Both lists' frames in order, each once.
  static func merged(_ left: [FrameReference], _ right: [FrameReference]) -> [FrameReference] {
    ordered(left + right)
  }

  /// The frames in order, each once.
  static func ordered(_ frames: [FrameReference]) -> [FrameReference] {
    // Pieces mostly come in order, and each in a frame of its own.
    if zip(frames, frames.dropFirst()).allSatisfy({ $0 < $1 }) { return frames }
    var out: [FrameReference] = []
    for frame in frames.sorted() where out.last != frame { out.append(frame) }
    return out
  }
}
