import Foundation
import TestSupport
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

  private func findings(_ scratch: TemporaryFolder, _ name: String) throws -> [String] {
    let text = String(decoding: try scratch.read(name), as: UTF8.self)
    let start = try #require(text.range(of: "\"findings\":["))
    return text[start.upperBound...].split(separator: "\n").map {
      $0.hasSuffix(",") ? String($0.dropLast()) : String($0)
    }
  }

  @Test("A trap in a plugin's parser: status 3, named with plugin and frame, all other findings byte for byte")
  func trap() throws {
    let scratch = try TemporaryFolder()
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
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    try scratch.write("fatal.pcap", capture("LOOP"))
    let outcome = try Program.run(
      ["analyze", "fatal.pcap", "--warrant", warrant], name: "veilscope-faulty", in: scratch.url)
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("the plugin looping looped"))
    #expect(outcome.error.contains("frame 2"))
    #expect(try findings(scratch, "findings.json").filter { $0.contains("trapping.fine") }.count == 2)
  }

  @Test(
    "Standard input is given again while all of it is kept: the same as of a file", arguments: [nil, "gzip", "zstd"])
  func stream(compressor: String?) throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    try scratch.write("-", capture("TRAP"))
    var input = try scratch.read("-")
    if let compressor {
      #expect(try Program.system(compressor, ["-q", "-k", scratch.path("-")]).status == 0)
      input = try scratch.read(compressor == "gzip" ? "-.gz" : "-.zst")
    }
    func flows(_ arguments: [String], _ input: Data? = nil) throws -> (Outcome, String, [String]) {
      let outcome = try Program.run(
        ["analyze", "--warrant", warrant, "--flows", "flows.jsonl", "--overwrite"] + arguments,
        name: "veilscope-faulty", input: input, in: scratch.url)
      let lines = String(decoding: try scratch.read("flows.jsonl"), as: UTF8.self)
      return (outcome, lines, try findings(scratch, "findings.json"))
    }
    let (stream, streamFlows, streamFindings) = try flows(["-"], input)
    #expect(stream.status == 3)
    #expect(stream.error.contains("frame 2: ") && stream.error.contains("the plugin trapping trapped (SIG"))
    let (_, fileFlows, fileFindings) = try flows(["./-"])
    #expect(streamFlows == fileFlows)
    #expect(streamFindings == fileFindings && streamFindings.count >= 2)
    // What stands in the evidence of the one stands in that of the other.
    let evidence = try #require(try scratch.document()["evidence"] as? [[String: Any]])
    #expect(evidence[0]["lost_flows"] == nil)
  }

  @Test("Standard input of which the beginning is gone goes on behind the fatal frame; what that cost is said")
  func longStream() throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write(
      "warrant.json",
      try Sample.warrant {
        $0["categories"] = ["flow", "protocol_metadata"]
        $0["targets"] = [["address": "198.51.100.7"]]
        $0["data"] = ["from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"]
      })
    // Flow 1 ends by its timeout, and its record is handed on; 2 to 4 are open when the plugin traps.
    var builder = PcapBuilder()
    let hour: UInt32 = 3_600_000_000
    builder.datagram(Array("FINE one".utf8), from: 1, time: 0)
    builder.datagram(Array("FINE two".utf8), from: 2, time: hour)
    for frame in 3...9_000 as ClosedRange<UInt32> {
      builder.datagram([UInt8](repeating: 0, count: 1_400), from: 3, time: hour + frame)
    }
    builder.datagram(Array("TRAP".utf8), from: 4, time: hour + 10_000)
    builder.datagram(Array("plain".utf8), from: 2, time: hour + 10_001)
    builder.datagram(Array("FINE five".utf8), from: 5, time: hour + 10_002)
    let outcome = try Program.run(
      ["analyze", "-", "--warrant", warrant, "--flows", "flows.jsonl"], name: "veilscope-faulty",
      input: Data(builder.bytes), in: scratch.url)
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("frame 9001: ") && outcome.error.contains("the plugin trapping trapped (SIG"))
    #expect(outcome.error.contains("of 3 flows begun before there is no record"))

    let lines = try scratch.read("flows.jsonl").split(separator: 0x0a).map {
      try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
    }
    // An id names one flow, an ordinal one address.
    #expect(lines.map { $0["id"] as? Int } == [1, 5, 6])
    let text = String(decoding: try scratch.read("flows.jsonl"), as: UTF8.self)
    let parties = text.matches(of: /third-party-\d+/).map { String($0.output) }
    #expect(parties == ["third-party-1", "third-party-5", "third-party-6"])
    // The datagram from 192.0.2.2 goes on a flow that the fault cut, and may say so; so may the other.
    let reason = "that a fault of the program cut"
    #expect(lines.map { "\($0["not_assessable"] ?? "")".contains(reason) } == [false, true, true])

    let found = try findings(scratch, "findings.json").filter { $0.contains("trapping.fine") }
    #expect(found.count == 2)
    #expect(found.last?.contains("\"number\":9003,") == true)
    let document = try scratch.document()
    #expect(document["flows"] as? Int == 6)
    // The first worker's report is lost; the hosts of what it found are not.
    let hosts = try #require(document["hosts"] as? [[String: Any]])
    #expect(hosts.compactMap { $0["host"] as? String } == ["third-party-1", "third-party-6"])
    let evidence = try #require((document["evidence"] as? [[String: Any]])?.first)
    #expect(evidence["frames"] as? Int == 9_003)
    #expect(evidence["uncounted_frames"] as? Int == 9_001)
    #expect(evidence["lost_flows"] as? Int == 3)
    #expect(evidence["bytes_read"] as? Int == builder.bytes.count)
    #expect(evidence["size"] as? Int == builder.bytes.count)
  }

  @Test("Standard input on which nothing gets through leaves no output, and no flow line without its findings")
  func streamWithoutAnEnd() throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    let outcome = try Program.run(
      ["analyze", "-", Sample.capture, "--warrant", warrant, "--flows", "flows.jsonl"], name: "veilscope-faulty",
      input: Data("no capture".utf8), in: scratch.url)
    #expect(outcome.status == 3)
    let flows = String(decoding: try scratch.read("flows.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(flows.allSatisfy { $0.contains("{\"name\":\"capture.pcapng\"") })
    #expect(flows.count == (try scratch.document()["flows"] as? Int))
  }

  @Test("A plugin that traps at the end of one flow is kept off that one's end", arguments: [true, false])
  func ends(inTheMiddle: Bool) throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    var builder = PcapBuilder()
    for flow in 1...3 as ClosedRange<UInt8> {
      builder.datagram(Array((flow == 2 ? "LAST TRAP" : "LAST fine").utf8), from: flow, time: UInt32(flow))
    }
    // An hour later all three are over by one frame.
    if inTheMiddle { builder.datagram(Array("LAST fine".utf8), from: 4, time: 3_600_000_000) }
    try scratch.write("fatal.pcap", builder.bytes)
    let outcome = try Program.run(
      ["analyze", "fatal.pcap", "--warrant", warrant, "--flows", "flows.jsonl"], name: "veilscope-faulty",
      in: scratch.url)
    #expect(outcome.status == 3)
    let found = try findings(scratch, "findings.json").filter { $0.contains("trapping-at-ends.ended") }
    for frame in inTheMiddle ? [1, 3, 4] : [1, 3] {
      #expect(found.contains { $0.contains("\"number\":\(frame),") }, "frame \(frame)")
    }
    #expect(found.count == (inTheMiddle ? 3 : 2))
    let notices = try #require(try scratch.document()["notices"] as? [[String: Any]])
    let faults = notices.filter { $0["kind"] as? String == "fault" }
    #expect(faults.map { $0["frame"] as? Int } == [2])
    #expect("\(faults)".contains("trapping-at-ends trapped (SIG"))
    #expect("\(faults)".contains("kept off the end of that flow"))
  }

  @Test("A trap in the engine's own parsers costs that frame; a later one of its flow is read")
  func engine() throws {
    let scratch = try TemporaryFolder()
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
    let scratch = try TemporaryFolder()
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
