// Reads a warrant's document. Every problem is listed at once: first each field against its declaration, then what
// must hold between fields.

import Bytes
import Cryptography
import JSON
import Terms

extension Warrant {
  /// Bounds of a document.
  public static let limits = JSONLimits(bytes: 1 << 20, depth: 16)

  /// Reads a document, given as the exact bytes of its file.
  public static func parse(_ document: [UInt8]) throws(WarrantProblems) -> Warrant {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(document, limits: limits)
    } catch {
      throw WarrantProblems(problems: [
        WarrantProblem(
          error.path, found: "at line \(error.line), column \(error.column): \(error.reason)",
          expected: "a JSON document in UTF-8")
      ])
    }
    var check = WarrantCheck()
    check.check(value, WarrantFields.document, at: "")
    var warrant = Warrant(document: document, digest: try digest(document))
    if let fields = value.object { warrant.read(fields) }
    warrant.checkTimes(&check)
    warrant.checkTargets(&check)
    warrant.checkEvidence(value.object ?? JSONObject(), &check)
    try check.finish()
    return warrant
  }

  /// What is wrong with a value for the field at a path of keys (`["authority", "from"]`; of a list, with one of its
  /// elements), taken by itself. For those who write a document field by field.
  public static func problems(of value: JSONValue, at path: [String]) -> [WarrantProblem] {
    guard let shape = WarrantFields.shape(at: path) else { return [] }
    var check = WarrantCheck()
    check.check(value, shape, at: path.joined(separator: "."))
    return check.problems
  }

  private static func digest(_ document: [UInt8]) throws(WarrantProblems) -> Digest {
    do throws(CryptographyError) {
      return Digest(
        .sha256,
        try document.withRawSpan { span throws(CryptographyError) in try DigestAlgorithm.sha256.digest(of: span) })
    } catch {
      throw WarrantProblems(problems: [
        WarrantProblem("", found: "no SHA-256 in this machine's libcrypto", expected: "a libcrypto that offers it")
      ])
    }
  }

  // MARK: - Fields

  // A field that does not fit its declaration is reported already and reads as if it were not there.
  private mutating func read(_ fields: JSONObject) {
    id = fields["id"]?.string?.lowercased() ?? ""
    generation = fields["generation"]?.integer ?? 1
    supersedes = fields.digest("supersedes")
    reference = fields["reference"]?.string ?? ""
    liid = fields["liid"]?.string
    readAuthorisation(fields)
    authority = fields["authority"]?.interval ?? .always
    data = fields["data"]?.interval
    let purposes = fields["covers"]?.array?.compactMap(\.string) ?? []
    covers = Purpose.allCases.filter { purposes.contains($0.rawValue) }
    targets = fields.objects("targets").map(Target.init(fields:))
    excluded = fields.objects("excluded").map(Exclusion.init(fields:))
    exhibits = fields.objects("exhibits").map(Exhibit.init(fields:))
    insideTunnels = fields["inside_tunnels"]?.boolean ?? false
    categories = Categories(fields["categories"]?.array?.compactMap(\.string).compactMap(Category.init(name:)) ?? [])
    conditions = fields.objects("conditions").compactMap { $0["text"]?.string }
    reportDue = fields.time("report_due")
    emergency = fields["emergency"]?.boolean ?? false
    handling = fields["handling"]?.object.map {
      Handling(marking: $0["marking"]?.string, discloseTo: $0["disclose_to"]?.array?.compactMap(\.string) ?? [])
    }
    deviceType = fields["device_type"]?.string
    retention = fields["retention"]?.object.map {
      Retention(
        rule: Retention.Rule(rawValue: $0["rule"]?.string ?? "") ?? .asDirected, until: $0.time("until"),
        plusYears: $0["plus_years"]?.integer)
    }
    profile = fields["profile"]?.string.flatMap(Profile.init(rawValue:)) ?? .none
    training = fields["training"]?.boolean ?? false
  }

  private mutating func readAuthorisation(_ fields: JSONObject) {
    legalType = fields["legal_type"]?.string.flatMap(LegalType.init(rawValue:))
    legalBasis = LegalBasis(
      act: fields["legal_basis"]?["act"]?.string ?? "", provision: fields["legal_basis"]?["provision"]?.string ?? "")
    offences = fields.objects("offences").map {
      Offence(
        provision: $0["provision"]?.string ?? "", description: $0["description"]?.string,
        maximumPenaltyYears: $0["maximum_penalty_years"]?.integer)
    }
    jurisdiction = fields["jurisdiction"]?.string
    authorisingCountry = fields["authorising_country"]?.string
    executingCountry = fields["executing_country"]?.string
    issued = fields.time("issued") ?? issued
    issuedBy = Issuer(
      name: fields["issued_by"]?["name"]?.string ?? "", office: fields["issued_by"]?["office"]?.string ?? "",
      court: fields["issued_by"]?["court"]?.string)
    approvals = fields.objects("approvals").map {
      Approval(name: $0["name"]?.string ?? "", office: $0["office"]?.string ?? "", at: $0.time("at") ?? issued)
    }
    executingAgency = fields["executing_agency"]?.string ?? ""
    responsibleOfficer = fields["responsible_officer"]?.string
    applicant = fields["applicant"]?.string
    instrument = fields["instrument"]?.object.flatMap { object in
      object.digest("sha256").map {
        Instrument(
          name: object["name"]?.string ?? "", mediaType: object["media_type"]?.string, digest: $0,
          transcribedBy: object["transcribed_by"]?.string)
      }
    }
  }

  // MARK: - Between fields

  private func checkTimes(_ check: inout WarrantCheck) {
    func order(_ interval: Interval?, _ path: String) {
      guard let from = interval?.from, let until = interval?.until, !(from < until) else { return }
      check.report(
        path.member("until"), found: until.text, expected: "a time after \(path.member("from")), \(from.text)")
    }
    order(authority, "authority")
    order(data, "data")
    for (index, target) in targets.enumerated() { order(target.window, "targets[\(index)]") }
    if let retention, retention.rule == .fixed, retention.until == nil {
      check.report("retention.until", found: "nothing", expected: "a time: the rule is \"fixed\"")
    }
  }

  private func checkTargets(_ check: inout WarrantCheck) {
    for (index, target) in targets.enumerated() {
      let path = "targets[\(index)]"
      if let ports = target.ports, ports.to < ports.from {
        check.report("\(path).ports.to", found: "\(ports.to)", expected: "\(ports.from) (from) or more")
      }
      if let tunnel = target.tunnelID {
        if Int64(tunnel.value) > tunnel.kind.maximum {
          check.report(
            "\(path).tunnel_id.value", found: "\(tunnel.value)",
            expected: "at most \(tunnel.kind.maximum), the greatest \(tunnel.kind.rawValue) value")
        }
        if !insideTunnels {
          check.report(
            "inside_tunnels", found: "false", expected: "true: \(path).tunnel_id names packets inside a tunnel")
        }
      }
      if let address = target.address, let prefix = target.prefix, !prefix.contains(address) {
        check.report(
          path, found: "\(address.text) with \(prefix.text)",
          expected: "an address inside the prefix: both must hold, so this entry covers nothing")
      }
      guard target.everything != nil else { continue }
      if targets.count > 1 {
        check.report(path, found: "everything beside other targets", expected: "everything as the only entry")
      }
      if covers.contains(.live) {
        check.report(path, found: "everything with \"live\" in covers", expected: "\"recorded\" alone in covers")
      }
    }
  }

  private func checkEvidence(_ fields: JSONObject, _ check: inout WarrantCheck) {
    // A value of `training` that is no boolean is reported; which rules it asks for is not known.
    guard !training, fields["training"].map({ $0.boolean != nil }) ?? true else { return }
    if covers.contains(.recorded), fields["data"] == nil, fields["exhibits"] == nil {
      check.report(
        "data", found: "nothing", expected: "\"data\", \"exhibits\" or both: the warrant covers recorded evidence")
    }
    if fields["exhibits"] == nil, let index = targets.firstIndex(where: { $0.everything != nil }) {
      check.report(
        "exhibits", found: "nothing", expected: "the list of evidence of which targets[\(index)] covers everything")
    }
    for (index, exhibit) in (fields["exhibits"]?.array ?? []).enumerated() {
      guard exhibit.object != nil, exhibit["sha256"] == nil else { continue }
      check.report("exhibits[\(index)].sha256", found: "nothing", expected: TextFormat.sha256.expectation)
    }
  }
}

// MARK: - Entries

extension Target {
  fileprivate init(fields: JSONObject) {
    self.init()
    address = fields["address"]?.string.flatMap { Address($0) }
    prefix = fields["prefix"]?.string.flatMap(TextFormat.prefix)
    mac = fields["mac"]?.string.flatMap { LinkAddress($0) }
    interface = fields["interface"]?.string
    vlan = fields["vlan"]?.integer.flatMap { UInt16(exactly: $0) }
    if let object = fields["tunnel_id"]?.object, let kind = TunnelID.Kind(rawValue: object["kind"]?.string ?? ""),
      let value = object["value"]?.integer.flatMap({ UInt32(exactly: $0) })
    {
      tunnelID = TunnelID(kind: kind, value: value)
    }
    if let object = fields["ports"]?.object,
      let transport = Ports.Transport(rawValue: object["protocol"]?.string ?? ""),
      let from = object["from"]?.integer.flatMap({ UInt16(exactly: $0) }),
      let to = object["to"]?.integer.flatMap({ UInt16(exactly: $0) })
    {
      ports = Ports(transport: transport, from: from, to: to)
    }
    window = Interval(from: fields.time("from"), until: fields.time("until"))
    if fields["everything"]?.boolean == true { everything = fields["justification"]?.string ?? "" }
  }
}

extension Exclusion {
  fileprivate init(fields: JSONObject) {
    self.init(reason: fields["reason"]?.string ?? "")
    address = fields["address"]?.string.flatMap { Address($0) }
    prefix = fields["prefix"]?.string.flatMap(TextFormat.prefix)
    mac = fields["mac"]?.string.flatMap { LinkAddress($0) }
  }
}

extension Warrant.Exhibit {
  fileprivate init(fields: JSONObject) {
    id = fields["id"]?.string ?? ""
    digest = fields.digest("sha256")
    description = fields["description"]?.string
    seizedAt = fields.time("seized_at")
    seizedBy = fields["seized_by"]?.string
    sourceClock = fields["source_clock"]?["offset_ns"]?.integer.map {
      Warrant.SourceClock(offsetNanoseconds: $0, basis: fields["source_clock"]?["basis"]?.string)
    }
  }
}

extension JSONObject {
  fileprivate func time(_ key: String) -> Timestamp? { self[key]?.string.flatMap { Timestamp($0) } }

  fileprivate func digest(_ key: String) -> Digest? {
    self[key]?.string.flatMap { Hex.bytes($0) }.flatMap { $0.count == 32 ? Digest(.sha256, $0) : nil }
  }

  fileprivate func objects(_ key: String) -> [JSONObject] { self[key]?.array?.compactMap(\.object) ?? [] }
}

extension JSONValue {
  fileprivate var interval: Interval? {
    guard let fields = object else { return nil }
    return Interval(from: fields.time("from"), until: fields.time("until"))
  }
}
