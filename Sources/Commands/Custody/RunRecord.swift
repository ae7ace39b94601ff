// The custody record of one run of `analyze`: which entries it has, in which order.

import Analysis
import Bytes
import Cryptography
import Custody
import JSON
import Platform
import Supervision
import Terms
import Warrants

/// Writes a run's entries. Every failure ends the run: what is not in the record did not happen.
final class RunRecord {
  private let record: CustodyRecord
  private let signer: CMSSigner?
  /// Whether the last entry was written, or was tried to be: there is no second one.
  private var isOver = false
  private var digests: [(role: String, file: OutputFile, digest: OutputDigest)] = []

  /// Where the record of these findings stands.
  static func path(of findings: String) -> String {
    let whole = findings.hasSuffix(OutputFile.suffix) ? String(findings.dropLast(OutputFile.suffix.count)) : findings
    return (whole.hasSuffix(".json") ? String(whole.dropLast(".json".count)) : whole) + ".custody.jsonl"
  }

  var path: String { record.path }
  var seal: [UInt8]? { record.seal }

  /// What the summary says of it.
  var summary: [String] {
    let by = signer.map { ", sealed by \($0.signer.subject)" } ?? ", not sealed"
    return [
      "Custody:  \(Say.plain(path)), \(record.entries) entries\(Say.plain(by))",
      "          head \(record.head)",
    ]
  }

  /// Creates the record.
  init(
    findings: OutputFile, others: [OutputFile], overwrite: Bool, warrant: String, durability: Durability,
    signer: CMSSigner?
  ) throws {
    let path = RunRecord.path(of: findings.path)
    let place = findings.resolvedPath.map(RunRecord.path)
    if let other = others.first(where: { $0.resolvedPath == place }) {
      throw CommandFailure(
        status: .usage,
        message: "output \(Say.plain(other.path)) is where the custody record of these findings stands: name another")
    }
    self.signer = signer
    do throws(CustodyError) {
      record = try CustodyRecord(
        creating: path, overwrite: overwrite, warrant: warrant, durability: durability, signer: signer)
    } catch {
      if case .output(let reason) = error, reason.isOccupied {
        throw CommandFailure(status: .outputExists, message: reason.description)
      }
      throw RunRecord.failure(error)
    }
  }

  private static func failure(_ error: CustodyError) -> CommandFailure {
    CommandFailure(status: .outputFailed, message: "the custody record cannot be written: \(error)")
  }

  private func append(_ entry: CustodyEntry) throws {
    do throws(CustodyError) { try record.append(entry) } catch { throw RunRecord.failure(error) }
  }

  /// Digests what is written to an output, from its first byte on.
  func watch(_ file: OutputFile, as role: String) throws {
    do throws(CryptographyError) {
      digests.append((role, file, try OutputDigest(of: file)))
    } catch {
      throw CommandFailure(status: .outputFailed, message: "the cryptographic library gives no SHA-256")
    }
  }

  // MARK: - Before

  /// Everything that is known before the first plugin runs.
  func begin(_ start: RunStart, _ items: [EvidenceItem]) throws {
    try append(start.start)
    try append(start.warrant)
    try append(start.settings(signer: signer))
    for (index, item) in items.enumerated() { try append(RunRecord.opened(item, index)) }
    do throws(CustodyError) { try record.checkpoint() } catch { throw RunRecord.failure(error) }
  }

  private static func opened(_ item: EvidenceItem, _ index: Int) -> CustodyEntry {
    var entry = CustodyEntry(.evidenceOpened)
    entry.put("item", index + 1)
    entry.put("name", item.name)
    entry.put("given", item.path)
    entry.put("path", item.file?.resolvedPath ?? item.path)
    if let problem = item.problem {
      entry.put("problem", problem.message)
      return entry
    }
    guard let file = item.file else { return entry }
    entry.put("stream", !file.isSeekable)
    put(file.identity, &entry)
    if let digest = item.digest { entry.put("sha256", Hex.text(digest.bytes)) }
    return entry
  }

  private static func put(_ identity: FileIdentity, _ entry: inout CustodyEntry) {
    entry.put("device", identity.device)
    entry.put("inode", identity.inode)
    entry.put("size", identity.size)
    entry.put("modified", Timestamp(nanoseconds: identity.modified).text(fractionDigits: 9))
  }

  // MARK: - Meanwhile

  /// An item is done; `places` are those of its evidence on the command line.
  func finished(_ outcome: ItemOutcome, _ items: [EvidenceItem], _ places: [Int]) throws {
    for (part, place) in places.enumerated() {
      var entry = CustodyEntry(.evidenceFinished)
      entry.put("item", place + 1)
      entry.put("name", items[place].name)
      entry.put("path", items[place].file?.resolvedPath ?? items[place].path)
      switch outcome.end {
      case .complete: entry.put("end", "complete")
      case .refused: entry.put("end", "refused")
      case .failed: entry.put("end", "failed")
      }
      var changed = outcome.changed[part]
      switch outcome.digests[part] {
      case .digest(let digest, let size):
        entry.put("sha256", Hex.text(digest.bytes))
        entry.put("bytes", size)
        if let first = items[place].digest, first != digest { changed = true }
      case .changed: changed = true
      case .failed(let error): entry.put("digest", "failed: \(error)")
      case .unavailable, nil: entry.put("digest", "not taken")
      }
      entry.put("changed", changed)
      if let file = items[place].file, file.isSeekable {
        do throws(SystemError) { RunRecord.put(try file.currentIdentity(), &entry) } catch {
          entry.put("changed", true)
        }
      }
      entry.put("faults", outcome.faults.count)
      try append(entry)
    }
  }

  func waited() throws {
    do throws(CustodyError) { try record.checkpointIfDue() } catch { throw RunRecord.failure(error) }
  }

  // MARK: - Afterwards

  /// What the analysis says: scope, damage, limits, faults.
  func take(_ result: RunResult) throws {
    var scope = CustodyEntry(.scope)
    var groups: [(name: String, members: [JSONObject.Member])] = []
    for name in result.scope.names {
      let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if groups.last?.name != parts[0] { groups.append((parts[0], [])) }
      guard parts.count == 2, !parts[1].isEmpty else { continue }
      groups[groups.count - 1].members.append(
        JSONObject.Member(key: parts[1], value: .integer(result.scope[name])))
    }
    for group in groups { scope.put(group.name, .object(JSONObject(group.members))) }
    scope.put("flows", result.flows)
    try append(scope)
    for notice in result.reported {
      let kind: CustodyEntry.Kind = notice.kind == .damage ? .damage : notice.kind == .limit ? .limit : .fault
      var entry = CustodyEntry(kind)
      entry.put("code", notice.code)
      entry.put("message", notice.message)
      if let item = notice.evidence { entry.put("item", item + 1) }
      if let frame = notice.frame { entry.put("frame", frame) }
      if let offset = notice.offset, offset >= 0 { entry.put("offset", offset) }
      entry.put("count", notice.count)
      try append(entry)
    }
  }

  /// The outputs, once they are whole and before they have their names.
  func takeOutputs() throws {
    for (role, file, digest) in digests {
      var entry = CustodyEntry(.output)
      entry.put("role", role)
      entry.put("name", file.path.split(separator: "/").last.map(String.init) ?? file.path)
      entry.put("path", file.resolvedPath ?? file.path)
      entry.put("size", file.size)
      do throws(OutputError) { entry.put("sha256", Hex.text(try digest.finish().bytes)) } catch {
        throw CommandFailure(status: .outputFailed, message: error.description)
      }
      try append(entry)
    }
  }

  /// The outputs have their names: the run is over.
  func end(_ status: ExitStatus) throws {
    isOver = true
    do throws(CustodyError) { try record.close(RunRecord.end(status, nil)) } catch { throw RunRecord.failure(error) }
    record.settle()
  }

  /// The run failed. A refused call leaves no record; what began leaves one that says how it ended, with what it would have
  /// replaced beside it.
  func fail(_ error: any Error) {
    guard !isOver else { return }
    isOver = true
    let failure = error as? CommandFailure
    switch failure?.status {
    case .usage, .notACapture, .cannotOpen, .outputExists, .notAllowed, .configuration: record.discard()
    default:
      // Where it cannot be written any more it stays as it is: incomplete.
      do throws(CustodyError) {
        try record.close(RunRecord.end(failure?.status ?? .outputFailed, failure?.message ?? "\(error)"))
      } catch { return }
    }
  }

  private static func end(_ status: ExitStatus, _ message: String?) -> CustodyEntry {
    var entry = CustodyEntry(.end)
    entry.put("status", status.rawValue)
    entry.put("meaning", status.meaning)
    if let message { entry.put("message", message) }
    entry.put("processor_ns", Clock.processCPU)
    entry.put("clock", RunStart.clock)
    return entry
  }
}
