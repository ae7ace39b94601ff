// What came of a run: the workers' reports, read back and put together.

import Analysis
import Bytes
import Findings
import JSON
import Platform
import PluginKit
import Supervision
import Terms

/// The reports of all timelines, with what the supervisor knows beside.
struct RunResult {
  private(set) var items: [EvidenceItem]
  private let timelines: [[Int]]
  let outcomes: [ItemOutcome]

  /// The analysis' object for each item of the command line, members as they came.
  private(set) var evidence: [JSONObject?]
  private(set) var scope = JSONSum()
  private(set) var flows: UInt64 = 0
  private(set) var limits: [Notice] = []
  private(set) var notices: [Notice] = []
  private(set) var damage: [Notice] = []
  private(set) var hosts: [JSONValue] = []
  private(set) var notAssessable: [(reason: String, flows: Int64)] = []

  init(items: [EvidenceItem], timelines: [[Int]], outcomes: [ItemOutcome]) {
    self.items = items
    self.timelines = timelines
    self.outcomes = outcomes
    evidence = items.map { _ in nil }
  }

  /// Whether nothing is reported that exit status 3 stands for.
  var isClean: Bool { reported.isEmpty && items.allSatisfy { $0.problem == nil } }

  /// Damage, limits and faults.
  var reported: [Notice] { (damage + limits + notices).filter(\.changesStatus) }

  // MARK: - Gathering

  /// Reads every outcome. Throws where the evidence changed, or a record cannot be read back.
  mutating func gather(plugins: PluginCatalog) throws {
    for (index, outcome) in outcomes.enumerated() {
      let places = timelines[index]
      for (part, place) in places.enumerated() {
        try takeDigest(outcome, part, place)
        if outcome.changed[part] { throw changed(items[place].path) }
      }
      for fault in outcome.faults where !outcome.isNamedByWorker(fault) {
        notices.append(
          fault.notice(evidence: places.count == 1 ? UInt32(places[0]) : nil) { number in
            let at = Int(number) - 1
            return plugins.entries.indices.contains(at) ? plugins.entries[at].manifest.identifier.description : nil
          })
      }
      switch outcome.end {
      case .complete: try gather(outcome, places)
      case .refused: try refuse(outcome, places)
      case .failed:
        for place in places { items[place].refuse(.reported, "the analysis failed on it each time it was tried") }
      }
    }
  }

  private func changed(_ path: String) -> CommandFailure {
    CommandFailure(
      status: .evidenceChanged,
      message: "\(path) changed during the run: nothing was written; find out who writes to it, and run again")
  }

  private mutating func takeDigest(_ outcome: ItemOutcome, _ part: Int, _ place: Int) throws {
    switch outcome.digests[part] {
    case .digest(let digest, let size):
      if let first = items[place].digest, first != digest { throw changed(items[place].path) }
      items[place].digest = digest
      items[place].size = size
    case .changed: throw changed(items[place].path)
    case .failed(let error):
      throw CommandFailure(
        status: .cannotOpen, message: "\(items[place].path) could not be read to its end for its digest: \(error)")
    case .unavailable, nil:
      if let file = items[place].file, file.isSeekable { items[place].size = file.identity.size }
    }
  }

  private mutating func refuse(_ outcome: ItemOutcome, _ places: [Int]) throws {
    var status = ExitStatus.notACapture
    var message = "it cannot be analysed"
    try forEach(outcome, .refusal) { value in
      status = value["status"]?.integer.flatMap { ExitStatus(rawValue: Int32(clamping: $0)) } ?? status
      message = value["message"]?.string ?? message
    }
    if status == .outputFailed { throw CommandFailure(status: status, message: message) }
    for place in places { items[place].refuse(status, message) }
  }

  private mutating func gather(_ outcome: ItemOutcome, _ places: [Int]) throws {
    // The last worker's report knows nothing of what earlier ones found.
    if outcome.isTakenUp { try sumHosts(outcome) }
    try forEach(outcome, .summary) { report in
      for (part, value) in (report["evidence"]?.array ?? []).enumerated() where part < places.count {
        guard case .object(let object) = value else { continue }
        evidence[places[part]] = object
        for entry in object["damage"]?.array ?? [] { damage.append(notice(entry, places)) }
        if let problem = object["problem"]?.string { items[places[part]].refuse(.notACapture, problem) }
      }
      if case .object(let object) = report["scope"] { scope.add(object) }
      flows &+= UInt64(clamping: report["flows"]?.integer ?? 0)
      limits += (report["limits"]?.array ?? []).map { notice($0, places) }
      notices += (report["notices"]?.array ?? []).map { notice($0, places) }
      if !outcome.isTakenUp { hosts += report["hosts"]?.array ?? [] }
      for entry in report["not_assessable"]?.array ?? [] {
        add(entry["reason"]?.string ?? "", entry["flows"]?.integer ?? 0)
      }
    }
  }

  private mutating func sumHosts(_ outcome: ItemOutcome) throws {
    var sums = HostsOfFindings()
    try forEach(outcome, .finding) { sums.add($0) }
    hosts += sums.finished
    if sums.leftOut > 0 {
      limits.append(
        Notice(
          .limit, "analysis.hosts", "more hosts and tools than are summed; all findings are in the document",
          count: sums.leftOut))
    }
  }

  private mutating func add(_ reason: String, _ flows: Int64) {
    if let known = notAssessable.firstIndex(where: { $0.reason == reason }) {
      notAssessable[known].flows &+= flows
    } else {
      notAssessable.append((reason, flows))
    }
  }

  /// A notice of a report; its evidence index becomes the place on the command line.
  private func notice(_ value: JSONValue, _ places: [Int]) -> Notice {
    let part = value["evidence"]?.integer.map { Int($0) }
    return Notice(
      value["kind"]?.string.flatMap(Notice.Kind.init) ?? .information, value["code"]?.string ?? "",
      value["message"]?.string ?? "",
      evidence: part.flatMap { places.indices.contains($0) ? UInt32(places[$0]) : nil },
      frame: value["frame"]?.integer.map { UInt64(clamping: $0) }, offset: value["offset"]?.integer,
      count: UInt64(clamping: value["count"]?.integer ?? 1))
  }

  private func forEach(_ outcome: ItemOutcome, _ kind: RecordKind, _ body: (JSONValue) throws -> Void) throws {
    var failure: (any Error)?
    try outcome.records.forEach { (found, payload) throws(SystemError) in
      guard found == kind, failure == nil else { return }
      do {
        // Findings come several at a time, a line each; every other record is one line.
        for line in payload.array.split(separator: 0x0a) { try body(try JSONReader.read(Array(line), limits: .output)) }
      } catch {
        failure = error
      }
    }
    if let failure {
      throw CommandFailure(status: .outputFailed, message: "a worker's record is not understood: \(failure)")
    }
  }
}

/// A sum of JSON objects whose members are numbers or such objects.
struct JSONSum {
  private(set) var names: [String] = []
  private(set) var numbers: [String: Int64] = [:]

  /// Adds `object`; members of objects inside go under `outer.inner`.
  mutating func add(_ object: JSONObject) {
    for member in object.members {
      if let number = member.value.integer {
        add(member.key, number)
      } else if case .object(let inner) = member.value {
        if inner.members.isEmpty { note("\(member.key).") }
        for each in inner.members where each.value.integer != nil {
          add("\(member.key).\(each.key)", each.value.integer ?? 0)
        }
      }
    }
  }

  private mutating func note(_ name: String) {
    if numbers[name] == nil, !names.contains(name) { names.append(name) }
  }

  private mutating func add(_ name: String, _ number: Int64) {
    note(name)
    numbers[name, default: 0] &+= number
  }

  subscript(name: String) -> Int64 { numbers[name] ?? 0 }
}
