// Writes the findings document: nothing of the run (time, host, workers, paths), so that `cmp` can compare two.

import Analysis
import Bytes
import Cryptography
import Findings
import JSON
import Platform
import PluginKit
import Supervision
import Terms
import Warrants

struct FindingsWriter {
  let result: RunResult
  let authorised: AuthorisedWarrant
  /// The warrant's, as it is to be reported.
  let signature: VerifiedSignature?
  let plugins: PluginCatalog

  func write(to output: OutputFile) throws {
    var record = FieldWriter(JSONWriter(reserving: 65_536), allowing: .all)
    record.json.beginObject()
    record.put(DocumentFields.schema, Label(DocumentFields.schemaIdentifier))
    record.put(
      DocumentFields.tool,
      ToolRecord(
        name: "veilscope", version: Version.number, commit: Version.commit,
        plugins: plugins.entries.map {
          PluginName(identifier: $0.manifest.identifier, version: $0.manifest.version)
        }))
    record.put(DocumentFields.warrant, warrant)
    writeEvidence(&record)
    writeScope(&record)
    record.json.key("flows")
    record.json.integer(result.flows)
    record.put(TimelineReport.limitsField, result.limits.map { NoticeRecord($0) })
    record.put(TimelineReport.noticesField, result.notices.map { NoticeRecord($0) })
    record.json.key("hosts")
    write(.array(result.hosts), to: &record.json)
    record.put(
      TimelineReport.notAssessableField,
      result.notAssessable.map { NotAssessableCount(reason: $0.reason, flows: UInt64(clamping: $0.flows)) })
    record.json.key("findings")
    record.json.beginArray()
    try output.write(record.json.bytes)
    try writeFindings(to: output)
    try output.write(Array("\n]}\n".utf8))
  }

  // MARK: - Parts

  private var warrant: WarrantRecord {
    let identity = authorised.identity
    var record = WarrantRecord()
    record.id = identity.id
    record.generation = identity.generation
    record.reference = identity.reference
    record.sha256 = identity.sha256
    record.liid = identity.liid
    record.jurisdiction = identity.jurisdiction
    record.executingAgency = identity.executingAgency
    record.authorityFrom = identity.authorityFrom
    record.authorityUntil = identity.authorityUntil
    record.dataFrom = identity.dataFrom
    record.dataUntil = identity.dataUntil
    record.covers = identity.covers
    record.categories = identity.categories
    record.insideTunnels = identity.insideTunnels
    record.exhibits = identity.exhibits
    record.marking = identity.handlingMarking
    record.isTraining = identity.training
    record.isAfterExpiry = identity.isAfterExpiry
    record.signature = signature.map(FindingsWriter.record)
    let allowed = authorised.categories.categories
    record.pluginsNotStarted = plugins.entries.filter { !allowed.isSuperset(of: $0.manifest.needs) }.map {
      $0.manifest.identifier.description
    }
    return record
  }

  private static func record(_ signature: VerifiedSignature) -> SignatureRecord {
    func text(_ seconds: Int64) -> String { Timestamp(wholeSeconds: seconds).text }
    var record = SignatureRecord()
    record.signers = signature.signers.map {
      var signer = SignerRecord()
      signer.subject = $0.subject
      signer.issuer = $0.issuer
      signer.serialNumber = $0.serialNumber
      signer.sha256 = $0.fingerprint
      signer.claimedTime = $0.signingTime.map(text) ?? ""
      return signer
    }
    // The present is of the run, and so not in this document.
    if case .timestamp(let authority) = signature.timeSource {
      record.time = text(signature.time)
      record.timestampAuthority = authority.subject
    }
    record.revocation = signature.revocation.state.rawValue
    record.revocationNotes = signature.revocation.notes
    return record
  }

  /// Each item: what the supervisor knows, then what the analysis said.
  private func writeEvidence(_ record: inout FieldWriter) {
    record.json.key("evidence")
    record.json.beginArray()
    for (index, item) in result.items.enumerated() {
      record.json.beginObject()
      record.put(SourceFields.name, Label(item.name))
      record.put(SourceFields.size, item.size.map { Count($0) })
      if let digest = item.digest {
        record.put(SourceFields.sha256, Label(Hex.text(digest.bytes)))
      } else if item.problem == nil {
        record.put(SourceFields.digest, Label("skipped"))
      }
      record.put(SourceFields.problem, item.problem.map { Label($0.message) })
      for member in result.evidence[index]?.members ?? [] where item.problem == nil {
        record.json.key(member.key)
        write(member.value, to: &record.json)
      }
      record.json.endObject()
    }
    record.json.endArray()
  }

  /// The scope's counts: objects of numbers, summed over the timelines.
  private func writeScope(_ record: inout FieldWriter) {
    record.json.key("scope")
    record.json.beginObject()
    var open: Substring?
    for name in result.scope.names {
      let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      if open != parts[0] {
        if open != nil { record.json.endObject() }
        record.json.key(String(parts[0]))
        record.json.beginObject()
        open = parts[0]
      }
      guard parts.count == 2, !parts[1].isEmpty else { continue }
      record.json.key(String(parts[1]))
      record.json.integer(result.scope[name])
    }
    if open != nil { record.json.endObject() }
    record.json.endObject()
  }

  /// The findings of all timelines, one a line, as the workers wrote them.
  private func writeFindings(to output: OutputFile) throws {
    var isFirst = true
    for outcome in result.outcomes where outcome.end == .complete {
      var failure: (any Error)?
      try outcome.records.forEach { (kind, payload) throws(SystemError) in
        guard kind == .finding, failure == nil else { return }
        do {
          for line in payload.array.split(separator: 0x0a) {
            // What a worker wrote is JSON or is not passed on.
            _ = try JSONReader.read(Array(line), limits: .output)
            try output.write(Array((isFirst ? "\n" : ",\n").utf8))
            try output.write(Array(line))
            isFirst = false
          }
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
  }

  /// Writes a value that was read, by a work list: no recursion on its depth.
  private func write(_ value: JSONValue, to json: inout JSONWriter) {
    enum Step { case value(JSONValue), key(String), endObject, endArray }
    var steps: [Step] = [.value(value)]
    while let step = steps.popLast() {
      switch step {
      case .key(let key): json.key(key)
      case .endObject: json.endObject()
      case .endArray: json.endArray()
      case .value(.null): json.null()
      case .value(.boolean(let flag)): json.boolean(flag)
      case .value(.integer(let number)): json.integer(number)
      case .value(.string(let text)): json.string(text)
      case .value(.array(let values)):
        json.beginArray()
        steps.append(.endArray)
        steps += values.reversed().map { Step.value($0) }
      case .value(.object(let object)):
        json.beginObject()
        steps.append(.endObject)
        for member in object.members.reversed() { steps += [.value(member.value), .key(member.key)] }
      case .value: json.null()
      }
    }
  }
}
