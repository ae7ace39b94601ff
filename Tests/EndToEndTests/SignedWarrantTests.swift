import Foundation
import SigningAuthority
import TestSupport
import Testing

/// A warrant for a small capture, and the authority that signs it.
private struct SignedRun {
  let authority: SigningAuthority
  let scratch: TemporaryFolder
  var options: [String]

  init(_ change: (inout [String: Any]) -> Void = { _ in }) throws {
    authority = try SigningAuthority.shared.get()
    scratch = try TemporaryFolder()
    var builder = PcapBuilder()
    builder.datagram([1, 2, 3], time: 0)
    try scratch.write("capture.pcap", builder.bytes)
    try scratch.write(
      "warrant.json",
      try Sample.warrant {
        $0["training"] = nil
        $0["reference"] = "SDW 1"
        $0["targets"] = [["address": "192.0.2.1"]]
        $0["data"] = ["from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"]
        change(&$0)
      } + "\n")
    options = ["--trust", authority.root.certificate]
  }

  var warrant: String { scratch.path("warrant.json") }

  func analyze(_ more: [String] = []) throws -> Outcome {
    try Program.run(["analyze", "capture.pcap", "--warrant", "warrant.json"] + options + more, in: scratch.url)
  }

  /// Refused with status 77, this message, and no output.
  func expectRefused(_ message: String, _ more: [String] = [], _ location: SourceLocation = #_sourceLocation) throws {
    let outcome = try analyze(more)
    #expect(outcome.status == 77, "\(outcome.error)", sourceLocation: location)
    #expect(outcome.error.contains(message), "\(outcome.error)", sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
    #expect(!scratch.has("findings.json") && !scratch.has("findings.json.partial"), sourceLocation: location)
  }
}

@Suite("Signed warrants")
struct SignedWarrantTests {
  @Test("The line of the README signs a warrant that is accepted, and the findings name its signer")
  func readme() throws {
    let run = try SignedRun()
    let page = try String(contentsOf: Program.root.appendingPathComponent("README.md"), encoding: .utf8)
    let start = try #require(page.range(of: "openssl cms -sign"))
    let block = page[start.lowerBound...].prefix(while: { $0 != "`" })
    let line = String(block.prefix(upTo: block.range(of: "\n\n")?.lowerBound ?? block.endIndex))
    for (file, name) in [
      (try run.authority.signer.certificate, "cert.pem"), (try run.authority.signer.key, "key.pem"),
      (run.authority.issuing.certificate, "chain.pem"),
    ] { try run.scratch.write(name, [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))) }
    let signed = try Program.system("sh", ["-c", "cd '\(run.scratch.url.path)' && \(line)"])
    #expect(signed.status == 0, "\(line): \(signed.error)")
    let outcome = try run.analyze()
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("Signed by CN=Signer,O=Exercise,C=NZ"))
    #expect(outcome.output.contains("there is no time stamp"))
    #expect(!outcome.output.contains("TRAINING"))
    let warrant = try #require(try run.scratch.document()["warrant"] as? [String: Any])
    #expect(warrant["training"] == nil)
    let signature = try #require(warrant["signature"] as? [String: Any])
    let signers = try #require(signature["signers"] as? [[String: Any]])
    #expect(signers.map { $0["subject"] as? String } == ["CN=Signer,O=Exercise,C=NZ"])
    #expect((signers[0]["certificate_sha256"] as? String)?.count == 64)
    #expect(signature["revocation"] as? String == "not_checked")
    #expect(signature["time_source"] as? String == "present")
    #expect(signature["time"] == nil)
    // Nothing of the run: a second later the same bytes.
    let first = try run.scratch.read("findings.json")
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try run.analyze(["--overwrite", "--quiet"]).status == 0)
    #expect(try run.scratch.read("findings.json") == first)
  }

  @Test("A time stamp, lists of revoked certificates and paths of one's own; the output validates")
  func stamped() throws {
    var run = try SignedRun()
    try run.authority.sign(run.warrant, to: run.scratch.path("elsewhere.p7s"))
    try run.authority.stamp(run.scratch.path("elsewhere.p7s"), to: run.scratch.path("stamp.tsr"))
    run.options += ["--trust-tsa", run.authority.timestampRoot.certificate]
    for issuer in [run.authority.root, run.authority.issuing, run.authority.timestampRoot] {
      run.options += ["--crl", try run.authority.revocationList(by: issuer)]
    }
    try run.expectRefused("signature: found none")
    let outcome = try run.analyze(["--signature", "elsewhere.p7s", "--timestamp", "stamp.tsr"])
    #expect(outcome.status == 0, "\(outcome.error)")
    let warrant = try #require(try run.scratch.document()["warrant"] as? [String: Any])
    let signature = try #require(warrant["signature"] as? [String: Any])
    #expect(signature["revocation"] as? String == "good")
    #expect(signature["time_source"] as? String == "timestamp")
    #expect(signature["timestamp_authority"] as? String == "CN=Time,O=Exercise,C=NZ")
    #expect((signature["time"] as? String)?.hasSuffix("Z") == true)
    let schema = Program.root.appendingPathComponent("Documentation/schema/findings.schema.json").path
    let python = """
      import json, sys, jsonschema
      jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(open(sys.argv[2])))
      """
    guard try Program.system("python3", ["-c", "import jsonschema"]).status == 0 else { return }
    let valid = try Program.system("python3", ["-c", python, schema, run.scratch.path("findings.json")])
    #expect(valid.status == 0, "\(valid.error)")
  }

  @Test("Only training switches the check off: no flag, no configuration, no missing file does")
  func nothingElse() throws {
    var run = try SignedRun()
    try run.expectRefused("signature: found none; expected the authority's signature over this file")
    try run.authority.sign(run.warrant)
    run.options = []
    try run.expectRefused("no anchor")
    try run.scratch.write("empty.json", #"{"trust": [], "signature": {"required_signers": 0}}"#)
    #expect(try run.analyze(["--config", "empty.json"]).status == 78)
    try run.scratch.write("wrong.json", #"{"signature": {"verify": false}}"#)
    let unknown = try run.analyze(["--config", "wrong.json"])
    #expect(unknown.status == 78)
    #expect(unknown.error.contains("signature.verify: an unknown key"))
    #expect(!run.scratch.has("findings.json"))
  }

  @Test("A configuration's anchors and policy; a flag takes their place")
  func configured() throws {
    var run = try SignedRun()
    try run.authority.sign(run.warrant)
    run.options = ["--config", "settings.json"]
    try run.scratch.write(
      "settings.json", #"{"trust": ["\#(run.authority.root.certificate)"], "defaults": {"quiet": true}}"#)
    let outcome = try run.analyze()
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.error)")
    try FileManager.default.removeItem(atPath: run.scratch.path("findings.json"))
    try run.expectRefused("CN=Stranger", ["--trust", run.authority.stranger.certificate])
    try run.scratch.write(
      "settings.json", #"{"trust": ["\#(run.authority.root.certificate)"], "signature": {"required_signers": 2}}"#)
    try run.expectRefused("required_signers")
    let shown = try Program.run(["config", "show", "--config", "settings.json"], in: run.scratch.url)
    #expect(shown.status == 0)
    #expect(shown.output.contains("signature.required_signers = 2\n    settings.json;"))
    let missing = try run.analyze(["--trust", "missing.pem"])
    #expect(missing.status == 78 && missing.error.contains("missing.pem"))
  }

  @Test("Attacks end with status 77, the cause and no output")
  func attacks() throws {
    let run = try SignedRun()
    let authority = run.authority
    let bytes = [UInt8](try run.scratch.read("warrant.json"))

    try authority.sign(run.warrant)
    let signature = [UInt8](try run.scratch.read("warrant.json.p7s"))
    try run.scratch.write(
      "warrant.json", String(decoding: bytes, as: UTF8.self).replacing("192.0.2.1", with: "192.0.2.2"))
    try run.expectRefused("which was signed")
    // A training warrant with a signature beside it that does not fit is none.
    try run.scratch.write("warrant.json", try Sample.warrant())
    try run.expectRefused("which was signed")
    try run.scratch.write("warrant.json", String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\r\n"))
    try run.expectRefused("which was signed")
    try run.scratch.write("warrant.json", bytes)
    try run.scratch.write("warrant.json.p7s", signature.dropLast() + [signature[signature.count - 1] ^ 1])
    try run.expectRefused("signature")
    try run.scratch.write("warrant.json.p7s", "no signature")
    try run.expectRefused("openssl cms -sign -binary")

    try authority.sign(run.warrant, binary: ["-md", "sha256"])
    try run.expectRefused("sign again with -binary")
    let foreign = try authority.identity("Foreign", by: authority.stranger)
    try authority.sign(run.warrant, by: [foreign], chain: authority.stranger)
    try run.expectRefused("issued by CN=Stranger")
    let old = try authority.identity("Old end to end") { ($0.from, $0.until) = (-400, -200) }
    try authority.sign(run.warrant, by: [old])
    try run.expectRefused("valid until 20")
    let web = try authority.identity("Web") { $0.extensions[2] = "extendedKeyUsage=serverAuth" }
    try authority.sign(run.warrant, by: [web])
    try run.expectRefused("extended key usage serverAuth")
    try authority.sign(run.warrant)
    try run.expectRefused(
      "keyCompromise",
      ["--crl", try authority.revocationList([.init(authority.signer, days: -1, reason: "keyCompromise")])])
    try FileManager.default.removeItem(atPath: run.warrant + ".p7s")
    try FileManager.default.createSymbolicLink(atPath: run.warrant + ".p7s", withDestinationPath: "/dev/null")
    try run.expectRefused("symbolic link")
  }

  @Test("A warrant issued after it was signed")
  func issuedLater() throws {
    let run = try SignedRun { $0["issued"] = "2090-01-01T00:00:00Z" }
    try run.authority.sign(run.warrant)
    try run.expectRefused("not before what it signs was issued")
  }

  @Test("Evidence that is not among the exhibits, and a run after expiry with evidence that is listed and that is not")
  func exhibits() throws {
    func make(until: String) throws -> SignedRun {
      var builder = PcapBuilder()
      builder.datagram([1, 2, 3], time: 0)
      let digest = try CustodyRun.sha256(builder.bytes)
      let run = try SignedRun {
        $0["authority"] = ["from": "2020-01-01T00:00:00Z", "until": until]
        $0["issued"] = "2020-01-01T00:00:00Z"
        $0["exhibits"] = [
          [
            "id": "E1", "sha256": digest, "description": "disk", "seized_at": "2020-01-02T00:00:00Z",
            "seized_by": "F. Officer",
          ]
        ]
      }
      try run.authority.sign(run.warrant)
      return run
    }
    for (until, isAfter) in [("2100-01-01T00:00:00Z", false), ("2020-03-01T00:00:00Z", true)] {
      let run = try make(until: until)
      let listed = try run.analyze()
      #expect(listed.status == 0, "\(listed.error)")
      let warrant = try #require(try run.scratch.document()["warrant"] as? [String: Any])
      #expect(warrant["after_expiry"] as? String == (isAfter ? "re-run after expiry" : nil))
      try FileManager.default.removeItem(atPath: run.scratch.path("findings.json"))
      try FileManager.default.removeItem(atPath: run.scratch.path("findings.custody.jsonl"))
      var other = PcapBuilder()
      other.datagram([3, 2, 1], time: 0)
      try run.scratch.write("capture.pcap", other.bytes)
      try run.expectRefused("exhibits: found no exhibit with the SHA-256 of this evidence")
      try run.expectRefused(try CustodyRun.sha256(other.bytes))
      let piped = try Program.run(
        ["analyze", "-", "--warrant", "warrant.json"] + run.options, input: Data(other.bytes), in: run.scratch.url)
      #expect(piped.status == 77 && piped.error.contains("cannot be digested before it is read"))
      #expect(!run.scratch.has("findings.json") && !run.scratch.has("findings.custody.jsonl"))
    }
  }

  @Test("Duplicate keys, and other documents that mean two things")
  func duplicateKeys() throws {
    let run = try SignedRun()
    let text = String(decoding: try run.scratch.read("warrant.json"), as: UTF8.self)
    for (wrong, said) in [
      ("{\"warrant\": 1," + text.dropFirst(), "\"warrant\""),
      ("{\"training\": true, \"training\": false," + text.dropFirst(), "\"training\""),
      (text + "{}", "'{'"), ("\u{feff}" + text, "byte order mark"), (text + "\u{0}", "NUL"),
    ] {
      try run.scratch.write("warrant.json", wrong)
      try run.authority.sign(run.warrant)
      try run.expectRefused(said)
    }
  }

  @Test("warrant new asks at a terminal, again until the answer fits, and prints the line that signs")
  func asks() throws {
    guard try Program.system("sh", ["-c", "command -v script"]).status == 0 else { return }
    let scratch = try TemporaryFolder()
    let answers = [
      "SDW 1", "Act", "s 1", "A. Judge", "Judge", "yesterday", "2026-01-01T00:00:00Z", "Police", "2026-01-01T00:00:00Z",
      "2027-01-01T00:00:00Z", "192.0.2.300", "192.0.2.1, 198.51.100.0/24", "flow", "", "2026-01-01T00:00:00Z",
      "2026-02-01T00:00:00Z",
    ]
    try scratch.write("answers", answers.joined(separator: "\n") + "\n")
    let program = Program.path("veilscope").path
    let outcome = try Program.system(
      "sh", ["-c", "cd '\(scratch.url.path)' && script -qec \"'\(program)' warrant new w.json\" /dev/null < answers"])
    #expect(outcome.status == 0, "\(outcome.output)")
    #expect(outcome.output.contains("issued: found \"yesterday\""))
    #expect(outcome.output.contains("openssl cms -sign -binary -md sha256 -outform DER -in w.json"))
    let document = try scratch.document("w.json")
    #expect(
      (document["targets"] as? [[String: String]])?.compactMap(\.values.first) == ["192.0.2.1", "198.51.100.0/24"])
    #expect((document["data"] as? [String: String])?["from"] == "2026-01-01T00:00:00Z")
  }

  @Test("warrant check ends with 0 where analyze would take it, and with 77 where not")
  func check() throws {
    let run = try SignedRun()
    func check() throws -> Outcome {
      try Program.run(["warrant", "check", "warrant.json"] + run.options, in: run.scratch.url)
    }
    let before = try check()
    #expect(before.status == 77 && before.output.contains("signature: none"))
    try run.authority.sign(run.warrant)
    let after = try check()
    #expect(after.status == 0 && after.output.contains("signature: holds"), "\(after.output)")
    let page = try Program.run(["warrant", "show", "warrant.json"] + run.options, in: run.scratch.url)
    #expect(page.status == 0 && page.output.contains("It proves that this file"))
  }
}
