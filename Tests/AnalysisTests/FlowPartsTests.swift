import Bytes
import CaptureFiles
import JSON
import PluginKit
import Terms
import Testing

@testable import Analysis

/// Claims once what `Hello` claims at each look.
private struct HelloOnce: StreamPlugin {
  static let manifest = Manifest(
    "hello-once", title: "Hello once", transports: [.tcp], constants: [Constant(text: "HELLO")], bytes: 64,
    rules: [Hello.rule])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    _ = try Hello().inspect(stream, memory: &memory, recorder: &recorder)
    return .done
  }
}

@Suite("A flow that a limit cuts goes on in parts")
struct FlowPartsTests {
  /// A stream that is cut once a second, with bytes both ways in each part.
  private func evidence(parts: Int) -> Evidence {
    var evidence = Evidence()
    evidence.add(IP.v4(6, IP.tcp([], flags: 2, sequence: 99, acknowledgment: 0)))
    evidence.add(
      IP.v4(6, IP.tcp([], flags: 0x12, sequence: 499, acknowledgment: 100, from: 9_000, to: 40_000), answers: true))
    var sent = 100
    var answered = 500
    for part in 0..<parts {
      let text = Array((part == 0 ? "HELLO!" : "more!!").utf8)
      let time = Int64(part) * 2_000_000_000
      evidence.add(IP.v4(6, IP.tcp(text, flags: 0x18, sequence: sent, acknowledgment: answered)), at: time)
      evidence.add(
        IP.v4(
          6, IP.tcp(text, flags: 0x18, sequence: answered, acknowledgment: sent, from: 9_000, to: 40_000), answers: true
        ),
        at: time + 1)
      sent += text.count
      answered += text.count
    }
    return evidence
  }

  private var settings: AnalysisSettings {
    var settings = AnalysisSettings()
    settings.active = 1
    return settings
  }

  @Test("Each part has what was said of it; what holds of the flow is said of every part")
  func statements() throws {
    let outcome = try evidence(parts: 3).analyse(settings: settings) {
      HelloOnce.self
      TenBytes.self
    }
    #expect(outcome.flows.count == 3)
    // Ten bytes of the stream came in the second part only.
    #expect(outcome.flows.map { $0["sight"] != nil } == [false, true, false])
    #expect(outcome.flows.map { $0["protocols"]?.array } == [nil, [.string("sight")], [.string("sight")]])
    #expect(
      outcome.flows.map { $0["indications"]?.array?.first?["inherited"]?.boolean } == [nil, true, true])
    #expect(outcome.findings.count == 1)
    #expect(outcome.findings.first?["flow_id"]?.integer == 1)
  }

  @Test("A part that was written leaves its place to the next")
  func places() throws {
    let evidence = evidence(parts: 200)
    var timeline = Timeline(
      job: try evidence.job(settings: settings), catalog: PluginCatalog { Hello.self }, sink: MemorySink())
    var reader = try CaptureReader(bytes: evidence.bytes)
    while reader.advance() { try timeline.take(reader.header, reader.bytes) }
    let places = timeline.watches.count
    #expect(places == 2)
    try timeline.close(facts: [reader.facts])
  }
}
