// Plays an exchange to one stream plugin, in whole messages or byte by byte, and notes what it said.

import Bytes
import Findings
import PluginKit
import Terms

/// What a plugin said, as text: observations as JSON, reasons after `?`, the verdict that ended it after `=`.
final class StreamNotes: RecorderBacking {
  private(set) var said: [String] = []
  private var pending: [String] = []

  func observe(_ fact: some Observation, at place: Place) {
    var writer = FieldWriter(allowing: .all)
    writer.json.beginObject()
    fact.write(to: &writer)
    writer.json.endObject()
    pending.append(String(decoding: writer.json.bytes, as: UTF8.self))
  }
  func find(_ rule: Rule, at certainty: Certainty, variant: StaticString, marks: [Mark]) {}
  func notAssessable(_ reason: StaticString) {
    if !(said + pending).contains("?\(reason)") { pending.append("?\(reason)") }
  }
  func frames(of place: Place) -> [FrameReference] { [] }
  func innerStream(client: [UInt8], server: [UInt8]) {}

  func keep(_ ending: String? = nil) {
    said += pending + (ending.map { ["=\($0)"] } ?? [])
    pending = []
  }
  func undo() { pending = [] }
}

/// An exchange: who sends what, in order.
struct StreamPlay {
  var steps: [(side: Side, bytes: [UInt8])] = []
  var beginsMidStream = false

  mutating func client(_ bytes: [UInt8]) { steps.append((.client, bytes)) }
  mutating func server(_ bytes: [UInt8]) { steps.append((.server, bytes)) }
  mutating func client(_ text: String) { client(Array(text.utf8)) }
  mutating func server(_ text: String) { server(Array(text.utf8)) }

  /// The same in single bytes.
  var inBytes: StreamPlay {
    var copy = self
    copy.steps = steps.flatMap { step in step.bytes.map { (step.side, [$0]) } }
    return copy
  }

  var byteCount: Int { steps.reduce(0) { $0 + $1.bytes.count } }

  /// The same with one bit flipped.
  func flipping(_ bit: Int) -> StreamPlay {
    var copy = self
    var at = bit / 8
    for index in copy.steps.indices {
      if at < copy.steps[index].bytes.count {
        copy.steps[index].bytes[at] ^= 1 << UInt8(bit % 8)
        return copy
      }
      at -= copy.steps[index].bytes.count
    }
    return copy
  }

  /// The first `count` bytes.
  func prefix(_ count: Int) -> StreamPlay {
    var copy = self
    var left = count
    copy.steps = []
    for step in steps where left > 0 {
      copy.steps.append((step.side, Array(step.bytes.prefix(left))))
      left -= step.bytes.count
    }
    return copy
  }

  /// Whether the direction begins with one of the plugin's constants: before it does, the plugin is not asked.
  private func matches(_ manifest: Manifest, _ bytes: [UInt8], _ side: Side) -> Bool {
    var word: UInt64 = 0
    for index in 0..<8 { word = word << 8 | UInt64(index < bytes.count ? bytes[index] : 0) }
    return manifest.constants.contains { constant in
      (constant.side ?? side) == side && word & constant.mask == constant.value
        && bytes.count >= 8 - constant.mask.trailingZeroBitCount / 8
    }
  }

  /// What the plugin says.
  func run<P: StreamPlugin>(_ plugin: P) -> [String] {
    let notes = StreamNotes()
    var memory = P.Memory()
    var hasMemory = false
    var client: [UInt8] = []
    var server: [UInt8] = []
    var facts = FlowFacts(
      transport: .tcp, protocolNumber: 6, initiator: Endpoint(Address(v4: 1), port: 1),
      responder: Endpoint(Address(v4: 2), port: 2), beginsMidStream: beginsMidStream)
    // What sets up the connection is in view of whatever direction sends anything.
    facts.client.packets = steps.contains { $0.side == .client } ? 2 : 0
    facts.server.packets = steps.contains { $0.side == .server } ? 2 : 0
    for step in steps {
      if step.side == .client { client += step.bytes } else { server += step.bytes }
      guard matches(P.manifest, client, .client) || matches(P.manifest, server, .server) else { continue }
      var tried = memory
      do throws(ReadError) {
        let verdict = try client.withRawSpan { (up: RawSpan) throws(ReadError) -> Verdict in
          try server.withRawSpan { (down: RawSpan) throws(ReadError) -> Verdict in
            var recorder = Recorder(notes)
            return try plugin.inspect(
              Conversation(
                client: StreamSide(bytes: up, end: .growing, side: .client),
                server: StreamSide(bytes: down, end: .growing, side: .server), flow: facts, depth: 0),
              memory: &tried, recorder: &recorder)
          }
        }
        guard verdict == .needMore else {
          notes.keep("\(verdict)")
          return notes.said
        }
        memory = tried
        hasMemory = true
        notes.keep()
      } catch {
        notes.undo()
        guard error.kind == .ranOut else {
          notes.keep("invalid")
          return notes.said
        }
      }
    }
    if hasMemory {
      var recorder = Recorder(notes)
      plugin.conclude(facts, memory: memory, recorder: &recorder)
      notes.keep()
    }
    return notes.said
  }
}
