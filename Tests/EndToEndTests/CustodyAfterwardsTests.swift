import Foundation
import SigningAuthority
import Testing

@Suite("What is asked of a record long afterwards: its head in a notebook, its evidence, its warrant's signers")
struct CustodyAfterwardsTests {
  // MARK: - The head

  @Test("Notes cut off behind the run's last line show against the head that was printed when they were made")
  func head() throws {
    let run = try CustodyRun()
    let outcome = try run.analyze()
    func digest(_ line: String) throws -> String { try CustodyRun.sha256(line) }
    let first = try digest(try run.lines()[12])
    #expect(outcome.output.contains("head \(first)"))
    #expect(try run.verify(["--head", first]).output.contains("as noted: entry 12, the last"))
    let noted = try Program.run(["custody", "note", CustodyRun.record, "copy destroyed"], in: run.scratch.url)
    let second = try digest(try run.lines()[13])
    #expect(noted.output.contains("head \(second)"))
    let shown = try Program.run(["custody", "show", CustodyRun.record], in: run.scratch.url)
    #expect(shown.output.contains("head \(second)"))
    for (head, said) in [(first, "entry 12; 1 entry after it"), (second.uppercased(), "entry 13, the last")] {
      let verified = try run.verify(["--head", head])
      #expect(verified.status == 0 && verified.output.contains(said), "\(verified.output)")
    }
    // The note cut off: without the head nothing shows.
    let whole = try run.lines()
    try run.write(Array(whole[..<13]))
    #expect(try run.verify().status == 0)
    func expectBroken(_ found: String, _ expected: String, _ location: SourceLocation = #_sourceLocation) throws {
      let broken = try run.verify(["--head", expected])
      #expect(broken.status == 1, sourceLocation: location)
      #expect(
        broken.output.contains("found \(found); expected \(expected)"), "\(broken.output)", sourceLocation: location)
      #expect(!broken.output.contains("complete and sealed"), sourceLocation: location)
    }
    try expectBroken(first, second)
    // Written anew behind the seal.
    try run.write(
      try CustodyRun.chained(
        Array(whole[..<13]) + [whole[13].replacing("copy destroyed", with: "copy kept")], from: 13))
    #expect(try run.verify().status == 0)
    try expectBroken(try digest(try run.lines()[13]), second)
    for wrong in ["12ab", String(repeating: "g", count: 64)] {
      let refused = try run.verify(["--head", wrong])
      #expect(refused.status == 64 && refused.error.contains("64 digits"))
    }
  }

  @Test("A verification is put down in the record where that is asked for, and covered by no seal")
  func verification() throws {
    let run = try CustodyRun()
    try run.analyze()
    let outcome = try run.verify(["--enter", "--operator", "B. Reviewer"])
    #expect(outcome.status == 0, "\(outcome.error)")
    let entry = try #require(try run.entries().last)
    #expect(entry["type"] as? String == "verification")
    #expect(entry["answer"] as? String == "complete and sealed")
    #expect((entry["operator"] as? [String: Any])?["asserted"] as? String == "B. Reviewer")
    #expect(entry["head"] as? String == (try CustodyRun.sha256(run.lines()[12])))
    #expect(try run.verify().status == 0)
    // One that finds something is put down too; behind a record that does not hold nothing is.
    try run.scratch.write("flows.jsonl", "{}")
    #expect(try run.verify(["--enter"]).status == 1)
    #expect(try run.entries().last?["answer"] as? String == "broken")
    var lines = try run.lines()
    lines[13] = lines[13].replacing("complete", with: "Complete")
    try run.write(lines)
    let refused = try run.verify(["--enter"])
    #expect(refused.status == 1 && refused.error.contains("not put down"))
    #expect(try run.lines() == lines)
  }

  // MARK: - Evidence

  @Test("Evidence of which no digest was taken: the first line says so, and the answer is unsealed at best")
  func undigested() throws {
    let run = try CustodyRun()
    #expect(try run.analyze(["--no-digest"]).status == 0)
    func verify(_ more: String...) throws -> (status: Int32, first: String, last: String) {
      let outcome = try run.verify(more)
      let lines = outcome.output.split(separator: "\n").map(String.init)
      return (outcome.status, lines.first ?? "", lines.last ?? "")
    }
    let said = "NOT VOUCHED FOR: capture.pcapng: entry 6: its digest: not taken"
    let found = try verify()
    #expect(found.status == 5 && found.last == "complete, unsealed" && found.first.contains(said), "\(found)")
    let again = try verify("--again")
    #expect(again.status == 5 && again.first.contains(said), "\(again)")
    let allowed = try verify("--allow-unsealed")
    #expect(allowed.status == 0 && allowed.last == "complete, unsealed" && allowed.first.contains(said))
    // Whoever leaves the evidence out asks about the rest; the first line is the same.
    let left = try verify("--skip-evidence")
    #expect(left.status == 0 && left.last == "complete and sealed" && left.first.contains(said))
  }

  @Test("Evidence that came by a pipe, of which no copy is given, is as any that is missing")
  func pipe() throws {
    let run = try CustodyRun()
    let capture = try run.scratch.read("capture.pcapng")
    func analyze(_ more: String...) throws {
      let outcome = try Program.run(
        ["analyze", "-", "--warrant", "warrant.json", "--overwrite"] + run.sealing() + more, input: capture,
        in: run.scratch.url)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    try analyze()
    let alone = try run.verify()
    #expect(alone.status == 4 && alone.output.contains("came by a pipe; found no copy; expected one with the SHA-256"))
    #expect(try run.verify(["--evidence", "capture.pcapng"]).status == 0)
    #expect(try run.verify(["--skip-evidence"]).status == 0)
    try analyze("--no-digest")
    let undigested = try run.verify(["--evidence", "capture.pcapng"])
    #expect(undigested.status == 5 && undigested.output.hasPrefix("evidence  NOT VOUCHED FOR: -: entry 6"))
  }

  // MARK: - The warrant's signers

  @Test(
    "--again judges the warrant's signers by what is known now, as of the run; the findings keep what was known then")
  func revokedSince() throws {
    let run = try CustodyRun()
    let authority = run.authority
    let signer = try authority.identity("Signer of a warrant")
    try run.scratch.write(
      "warrant.json",
      try Sample.warrant {
        $0["training"] = nil
        $0["targets"] = [["address": "198.18.0.2"]]
        $0["data"] = ["from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"]
      })
    try authority.sign(run.scratch.path("warrant.json"), by: [signer])
    func list(_ revoked: SigningAuthority.Revoked...) throws -> [String] {
      ["--crl", try authority.revocationList(revoked), "--crl", try authority.revocationList(by: authority.root)]
    }
    let began = SigningAuthority.seconds()
    #expect(try run.analyze(run.trust + list()).status == 0)
    let document = try run.scratch.document()
    #expect(
      ((document["warrant"] as? [String: Any])?["signature"] as? [String: Any])?["revocation"] as? String == "good")
    Thread.sleep(forTimeInterval: 2)
    let now = SigningAuthority.seconds()
    func again(_ more: [String]) throws -> Outcome { try run.verify(["--again"] + more) }
    // The lists of the run, none, and one on which the signer stands since.
    for more in [try list(), []] {
      let outcome = try again(more)
      #expect(outcome.status == 0 && outcome.output.contains("the same bytes"), "\(outcome.output)")
    }
    let later = try again(try list(.init(signer, at: now, reason: "superseded")))
    #expect(later.status == 0, "\(later.output)")
    #expect(later.output.contains("as is known now: CN=Signer of a warrant") && later.output.contains("superseded"))
    for (revoked, said) in [
      (SigningAuthority.Revoked(signer, at: began - 5, reason: "superseded"), "expected not revoked at"),
      (.init(signer, at: now, reason: "keyCompromise"), "expected a key that was never compromised"),
    ] {
      let outcome = try again(try list(revoked))
      #expect(outcome.status == 1, "\(outcome.output)")
      #expect(outcome.output.contains(said) && !outcome.output.contains("complete and sealed"), "\(outcome.output)")
    }
    // A time stamp that came beside the signature since is none of that run.
    try authority.stamp(run.scratch.path("warrant.json.p7s"))
    #expect(try again([]).status == 0)
    // Of a run that had it, its authority must be named: without, nothing is contradicted.
    let anchor = ["--trust-tsa", authority.timestampRoot.certificate]
    #expect(try run.analyze(run.trust + anchor + ["--overwrite"]).status == 0)
    #expect(try again(anchor).status == 0)
    let unknown = try again([])
    #expect(unknown.status == 4 && unknown.output.contains("--trust-tsa"), "\(unknown.output)")
  }
}
