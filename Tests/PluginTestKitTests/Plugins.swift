// Plugins made for these tests: one that holds, and one for each way not to.

import Bytes
import Findings
import PluginKit
import Terms

/// A greeting of four letters and a name of declared length, answered by one: as datagrams or as a stream.
struct Greeter: DatagramPlugin, StreamPlugin {
  static let rule = Rule(
    "greeter.greeting", .proxy, tool: "greeter", highest: .conclusive, meaning: "Two ends greeted each other.",
    marks: ["both greetings"], lookAlikes: [], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "greeter", title: "Greeter", transports: [.tcp, .udp], constants: [Constant(text: "GREET")],
    emits: [.protocolMetadata], rules: [rule], observations: [ObservationDeclaration(Greeting.self)])

  struct Memory: FlowMemory { var said: [Side] = [] }

  func inspect(_ datagram: Datagram, memory: inout Memory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    var reader = datagram.reader
    try take(&reader, datagram.side, &memory, &recorder)
    return memory.said.count == 2 ? .done : .needMore
  }

  func inspect(_ stream: Conversation, memory: inout Memory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    if !memory.said.contains(.client) {
      var reader = stream.client.reader
      try take(&reader, .client, &memory, &recorder)
      return .needMore
    }
    var reader = stream.server.reader
    try take(&reader, .server, &memory, &recorder)
    return .done
  }

  private func take(
    _ reader: inout ByteReader, _ side: Side, _ memory: inout Memory, _ recorder: inout Recorder
  ) throws(ReadError) {
    guard try reader.span(5).array == Array("GREET".utf8), !memory.said.contains(side) else { throw reader.invalid() }
    let name = try reader.span(Int(try reader.u8()))
    memory.said.append(side)
    recorder.observe(Greeting(name: String(decoding: name.array, as: UTF8.self)))
    if memory.said.count == 2 { recorder.find(Self.rule, at: .conclusive, marks: [Mark("both greetings")]) }
  }

  /// A greeting's bytes.
  static func greeting(_ name: String) -> [UInt8] { Array("GREET".utf8) + [UInt8(name.utf8.count)] + Array(name.utf8) }
}

struct Greeting: Observation {
  let name: String
  private static let nameField = Field<ProtocolText>("name", "who greets")
  static let record: StaticString = "greeting"
  static var fields: [FieldDeclaration] { [nameField.declaration] }
  func write(to record: inout FieldWriter) { record.put(Self.nameField, ProtocolText(name)) }
}

/// Without constants: asked once a flow, about its second datagram.
struct Watcher: DatagramPlugin {
  static let manifest = Manifest(
    "watcher", title: "Watcher", transports: [.udp], packets: 2, emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Greeting.self)])

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.observe(Greeting(name: "\(datagram.index)"))
    return .done
  }
}

/// Trusts a byte of the message as an index.
struct Trapper: StreamPlugin {
  static let manifest = Manifest(
    "trapper", title: "Trapper", transports: [.tcp], constants: [Constant(text: "GREET")], emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Greeting.self)])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    var reader = stream.client.reader
    try reader.skip(5)
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"]
    recorder.observe(Greeting(name: names[Int(try reader.u8())]))
    return .done
  }
}

/// Calls itself as often as a byte of the message says, with a page of stack each.
struct Diver: StreamPlugin {
  static let manifest = Manifest(
    "diver", title: "Diver", transports: [.tcp], constants: [Constant(text: "GREET")], emits: [.protocolMetadata],
    observations: [ObservationDeclaration(Greeting.self)])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    var reader = stream.client.reader
    try reader.skip(5)
    let depth = Int(try reader.u8())
    recorder.observe(Greeting(name: "\(dive(depth > 64 ? .max : depth))"))
    return .done
  }

  private func dive(_ depth: Int) -> Int {
    depth == 0 ? 0 : (dive(depth - 1) + 1) % 1_000
  }
}

/// Says again at every call what it has said.
struct Repeater: StreamPlugin {
  static let manifest = Manifest(
    "repeater", title: "Repeater", transports: [.tcp], constants: [Constant(text: "GREET")],
    emits: [.protocolMetadata], observations: [ObservationDeclaration(Greeting.self)])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.observe(Greeting(name: "again"))
    return stream.server.bytes.byteCount >= 8 ? .done : .needMore
  }
}

/// Hears greetings and says what the flow's shape was.
struct Listener: ProtocolPlugin {
  static let rule = Rule(
    "listener.shape", .proxy, tool: "listener", highest: .indicative, meaning: "A greeting was heard.",
    marks: ["steps"], lookAlikes: [], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "listener", title: "Listener", transports: [.tcp, .udp], shape: 4, emits: [.protocolMetadata], rules: [rule])
  static let subscriptions = [Subscription.on(Greeting.self, Self.hear)]

  func hear(_ greeting: Greeting, flow: FlowFacts, memory: inout NoMemory, recorder: inout Recorder) -> Verdict {
    .needMore
  }

  func conclude(_ flow: FlowFacts, memory: NoMemory, recorder: inout Recorder) {
    recorder.find(
      Self.rule, at: .indicative,
      marks: flow.shape.map { Mark($0.side == .client ? "client" : "server", number: $0.size) })
  }
}
