// A binary for tests: the shipped plugins, and some that fail on purpose.

import Bytes
import Commands
import Findings
import PluginKit
import ShippedPlugins
import Terms

/// A parser with a fault: it reads beyond what it checked.
enum FaultyParser {
  static func read(_ bytes: RawSpan) -> UInt8 { bytes.u8(bytes.byteCount) }
}

/// Traps in a parser on a datagram that begins with TRAP, and as if it were the engine's parser on ENGINE; finds what
/// begins with FINE.
struct Trapping: DatagramPlugin {
  static let fine = Rule(
    "trapping.fine", .endpoint, tool: "listed-endpoint", highest: .indicative, meaning: "A test.", marks: [],
    lookAlikes: [], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "trapping", title: "A plugin that traps", transports: [.udp],
    constants: [Constant(text: "TRAP"), Constant(text: "ENGINE"), Constant(text: "FINE")], rules: [fine])

  func inspect(
    _ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    if datagram.bytes.holds("TRAP") { return FaultyParser.read(datagram.bytes) == 0 ? .done : .notMine }
    if datagram.bytes.holds("ENGINE") {
      PlantedTrap.leavePlugins(frame: datagram.frame.number)
      return FaultyParser.read(datagram.bytes) == 0 ? .done : .notMine
    }
    recorder.find(Self.fine, at: .indicative, marks: [Mark("text", ProtocolText("FINE"))])
    return .done
  }
}

/// Loops for ever on a datagram that begins with LOOP.
struct Looping: DatagramPlugin {
  static let manifest = Manifest(
    "looping", title: "A plugin that loops", transports: [.udp], constants: [Constant(text: "LOOP")])

  func inspect(
    _ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var count: UInt64 = 1
    while count != 0 { count = count &* 3 | 1 }
    return .notMine
  }
}

/// Traps when a flow ends that began with LAST TRAP; finds each other one that began with LAST.
struct TrappingAtEnds: DatagramPlugin {
  static let ended = Rule(
    "trapping-at-ends.ended", .endpoint, tool: "listed-endpoint", highest: .indicative, meaning: "A test.", marks: [],
    lookAlikes: [], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "trapping-at-ends", title: "A plugin that traps when a flow ends", transports: [.udp],
    constants: [Constant(text: "LAST")], rules: [ended])

  struct Memory: FlowMemory {
    var isFatal = false
  }

  func inspect(
    _ datagram: Datagram, memory: inout Memory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    memory.isFatal = datagram.bytes.holds("LAST TRAP")
    return .needMore
  }

  func conclude(_ flow: FlowFacts, memory: Memory, recorder: inout Recorder) {
    if memory.isFatal, [UInt8]().withRawSpan({ FaultyParser.read($0) }) == 0 { return }
    recorder.find(Self.ended, at: .indicative, marks: [Mark("text", ProtocolText("LAST"))])
  }
}

PlantedTrap.prepare()
Commands.run(
  plugins: PluginCatalog {
    shippedPlugins
    Trapping.self
    Looping.self
    TrappingAtEnds.self
  })
