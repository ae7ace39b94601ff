// A plugin, called as the engine calls it: datagram by datagram, or with a stream that grows.

import Bytes
import Findings
import JSON
import Packets
import PluginKit
import Terms

/// The input is a row of messages, each after three bytes: bit 0 of the first is the side that sends it, bit 1 that the
/// capture cut it; then its length, least significant byte first, modulo 4,096.
enum PluginCalls {
  /// Messages of one input, and bytes of one side's stream.
  private static let mostMessages = 64
  private static let mostBytes = 32_768

  static func datagrams(_ entry: PluginEntry, _ input: RawSpan) -> UInt64 {
    let runner = entry.makeRunner()
    let backing = Backing()
    var slot = PluginRunner.none
    var messages = Messages(input)
    var index = 0
    while index < mostMessages, let message = messages.next() {
      let bytes = input.slice(message.start, message.length)
      let datagram = Datagram(
        bytes: bytes, length: message.isCut ? message.length + 100 : message.length, side: message.side, index: index,
        end: message.isCut ? .snapLength : .whole,
        frame: FrameReference(number: UInt64(index + 1), offset: Int64(message.start), evidence: 0),
        time: Timestamp(nanoseconds: Int64(index) * 1_000_000), flow: facts(.udp, 17))
      var recorder = Recorder(backing)
      index += 1
      let verdict: Verdict?
      do { verdict = try runner.inspectDatagram?(datagram, &slot, &recorder) } catch { verdict = .notMine }
      guard verdict == .needMore else { return backing.sum }
    }
    return concluded(runner, slot, backing, facts(.udp, 17))
  }

  static func stream(_ entry: PluginEntry, _ input: RawSpan) -> UInt64 {
    let runner = entry.makeRunner()
    let backing = Backing()
    var slot = PluginRunner.none
    var messages = Messages(input)
    var sides: [[UInt8]] = [[], []]
    var next = messages.next()
    var count = 0
    while count < mostMessages, let message = next {
      next = messages.next()
      count += 1
      let side = Int(message.side.rawValue)
      sides[side].append(input.slice(message.start, min(message.length, mostBytes - sides[side].count)))
      let end: ViewEnd = next != nil ? .growing : message.isCut ? .gap : .whole
      let verdict = inspect(runner, backing, &slot, sides[0], sides[1], end)
      guard verdict == .needMore else { return backing.sum }
    }
    return concluded(runner, slot, backing, facts(.tcp, 6))
  }

  private static func inspect(
    _ runner: PluginRunner, _ backing: Backing, _ slot: inout PluginRunner.Slot, _ client: [UInt8], _ server: [UInt8],
    _ end: ViewEnd
  ) -> Verdict {
    var kept = slot
    defer { slot = kept }
    return client.withRawSpan { client in
      server.withRawSpan { server in
        let conversation = Conversation(
          client: StreamSide(bytes: client, end: end, side: .client),
          server: StreamSide(bytes: server, end: end, side: .server), flow: facts(.tcp, 6), depth: 0)
        var recorder = Recorder(backing)
        do throws(ReadError) {
          guard let inspect = runner.inspectStream else { return .notMine }
          return try inspect(conversation, &kept, &recorder)
        } catch {
          // More bytes are wanted, or it is not the plugin's protocol.
          if error.kind == .ranOut, end == .growing { return .needMore }
          return .notMine
        }
      }
    }
  }

  private static func concluded(
    _ runner: PluginRunner, _ slot: PluginRunner.Slot, _ backing: Backing, _ facts: FlowFacts
  ) -> UInt64 {
    guard slot != PluginRunner.none else { return backing.sum }
    var recorder = Recorder(backing)
    var facts = facts
    facts.shape = (0..<8).map { ShapeStep(side: $0 % 2 == 0 ? .client : .server, size: UInt16($0 * 100), gap: 1_000) }
    runner.conclude(facts, slot, &recorder)
    return backing.sum
  }

  private static func facts(_ transport: Transport, _ number: UInt8) -> FlowFacts {
    FlowFacts(
      transport: transport, protocolNumber: number, initiator: Endpoint(Address(v4: 0x0a00_0001), port: 49_152),
      responder: Endpoint(Address(v4: 0xc000_0202), port: 443))
  }

  /// Finds the messages of an input.
  private struct Messages: ~Escapable {
    struct Message {
      let side: Side
      let isCut: Bool
      let start: Int
      let length: Int
    }

    private let input: RawSpan
    private var at = 0

    @_lifetime(copy input)
    init(_ input: RawSpan) { self.input = input }

    mutating func next() -> Message? {
      guard let flags = input.u8IfPresent(at), let low = input.u8IfPresent(at &+ 1),
        let high = input.u8IfPresent(at &+ 2)
      else { return nil }
      at &+= 3
      let length = min((Int(high) << 8 | Int(low)) & 0xfff, input.byteCount &- at)
      defer { at &+= length }
      return Message(side: flags & 1 == 0 ? .client : .server, isCut: flags & 2 != 0, start: at, length: length)
    }
  }

  /// Takes what a plugin says and writes it, as the analysis would.
  private final class Backing: RecorderBacking {
    private var writer = FieldWriter(JSONWriter(reserving: 4_096), allowing: .all)
    private var notes: [NoteKey: Note] = [:]
    private(set) var sum: UInt64 = 0

    func observe(_ fact: some Observation, at place: Place) {
      writer.json.clear()
      writer.json.beginObject()
      fact.write(to: &writer)
      writer.json.endObject()
      sum &+= writer.json.bytes.withRawSpan { $0.fingerprint(seed: 0) }
    }

    func find(_ rule: Rule, at certainty: Certainty, variant: StaticString, marks: [Mark]) {
      sum &+= UInt64(marks.count)
    }

    func notAssessable(_ reason: StaticString) { sum &+= 1 }

    func frames(of place: Place) -> [FrameReference] { [FrameReference(number: 1, offset: 24, evidence: 0)] }

    func innerStream(client: [UInt8], server: [UInt8]) { sum &+= UInt64(client.count + server.count) }

    // One flow's notes are few; the topic is left aside, so that plugins meet what others noted.
    func note(_ topic: NoteTopic, _ key: NoteKey, _ note: Note) { notes[key] = note }

    func noted(_ topic: NoteTopic, _ key: NoteKey, at time: Timestamp) -> Note? {
      notes[key].flatMap { $0.holds(at: time) ? $0 : nil }
    }
  }
}
