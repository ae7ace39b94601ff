import Foundation
import Testing

@Suite("A plugin that fails costs that plugin that flow, never the run")
struct FaultTests {
  /// Datagrams of four flows: two for the failing plugin, of which one also fails it, and ordinary ones.
  private func capture(_ fatal: String) -> [UInt8] {
    var builder = PcapBuilder()
    builder.datagram(Array("FINE one".utf8), from: 1, time: 0)
    builder.datagram(Array("\(fatal) two".utf8), from: 2, time: 100)
    builder.datagram(Array("plain".utf8), from: 3, time: 200)
    builder.datagram(Array("FINE four".utf8), from: 4, time: 300)
    return builder.bytes
  }

  private func findings(_ scratch: Scratch, _ name: String) throws -> [String] {
    let text = String(decoding: try scratch.read(name), as: UTF8.self)
    let start = try #require(text.range(of: "\"findings\":["))
    return text[start.upperBound...].split(separator: "\n").map {
      $0.hasSuffix(",") ? String($0.dropLast()) : String($0)
    }
  }

  @Test("A trap in a plugin's parser: status 3, named with plugin and frame, all other findings byte for byte")
  func trap() throws {
    let scratch = try Scratch()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    try scratch.write("fatal.pcap", capture("TRAP"))
    try scratch.write("calm.pcap", capture("DATA"))
    let faulty = try Program.run(
      ["analyze", "fatal.pcap", "--warrant", warrant, "--output", "fatal.json", "--flows", "fatal.jsonl"],
      name: "veilscope-faulty", in: scratch.url)
    #expect(faulty.status == 3)
    #expect(faulty.error.contains("trapping"))
    #expect(faulty.error.contains("frame 2"))
    let calm = try Program.run(
      ["analyze", "calm.pcap", "--warrant", warrant, "--output", "calm.json", "--flows", "calm.jsonl"],
      name: "veilscope-faulty", in: scratch.url)
    #expect(calm.status == 0)
    let expected = try findings(scratch, "calm.json").map {
      $0.replacingOccurrences(of: "calm.pcap", with: "fatal.pcap")
    }
    #expect(expected.filter { $0.contains("trapping.fine") }.count == 2)
    #expect(try findings(scratch, "fatal.json") == expected)
    let flows = try String(decoding: scratch.read("fatal.jsonl"), as: UTF8.self)
    #expect(flows.split(separator: "\n").count == 4)
    let notices = try #require(try scratch.document("fatal.json")["notices"] as? [[String: Any]])
    #expect(
      notices.contains { $0["kind"] as? String == "fault" && $0["frame"] as? Int == 2 && "\($0)".contains("trapping") })
  }

  @Test("A plugin that loops for ever is stopped after ten seconds of the worker's own time, and named")
  func loop() throws {
    let scratch = try Scratch()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    try scratch.write("fatal.pcap", capture("LOOP"))
    let outcome = try Program.run(
      ["analyze", "fatal.pcap", "--warrant", warrant], name: "veilscope-faulty", in: scratch.url)
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("looping"))
    #expect(outcome.error.contains("frame 2"))
    #expect(try findings(scratch, "findings.json").filter { $0.contains("trapping.fine") }.count == 2)
  }

  @Test("Standard input, which cannot be read twice, goes on behind the fatal frame")
  func stream() throws {
    let scratch = try Scratch()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    let outcome = try Program.run(
      ["analyze", "-", "--warrant", warrant], name: "veilscope-faulty", input: Data(capture("TRAP")), in: scratch.url)
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("trapping"))
    let found = try findings(scratch, "findings.json").filter { $0.contains("trapping.fine") }
    #expect(found.contains { $0.contains("\"number\":4") })
  }

  @Test("A trap in the engine's own parsers costs that frame; a later one of its flow is read")
  func engine() throws {
    let scratch = try Scratch()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    var builder = PcapBuilder()
    builder.datagram(Array("FINE one".utf8), from: 1, time: 0)
    builder.datagram(Array("ENGINE two".utf8), from: 2, time: 100)
    builder.datagram(Array("FINE three".utf8), from: 2, time: 200)
    builder.datagram(Array("FINE four".utf8), from: 3, time: 300)
    try scratch.write("fatal.pcap", builder.bytes)
    let outcome = try Program.run(
      ["analyze", "fatal.pcap", "--warrant", warrant], name: "veilscope-faulty", in: scratch.url)
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("frame 2"))
    let found = try findings(scratch, "findings.json").filter { $0.contains("trapping.fine") }
    #expect(
      [1, 3, 4].allSatisfy { number in found.contains { $0.contains("\"number\":\(number),") } } && found.count == 3)
    let notices = try #require(try scratch.document()["notices"] as? [[String: Any]])
    #expect(notices.filter { $0["kind"] as? String == "fault" && $0["frame"] as? Int == 2 }.count == 1)
  }

  @Test("After eight faults a plugin is left out, and the others go on")
  func eight() throws {
    let scratch = try Scratch()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    var builder = PcapBuilder()
    for flow in 1...9 { builder.datagram(Array("TRAP".utf8), from: UInt8(flow), time: UInt32(flow)) }
    builder.datagram(Array("FINE".utf8), from: 10, time: 10)
    try scratch.write("fatal.pcap", builder.bytes)
    let outcome = try Program.run(
      ["analyze", "fatal.pcap", "--warrant", warrant, "--flows", "flows.jsonl"], name: "veilscope-faulty",
      in: scratch.url)
    #expect(outcome.status == 3)
    let notices = try #require(try scratch.document()["notices"] as? [[String: Any]])
    let frames = notices.filter { $0["kind"] as? String == "fault" }.compactMap { $0["frame"] as? Int }
    #expect(frames.sorted() == Array(1...8))
    #expect(outcome.error.contains("left out for this evidence"))
    #expect(String(decoding: try scratch.read("flows.jsonl"), as: UTF8.self).split(separator: "\n").count == 10)
  }
}
