import Foundation
import TestSupport
import Testing

@Suite("The same evidence gives the same bytes")
struct DeterminismTests {
  private func run(_ scratch: TemporaryFolder, _ name: String, _ arguments: [String]) throws -> (
    findings: Data, flows: Data
  ) {
    let outcome = try Program.run(
      ["analyze"] + arguments + ["--output", "\(name).json", "--flows", "\(name).jsonl", "--quiet"], in: scratch.url)
    #expect(outcome.status == 0 || outcome.status == 3)
    return (try scratch.read("\(name).json"), try scratch.read("\(name).jsonl"))
  }

  @Test("With one worker and with four, and from run to run, also with limits reached on purpose")
  func workers() throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    let samples = try FileManager.default.contentsOfDirectory(
      at: Program.root.appendingPathComponent("Samples"), includingPropertiesForKeys: nil
    ).map { $0.appendingPathComponent("capture.pcapng").path }.filter { FileManager.default.fileExists(atPath: $0) }
    #expect(samples.count >= 2)
    let files = samples.sorted() + samples.sorted()
    let one = try run(scratch, "one", files + ["--warrant", warrant])
    let again = try run(scratch, "again", files + ["--warrant", warrant])
    let four = try run(scratch, "four", files + ["--warrant", warrant, "--workers", "4"])
    #expect(one == again)
    #expect(one == four)
    let limits = ["--limit", "flows=16", "--limit", "prefix-bytes=65536", "--limit", "waiting-bytes=65536"]
    let bound = try run(scratch, "bound", files + ["--warrant", warrant] + limits)
    let boundFour = try run(scratch, "bound-four", files + ["--warrant", warrant, "--workers", "4"] + limits)
    #expect(bound == boundFour)
  }

  @Test("Standard input gives what the file gives, names aside")
  func standardInput() throws {
    let scratch = try TemporaryFolder()
    let file = try run(scratch, "file", [Sample.capture, "--warrant", Sample.warrant])
    let input = try Data(contentsOf: URL(fileURLWithPath: Sample.capture))
    let outcome = try Program.run(
      ["analyze", "-", "--warrant", Sample.warrant, "--output", "pipe.json", "--flows", "pipe.jsonl", "--quiet"],
      input: input, in: scratch.url)
    #expect(outcome.status == 0)
    let piped = String(decoding: try scratch.read("pipe.jsonl"), as: UTF8.self)
    #expect(
      piped.replacingOccurrences(of: "\"name\":\"-\"", with: "\"name\":\"capture.pcapng\"")
        == String(decoding: file.flows, as: UTF8.self))
  }

  @Test("A capture cut in two is one timeline with --continuous: a flow over the border is one flow")
  func continuous() throws {
    let scratch = try TemporaryFolder()
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    var whole = PcapBuilder()
    var first = PcapBuilder()
    var second = PcapBuilder()
    for index in 0..<20 as Range<UInt32> {
      let payload = Array("packet \(index)".utf8)
      whole.datagram(payload, time: index * 1000)
      if index < 10 {
        first.datagram(payload, time: index * 1000)
      } else {
        second.datagram(payload, time: index * 1000)
      }
    }
    try scratch.write("whole.pcap", whole.bytes)
    try scratch.write("first.pcap", first.bytes)
    try scratch.write("second.pcap", second.bytes)
    let one = try run(scratch, "one", ["whole.pcap", "--warrant", warrant])
    // The order of the command line decides equal times only.
    let set = try run(scratch, "set", ["second.pcap", "first.pcap", "--continuous", "--warrant", warrant])
    func counts(_ data: Data) throws -> [String: Int] {
      let lines = data.split(separator: 0x0a)
      #expect(lines.count == 1)
      let flow = try #require(JSONSerialization.jsonObject(with: lines[0]) as? [String: Any])
      return try #require(flow["from_initiator"] as? [String: Int])
    }
    #expect(try counts(one.flows) == counts(set.flows))
    let apart = try run(scratch, "apart", ["first.pcap", "second.pcap", "--warrant", warrant])
    #expect(apart.flows.split(separator: 0x0a).count == 2)
  }
}
