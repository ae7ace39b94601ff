import Foundation
import SigningAuthority
import Testing

@Suite("Documentation/verify-by-hand.md, on real records, with a shell and openssl alone")
struct VerifyByHandTests {
  /// The commands of the page.
  private func script() throws -> String {
    let page = try String(
      contentsOf: Program.root.appendingPathComponent("Documentation/verify-by-hand.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```sh\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    #expect(blocks.count == 6)
    return blocks.joined()
  }

  private func verify(_ run: CustodyRun, head: String = "") throws -> Outcome {
    try run.scratch.write("verify.sh", try script().replacing("HEAD=\n", with: "HEAD=\(head)\n"))
    for (name, identity) in [("authority.pem", run.authority.root), ("tsa.pem", run.authority.timestampRoot)]
    where !run.scratch.has(name) {
      try FileManager.default.copyItem(atPath: identity.certificate, toPath: run.scratch.path(name))
    }
    return try Program.system("sh", ["-c", "cd '\(run.scratch.url.path)' && PATH=/usr/bin:/bin sh verify.sh"])
  }

  /// A reply of the tests' time-stamp authority to our own query.
  static func attach(_ run: CustodyRun) throws -> Outcome {
    let authority = run.authority
    try SigningAuthority.openssl(
      [
        "ts", "-reply", "-config", authority.folder.appendingPathComponent("ca.cnf").path, "-queryfile",
        run.scratch.path("query.tsq"), "-signer", authority.timestamps.certificate, "-inkey", authority.timestamps.key,
        "-out", run.scratch.path("reply.tsr"),
      ], in: authority.folder)
    return try Program.run(["custody", "attach-timestamp", CustodyRun.record, "reply.tsr"], in: run.scratch.url)
  }

  @Test("RSA and P-256, with and without a time stamp", arguments: [false, true], [false, true])
  func holds(rsa: Bool, stamped: Bool) throws {
    let run = try CustodyRun()
    let identity = try run.authority.identity(rsa ? "Examiner RSA" : "Examiner") { if rsa { $0.key = .rsa(3072) } }
    let outcome = try run.analyze(try run.sealing(identity) + ["--timestamp-query", "query.tsq"], sealed: false)
    #expect(outcome.status == 0, "\(outcome.error)")
    if stamped { #expect(try Self.attach(run).status == 0) }
    let result = try verify(run)
    #expect(result.status == 0, "\(result.output) \(result.error)")
    #expect(result.output.hasSuffix("complete and sealed\n"))
    #expect(result.output.contains("CN = \(rsa ? "Examiner RSA" : "Examiner")"))
    #expect(result.output.contains("1.3.6.1.5.5.7.3.36"))
    #expect(result.output.contains("Time stamp") == stamped)
    // Our own answer is the same.
    let ours = try run.verify(["--trust-tsa", run.authority.timestampRoot.certificate])
    #expect(ours.status == 0, "\(ours.output)")
    #expect(ours.output.contains("CN=Time") == stamped)
  }

  @Test("It finds what was changed, cut or not sealed")
  func attacks() throws {
    let run = try CustodyRun()
    try run.analyze()
    let whole = try run.lines()
    let findings = try run.scratch.read("findings.json")
    try run.scratch.write("findings.json", Array(findings) + [0x20])
    let changed = try verify(run)
    #expect(changed.status == 1 && changed.output.contains("broken: "))
    #expect(changed.output.contains("expected"))
    try run.scratch.write("findings.json", Array(findings))
    var lines = whole
    lines[3] = lines[3].replacing("analyze", with: "analyse")
    try run.write(lines)
    #expect(try verify(run).output.contains("broken: entry 4"))
    // The chain made anew from there, up to a seal that is over something else now.
    try run.write(try CustodyRun.chained(lines))
    #expect(try verify(run).status != 0)
    // A note cut off behind the seal.
    try run.write(whole)
    let head = try CustodyRun.sha256(whole[12])
    #expect(try Program.run(["custody", "note", CustodyRun.record, "x"], in: run.scratch.url).status == 0)
    let noted = try CustodyRun.sha256(run.lines()[13])
    #expect(try verify(run, head: head).output.contains("as noted: entry 12; 1 after it"))
    #expect(try verify(run, head: noted).status == 0)
    try run.write(whole)
    let without = try verify(run, head: noted)
    #expect(without.status == 1 && without.output.contains("broken: found the head \(head); expected \(noted)"))
    try run.write(Array(whole.dropLast()))
    #expect(try verify(run).status == 4)
    try run.write(whole.dropLast() + [String(whole[whole.count - 1].dropLast(5))])
    #expect(try verify(run).status == 4)
    try run.analyze(["--overwrite"], sealed: false)
    #expect(try verify(run).status == 5)
    // Evidence without a digest, and a copy of it that is not there.
    try run.analyze(["--overwrite", "--no-digest"])
    let undigested = try verify(run)
    #expect(undigested.status == 5 && undigested.output.hasSuffix("complete, unsealed\n"), "\(undigested.output)")
    try run.analyze(["--overwrite"])
    try FileManager.default.moveItem(atPath: run.scratch.path("capture.pcapng"), toPath: run.scratch.path("moved"))
    #expect(try verify(run).status == 4)
    try FileManager.default.moveItem(atPath: run.scratch.path("moved"), toPath: run.scratch.path("capture.pcapng"))
    // A stranger's seal.
    let stranger = try run.authority.identity("Strange Examiner", by: run.authority.stranger)
    try run.analyze(["--overwrite"] + run.sealing(stranger), sealed: false)
    #expect(try verify(run).status != 0)
  }
}
