// What a malformed document is told: field, value found, expectation.

import JSON
import Terms
import Testing

@testable import Warrants

@Suite struct WarrantProblemTests {
  /// One wrong thing, and the one problem it must give.
  struct Case: Sendable, CustomTestStringConvertible {
    let key: String
    let value: String?
    let path: String
    let found: String
    /// Words of the expectation.
    let expected: String
    var testDescription: String { "\(key): \(value ?? "left out") -> \(path)" }

    init(_ key: String, _ value: String?, _ path: String, _ found: String, _ expected: String) {
      self.key = key
      self.value = value
      self.path = path
      self.found = found
      self.expected = expected
    }
  }

  static func target(_ text: String, _ path: String, _ found: String, _ expected: String) -> Case {
    Case("targets", "[{\(text)}]", "targets[0]" + (path.isEmpty ? "" : ".\(path)"), found, expected)
  }

  static let missing = [
    "warrant", "id", "reference", "legal_basis", "issued", "issued_by", "executing_agency", "authority", "covers",
    "targets", "categories",
  ].map { Case($0, nil, $0, "nothing", $0 == "warrant" ? "number" : "a") }

  static let kinds = [
    Case("warrant", "2", "warrant", "2", "the number 1"),
    Case("warrant", "\"1\"", "warrant", "\"1\"", "the number 1"),
    Case("id", "\"7d1f1e9a\"", "id", "\"7d1f1e9a\"", "a UUID"),
    Case("id", "\"7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c1g\"", "id", "\"7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c1g\"", "a UUID"),
    Case("generation", "0", "generation", "0", "from 1 to"),
    Case("generation", "1.5", "generation", "1.5", "an integer"),
    Case("supersedes", "\"ab\"", "supersedes", "\"ab\"", "64 hexadecimal digits"),
    Case("reference", "\"\"", "reference", "\"\"", "1 to 1000 characters"),
    Case("reference", "\"a\\nb\"", "reference", "\"a\\nb\"", "one line"),
    Case("reference", "null", "reference", "null", "one line"),
    Case("reference", "[]", "reference", "an array of 0", "one line"),
    Case("liid", "\"a b\"", "liid", "\"a b\"", "1 to 25 printable ASCII characters"),
    Case(
      "liid", "\"\(String(repeating: "A", count: 26))\"", "liid", "\"\(String(repeating: "A", count: 26))\"", "26 to 50"
    ),
    Case("legal_type", "\"search\"", "legal_type", "\"search\"", "one of \"surveillance_device_warrant\""),
    Case("legal_basis", "{\"act\":\"A\"}", "legal_basis.provision", "nothing", "one line"),
    Case("offences", "[{}]", "offences[0].provision", "nothing", "one line"),
    Case("offences", "[]", "offences", "an empty array", "at least one"),
    Case(
      "offences", "[{\"provision\":\"x\",\"maximum_penalty_years\":-1}]", "offences[0].maximum_penalty_years", "-1",
      "from 0 to 1000"),
    Case("authorising_country", "\"nz\"", "authorising_country", "\"nz\"", "two capital letters"),
    Case("issued", "\"2026-01-01\"", "issued", "\"2026-01-01\"", "a time with a zone"),
    Case("issued", "\"2026-01-01T00:00:00\"", "issued", "\"2026-01-01T00:00:00\"", "a time with a zone"),
    Case("issued", "\"2026-02-30T00:00:00Z\"", "issued", "\"2026-02-30T00:00:00Z\"", "a time with a zone"),
    Case("issued_by", "{\"name\":\"A\"}", "issued_by.office", "nothing", "one line"),
    Case("approvals", "[{\"name\":\"A\",\"office\":\"B\"}]", "approvals[0].at", "nothing", "a time"),
    Case("instrument", "{\"name\":\"A\"}", "instrument.sha256", "nothing", "SHA-256"),
    Case("covers", "\"recorded\"", "covers", "\"recorded\"", "an array"),
    Case("covers", "[\"record\"]", "covers[0]", "\"record\"", "did you mean \"recorded\"?"),
    Case("covers", "[\"recorded\",\"recorded\"]", "covers[1]", "\"recorded\"", "equals covers[0]"),
    Case("delivery", "\"IRIandCC\"", "delivery", "\"IRIandCC\"", "\"IRIOnly\""),
    Case("categories", "[\"flows\"]", "categories[0]", "\"flows\"", "did you mean \"flow\"?"),
    Case("categories", "[]", "categories", "an empty array", "at least one"),
    Case("targets", "[]", "targets", "an empty array", "at least one"),
    Case("conditions", "[\"no\"]", "conditions[0]", "\"no\"", "an object with the key text"),
    Case("report_due", "\"soon\"", "report_due", "\"soon\"", "a time"),
    Case("emergency", "\"no\"", "emergency", "\"no\"", "true or false"),
    Case("handling", "{\"disclose_to\":[]}", "handling.disclose_to", "an empty array", "at least one"),
    Case("retention", "{\"rule\":\"never\"}", "retention.rule", "\"never\"", "until_proceedings_end"),
    Case("retention", "{\"rule\":\"fixed\"}", "retention.until", "nothing", "the rule is \"fixed\""),
    Case("profile", "\"nz\"", "profile", "\"nz\"", "\"nz-sdw\""),
    Case("training", "1", "training", "1", "true or false"),
    Case("exhibits", "[]", "exhibits", "an empty array", "at least one"),
    Case("excluded", "[{\"address\":\"192.0.2.1\"}]", "excluded[0].reason", "nothing", "one line"),
    Case("excluded", "[{\"reason\":\"r\"}]", "excluded[0]", "none of address, prefix, mac", "exactly one of"),
    Case(
      "excluded", "[{\"reason\":\"r\",\"address\":\"192.0.2.1\",\"mac\":\"02:00:00:00:00:01\"}]", "excluded[0]",
      "address and mac", "exactly one of"),
  ]

  static let targets = [
    target("", "", "an empty object", "at least one of address"),
    target("\"ports\":{\"protocol\":\"tcp\",\"from\":1,\"to\":2}", "", "only ports", "a general warrant"),
    target("\"vlan\":7", "", "only vlan", "a general warrant"),
    target("\"address\":\"192.0.2.256\"", "address", "\"192.0.2.256\"", "an IPv4 or IPv6 address"),
    target("\"address\":\"192.0.2.01\"", "address", "\"192.0.2.01\"", "an IPv4 or IPv6 address"),
    target("\"address\":\"192.0.2.0/24\"", "address", "\"192.0.2.0/24\"", "\"prefix\""),
    target("\"address\":\"fe80::1%eth0\"", "address", "\"fe80::1%eth0\"", "without a zone id"),
    target("\"address\":\"::ffff:192.0.2.1\"", "address", "\"::ffff:192.0.2.1\"", "the IPv4 address 192.0.2.1"),
    target("\"address\":\"2001:DB8::1\"", "address", "\"2001:DB8::1\"", "written 2001:db8::1 (RFC 5952)"),
    target("\"address\":\"2001:db8:0::1\"", "address", "\"2001:db8:0::1\"", "written 2001:db8::1 (RFC 5952)"),
    target("\"prefix\":\"192.0.2.1/24\"", "prefix", "\"192.0.2.1/24\"", "192.0.2.0/24"),
    target("\"prefix\":\"2001:db8::1/64\"", "prefix", "\"2001:db8::1/64\"", "2001:db8::/64"),
    target("\"prefix\":\"0.0.0.0/0\"", "prefix", "\"0.0.0.0/0\"", "length 0 is every address"),
    target("\"prefix\":\"::/0\"", "prefix", "\"::/0\"", "length 0 is every address"),
    target("\"prefix\":\"192.0.2.0/33\"", "prefix", "\"192.0.2.0/33\"", "at most 32"),
    target("\"prefix\":\"192.0.2.0\"", "prefix", "\"192.0.2.0\"", "an address, / and a length"),
    target("\"prefix\":\"192.0.2.0/024\"", "prefix", "\"192.0.2.0/024\"", "an address, / and a length"),
    target("\"prefix\":\"::ffff:192.0.2.0/120\"", "prefix", "\"::ffff:192.0.2.0/120\"", "the IPv4 address"),
    target("\"mac\":\"02-00-5e-10-00-00\"", "mac", "\"02-00-5e-10-00-00\"", "six octets with colons"),
    target("\"mac\":\"2:0:5e:10:0:0\"", "mac", "\"2:0:5e:10:0:0\"", "six octets with colons"),
    target("\"interface\":\"e\",\"vlan\":0", "vlan", "0", "from 1 to 4094"),
    target("\"interface\":\"e\",\"vlan\":4095", "vlan", "4095", "from 1 to 4094"),
    target("\"interface\":\"e\",\"ports\":{\"from\":1,\"to\":2}", "ports.protocol", "nothing", "\"tcp\""),
    target(
      "\"interface\":\"e\",\"ports\":{\"protocol\":\"tcp\",\"from\":2,\"to\":1}", "ports.to", "1", "2 (from) or more"),
    target(
      "\"interface\":\"e\",\"ports\":{\"protocol\":\"tcp\",\"from\":1,\"to\":65536}", "ports.to", "65536",
      "from 0 to 65535"),
    target(
      "\"interface\":\"e\",\"tunnel_id\":{\"kind\":\"vlan\",\"value\":1}", "tunnel_id.kind", "\"vlan\"", "\"vxlan\""),
    target(
      "\"address\":\"192.0.2.1\",\"from\":\"2026-01-02T00:00:00Z\",\"until\":\"2026-01-02T00:00:00Z\"", "until",
      "2026-01-02T00:00:00Z", "a time after targets[0].from"),
    target(
      "\"address\":\"192.0.2.1\",\"prefix\":\"198.51.100.0/24\"", "", "192.0.2.1 with 198.51.100.0/24",
      "inside the prefix"),
    target("\"everything\":true", "justification", "nothing", "beside \"everything\""),
    target("\"everything\":false,\"justification\":\"x\"", "everything", "false", "true"),
    target("\"address\":\"192.0.2.1\",\"justification\":\"x\"", "everything", "nothing", "beside \"justification\""),
    target(
      "\"everything\":true,\"justification\":\"x\",\"vlan\":7", "", "everything with vlan", "nothing narrows everything"
    ),
  ]

  @Test(arguments: missing + kinds + targets)
  func namesFieldValueAndExpectation(wrong: Case) throws {
    let problems = SampleWarrant.problems(SampleWarrant.with([(wrong.key, wrong.value)]))
    let problem = try #require(problems.first)
    #expect(problems.count == 1, "\(problems)")
    #expect(problem.path == wrong.path)
    #expect(problem.found == wrong.found)
    #expect(problem.expected.contains(wrong.expected), "\(problem.expected)")
  }

  @Test func suggestsTheNearestKey() throws {
    let problem = try #require(SampleWarrant.problems(SampleWarrant.with([("inside_tunnel", "true")])).first)
    #expect(problem.description == "inside_tunnel: found an unknown key; expected \"inside_tunnels\"")
    let inner = SampleWarrant.problems(SampleWarrant.with([("targets", "[{\"adress\":\"192.0.2.1\",\"vlan\":1}]")]))
    #expect(inner.map(\.description).contains("targets[0].adress: found an unknown key; expected \"address\""))
    let far = try #require(SampleWarrant.problems(SampleWarrant.with([("zzzzzzzzzzzzzzzz", "1")])).first)
    #expect(far.expected.hasPrefix("one of the keys warrant, id, generation"))
  }

  @Test func listsAllProblemsAtOnce() {
    let problems = SampleWarrant.problems(
      SampleWarrant.with([
        ("id", "\"x\""), ("reference", nil), ("covers", "[]"), ("tragets", "[]"),
        ("authority", "{\"from\":\"2026-02-01T00:00:00Z\",\"until\":\"2026-01-01T00:00:00Z\"}"),
        ("targets", "[{\"address\":\"1.2.3\"},{\"prefix\":\"10.0.0.1/8\",\"vlan\":9999}]"),
      ]))
    #expect(
      problems.map(\.path) == [
        "id", "covers", "targets[0].address", "targets[1].prefix", "targets[1].vlan", "tragets", "reference",
        "authority.until",
      ])
  }

  @Test func namesThePlaceOfWhatIsNoJSON() throws {
    let problem = try #require(SampleWarrant.problems("{\n \"warrant\": 1,\n \"warrant\": 1 }").first)
    #expect(
      problem.description
        == "warrant: found at line 3, column 2: the key \"warrant\" is there twice; each may occur once; expected a JSON"
        + " document in UTF-8")
    #expect(SampleWarrant.problems("").first?.path == "")
    #expect(SampleWarrant.problems("[]").first?.description.hasPrefix("the document: found an array of 0") == true)
    let deep = SampleWarrant.with([
      ("conditions", String(repeating: "[", count: 16) + String(repeating: "]", count: 16))
    ])
    #expect(SampleWarrant.problems(deep).first?.found.contains("nested deeper than 16 levels") == true)
    let large = SampleWarrant.minimal + String(repeating: " ", count: 1 << 20)
    #expect(SampleWarrant.problems(large).first?.found.contains("at most 1048576 are read") == true)
  }

  @Test func endsALongListOfProblems() {
    let many = SampleWarrant.with([("targets", "[" + (0..<5000).map(String.init).joined(separator: ",") + "]")])
    let problems = SampleWarrant.problems(many)
    #expect(problems.count == WarrantCheck.limit + 1)
    #expect(problems.last?.found == "4000 problems more than are listed")
  }

  @Test func aValueCannotActOnTheTerminal() throws {
    let problem = try #require(
      SampleWarrant.problems(
        SampleWarrant.with([("profile", "\"\\u001b[2J\\u202e\(String(repeating: "x", count: 100))\"")])
      )
      .first)
    #expect(problem.found.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e })
    #expect(problem.found.unicodeScalars.count < 100)
  }

  // MARK: - Rules between fields

  @Test func recordedEvidenceNeedsDataOrExhibits() {
    let address: (String, String?) = ("targets", "[{\"address\":\"192.0.2.1\"}]")
    let window = "{\"from\":\"2026-01-01T00:00:00Z\",\"until\":\"2026-01-02T00:00:00Z\"}"
    let exhibits = "[{\"id\":\"E1\",\"sha256\":\"\(String(repeating: "00", count: 32))\"}]"
    #expect(SampleWarrant.problems(SampleWarrant.with([address, ("training", nil)])).map(\.path) == ["data"])
    #expect(SampleWarrant.problems(SampleWarrant.with([address, ("training", nil), ("data", window)])) == [])
    #expect(SampleWarrant.problems(SampleWarrant.with([address, ("training", nil), ("exhibits", exhibits)])) == [])
    #expect(SampleWarrant.problems(SampleWarrant.with([address])) == [])
    #expect(SampleWarrant.problems(SampleWarrant.with([address, ("training", nil), ("covers", "[\"live\"]")])) == [])
  }

  @Test func everythingNeedsExhibitsAndIsNeverLive() {
    let window = "{\"from\":\"2026-01-01T00:00:00Z\",\"until\":\"2026-01-02T00:00:00Z\"}"
    #expect(
      SampleWarrant.problems(SampleWarrant.with([("training", "false"), ("data", window)])).map(\.path) == ["exhibits"])
    #expect(
      SampleWarrant.problems(SampleWarrant.with([("covers", "[\"recorded\",\"live\"]")])).map(\.path) == ["targets[0]"])
    let both = "[{\"everything\":true,\"justification\":\"x\"},{\"address\":\"192.0.2.1\"}]"
    #expect(SampleWarrant.problems(SampleWarrant.with([("targets", both)])).map(\.path) == ["targets[0]"])
  }

  @Test func exhibitsNeedDigestsUnlessTraining() {
    let exhibits: (String, String?) = ("exhibits", "[{\"id\":\"E1\"}]")
    #expect(
      SampleWarrant.problems(SampleWarrant.with([exhibits, ("training", nil)])).map(\.path) == ["exhibits[0].sha256"])
    #expect(SampleWarrant.problems(SampleWarrant.with([exhibits])) == [])
  }

  @Test func tunnelIdentifiersNeedInsideTunnels() {
    let target: (String, String?) = ("targets", "[{\"tunnel_id\":{\"kind\":\"geneve\",\"value\":16777215}}]")
    #expect(SampleWarrant.problems(SampleWarrant.with([target])).map(\.path) == ["inside_tunnels"])
    #expect(SampleWarrant.problems(SampleWarrant.with([target, ("inside_tunnels", "true")])) == [])
    let large: (String, String?) = ("targets", "[{\"tunnel_id\":{\"kind\":\"geneve\",\"value\":16777216}}]")
    #expect(
      SampleWarrant.problems(SampleWarrant.with([large, ("inside_tunnels", "true")])).map(\.path)
        == ["targets[0].tunnel_id.value"])
  }

  @Test func takesBothFormsOfAnAddress() throws {
    let warrant = try SampleWarrant.parse(
      SampleWarrant.with([
        ("targets", "[{\"address\":\"2001:0db8:0000:0000:0000:0000:0000:0001\"},{\"prefix\":\"2001:db8::/32\"}]")
      ]))
    #expect(warrant.targets[0].address?.text == "2001:db8::1")
    #expect(warrant.targets[1].prefix?.text == "2001:db8::/32")
  }

  // MARK: - Damage

  /// No cut and no changed byte of a document makes the reader trap.
  @Test func neverTrapsOnDamage() {
    let document = Array(SampleWarrant.minimal.utf8)
    for end in document.indices { _ = try? Warrant.parse(Array(document[..<end])) }
    for index in document.indices {
      for byte in [0x22, 0x30, 0x7d] as [UInt8] {
        var changed = document
        changed[index] = byte
        _ = try? Warrant.parse(changed)
      }
    }
    let full = Array(SampleWarrant.full.utf8)
    for index in stride(from: 0, to: full.count, by: 11) {
      var changed = full
      changed[index] ^= 1 << UInt8(index % 7)
      _ = try? Warrant.parse(changed)
    }
  }
}
