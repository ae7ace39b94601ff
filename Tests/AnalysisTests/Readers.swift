// Plugins made for these tests.

import Bytes
import Findings
import PluginKit
import Terms

/// What a plugin saw, in a few words.
struct Sight: Observation {
  let text: String
  private static let textField = Field<ProtocolText>("text", "what was seen")
  static let record: StaticString = "sight"
  static var fields: [FieldDeclaration] { [textField.declaration] }
  func write(to record: inout FieldWriter) { record.put(Self.textField, ProtocolText(text)) }
}

/// Without constants: asked about a flow's third datagram, or its last. It wants eight bytes.
struct Third: DatagramPlugin {
  static let manifest = Manifest(
    "third", title: "Third", transports: [.udp], bytes: 8, packets: 3, emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Sight.self)])

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.observe(
      Sight(
        text: "\(datagram.index) \(datagram.side) \(String(decoding: datagram.bytes.array.prefix(4), as: UTF8.self))"
          + " \(datagram.length) \(datagram.end) \(datagram.frame.number)"))
    return .done
  }
}

/// As `Third`, asked about the first.
struct First: DatagramPlugin {
  static let manifest = Manifest(
    "first", title: "First", transports: [.udp], packets: 1, emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Sight.self)])

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.observe(Sight(text: "first \(datagram.index)"))
    return .done
  }
}

/// Without constants on a stream: asked when a direction has ten bytes, or at the end.
struct TenBytes: StreamPlugin {
  static let manifest = Manifest(
    "ten-bytes", title: "Ten bytes", transports: [.tcp], bytes: 10, emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Sight.self)])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.observe(Sight(text: "\(stream.client.bytes.byteCount) \(stream.server.bytes.byteCount)"))
    return .done
  }
}

/// Claims everything of a stream that begins with HELLO and is answered, after six bytes each way.
struct Hello: StreamPlugin {
  static let rule = Rule(
    "hello.exchange", .proxy, tool: "hello", highest: .conclusive, meaning: "Two ends said hello.", marks: ["hello"],
    lookAlikes: [], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "hello", title: "Hello", transports: [.tcp], constants: [Constant(text: "HELLO")], bytes: 64,
    emits: [.protocolMetadata], rules: [rule])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    var client = stream.client.reader
    _ = try client.span(6)
    var server = stream.server.reader
    _ = try server.span(6)
    recorder.find(Self.rule, at: .conclusive, marks: [Mark("hello")])
    return .needMore
  }
}
