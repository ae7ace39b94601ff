// The run of a record once more, into a folder of its own, and whether its outputs are the same byte for byte.

import ArgumentParser
import Custody
import Foundation
import JSON
import Platform
import Terms

struct RunAgain {
  /// Why it is not the same, or cannot be told.
  struct Difference: Error {
    let state: CustodyState
    let text: String
  }

  private let reading: CustodyReading
  private let command: VerifyCommand
  private let evidence: [Int64: String]
  private let outputs: [String: String]
  private let isSealed: Bool

  /// - Parameters:
  ///   - evidence: where each item is now, by its place on the command line.
  ///   - outputs: where each output is now, by its role.
  ///   - isSealed: the record's seal holds: its time is believed.
  init(
    _ reading: CustodyReading, _ command: VerifyCommand, evidence: [Int64: String], outputs: [String: String],
    isSealed: Bool
  ) {
    self.isSealed = isSealed
    self.outputs = outputs
    self.reading = reading
    self.command = command
    self.evidence = evidence
  }

  /// What to say of outputs that are the same, and of the warrant's signers now; throws a `Difference` otherwise.
  func compare() throws -> [String] {
    guard let settings = reading.first(.settings),
      let began = reading.items[0]["time"]?.string.flatMap({ Timestamp($0) })
    else { throw Difference(state: .incomplete, text: "the record has no settings or no time") }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("veilscope-again-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    var analyze = try AnalyzeCommand.parse(arguments(settings, into: folder))
    analyze.trust = command.trust
    let again = AnalyzeRun.Again(
      began: began, isSealed: isSealed, signature: RecordedSignature(reading.first(.warrant)), values: values(settings),
      names: try items().map(\.name))
    var remarks: [String] = []
    do {
      var run = try AnalyzeRun(analyze, again: again)
      _ = try run.run()
      if let revocation = run.revocation, revocation != again.signature.revocation {
        remarks = revocation.notes.map { "the warrant's signature, as is known now: \($0)" }
      }
    } catch let failure as CommandFailure {
      throw Difference(
        state: failure.status == .notAllowed && (!isSealed || failure.isUnproven) ? .incomplete : .broken,
        text: "the analysis fails this time (status \(failure.status.rawValue)): \(failure.message)")
    }
    for output in reading.all(.output) {
      let role = output["role"]?.string ?? ""
      let made = folder.appendingPathComponent(role).path
      try same(made, outputs[role] ?? "", output, program: reading.first(.start)?["program"])
    }
    return ["the same analysis gives the same bytes"] + remarks
  }

  private func values(_ settings: CustodyItem) -> [String: JSONValue] {
    var values: [String: JSONValue] = [:]
    for entry in settings["values"]?.array ?? [] {
      if let name = entry["name"]?.string { values[name] = entry["value"] }
    }
    return values
  }

  /// Each capture's name in the findings, and where it is now.
  private func items() throws -> [(name: String, path: String)] {
    try reading.all(.evidenceOpened).map { item in
      let place = item["item"]?.integer ?? 0
      guard item["stream"]?.boolean != true else {
        throw Difference(state: .incomplete, text: "standard input cannot be analysed again")
      }
      return (item["name"]?.string ?? "", evidence[place] ?? item["path"]?.string ?? "")
    }
  }

  private func arguments(_ settings: CustodyItem, into folder: URL) throws -> [String] {
    let values = values(settings)
    let warrant = command.warrant ?? reading.first(.warrant)?["path"]?.string ?? ""
    var arguments = ["--warrant", warrant, "--quiet", "--output", folder.appendingPathComponent("findings").path]
    if values["flows"]?.string != nil { arguments += ["--flows", folder.appendingPathComponent("flows").path] }
    if values["continuous"]?.boolean == true { arguments.append("--continuous") }
    if values["no-digest"]?.boolean == true { arguments.append("--no-digest") }
    if let earlier = values["earlier"]?.string { arguments += ["--earlier", earlier] }
    return arguments + ["--"] + (try items().map(\.path))
  }

  // MARK: - Comparing

  private func same(_ made: String, _ written: String, _ item: CustodyItem, program: JSONValue?) throws {
    let one = try InputFile(path: made)
    let other = try InputFile(path: written)
    var (left, right) = ([UInt8](repeating: 0, count: 1 << 18), [UInt8](repeating: 0, count: 1 << 18))
    var offset: UInt64 = 0
    while true {
      let count = try one.read(at: offset, into: &left)
      let expected = try other.read(at: offset, into: &right)
      if count == 0, expected == 0 { return }
      if left[..<count] != right[..<expected] {
        let common = zip(left[..<count], right[..<expected]).prefix { $0 == $1 }.count
        let version = program?["version"]?.string ?? "", commit = program?["commit"]?.string ?? ""
        let by =
          (version, commit) == (Version.number, Version.commit)
          ? "" : "; it was made by version \(version) (commit \(commit)), this is \(Version.text)"
        throw Difference(
          state: .broken,
          text:
            "\(written): entry \(item.number): the same analysis gives other bytes from offset \(offset + UInt64(common)) on:"
            + " found \(one.identity.size) bytes; expected \(other.identity.size)\(by)")
      }
      offset &+= UInt64(count)
    }
  }
}
