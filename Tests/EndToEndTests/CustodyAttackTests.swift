import Foundation
import SigningAuthority
import Testing

@Suite("Attacks on record, outputs and evidence: none ends as complete and sealed")
struct CustodyAttackTests {
  /// Not sealed, with this status, and a message that has these parts.
  private func expect(
    _ run: CustodyRun, _ status: Int32, _ parts: String..., more: [String] = [], trust: [String]? = nil,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try run.verify(more, trust: trust)
    #expect(outcome.status == status, "\(outcome.output)\(outcome.error)", sourceLocation: location)
    #expect(!outcome.output.contains("complete and sealed"), sourceLocation: location)
    for part in parts {
      #expect(outcome.output.contains(part), "\(part) not in \(outcome.output)", sourceLocation: location)
    }
  }

  private func change(_ run: CustodyRun, _ name: String, at offset: Int) throws {
    var bytes = [UInt8](try run.scratch.read(name))
    bytes[offset] ^= 1
    try run.scratch.write(name, bytes)
  }

  @Test(
    "A byte changed in findings, flows, warrant, evidence",
    arguments: [
      ("findings.json", "findings"), ("flows.jsonl", "flows"), ("warrant.json", "warrant"),
      ("capture.pcapng", "evidence"),
    ])
  func fileChanged(name: String, part: String) throws {
    let run = try CustodyRun()
    try run.analyze()
    #expect(try run.verify().status == 0)
    let recorded = try CustodyRun.sha256(String(decoding: run.scratch.read("findings.json"), as: UTF8.self))
    try change(run, name, at: 200)
    try expect(run, 1, "\(part)  ", "BROKEN", "entry ", "SHA-256: found ", "; expected ")
    if part == "findings" { try expect(run, 1, "expected \(recorded)") }
  }

  @Test(
    "A file that is not there, or is a symbolic link now",
    arguments: ["findings.json", "flows.jsonl", "warrant.json", "capture.pcapng"])
  func fileMissing(name: String) throws {
    let run = try CustodyRun()
    try run.analyze()
    try FileManager.default.moveItem(atPath: run.scratch.path(name), toPath: run.scratch.path("elsewhere"))
    try expect(run, 4, name, "found no file")
    try FileManager.default.createSymbolicLink(atPath: run.scratch.path(name), withDestinationPath: "elsewhere")
    try expect(run, 4, name, "symbolic link")
  }

  @Test("Any byte of the record changed")
  func recordChanged() throws {
    let run = try CustodyRun()
    try run.analyze()
    let whole = [UInt8](try run.scratch.read(CustodyRun.record))
    // A step that meets all members and all parts of the signatures.
    for offset in Array(stride(from: 0, to: whole.count, by: 211)) + Array(whole.count - 40..<whole.count) {
      var bytes = whole
      bytes[offset] ^= 1
      try run.scratch.write(CustodyRun.record, bytes)
      let outcome = try run.verify(["--skip-evidence"])
      #expect(outcome.status == 1 || outcome.status == 4, "byte \(offset): \(outcome.output)")
      #expect(!outcome.output.contains("complete and sealed"))
    }
  }

  @Test("Entries removed, exchanged, doubled: the entry is named with both digests")
  func entriesMoved() throws {
    let run = try CustodyRun()
    try run.analyze()
    let whole = try run.lines()
    let before = try CustodyRun.sha256(whole[6])
    try run.write(Array(whole[..<7] + whole[8...]))
    try expect(run, 1, "entry 7: the number: found 8; expected 7")
    var exchanged = whole
    exchanged.swapAt(8, 9)
    try run.write(exchanged)
    try expect(run, 1, "entry 8: the number")
    try run.write(Array(whole[...7] + whole[7...]))
    try expect(run, 1, "entry 8: the number: found 7; expected 8")
    var renumbered = Array(whole[..<6] + whole[7...])
    renumbered[6] = renumbered[6].replacing("\"entry\":7", with: "\"entry\":6")
    try run.write(renumbered)
    try expect(run, 1, "entry 6: the digest of the line before: found \(before)")
  }

  @Test("The end cut, line by line; the tail cut with its seal; cut within a line")
  func cut() throws {
    let run = try CustodyRun()
    try run.analyze()
    let whole = try run.lines()
    for count in 0..<whole.count {
      try run.write(Array(whole[..<count]))
      try expect(run, 4, "incomplete")
    }
    try run.scratch.write(CustodyRun.record, Array([UInt8](try run.scratch.read(CustodyRun.record)).dropLast(3)))
    try expect(run, 4, "incomplete")
  }

  @Test("The whole chain made anew: without seals, with the old seals, with a stranger's")
  func recomputed() throws {
    let run = try CustodyRun()
    try run.analyze()
    let whole = try run.lines()
    var lines = whole
    lines[1] = lines[1].replacing("\"uid\":", with: "\"uid\":1")
    // The old seals are over other entries.
    try run.write(try CustodyRun.chained(lines))
    try expect(run, 1, "entry 5: the signature of the checkpoint")
    // Without seals the settings still name a signer.
    func bare(_ lines: [String]) throws -> [String] {
      try CustodyRun.chained(lines.map { try $0.replacing(Regex(",\"signature\":\"[^\"]*\""), with: "") })
    }
    try run.write(try bare(lines))
    try expect(run, 1, "entry 5: the checkpoint: found no signature")
    lines[3] = try lines[3].replacing(Regex(",\"signer\":\\{[^}]*\\}"), with: "")
    try run.write(try bare(lines))
    try expect(run, 5, "complete, unsealed")
    // By the program itself, with a key of one's own.
    let stranger = try run.authority.identity("Strange Examiner", by: run.authority.stranger)
    try run.analyze(["--overwrite"] + run.sealing(stranger), sealed: false)
    try expect(run, 1, "CN=Strange Examiner", "expected a chain to one of the anchors")
    // Unsealed records are never taken for more, with --allow-unsealed neither.
    try run.analyze(["--overwrite"], sealed: false)
    try expect(run, 5, "complete, unsealed")
    try expect(run, 0, "complete, unsealed", more: ["--allow-unsealed"])
  }

  @Test("A seal, a checkpoint, a whole record of another run")
  func ofAnother() throws {
    let (run, other) = (try CustodyRun(), try CustodyRun())
    try run.analyze()
    try other.analyze(["--operator", "somebody else"])
    let (own, foreign) = (try run.lines(), try other.lines())
    for index in [5, 11] {
      var lines = own
      lines[index] = foreign[index]
      try run.write(lines)
      try expect(run, 1, "entry \(index)")
      // With its statement and digests made to fit: the signature is over other bytes.
      let signature = try #require(foreign[index].firstMatch(of: try Regex("\"signature\":\"[^\"]*\"")))
      lines[index] = try own[index].replacing(
        Regex("\"signature\":\"[^\"]*\""), with: String(signature.output[0].substring ?? ""))
      try run.write(try CustodyRun.chained(lines, from: index))
      try expect(run, 1, "entry \(index): the signature of the checkpoint")
    }
    // The other record is whole, but of other findings, flows and paths.
    try run.scratch.write("findings.json", "{}")
    try run.write(foreign)
    try expect(run, 1, "findings.json: entry 8: SHA-256: found ")
  }

  @Test("The record taken away, or a symbolic link in its place")
  func noRecord() throws {
    let run = try CustodyRun()
    try run.analyze()
    try FileManager.default.moveItem(
      atPath: run.scratch.path(CustodyRun.record), toPath: run.scratch.path("moved.jsonl"))
    try expect(run, 4, "found no file; expected the custody record")
    #expect(try run.verify(["--record", "moved.jsonl"]).status == 0)
    try FileManager.default.createSymbolicLink(
      atPath: run.scratch.path(CustodyRun.record), withDestinationPath: "moved.jsonl")
    let link = try run.verify()
    #expect(link.status == 66)
    #expect(link.error.contains("symbolic link"))
    let note = try Program.run(["custody", "note", CustodyRun.record, "x"], in: run.scratch.url)
    #expect(note.status == 73)
  }

  @Test("No anchor, another anchor")
  func trust() throws {
    let run = try CustodyRun()
    try run.analyze()
    try expect(run, 5, "no anchor", trust: [])
    try expect(run, 1, "issued by", trust: ["--trust", run.authority.stranger.certificate])
  }

  @Test(
    "An examiner's certificate that has expired since: a trusted time stamp from before then proves the seal, else none"
  )
  func expired() throws {
    let runs = try (0..<3).map { _ in try CustodyRun() }
    let (bare, stamped, late) = (runs[0], runs[1], runs[2])
    // Long enough for a busy machine to get through three runs.
    let end = Date().addingTimeInterval(20)
    let examiner = try bare.authority.identity("Examiner of today") { $0.until = 20 / 86_400 }
    for run in runs {
      let outcome = try run.analyze(run.sealing(examiner) + ["--timestamp-query", "query.tsq"], sealed: false)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    #expect(try VerifyByHandTests.attach(stamped).status == 0)
    #expect(try bare.verify().status == 0)
    Thread.sleep(until: end.addingTimeInterval(2))
    let anchor = ["--trust-tsa", bare.authority.timestampRoot.certificate]
    try expect(bare, 5, "complete, unsealed", "Examiner of today", "valid until", more: anchor)
    let proven = try stamped.verify(anchor)
    #expect(proven.status == 0, "\(proven.output)")
    #expect(proven.output.contains("as CN=Time") && proven.output.hasSuffix("complete and sealed\n"))
    // A time stamp that was not asked about, of somebody else's authority, and one from after the certificate's end.
    try expect(stamped, 5, "valid until", "was not checked")
    try expect(
      stamped, 5, "valid until", "the time stamp is not trusted",
      more: ["--trust-tsa", bare.authority.stranger.certificate])
    #expect(try VerifyByHandTests.attach(late).status == 0)
    try expect(late, 5, "valid until", more: anchor)
  }

  @Test("A time stamp by an authority that is not trusted: the seal stands, its time is not vouched for")
  func untrustedStamp() throws {
    let run = try CustodyRun()
    try run.analyze(["--timestamp-query", "query.tsq"])
    #expect(try VerifyByHandTests.attach(run).status == 0)
    let other = ["--trust-tsa", run.authority.stranger.certificate]
    let outcome = try run.verify(other)
    #expect(outcome.status == 0, "\(outcome.output)")
    #expect(outcome.output.contains("as the signer says"))
    #expect(
      outcome.output.contains("entry 13: the time stamp is not trusted, and the time of the seal not vouched for"))
    try run.scratch.write("settings.json", #"{"custody": {"require_timestamp": true}}"#)
    let asking = ["--config", "settings.json"]
    try expect(run, 5, "require_timestamp", more: asking + other)
    #expect(try run.verify(asking + ["--trust-tsa", run.authority.timestampRoot.certificate]).status == 0)
  }

  @Test("A revoked examiner: refused where the list says so")
  func revoked() throws {
    let run = try CustodyRun()
    let examiner = try run.authority.identity("Revoked Examiner")
    try run.analyze(try run.sealing(examiner), sealed: false)
    #expect(try run.verify().output.contains("not checked"))
    let list = try run.authority.revocationList([.init(examiner, days: -1, reason: "keyCompromise")])
    try expect(run, 1, "Revoked Examiner", more: ["--crl", list])
  }

  @Test("Evidence changed while it is read: status 70, said in the record, and no findings")
  func evidenceChanges() throws {
    let run = try CustodyRun()
    var builder = PcapBuilder()
    for time in 0..<60_000 as Range<UInt32> { builder.datagram([1, 2, 3], time: time) }
    try run.scratch.write("growing.pcap", builder.bytes)
    let writer = GrowingCapture.grow(run.scratch.path("growing.pcap"))
    let outcome = try run.analyze(evidence: "growing.pcap")
    writer.cancel()
    #expect(outcome.status == 70)
    #expect(!run.scratch.has("findings.json"))
    let entries = try run.entries()
    #expect(entries.contains { $0["type"] as? String == "evidence_finished" && $0["changed"] as? Bool == true })
    #expect(entries.contains { $0["type"] as? String == "end" && $0["status"] as? Int == 70 })
    try expect(run, 1, "it changed during the run", "ended with status 70")
    // Findings laid beside it are not this run's.
    try run.scratch.write("findings.json", "{}")
    try expect(run, 1, "expected none: the run wrote none")
  }

  @Test("A time stamp over another seal is not attached, and refused where somebody wrote it in")
  func foreignStamp() throws {
    let (run, other) = (try CustodyRun(), try CustodyRun())
    try run.analyze(["--timestamp-query", "query.tsq"])
    try other.analyze(["--timestamp-query", "query.tsq"])
    #expect(try VerifyByHandTests.attach(other).status == 0)
    try FileManager.default.copyItem(
      atPath: other.scratch.path("reply.tsr"), toPath: run.scratch.path("reply.tsr"))
    let before = try run.lines()
    let refused = try Program.run(["custody", "attach-timestamp", CustodyRun.record, "reply.tsr"], in: run.scratch.url)
    #expect(refused.status == 1)
    #expect(refused.error.contains("over something with"))
    #expect(try run.lines() == before)
    let line = try #require(try other.lines().last)
    try run.write(try CustodyRun.chained(before + [line], from: before.count))
    try expect(run, 1, "entry 13: the time stamp", more: ["--trust-tsa", run.authority.timestampRoot.certificate])
    let none = try CustodyRun()
    try none.analyze(sealed: false)
    try none.scratch.write("reply.tsr", "x")
    #expect(
      try Program.run(["custody", "attach-timestamp", CustodyRun.record, "reply.tsr"], in: none.scratch.url).status == 1
    )
  }

  @Test("Notes come behind the seal and are said not to be covered; a forged one among them breaks nothing else")
  func notes() throws {
    let run = try CustodyRun()
    try run.analyze()
    let note = { (more: [String]) in
      try Program.run(["custody", "note", CustodyRun.record, "given to the prosecutor"] + more, in: run.scratch.url)
    }
    #expect(try note([]).status == 0)
    #expect(try note(run.sealing()).status == 0)
    let outcome = try run.verify()
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("3 entries behind the run (2 notes) that its seal does not cover"))
    let shown = try Program.run(["custody", "show", CustodyRun.record], in: run.scratch.url)
    #expect(shown.status == 0 && shown.output.contains("given to the prosecutor"))
    var lines = try run.lines()
    lines[13] = lines[13].replacing("prosecutor", with: "journalists")
    try run.write(lines)
    try expect(run, 1, "entry 14: the digest of the line before")
    #expect(try note([]).status == 1)
    // Entries of a run behind its end.
    try run.write(try CustodyRun.chained(Array(lines[..<13]) + [lines[8]], from: 13))
    try expect(run, 1, "entry 13: the type: found output after the end of the run")
  }

  @Test("--again finds findings that were sealed, and are not what the evidence gives")
  func again() throws {
    let run = try CustodyRun()
    try run.analyze()
    #expect(try run.verify(["--again"]).status == 0)
    // An insider with the key, who writes other findings and seals them.
    let forged = String(decoding: try run.scratch.read("findings.json"), as: UTF8.self).replacing(
      "wireguard", with: "openvpn")
    let expected = try CustodyRun.sha256(String(decoding: run.scratch.read("findings.json"), as: UTF8.self))
    let found = try CustodyRun.sha256(forged)
    let size = try run.scratch.read("findings.json").count
    try run.scratch.write("findings.json", forged)
    var lines = try run.lines().map { $0.replacing(expected, with: found) }
    lines[8] = lines[8].replacing("\"size\":\(size)", with: "\"size\":\(forged.utf8.count)")
    for index in [5, 11] {
      lines = try CustodyRun.chained(lines, from: index == 5 ? 5 : 6)
      let statement = try #require(
        lines[index].firstMatch(of: try Regex("\"statement\":(\\{[^}]*\\})"))?.output[1].substring)
      try run.scratch.write("statement", String(statement))
      let seal = try run.sealing()
      try SigningAuthority.openssl([
        "cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", "-in", run.scratch.path("statement"), "-signer",
        seal[1], "-inkey", seal[3], "-certfile", run.authority.issuing.certificate, "-out", run.scratch.path("seal"),
      ])
      let signature = try run.scratch.read("seal").base64EncodedString()
      lines[index] = try lines[index].replacing(
        Regex("\"signature\":\"[^\"]*\""), with: "\"signature\":\"\(signature)\"")
    }
    try run.write(try CustodyRun.chained(lines, from: 12))
    #expect(try run.verify().status == 0)
    try expect(run, 1, "the same analysis gives other bytes from offset", more: ["--again"])
  }
}
