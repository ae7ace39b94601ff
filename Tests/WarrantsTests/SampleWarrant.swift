// A valid training warrant with most fields, and ways to change it.

import Bytes
import JSON
import Terms
import Testing

@testable import Warrants

enum SampleWarrant {
  /// The smallest document that is accepted.
  static let minimal = """
    {
      "warrant": 1,
      "id": "7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c11",
      "reference": "TRAINING 1",
      "legal_basis": { "act": "None", "provision": "None" },
      "issued": "2026-01-01T00:00:00Z",
      "issued_by": { "name": "Exercise", "office": "Exercise" },
      "executing_agency": "Exercise",
      "authority": { "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z" },
      "covers": ["recorded"],
      "targets": [{ "everything": true, "justification": "Exercise" }],
      "categories": ["flow"],
      "training": true
    }
    """

  /// Every key of the document.
  static let full = """
    {
      "warrant": 1,
      "id": "7D1F1E9A-54A0-4F0E-9F3E-0C6A3F0B2C11",
      "generation": 2,
      "supersedes": "\(String(repeating: "ab", count: 32))",
      "reference": "SDW 2026/17",
      "liid": "LI-17",
      "legal_type": "surveillance_device_warrant",
      "legal_basis": { "act": "Search and Surveillance Act 2012", "provision": "s 53" },
      "offences": [{ "provision": "s 249", "description": "Access for dishonest purpose", "maximum_penalty_years": 7 }],
      "jurisdiction": "New Zealand",
      "authorising_country": "NZ",
      "executing_country": "NZ",
      "issued": "2026-01-01T10:00:00+13:00",
      "issued_by": { "name": "A. Judge", "office": "District Court Judge", "court": "Wellington" },
      "approvals": [{ "name": "B. Officer", "office": "Inspector", "at": "2025-12-30T00:00:00Z" }],
      "executing_agency": "Exercise",
      "responsible_officer": "C. Officer",
      "applicant": "D. Officer",
      "instrument": {
        "name": "warrant.pdf", "media_type": "application/pdf", "sha256": "\(String(repeating: "cd", count: 32))",
        "transcribed_by": "E. Officer"
      },
      "authority": { "from": "2026-01-01T00:00:00Z", "until": "2026-03-01T00:00:00Z" },
      "data": { "from": "2026-01-10T00:00:00Z", "until": "2026-01-20T00:00:00.000000001Z" },
      "covers": ["live", "recorded"],
      "delivery": "IRIOnly",
      "targets": [
        { "address": "192.0.2.1" },
        { "prefix": "2001:db8::/32", "from": "2026-01-11T00:00:00Z", "until": "2026-01-12T00:00:00Z" },
        { "mac": "02:00:5e:10:00:0A", "vlan": 7 },
        { "interface": "eth0" },
        { "tunnel_id": { "kind": "vxlan", "value": 77 } },
        { "prefix": "198.51.100.0/24", "ports": { "protocol": "tcp", "from": 1024, "to": 2047 } }
      ],
      "excluded": [
        { "address": "192.0.2.99", "reason": "counsel" },
        { "prefix": "203.0.113.0/24", "reason": "counsel" },
        { "mac": "02:00:5e:10:00:ff", "reason": "counsel" }
      ],
      "exhibits": [
        {
          "id": "E1", "sha256": "\(String(repeating: "0f", count: 32))", "description": "disk", "seized_at":
          "2026-01-21T00:00:00Z", "seized_by": "F. Officer",
          "source_clock": { "offset_ns": -1500000000, "basis": "compared with a time server" }
        }
      ],
      "inside_tunnels": true,
      "categories": ["server_name", "flow"],
      "conditions": [{ "text": "No privileged\\ncommunication." }],
      "report_due": "2026-04-01T00:00:00Z",
      "emergency": false,
      "handling": { "marking": "IN CONFIDENCE", "disclose_to": ["Crown"] },
      "device_type": "interception device",
      "retention": { "rule": "fixed", "until": "2030-01-01T00:00:00Z", "plus_years": 1 },
      "profile": "nz-sdw",
      "training": true
    }
    """

  /// The minimal document with members put in place of its own, added, or (value nil) left out.
  static func with(_ changes: [(String, String?)]) -> String {
    var members: [(String, String)] = []
    guard let object = try? JSONReader.read(Array(minimal.utf8), limits: Warrant.limits).object else { return "" }
    for member in object.members {
      var writer = JSONWriter()
      writer.value(member.value)
      members.append((member.key, String(decoding: writer.bytes, as: UTF8.self)))
    }
    for (key, value) in changes {
      let place = members.firstIndex { $0.0 == key }
      if let value, let place {
        members[place].1 = value
      } else if let value {
        members.append((key, value))
      } else if let place {
        members.remove(at: place)
      }
    }
    return "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ",\n") + "}"
  }

  static func parse(_ text: String) throws(WarrantProblems) -> Warrant { try Warrant.parse(Array(text.utf8)) }

  /// The problems of a document.
  static func problems(_ text: String) -> [WarrantProblem] {
    do throws(WarrantProblems) {
      _ = try parse(text)
      return []
    } catch {
      return error.problems
    }
  }

  static let now = time("2026-02-01T00:00:00Z")

  static func time(_ text: String) -> Timestamp { Timestamp(text) ?? Timestamp(nanoseconds: 0) }

  /// The scope of the minimal document with these changes.
  static func scope(_ changes: [(String, String?)]) throws -> Scope {
    try AuthorisedWarrant.authorise(parse(with(changes)), now: now).scope
  }
}
