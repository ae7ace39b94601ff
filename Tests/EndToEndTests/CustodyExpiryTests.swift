import Foundation
import SigningAuthority
import Testing

@Suite("A warrant's expiry stops new evidence, never proof")
struct CustodyExpiryTests {
  private static func text(_ date: Date) -> String {
    let format = ISO8601DateFormatter()
    format.timeZone = TimeZone(identifier: "UTC")
    return format.string(from: date)
  }

  @Test("After expiry: --again works; --earlier admits the same evidence, and no other; an older warrant does not")
  func afterExpiry() throws {
    let run = try CustodyRun()
    // Long enough for a busy machine to begin within it.
    let until = Date().addingTimeInterval(25)
    func warrant(_ generation: Int) throws -> String {
      try Sample.warrant {
        $0["authority"] = ["from": "2026-01-01T00:00:00Z", "until": Self.text(until)]
        $0["generation"] = generation
        $0["training"] = false
        $0["targets"] = [["address": "198.18.0.2"]]
        $0["data"] = ["from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"]
      }
    }
    func sign(_ text: String) throws {
      try run.scratch.write("warrant.json", text)
      try run.authority.sign(run.scratch.path("warrant.json"))
    }
    // A training run of the same evidence in time, under a warrant of the same id.
    let training = ["--output", "training.json", "--flows", "training.jsonl"]
    #expect(try run.analyze(training).status == 0)
    try sign(try warrant(2))
    try FileManager.default.copyItem(atPath: run.scratch.path("warrant.json"), toPath: run.scratch.path("first.json"))
    let first = try run.analyze(run.trust)
    #expect(first.status == 0, "\(first.error)")
    for name in ["findings.json", "flows.jsonl", CustodyRun.record] {
      try FileManager.default.copyItem(atPath: run.scratch.path(name), toPath: run.scratch.path("first.\(name)"))
    }
    let unsealed = ["--output", "unsealed.json", "--flows", "unsealed.jsonl"]
    #expect(try run.analyze(run.trust + unsealed, sealed: false).status == 0)
    Thread.sleep(until: until.addingTimeInterval(1))

    let again = try run.verify(["--again"])
    #expect(again.status == 0, "\(again.output)\(again.error)")
    // The time of a record that nobody sealed proves nothing.
    let unproven = try Program.run(["verify", "unsealed.json", "--again"] + run.trust, in: run.scratch.url)
    #expect(unproven.status == 4, "\(unproven.output)\(unproven.error)")
    #expect(unproven.output.contains("not sealed"), "\(unproven.output)")
    let late = ["--output", "late.json", "--flows", "late.jsonl"] + run.trust
    let refused = try run.analyze(late)
    #expect(refused.status == 77)
    #expect(refused.error.contains("authority.until"))
    let earlier = ["--earlier", "first.\(CustodyRun.record)"]
    let admitted = try run.analyze(late + earlier)
    #expect(admitted.status == 0, "\(admitted.error)")
    let document = try run.scratch.document("late.json")
    #expect((document["warrant"] as? [String: Any])?["after_expiry"] as? String == "re-run after expiry")
    // Which can be verified, and done again.
    let verified = try Program.run(["verify", "late.json", "--again"] + run.trust, in: run.scratch.url)
    #expect(verified.status == 0, "\(verified.output)")

    // Other evidence.
    var builder = PcapBuilder()
    builder.datagram([1], time: 1)
    try run.scratch.write("other.pcap", builder.bytes)
    let other = ["--output", "other.json", "--flows", "other.jsonl"] + run.trust + earlier
    let unlisted = try run.analyze(other, evidence: "other.pcap")
    #expect(unlisted.status == 77)
    #expect(unlisted.error.contains("exhibits"))
    // The sealed record of a training run: its warrant stands for no authority.
    let exercise = try run.analyze(
      late.map { $0.replacing("late", with: "exercise") } + ["--earlier", "training.custody.jsonl"])
    #expect(exercise.status == 77 && !run.scratch.has("exercise.json"))
    #expect(exercise.error.contains("found the custody record of a training run"), "\(exercise.error)")
    // A record that nobody sealed, one that is cut, one that is changed.
    let bare = try run.analyze(Array(other.dropLast()) + ["unsealed.custody.jsonl"])
    #expect(bare.status == 77)
    #expect(bare.error.contains("without an accepted seal"))
    let lines = String(decoding: try run.scratch.read("first.\(CustodyRun.record)"), as: UTF8.self).split(
      separator: "\n")
    try run.scratch.write("cut.jsonl", lines.dropLast().map { $0 + "\n" }.joined())
    #expect(try run.analyze(Array(other.dropLast()) + ["cut.jsonl"]).error.contains("found incomplete"))
    try run.scratch.write(
      "changed.jsonl", lines.map { $0 + "\n" }.joined().replacing("evidence_finished", with: "evidence_opened"))
    #expect(try run.analyze(Array(other.dropLast()) + ["changed.jsonl"]).error.contains("found broken"))
    // A warrant of a lower generation than the record's.
    try sign(try warrant(1))
    let older = try run.analyze(Array(other.dropLast()) + ["first.\(CustodyRun.record)"])
    #expect(older.status == 77)
    #expect(older.error.contains("generation: found 1; expected at least 2"))
    for name in ["other.json", "other.custody.jsonl"] { #expect(!run.scratch.has(name)) }
  }
}
