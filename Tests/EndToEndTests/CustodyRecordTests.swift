import Foundation
import SigningAuthority
import Testing

@Suite("Every run writes a custody record")
struct CustodyRecordTests {
  @Test("It has who, what with, under which warrant, with which settings, which bytes in and out; and no secret")
  func contents() throws {
    let run = try CustodyRun()
    let outcome = try run.analyze(["--operator", "A. Examiner", "--limit", "flows=99999"])
    #expect(outcome.status == 0, "\(outcome.error)")
    let entries = try run.entries()
    let types = entries.compactMap { $0["type"] as? String }
    #expect(
      types == [
        "log", "start", "warrant", "settings", "evidence_opened", "checkpoint", "evidence_finished", "scope", "output",
        "output", "end", "checkpoint", "closed",
      ])
    let digest = { (name: String) in try CustodyRun.sha256(String(decoding: run.scratch.read(name), as: UTF8.self)) }
    #expect(entries[0]["warrant_sha256"] as? String == (try digest("warrant.json")))
    let start = entries[1]
    #expect((start["operator"] as? [String: Any])?["asserted"] as? String == "A. Examiner")
    #expect((start["operator"] as? [String: Any])?["uid"] as? Int == Int(getuid()))
    let program = try #require(start["program"] as? [String: Any])
    let binary = String(
      try SigningAuthority.openssl(["dgst", "-sha256", "-r", Program.path("veilscope").path]).prefix(64))
    #expect(program["sha256"] as? String == binary)
    #expect((program["plugins"] as? [Any])?.isEmpty == false)
    for key in ["version", "commit", "libraries", "schema_sha256", "rates_sha256"] { #expect(program[key] != nil) }
    let machine = try #require(start["machine"] as? [String: Any])
    for key in ["boot_id", "kernel", "system", "locale"] { #expect(machine[key] != nil) }
    #expect((start["clock"] as? [String: Any])?["synchronised"] is Bool)
    let values = try #require(entries[3]["values"] as? [[String: Any]])
    let limit = try #require(values.first { $0["name"] as? String == "limits.flows" })
    #expect(limit["value"] as? Int == 99_999 && limit["from"] as? String == "--limit")
    #expect(values.contains { $0["from"] as? String == "built in" })
    let capture = String(try SigningAuthority.openssl(["dgst", "-sha256", "-r", Sample.capture]).prefix(64))
    #expect(entries[6]["sha256"] as? String == capture)
    #expect(entries[6]["inode"] as? Int == entries[4]["inode"] as? Int)
    #expect(entries[4]["path"] as? String == run.scratch.url.resolvingSymlinksInPath().path + "/capture.pcapng")
    #expect(entries[8]["sha256"] as? String == (try digest("findings.json")))
    #expect(entries[9]["sha256"] as? String == (try digest("flows.jsonl")))
    #expect(entries[10]["status"] as? Int == 0)
    // The summary names the head, for a notebook.
    #expect(outcome.output.contains(try CustodyRun.sha256(run.lines()[12])))
    let text = String(decoding: try run.scratch.read(CustodyRun.record), as: UTF8.self)
    #expect(!text.contains("PRIVATE KEY") && !text.contains("198.19.0.2"))
  }

  @Test("A refused call writes none, and leaves what stands there", arguments: [65, 66, 73, 77])
  func refused(status: Int32) throws {
    let run = try CustodyRun()
    var evidence = "capture.pcapng"
    var more = ["--overwrite"]
    switch status {
    case 65:
      try run.scratch.write("notes.txt", "no capture")
      evidence = "notes.txt"
    case 66: evidence = "missing.pcap"
    case 73:
      try run.scratch.write("findings.json", "mine")
      more = []
    default: try run.scratch.write("warrant.json", try Sample.warrant { $0["covers"] = ["live"] })
    }
    #expect(try run.analyze(more, sealed: false, evidence: evidence).status == status)
    #expect(!run.scratch.has(CustodyRun.record))
    if status != 73 {
      try run.scratch.write(CustodyRun.record, "of another run")
      #expect(try run.analyze(more, sealed: false, evidence: evidence).status == status)
      #expect(try run.scratch.read(CustodyRun.record) == Data("of another run".utf8))
      #expect(!run.scratch.has(CustodyRun.record + ".replaced"))
    }
  }

  @Test("A record that stands there is an error; --overwrite replaces it with the findings; a link is refused")
  func overwrite() throws {
    let run = try CustodyRun()
    #expect(try run.analyze(sealed: false).status == 0)
    let first = try run.scratch.read(CustodyRun.record)
    try FileManager.default.removeItem(atPath: run.scratch.path("findings.json"))
    try FileManager.default.removeItem(atPath: run.scratch.path("flows.jsonl"))
    let refused = try run.analyze(sealed: false)
    #expect(refused.status == 73)
    #expect(refused.error.contains(CustodyRun.record))
    #expect(try run.scratch.read(CustodyRun.record) == first)
    #expect(try run.analyze(["--overwrite"], sealed: false).status == 0)
    #expect(try run.scratch.read(CustodyRun.record) != first)
    #expect(!run.scratch.has(CustodyRun.record + ".replaced"))
    #expect(try run.verify(["--allow-unsealed"]).status == 0)
    try FileManager.default.removeItem(atPath: run.scratch.path(CustodyRun.record))
    try FileManager.default.createSymbolicLink(
      atPath: run.scratch.path(CustodyRun.record), withDestinationPath: "elsewhere")
    let link = try run.analyze(["--overwrite"], sealed: false)
    #expect(link.status == 73)
    #expect(link.error.contains("symbolic link"))
    #expect(!run.scratch.has("elsewhere"))
    // An output in the record's place.
    let same = try Program.run(
      [
        "analyze", "capture.pcapng", "--warrant", "warrant.json", "--output", "a.json", "--flows", "a.custody.jsonl",
      ], in: run.scratch.url)
    #expect(same.status == 64)
    #expect(same.error.contains("custody record"))
  }

  @Test("Nothing of the run is in findings and flows: two runs give the same bytes, their records differ")
  func deterministic() throws {
    let run = try CustodyRun()
    try run.analyze()
    let names = ["findings.json", "flows.jsonl", CustodyRun.record]
    let first = try names.map { try run.scratch.read($0) }
    #expect(try run.analyze(["--overwrite", "--workers", "4", "--operator", "B", "--durable", "entry"]).status == 0)
    let second = try names.map { try run.scratch.read($0) }
    #expect(first[0] == second[0] && first[1] == second[1])
    #expect(first[2] != second[2])
    #expect(try run.verify().status == 0)
  }

  @Test("Several items, one of them no capture, damage: each has its entries, and verify agrees")
  func several() throws {
    let run = try CustodyRun()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Sample.capture))
    try run.scratch.write("cut.pcapng", Array(whole.prefix(whole.count - 5)))
    try run.scratch.write("notes.txt", "no capture")
    let outcome = try run.analyze(["cut.pcapng", "notes.txt", "missing.pcap", "--workers", "3"])
    #expect(outcome.status == 3)
    let entries = try run.entries()
    func all(_ type: String) -> [[String: Any]] { entries.filter { $0["type"] as? String == type } }
    #expect(all("evidence_opened").count == 4)
    #expect(all("evidence_opened").last?["problem"] != nil)
    #expect(Set(all("evidence_finished").compactMap { $0["end"] as? String }) == ["complete", "refused"])
    #expect(all("damage").contains { $0["item"] as? Int == 2 })
    #expect(all("end").first?["status"] as? Int == 3)
    let verified = try run.verify(["--again"])
    #expect(verified.status == 0, "\(verified.output) \(verified.error)")
  }

  @Test("Standard input: the record says so, and a copy of what came can be given for verification")
  func standardInput() throws {
    let run = try CustodyRun()
    let outcome = try Program.run(
      ["analyze", "-", "--warrant", "warrant.json"] + (try run.sealing()),
      input: try Data(contentsOf: URL(fileURLWithPath: Sample.capture)), in: run.scratch.url)
    #expect(outcome.status == 0)
    let alone = try run.verify()
    #expect(alone.status == 4)
    #expect(alone.output.contains("came by a pipe"))
    let copy = try run.verify(["--evidence", "capture.pcapng"])
    #expect(copy.output.contains("as recorded (entry 6)"))
    #expect(try run.verify(["--again"]).status == 4)
  }

  @Test("Passphrases: from a file; without a terminal an encrypted key ends the call before anything is written")
  func passphrase() throws {
    let run = try CustodyRun()
    let identity = try run.authority.identity("Examiner")
    let locked = run.scratch.path("locked.key")
    try SigningAuthority.openssl([
      "pkcs8", "-topk8", "-in", identity.key, "-out", locked, "-passout", "pass:open sesame",
    ])
    let seal = try run.sealing(Identity(certificate: identity.certificate, key: locked))
    try run.scratch.write("phrase", "open sesame\n")
    try run.scratch.write("wrong", "open\n")
    let wrong = try run.analyze(seal + ["--passphrase-file", "wrong"], sealed: false)
    #expect(wrong.status == 64)
    #expect(wrong.error.contains("passphrase"))
    #expect(!run.scratch.has(CustodyRun.record) && !run.scratch.has("findings.json.partial"))
    #expect(try run.analyze(seal + ["--passphrase-file", "phrase"], sealed: false).status == 0)
    #expect(try run.verify().status == 0)
    #expect(!String(decoding: try run.scratch.read(CustodyRun.record), as: UTF8.self).contains("sesame"))
  }

  @Test("A configuration may ask for a seal")
  func required() throws {
    let run = try CustodyRun()
    try run.scratch.write("settings.json", #"{"custody": {"require_seal": true}}"#)
    let unsealed = try run.analyze(["--config", "settings.json"], sealed: false)
    #expect(unsealed.status == 64)
    #expect(unsealed.error.contains("require_seal"))
    #expect(try run.analyze(["--config", "settings.json"]).status == 0)
  }

  @Test("Moved to another place, everything is found again: outputs by the findings, the rest by options")
  func moved() throws {
    let run = try CustodyRun()
    try run.analyze()
    let place = run.scratch.path("archive")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let names = [
      "findings.json": "findings.json", "flows.jsonl": "flows.jsonl", CustodyRun.record: CustodyRun.record,
      "warrant.json": "w.json", "capture.pcapng": "exhibit-7",
    ]
    for (old, new) in names {
      try FileManager.default.moveItem(atPath: run.scratch.path(old), toPath: "\(place)/\(new)")
    }
    let outcome = try Program.run(
      [
        "verify", "archive/findings.json", "--warrant", "archive/w.json", "--evidence", "archive/exhibit-7", "--again",
      ] + run.trust, in: run.scratch.url)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("the same bytes"))
  }
}
