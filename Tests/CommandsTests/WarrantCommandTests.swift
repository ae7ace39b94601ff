// What `warrant check`, `show` and `new` say.

import ArgumentParser
import Bytes
import Foundation
import JSON
import SigningAuthority
import Terms
import Testing
import Warrants

@testable import Commands

@Suite("veilscope warrant")
struct WarrantCommandTests {
  private let folder: URL

  init() throws {
    folder = try SigningAuthority.shared.get().folder.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private static let flags = [
    "--reference", "SDW 2026/17", "--act", "Search and Surveillance Act 2012", "--provision", "s 53", "--issued-by",
    "A. Judge", "--office", "District Court Judge", "--agency", "Exercise", "--issued", "2026-01-01T00:00:00Z",
    "--from",
    "2026-01-01T00:00:00Z", "--until", "2090-01-01T00:00:00Z", "--category", "flow", "--category", "protocol_metadata",
  ]

  /// Writes a warrant by the command, and gives its file.
  @discardableResult
  private func write(_ name: String, _ more: [String]) throws -> String {
    var command = try #require(
      try Veilscope.parseAsRoot(["warrant", "new", path(name)] + Self.flags + more) as? WarrantNewCommand)
    try command.run()
    return path(name)
  }

  private func check(_ file: String, _ options: [String] = []) throws -> (text: String, isAcceptable: Bool) {
    let command = try #require(try Veilscope.parseAsRoot(["warrant", "check", file] + options) as? WarrantCheckCommand)
    let state = try WarrantState(file, command.trust)
    return (WarrantCheckCommand.text(state), state.isAcceptable)
  }

  private func show(_ file: String, _ options: [String] = []) throws -> String {
    let command = try #require(try Veilscope.parseAsRoot(["warrant", "show", file] + options) as? WarrantShowCommand)
    let state = try WarrantState(file, command.trust)
    return WarrantPage(warrant: try #require(state.warrant), state: state).text
  }

  @Test("new writes a document that holds, with exhibits digested, and what was said is in it")
  func new() throws {
    let evidence = path("seized.pcap")
    try Data("evidence".utf8).write(to: URL(fileURLWithPath: evidence))
    let file = try write(
      "warrant.json",
      [
        "--target", "192.0.2.1", "--target", "2001:db8::/32", "--target", "02:00:5e:10:00:00", "--exclude",
        "192.0.2.99=counsel", "--exhibit", "E1=\(evidence)", "--offence", "s 249=7", "--condition", "No privilege.",
        "--inside-tunnels", "--court", "Wellington", "--legal-type", "surveillance_device_warrant",
      ])
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    let warrant = try Warrant.parse(bytes)
    #expect(warrant.targets.count == 3 && warrant.targets[1].prefix != nil && warrant.targets[2].mac != nil)
    #expect(warrant.excluded.map(\.reason) == ["counsel"])
    #expect(warrant.exhibits.map(\.id) == ["E1"] && warrant.exhibits[0].digest != nil)
    #expect(warrant.offences.map(\.maximumPenaltyYears) == [7])
    #expect(warrant.insideTunnels && !warrant.training)
    #expect(!bytes.contains(0x0d) && bytes.last == 0x0a)
    let other = try write("other.json", ["--target", "192.0.2.1", "--training"])
    #expect(try Warrant.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: other)))).id != warrant.id)
    // What exists is not replaced.
    #expect(throws: CommandFailure.self) { try write("warrant.json", ["--target", "192.0.2.1", "--training"]) }
  }

  @Test("new writes nothing that does not hold, and names what is missing where nobody can be asked")
  func newRefused() throws {
    for wrong in [["--target", "192.0.2.300", "--training"], ["--training", "--target", "::/0"]] {
      #expect(throws: CommandFailure.self) { try write("wrong.json", wrong) }
    }
    #expect(!FileManager.default.fileExists(atPath: path("wrong.json")))
    // A terminal would be asked.
    guard isatty(0) == 0 else { return }
    do {
      var command = try #require(
        try Veilscope.parseAsRoot(["warrant", "new", path("x.json"), "--act", "A"]) as? WarrantNewCommand)
      try command.run()
      Issue.record("nothing was missing")
    } catch {
      let said = Veilscope.fullMessage(for: error)
      for name in ["--reference", "--issued", "--target", "--category", "--exhibit or --data-from"] {
        #expect(said.contains(name))
      }
      #expect(!said.contains("--act,"))
    }
  }

  @Test("The signing line quotes a path that a shell would split")
  func signingLine() {
    #expect(WarrantNewCommand.signingLine("a/w.json").hasSuffix("-certfile chain.pem -out a/w.json.p7s"))
    #expect(WarrantNewCommand.signingLine("a w'.json").contains(#"-in 'a w'\''.json'"#))
  }

  @Test("check: before and after signing, with every cause named")
  func checkSignature() throws {
    let authority = try SigningAuthority.shared.get()
    let file = try write(
      "signed.json",
      ["--target", "192.0.2.1", "--data-from", "2026-01-01T00:00:00Z", "--data-until", "2026-02-01T00:00:00Z"])
    let trust = ["--trust", authority.root.certificate]
    let before = try check(file, trust)
    #expect(!before.isAcceptable)
    #expect(before.text.contains("document: well formed"))
    #expect(
      before.text.contains("signature: none\n  signature: found none; expected the authority's signature"))
    #expect(before.text.contains("time: holds now"))
    try authority.sign(file)
    let without = try check(file)
    #expect(!without.isAcceptable && without.text.contains("--trust"))
    let after = try check(file, trust)
    #expect(after.isAcceptable)
    #expect(after.text.contains("signature: holds"))
    #expect(after.text.contains("Signed by CN=Signer,O=Exercise,C=NZ (serial "))
    #expect(after.text.contains("Revocation: not checked."))
    let page = try show(file, trust)
    for part in [
      "WARRANT SDW 2026/17", "issued by A. Judge, District Court Judge", "address 192.0.2.1", "still runs ",
      "It proves that this file, byte for byte", "It does not prove who held the key",
      "It does not prove when it was signed", "Withheld", "packets from 2026-01-01 00:00:00 UTC until before",
    ] { #expect(page.contains(part), "\(part)") }
    try authority.stamp(file + ".p7s")
    let stamped = try show(file, trust + ["--trust-tsa", authority.timestampRoot.certificate])
    #expect(stamped.contains("by the time stamp of CN=Time,O=Exercise,C=NZ"))
    #expect(!stamped.contains("does not prove when"))
  }

  @Test("check: every problem of a document at once, and the signature's state beside")
  func checkDocument() throws {
    let file = path("bad.json")
    try #"{"warrant": 2, "refrence": "x", "targets": []}"#.write(toFile: file, atomically: true, encoding: .utf8)
    let found = try check(file)
    #expect(!found.isAcceptable)
    for part in [
      "warrant: found 2; expected the number 1", "refrence: found an unknown key; expected \"reference\"",
      "targets: found an empty array", "issued: found nothing", "signature: none",
    ] { #expect(found.text.contains(part), "\(part)") }
    try #"{"warrant": 1, "warrant": 1}"#.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(
      try check(file).text.contains("found at line 1, column 16: the key \"warrant\" occurs twice")
        || check(file).text.contains("warrant"))
  }

  @Test("National profiles: warnings with their section, errors where the configuration says so")
  func profiles() throws {
    let file = try write(
      "profile.json", ["--target", "192.0.2.1", "--training", "--profile", "nz-sdw", "--offence", "s 1=2"])
    let found = try check(file)
    #expect(found.isAcceptable)
    for part in [
      "warning: legal_type: found nothing; expected surveillance_device_warrant (Search and Surveillance Act 2012, s 53)",
      "warning: authority.until: found 2090-01-01T00:00:00Z; expected at most 60 days after `issued`: 2026-03-02T00:00:00Z",
      "warning: report_due: found nothing",
      "warning: offences: found s 1 (2 years); expected an offence that carries 7",
      "warning: conditions: found none", "s 55(1)(e)",
    ] { #expect(found.text.contains(part), "\(part)") }
    let config = path("config.json")
    try #"{"profile_problems": "error"}"#.write(toFile: config, atomically: true, encoding: .utf8)
    #expect(try !check(file, ["--config", config]).isAcceptable)
    let good = path("good.json")
    var command = try #require(
      try Veilscope.parseAsRoot(
        ["warrant", "new", good] + Self.flags + [
          "--until", "2026-03-02T00:00:00Z", "--target", "192.0.2.1", "--training", "--profile", "nz-sdw", "--offence",
          "Arms Act 1983, section 45(1)", "--condition", "Privileged communications are not read.", "--report-due",
          "2026-04-01T00:00:00Z", "--legal-type", "surveillance_device_warrant",
        ]) as? WarrantNewCommand)
    try command.run()
    #expect(try check(good).text.contains("profile nz-sdw: nothing against it"))
    let search = try write("search.json", ["--target", "192.0.2.1", "--training", "--profile", "nz-search"])
    #expect(try check(search).text.contains("exhibits: found nothing"))
  }

  @Test(
    "How long it still runs",
    arguments: [
      (0, "less than a second"), (1, "1 second"), (61, "1 minute 1 second"), (3600, "1 hour"), (90_000, "1 day 1 hour"),
      (172_800, "2 days"),
    ] as [(Int64, String)])
  func duration(seconds: Int64, text: String) { #expect(WarrantPage.duration(seconds * 1_000_000_000) == text) }
}
