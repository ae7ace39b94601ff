// What `verify` asks, in order: the chain, its seal, the outputs, the warrant, the evidence; and the same run again.

import Bytes
import Cryptography
import Custody
import JSON
import Platform
import Supervision
import Terms

struct RunVerification {
  private let command: VerifyCommand
  /// What was found, a line each.
  private(set) var lines: [String] = []
  /// Evidence that nothing vouches for: it stands before all else.
  private var unvouched: [String] = []
  private var state = CustodyState.sealed
  /// The record's head, where the record is whole so far.
  private(set) var head: String?

  init(_ command: VerifyCommand) { self.command = command }

  mutating func run() throws -> CustodyState {
    let state = try judge()
    lines = unvouched + lines
    return state
  }

  private mutating func judge() throws -> CustodyState {
    let path = command.record ?? RunRecord.path(of: command.findings)
    let verifier = try SealPolicy.verifier(try command.trust.configuration())
    let file: InputFile
    let reading: CustodyReading
    do throws(SystemError) {
      file = try InputFile(path: path)
      reading = try CustodyChain.read(file)
    } catch {
      guard error.isMissing else { throw CommandFailure(status: .cannotOpen, message: error.description) }
      lower(.incomplete, "record", "\(path): found no file; expected the custody record of these findings")
      return state
    }
    let judgement = CustodyJudgement(reading, verifier: verifier, now: Clock.wall / 1_000_000_000)
    say("record", "\(path): \(reading.items.count) entries, head \(reading.head)")
    if let seal = judgement.seal { say("seal", SealPolicy.text(seal)) }
    if let reason = judgement.reason { lower(judgement.state, "record", reason) }
    // Nothing behind a break is to be believed.
    guard judgement.state != .broken else { return state }
    if !reading.isCut { head = reading.head }
    checkHead(reading)
    for remark in judgement.remarks { say("note", remark) }
    checkOutputs(reading)
    checkWarrant(reading)
    checkDigests(reading)
    if command.skipEvidence { say("evidence", "not looked at (--skip-evidence)") } else { checkEvidence(reading) }
    if command.again, state < .incomplete {
      do {
        let again = RunAgain(
          reading, command, evidence: evidencePaths, outputs: outputPaths, isSealed: judgement.state == .sealed)
        for text in try again.compare() { say("again", text) }
      } catch let difference as RunAgain.Difference {
        lower(difference.state, "again", difference.text)
      } catch let error as SystemError {
        lower(.incomplete, "again", error.description)
      }
    }
    return state
  }

  // MARK: - Saying

  private mutating func say(_ part: String, _ text: String) {
    lines.append(part.padded(to: 10) + Say.plain(text))
  }

  private mutating func lower(_ new: CustodyState, _ part: String, _ text: String) {
    state = max(state, new)
    say(part, (new == .broken ? "BROKEN: " : "") + text)
  }

  // MARK: - The head

  /// Holds the record against a head from a notebook: what was cut off behind the run's last line no seal shows.
  private mutating func checkHead(_ reading: CustodyReading) {
    guard let noted = command.head?.lowercased() else { return }
    guard let last = reading.items.last else { return }
    guard let item = reading.items.first(where: { $0.digest == noted }) else {
      return lower(
        .broken, "head",
        "entry \(last.number), the last: found \(reading.head); expected \(noted), the head of --head, there or at an"
          + " entry before it: entries were cut off or written anew, or the head is that of another record")
    }
    let later = last.number &- item.number
    say(
      "head",
      "as noted: entry \(item.number)"
        + (later == 0 ? ", the last" : "; \(later) entr\(later == 1 ? "y" : "ies") after it, which it does not cover"))
  }

  // MARK: - Files

  private enum Found {
    case file(digest: String, size: UInt64)
    case missing
    case unreadable(String)
  }

  private func look(_ path: String) -> Found {
    do throws(SystemError) {
      switch EvidenceDigest.compute(try InputFile(path: path)) {
      case .digest(let digest, let size): return .file(digest: Hex.text(digest.bytes), size: size)
      case .changed: return .unreadable("it changes while it is read")
      case .failed(let error): return .unreadable(error.description)
      case .unavailable: return .unreadable("there is no SHA-256 here")
      }
    } catch { return error.isMissing ? .missing : .unreadable(error.description) }
  }

  /// Holds a file against what an entry says of it.
  private mutating func check(_ part: String, _ path: String, _ item: CustodyItem) {
    let expected = item["sha256"]?.string ?? ""
    let size = item["size"]?.integer ?? item["bytes"]?.integer
    let entry = "entry \(item.number)"
    switch look(path) {
    case .file(let digest, let found):
      guard digest == expected else {
        let sizes = size.map { " (\(found) bytes; expected \($0))" } ?? ""
        return lower(.broken, part, "\(path): \(entry): SHA-256: found \(digest); expected \(expected)\(sizes)")
      }
      say(part, "\(path): as recorded (\(entry)), SHA-256 \(digest)")
    case .missing:
      lower(.incomplete, part, "\(path): \(entry): found no file; expected one with the SHA-256 \(expected)")
    case .unreadable(let reason):
      lower(.incomplete, part, "\(path): \(entry): it cannot be read: \(reason); expected the SHA-256 \(expected)")
    }
  }

  // MARK: - Parts

  /// Where the outputs are now, by their role.
  private var outputPaths: [String: String] = [:]

  private mutating func checkOutputs(_ reading: CustodyReading) {
    let outputs = reading.all(.output)
    let end = reading.first(.end)
    let status = end?["status"]?.integer
    if let end, status != 0, status != 3 {
      lower(
        .incomplete, "run",
        "entry \(end.number): it ended with status \(status ?? -1), \(end["message"]?.string ?? ""); it put no output in place"
      )
    }
    let findings =
      command.findings.hasSuffix(OutputFile.suffix)
      ? String(command.findings.dropLast(OutputFile.suffix.count)) : command.findings
    guard let document = outputs.first(where: { $0["role"]?.string == "findings" }) else {
      if case .file(let digest, _) = look(findings), end != nil {
        lower(.broken, "findings", "\(findings): found a file, SHA-256 \(digest); expected none: the run wrote none")
      } else {
        lower(.incomplete, "findings", "the record names none: the run did not come so far")
      }
      return
    }
    outputPaths["findings"] = place(of: findings)
    check("findings", place(of: findings), document)
    for flows in outputs where flows["role"]?.string == "flows" {
      let path = place(of: command.flows ?? beside(findings, flows))
      outputPaths["flows"] = path
      check("flows", path, flows)
    }
  }

  /// The file itself, or what a run left that was killed before it had its name.
  private func place(of path: String) -> String {
    if case .missing = look(path), case .file = look(path + OutputFile.suffix) { return path + OutputFile.suffix }
    return path
  }

  /// The other output of a run: in the findings' folder, or where it was.
  private func beside(_ findings: String, _ item: CustodyItem) -> String {
    let folder = findings.lastIndex(of: "/").map { String(findings[...$0]) } ?? ""
    let near = folder + (item["name"]?.string ?? "")
    if case .missing = look(near) { return item["path"]?.string ?? near }
    return near
  }

  private mutating func checkWarrant(_ reading: CustodyReading) {
    guard let item = reading.first(.warrant) else { return }
    let first = reading.items[0]["warrant_sha256"]?.string
    guard item["sha256"]?.string == first else {
      return lower(
        .broken, "warrant",
        "entry \(item.number): found SHA-256 \(item["sha256"]?.string ?? "none"); expected \(first ?? "none"), which entry 0 has"
      )
    }
    check("warrant", command.warrant ?? item["path"]?.string ?? "", item)
  }

  /// Where evidence is now, by its place on the command line.
  private var evidencePaths: [Int64: String] = [:]

  /// Evidence without a digest is in no seal, whoever sealed the rest.
  private mutating func checkDigests(_ reading: CustodyReading) {
    for item in reading.all(.evidenceFinished)
    where item["sha256"]?.string == nil && item["changed"]?.boolean != true && item["end"]?.string == "complete" {
      let reason = item["digest"]?.string ?? "not taken"
      unvouched.append(
        "evidence".padded(to: 10)
          + Say.plain(
            "NOT VOUCHED FOR: \(item["name"]?.string ?? ""): entry \(item.number): its digest: \(reason); no seal covers its"
              + " bytes, whatever is said below"))
      if !command.skipEvidence { state = max(state, .unsealed) }
    }
  }

  private mutating func checkEvidence(_ reading: CustodyReading) {
    let opened = reading.all(.evidenceOpened)
    var given: [String: String] = [:]
    for path in command.evidence {
      switch look(path) {
      case .file(let digest, _): given[digest] = path
      case .missing: lower(.incomplete, "evidence", "\(path): found no file")
      case .unreadable(let reason): lower(.incomplete, "evidence", "\(path): it cannot be read: \(reason)")
      }
    }
    for item in reading.all(.evidenceFinished) {
      let place = item["item"]?.integer ?? 0
      let before = opened.first { $0["item"]?.integer == place }
      let name = item["name"]?.string ?? ""
      if item["changed"]?.boolean == true {
        lower(.broken, "evidence", "\(name): entry \(item.number): it changed during the run")
        continue
      }
      guard let digest = item["sha256"]?.string else { continue }
      if let first = before?["sha256"]?.string, first != digest {
        lower(
          .broken, "evidence", "\(name): entry \(item.number): found SHA-256 \(digest) at its end; expected \(first)")
        continue
      }
      if before?["stream"]?.boolean == true, given[digest] == nil {
        lower(
          .incomplete, "evidence",
          "\(name): entry \(item.number): it came by a pipe; found no copy; expected one with the SHA-256 \(digest)"
            + " (--evidence, or --skip-evidence)")
        continue
      }
      let path = given[digest] ?? before?["path"]?.string ?? name
      evidencePaths[place] = path
      check("evidence", path, item)
    }
  }
}

/// Whose seal is accepted: the trust of warrants, without what is asked of a warrant's signers alone.
enum SealPolicy {
  static func verifier(_ configuration: Configuration) throws -> SignatureVerifier {
    var verifier = try configuration.verifier()
    verifier.policy = policy(configuration)
    return verifier
  }

  static func policy(_ configuration: Configuration) -> SignaturePolicy {
    var policy = configuration.policy
    policy.requiredSigners = 1
    policy.allowedSubjects = []
    policy.requiresTimestamp = configuration.requiresSealTimestamp
    return policy
  }

  static func text(_ seal: VerifiedSignature) -> String {
    let who = seal.signers.map { "\($0.subject) (certificate \($0.fingerprint))" }.joined(separator: ", ")
    let time = Timestamp(nanoseconds: seal.time &* 1_000_000_000).text
    switch seal.timeSource {
    case .timestamp(let authority): return "by \(who), before \(time) as \(authority.subject) says"
    case .clock:
      let claimed = seal.signers.first?.signingTime.map { Timestamp(nanoseconds: $0 &* 1_000_000_000).text }
      return "by \(who), at \(claimed ?? "no time") as the signer says"
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }
}
