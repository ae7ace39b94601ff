// A timeline that an earlier worker began: it counts on, and claims nothing of what it has not seen.

import Bytes
import Findings
import JSON
import PluginKit
import Terms
import Testing
import Warrants

@testable import Analysis

@Suite("A timeline that is taken up")
struct TakenUpTests {
  /// A training warrant for one address; third parties are not to be named.
  private static let warrant = """
    {"warrant": 1, "id": "7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c11", "reference": "TRAINING 1",
     "legal_basis": {"act": "None", "provision": "None"}, "issued": "2026-01-01T00:00:00Z",
     "issued_by": {"name": "Exercise", "office": "Exercise"}, "executing_agency": "Exercise",
     "authority": {"from": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}, "covers": ["recorded"],
     "data": {"from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"},
     "targets": [{"address": "198.51.100.7"}], "categories": ["flow"], "training": true}
    """

  /// pcap, Ethernet, IPv4, UDP from 192.0.2.N, a second apart; without flows, the file header only.
  private func capture(from hosts: [UInt8]) -> [UInt8] {
    func little(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    var bytes = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1].flatMap(little)
    for (second, host) in hosts.enumerated() {
      let udp: [UInt8] = [0x9c, 0x40, 0x9c, 0x41, 0, 9, 0, 0, 0x78]
      let ip: [UInt8] = [0x45, 0, 0, 29, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, host, 198, 51, 100, 7]
      let frame = [UInt8](repeating: 2, count: 12) + [8, 0] + ip + udp
      bytes += [1_767_312_000 + UInt32(second), 0, UInt32(frame.count), UInt32(frame.count)].flatMap(little) + frame
    }
    return bytes
  }

  private func analyse(_ bytes: [UInt8], _ change: (inout AnalysisJob) -> Void) throws -> (
    flows: [JSONValue], report: JSONValue, marks: [String]
  ) {
    final class Sink: RecordSink {
      let memory = MemorySink()
      var marks: [String] = []
      func take(_ kind: TimelineRecord, _ payload: RawSpan) throws(SinkError) {
        if kind == .mark { marks.append(String(decoding: payload.array, as: UTF8.self)) }
        try memory.take(kind, payload)
      }
    }
    let authorised = try AuthorisedWarrant.authorise(
      try Warrant.parse(Array(Self.warrant.utf8)), now: try #require(Timestamp("2026-06-01T00:00:00Z")),
      purpose: .recorded)
    var job = AnalysisJob(
      items: [.init(name: "-")], scope: authorised.scope, categories: authorised.categories, warrant: "w")
    job.writesFlows = true
    job.isStream = true
    change(&job)
    let sink = Sink()
    try Analysis.analyse(bytes: bytes, job: job, catalog: PluginCatalog {}, sink: sink)
    let lines = try sink.memory.flows.split(separator: 0x0a).map { try JSONReader.read(Array($0), limits: .output) }
    return (lines, try JSONReader.read(sink.memory.report, limits: .output), sink.marks)
  }

  private func initiator(_ line: JSONValue) -> String? { line["flow"]?["initiator"]?["address"]?.string }

  @Test("Flow ids and third parties' ordinals are counted on; each portion handed on is marked with the last id")
  func countsOn() throws {
    let (lines, report, marks) = try analyse(capture(from: [1, 2, 1])) {
      $0.framesBefore = 10
      $0.offsetBefore = 1_000
      $0.flowsBefore = 7
      $0.thirdPartiesBefore = 3
      $0.lostFlows = 2
    }
    #expect(lines.map { $0["id"]?.integer } == [8, 9])
    #expect(lines.map(initiator) == ["third-party-4", "third-party-5"])
    #expect(lines.map { $0["first_frame"]?["number"]?.integer } == [11, 12])
    #expect(marks.last == "9")
    #expect(report["flows"]?.integer == 9)
    let evidence = try #require(report["evidence"]?[0])
    #expect(evidence["frames"]?.integer == 13)
    #expect(evidence["uncounted_frames"]?.integer == 10)
    #expect(evidence["lost_flows"]?.integer == 2)
    #expect(lines.allSatisfy { "\($0["not_assessable"] ?? .null)".contains("a fault of the program cut") })
  }

  @Test("From the beginning nothing of this is said")
  func fromTheBeginning() throws {
    let (lines, report, marks) = try analyse(capture(from: [1, 2])) { _ in }
    #expect(lines.map { $0["id"]?.integer } == [1, 2])
    #expect(lines.map(initiator) == ["third-party-1", "third-party-2"])
    #expect(marks.last == "2")
    #expect(report["evidence"]?[0]?["uncounted_frames"] == nil && report["evidence"]?[0]?["lost_flows"] == nil)
    #expect(!lines.contains { "\($0["not_assessable"] ?? .null)".contains("a fault of the program cut") })
  }

  @Test("Of a compressed stream the last worker gets the headers only: it names the compression, and no emptiness")
  func compressed() throws {
    let (lines, report, _) = try analyse(capture(from: [])) {
      $0.framesBefore = 10
      $0.offsetBefore = 1_000
      $0.flowsBefore = 7
      $0.lostFlows = 2
      $0.compression = "gzip"
      $0.endBefore = 1
    }
    #expect(lines.isEmpty)
    let evidence = try #require(report["evidence"]?[0])
    #expect(evidence["compression"]?.string == "gzip")
    #expect(evidence["frames"]?.integer == 10)
    #expect(evidence["bytes_read"]?.integer == 1_024)
    #expect(report["notices"]?.array?.isEmpty == true)
  }
}
