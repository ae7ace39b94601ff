import Foundation
import TestSupport
import Testing

@Suite("Each exit status, with its message and without output where nothing may stand")
struct ExitStatusTests {
  private func analyze(_ scratch: TemporaryFolder, _ arguments: [String]) throws -> Outcome {
    try Program.run(["analyze"] + arguments, in: scratch.url)
  }

  @Test("0: done, findings in the working folder, and a summary that names host, tool and frames")
  func done() throws {
    let scratch = try TemporaryFolder()
    let outcome = try analyze(scratch, [Sample.capture, "--warrant", Sample.warrant])
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    #expect(outcome.output.contains("wireguard  conclusive"))
    #expect(outcome.output.contains("frame.number in {"))
    #expect(outcome.output.contains("TRAINING"))
    #expect(scratch.has("findings.json"))
    #expect(!scratch.has("findings.json.partial"))
  }

  @Test("3: a cut file is analysed up to the cut, and said")
  func damaged() throws {
    let scratch = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Sample.capture))
    try scratch.write("cut.pcapng", Array(whole.prefix(whole.count - 5)))
    let outcome = try analyze(scratch, ["cut.pcapng", "--warrant", Sample.warrant, "--quiet"])
    #expect(outcome.status == 3)
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.contains("cut.pcapng"))
    #expect(outcome.error.contains("offset"))
    let evidence = try #require(try scratch.document()["evidence"] as? [[String: Any]])
    #expect((evidence[0]["damage"] as? [Any])?.isEmpty == false)
  }

  @Test("3: among several files one that is none is named, and the others are analysed")
  func oneOfSeveral() throws {
    let scratch = try TemporaryFolder()
    try scratch.write("notes.txt", "no capture")
    let outcome = try analyze(
      scratch, ["notes.txt", "missing.pcap", Sample.capture, "--warrant", Sample.warrant, "--quiet"])
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("notes.txt"))
    #expect(outcome.error.contains("missing.pcap"))
    let evidence = try #require(try scratch.document()["evidence"] as? [[String: Any]])
    #expect(evidence.count == 3)
    #expect((evidence[0]["problem"] as? String)?.contains("6e 6f 20 63") == true)
    #expect(evidence[1]["problem"] != nil)
    #expect(evidence[2]["problem"] == nil)
  }

  @Test("64: usage, with the nearest name for a mistyped one")
  func usage() throws {
    let scratch = try TemporaryFolder()
    #expect(try analyze(scratch, [Sample.capture]).status == 64)
    let option = try analyze(scratch, [Sample.capture, "--warant", Sample.warrant])
    #expect(option.status == 64)
    #expect(option.error.contains("--warrant"))
    let command = try Program.run(["analize"])
    #expect(command.status == 64)
    #expect(command.error.contains("analyze"))
    let limit = try analyze(scratch, [Sample.capture, "--warrant", Sample.warrant, "--limit", "flow=20"])
    #expect(limit.status == 64)
    #expect(limit.error.contains("Did you mean 'flows'"))
    #expect(
      try analyze(scratch, [Sample.capture, "--warrant", Sample.warrant, "--no-digest", "--continuous"]).status == 64)
    #expect(!scratch.has("findings.json"))
  }

  @Test("64: with --continuous a file given twice is an error")
  func twice() throws {
    let scratch = try TemporaryFolder()
    let outcome = try analyze(
      scratch, [Sample.capture, Sample.capture, "--continuous", "--warrant", Sample.warrant])
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("same bytes"))
    #expect(!scratch.has("findings.json"))
  }

  @Test("65: no capture, with the first bytes found", arguments: ["no capture", "", "PK\u{3}\u{4}rest"])
  func notACapture(content: String) throws {
    let scratch = try TemporaryFolder()
    try scratch.write("file", content)
    let outcome = try analyze(scratch, ["file", "--warrant", Sample.warrant])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("expected"))
    #expect(!scratch.has("findings.json") && !scratch.has("findings.json.partial"))
  }

  @Test("66: a capture that cannot be opened; a symbolic link is not followed")
  func cannotOpen() throws {
    let scratch = try TemporaryFolder()
    let missing = try analyze(scratch, ["missing.pcap", "--warrant", Sample.warrant])
    #expect(missing.status == 66)
    #expect(missing.error.contains("missing.pcap"))
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link.pcapng"), withDestinationPath: Sample.capture)
    #expect(try analyze(scratch, ["link.pcapng", "--warrant", Sample.warrant]).status == 66)
    #expect(!scratch.has("findings.json"))
  }

  @Test("70: evidence that changes during the run; nothing is put in place")
  func changed() throws {
    let scratch = try TemporaryFolder()
    var builder = PcapBuilder()
    for time in 0..<60_000 as Range<UInt32> { builder.datagram([1, 2, 3], time: time) }
    try scratch.write("growing.pcap", builder.bytes)
    let warrant = try scratch.write("warrant.json", try Sample.warrant())
    let writer = GrowingCapture.grow(scratch.path("growing.pcap"))
    defer { writer.cancel() }
    let outcome = try analyze(scratch, ["growing.pcap", "--warrant", warrant, "--flows", "flows.jsonl"])
    #expect(outcome.status == 70)
    #expect(outcome.error.contains("changed"))
    #expect(!scratch.has("findings.json") && !scratch.has("flows.jsonl"))
  }

  @Test("73: an output that exists, or is a symbolic link; --overwrite replaces a file, never a link")
  func exists() throws {
    let scratch = try TemporaryFolder()
    try scratch.write("findings.json", "mine")
    #expect(try analyze(scratch, [Sample.capture, "--warrant", Sample.warrant]).status == 73)
    #expect(try scratch.read("findings.json") == Data("mine".utf8))
    #expect(try analyze(scratch, [Sample.capture, "--warrant", Sample.warrant, "--overwrite"]).status == 0)
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link.json"), withDestinationPath: "findings.json")
    let link = try analyze(
      scratch, [Sample.capture, "--warrant", Sample.warrant, "--output", "link.json", "--overwrite"])
    #expect(link.status == 73)
    #expect(link.error.contains("symbolic link"))
  }

  @Test("74: an output that cannot be written")
  func cannotWrite() throws {
    let scratch = try TemporaryFolder()
    let outcome = try analyze(
      scratch, [Sample.capture, "--warrant", Sample.warrant, "--output", "missing/findings.json"])
    #expect(outcome.status == 74)
    #expect(outcome.error.contains("missing"))
  }

  @Test("74: where one of two outputs cannot get its name, neither does", arguments: [false, true])
  func bothOrNeither(overwrite: Bool) throws {
    let scratch = try TemporaryFolder()
    let input = try Data(contentsOf: URL(fileURLWithPath: Sample.capture))
    if overwrite { try scratch.write("flows.jsonl", "old") }
    let outcome = try Program.run(
      ["analyze", "-", "--warrant", Sample.warrant, "--flows", "flows.jsonl"] + (overwrite ? ["--overwrite"] : []),
      input: input, in: scratch.url
    ) {
      for _ in 0..<600 where !scratch.has("flows.jsonl.partial") { usleep(50_000) }
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path("findings.json"), withDestinationPath: "elsewhere")
    }
    #expect(outcome.status == 74)
    #expect(outcome.error.contains("findings.json is a symbolic link"))
    #expect(outcome.output.isEmpty)
    #expect(try overwrite ? scratch.read("flows.jsonl") == Data("old".utf8) : !scratch.has("flows.jsonl"))
    #expect(!scratch.has("flows.jsonl.partial") && !scratch.has("findings.json.partial"))
    #expect(!scratch.has("elsewhere"))
  }

  @Test("77: a warrant that is missing, malformed, expired, unsigned, or does not cover; every wrong field is named")
  func notAllowed() throws {
    let scratch = try TemporaryFolder()
    func status(_ name: String, _ text: String) throws -> Outcome {
      try scratch.write(name, text)
      return try analyze(scratch, [Sample.capture, "--warrant", name])
    }
    #expect(try analyze(scratch, [Sample.capture, "--warrant", "none.json"]).status == 77)
    let malformed = try status(
      "a.json",
      try Sample.warrant {
        $0["targts"] = []; $0["id"] = "x"; $0["covers"] = []
      })
    #expect(malformed.status == 77)
    for field in ["targts", "id", "covers"] { #expect(malformed.error.contains(field)) }
    let expired = try status(
      "b.json",
      try Sample.warrant { $0["authority"] = ["from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"] })
    #expect(expired.status == 77)
    #expect(expired.error.contains("authority.until"))
    let live = try status("c.json", try Sample.warrant { $0["covers"] = ["live"] })
    #expect(live.status == 77)
    #expect(live.error.contains("covers"))
    let unsigned = try status(
      "d.json",
      try Sample.warrant {
        $0["training"] = false
        $0["data"] = ["from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"]
        $0["targets"] = [["address": "198.18.0.2"]]
      })
    #expect(unsigned.status == 77)
    #expect(unsigned.error.contains("training"))
    let exhibits = try status(
      "e.json",
      try Sample.warrant {
        $0["exhibits"] = [
          [
            "id": "A-1", "sha256": String(repeating: "0", count: 64), "description": "another file",
            "seized_at": "2026-01-01T00:00:00Z", "seized_by": "Exercise",
          ]
        ]
      })
    #expect(exhibits.status == 77)
    #expect(exhibits.error.contains("exhibits"))
    #expect(!scratch.has("findings.json") && !scratch.has("findings.json.partial"))
  }
}
