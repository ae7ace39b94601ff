// The document that `warrant new` writes: one key a line, LF line ends, nothing that was not said.

import ArgumentParser
import Bytes
import JSON
import Platform
import Supervision
import Terms

struct WarrantDraft {
  private let command: WarrantNewCommand

  init(_ command: WarrantNewCommand) { self.command = command }

  /// UUID version 4 (RFC 9562 section 5.4), of the system's random numbers.
  private static var newID: String {
    var generator = SystemRandomNumberGenerator()
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = Array(Hex.text(bytes))
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32] as [Range<Int>]
    return groups.map { String(digits[$0]) }.joined(separator: "-")
  }

  func document() throws -> [UInt8] {
    var members: [(String, JSONValue)] = []
    func put(_ key: String, _ value: JSONValue?) { if let value { members.append((key, value)) } }
    func text(_ value: String?) -> JSONValue? { value.map { .string($0) } }
    put("warrant", .integer(1))
    put("id", .string(WarrantDraft.newID))
    put("generation", .integer(1))
    put("reference", text(command.reference))
    put("legal_type", text(command.legalType))
    put("legal_basis", Self.object([("act", text(command.act)), ("provision", text(command.provision))]))
    put("offences", list(command.offence.map(offence)))
    put("issued", text(command.issued))
    put(
      "issued_by",
      Self.object([("name", text(command.issuedBy)), ("office", text(command.office)), ("court", text(command.court))]))
    put("executing_agency", text(command.agency))
    put("responsible_officer", text(command.officer))
    put("authority", Self.object([("from", text(command.from)), ("until", text(command.until))]))
    if command.dataFrom != nil || command.dataUntil != nil {
      put("data", Self.object([("from", text(command.dataFrom)), ("until", text(command.dataUntil))]))
    }
    put("covers", .array((command.covers.isEmpty ? ["recorded"] : command.covers).map { .string($0) }))
    put("targets", .array(command.target.map(Self.target)))
    put("excluded", list(try command.exclude.map(exclusion)))
    put("exhibits", list(try command.exhibit.map(exhibit)))
    if command.insideTunnels { put("inside_tunnels", .boolean(true)) }
    put("categories", .array(command.category.map { .string($0) }))
    put("conditions", list(command.condition.map { Self.object([("text", .string($0))]) }))
    put("report_due", text(command.reportDue))
    put("profile", text(command.profile))
    if command.training { put("training", .boolean(true)) }
    var out: [UInt8] = Array("{\n".utf8)
    for (index, member) in members.enumerated() {
      var writer = JSONWriter()
      writer.value(member.1)
      out +=
        Array("  \"\(member.0)\": ".utf8) + writer.bytes + Array(index + 1 < members.count ? ",\n".utf8 : "\n".utf8)
    }
    return out + Array("}\n".utf8)
  }

  private static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
    .object(JSONObject(members.compactMap { member in member.1.map { .init(key: member.0, value: $0) } }))
  }

  private func list(_ values: [JSONValue]) -> JSONValue? { values.isEmpty ? nil : .array(values) }

  // MARK: - Entries

  /// The key by the value's form; whether it is right the warrant's own check says.
  private static func place(_ text: String) -> (String, JSONValue?) {
    if text.contains("/") { return ("prefix", .string(text)) }
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    if groups.count == 6, groups.allSatisfy({ $0.utf8.count == 2 }) { return ("mac", .string(text)) }
    return ("address", .string(text))
  }

  static func target(_ text: String) -> JSONValue {
    let everything = "everything:"
    guard text.hasPrefix(everything) else { return Self.object([Self.place(text)]) }
    let why = String(text.dropFirst(everything.count))
    return Self.object([("everything", .boolean(true)), ("justification", .string(why))])
  }

  private func offence(_ text: String) -> JSONValue {
    guard let at = text.lastIndex(of: "="), let years = Int64(text[text.index(after: at)...]) else {
      return Self.object([("provision", .string(text))])
    }
    return Self.object([("provision", .string(String(text[..<at]))), ("maximum_penalty_years", .integer(years))])
  }

  private func exclusion(_ text: String) throws -> JSONValue {
    let (what, why) = try WarrantDraft.pair(text, "--exclude", "WHAT=WHY")
    return Self.object([Self.place(what), ("reason", .string(why))])
  }

  private func exhibit(_ text: String) throws -> JSONValue {
    let (id, path) = try WarrantDraft.pair(text, "--exhibit", "ID=FILE")
    let file: InputFile
    do {
      file = try InputFile(path: path)
    } catch {
      throw CommandFailure(status: .cannotOpen, message: "\(error)")
    }
    guard case .digest(let digest, _) = EvidenceDigest.compute(file) else {
      throw CommandFailure(status: .cannotOpen, message: "\(path): no digest of it: it changed, or is no file")
    }
    return Self.object([("id", .string(id)), ("sha256", .string(Hex.text(digest.bytes)))])
  }

  private static func pair(_ text: String, _ option: String, _ form: String) throws -> (String, String) {
    guard let at = text.firstIndex(of: "=") else { throw ValidationError("\(option) \(text): expected \(form)") }
    return (String(text[..<at]), String(text[text.index(after: at)...]))
  }
}
