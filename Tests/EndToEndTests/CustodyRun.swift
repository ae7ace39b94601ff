import Foundation
import SigningAuthority
import TestSupport
import Testing

/// Runs with a custody record, for the tests of records: what an examiner would type.
struct CustodyRun {
  let scratch: TemporaryFolder
  let authority: SigningAuthority

  init() throws {
    scratch = try TemporaryFolder()
    authority = try SigningAuthority.shared.get()
    try scratch.write("warrant.json", try Sample.warrant())
    try FileManager.default.copyItem(atPath: Sample.capture, toPath: scratch.path("capture.pcapng"))
  }

  /// The options that seal a record by this signer.
  func sealing(_ identity: Identity? = nil) throws -> [String] {
    let identity = try identity ?? authority.identity("Examiner")
    let chain = scratch.path("chain-\(UUID().uuidString).pem")
    try
      (String(contentsOfFile: identity.certificate, encoding: .utf8)
      + String(contentsOfFile: authority.issuing.certificate, encoding: .utf8))
      .write(toFile: chain, atomically: true, encoding: .utf8)
    return ["--sign-with", chain, "--sign-key", identity.key]
  }

  var trust: [String] { ["--trust", authority.root.certificate] }

  @discardableResult
  func analyze(_ more: [String] = [], sealed: Bool = true, evidence: String = "capture.pcapng") throws -> Outcome {
    let seal = sealed ? try sealing() : []
    return try Program.run(
      ["analyze", evidence, "--warrant", "warrant.json", "--flows", "flows.jsonl"] + seal + more, in: scratch.url)
  }

  func verify(_ more: [String] = [], trust: [String]? = nil) throws -> Outcome {
    try Program.run(["verify", "findings.json"] + (trust ?? self.trust) + more, in: scratch.url)
  }

  static let record = "findings.custody.jsonl"

  func lines() throws -> [String] {
    String(decoding: try scratch.read(Self.record), as: UTF8.self).split(separator: "\n").map { $0 + "\n" }
  }

  func entries() throws -> [[String: Any]] {
    try lines().map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }

  func write(_ lines: [String]) throws { try scratch.write(Self.record, lines.joined()) }

  /// The lines with numbers and digests as they must be from `start` on: what somebody would do who rewrites a record.
  static func chained(_ lines: [String], from start: Int = 0) throws -> [String] {
    var lines = lines
    for index in max(start, 1)..<lines.count {
      let rest = try #require(lines[index].split(separator: "\"type\":", maxSplits: 1).last)
      let digest = try sha256(lines[index - 1])
      lines[index] = "{\"entry\":\(index),\"previous\":\"\(digest)\",\"type\":" + rest
      if lines[index].contains("\"type\":\"checkpoint\"") {
        lines[index] = lines[index].replacing(
          try Regex("\"entries\":[0-9]+,\"head\":\"[0-9a-f]{64}\""), with: "\"entries\":\(index),\"head\":\"\(digest)\""
        )
      }
    }
    return lines
  }

  static func sha256(_ text: String) throws -> String { try sha256(Array(text.utf8)) }

  static func sha256(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    return String(try SigningAuthority.openssl(["dgst", "-sha256", "-r", folder.write("bytes", bytes)]).prefix(64))
  }
}
