// The page that analyze prints, for a report that holds some of everything.

import Bytes
import Cryptography
import Foundation
import JSON
import Platform
import PluginKit
import Terms
import TestSupport
import Testing

@testable import Commands
@testable import Supervision

@Suite("The summary")
struct SummaryTests {
  private static let contact = """
    {"source_port": 40000, "peer": {"address": "2001:db8::7", "port": 51820}, "time": "2026-01-02T00:00:00.123456789Z",
     "display_filter": "frame.number in {7,8}", "evidence": {"name": "a.pcap"}}
    """
  private static let report = """
    {"evidence": [{"format": "pcap", "first_packet": "2026-01-02T00:00:00.000000000Z",
      "last_packet": "2026-01-02T00:00:09.000000000Z", "frames": 40,
      "damage": [{"kind": "damage", "code": "capture.cut", "message": "the file ends inside a record", "offset": 99}]}],
     "scope": {"in": {"packets": 30, "bytes": 3000}, "out": {"packets": 4}, "out_of_time": {"packets": 3},
      "excluded": {"packets": 2}, "no_time": {"packets": 1}, "withheld": {"server_name": 5, "fingerprint": 0}},
     "flows": 9, "limits": [], "notices": [],
     "hosts": [{"host": "192.0.2.1", "family": "vpn-protocol", "tool": "wireguard", "certainty": "conclusive", "flows": 6,
      "first": "2026-01-02T00:00:00.123456789Z", "last": "2026-01-02T00:00:09.000000000Z", "contacts": [\(contact)]}],
     "not_assessable": [{"reason": "one direction only\\u202e", "flows": 1}]}
    """

  /// What a run gave whose one item ended so.
  private func result(
    _ report: String?, end: ItemOutcome.End = .complete, faults: [Fault] = [], findings: String = ""
  ) throws -> RunResult {
    let folder = try TemporaryFolder()
    let scratch = try OutputFile(path: folder.path("scratch"))
    var records = RecordStore(beside: scratch)
    if !findings.isEmpty {
      try Array(findings.utf8).withRawSpan { (span) throws(SystemError) in try records.append(.finding, span) }
    }
    if let report {
      let text = Array(report.replacingOccurrences(of: "\n", with: "").utf8)
      try text.withRawSpan { (span) throws(SystemError) in try records.append(.summary, span) }
    }
    let outcome = ItemOutcome(
      end: end, digests: [nil], changed: [false], faults: faults, protections: nil, records: records, frames: 0, cpu: 0,
      peakMemory: 0)
    var result = RunResult(items: [EvidenceItem(path: "folder/a.pcap")], timelines: [[0]], outcomes: [outcome])
    try result.gather(plugins: PluginCatalog {})
    return result
  }

  private func text(_ result: RunResult, flows: String? = "flows.jsonl") throws -> String {
    let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Samples/wireguard-openvpn/warrant.json")
    return Summary(
      result: result,
      authorised: try WarrantFile(path: sample.path).authorise(SignatureVerifier(), Configuration()),
      findings: "findings.json", flows: flows
    ).text
  }

  @Test("Who, what, how certain, when and on which frames; what could not be told; what lay outside; damage; files")
  func page() throws {
    #expect(
      try text(try result(Self.report)) == """
        TRAINING: made under a warrant for exercises

        What is indicated (a host is an address in this evidence, never a person or a device):

          192.0.2.1  wireguard  conclusive  6 flows
            first 2026-01-02 00:00:00.123456 UTC  last 2026-01-02 00:00:09.000000 UTC
            from port 40000 to [2001:db8::7]:51820 at 2026-01-02 00:00:00.123456 UTC  frame.number in {7,8}
            and 5 more

        What could not be assessed:
          1 flow: one direction only\u{fffd}

        Warrant: 30 packets inside, 4 of no target, 3 outside its time, 2 excluded, 1 without a time.
        Withheld: 5 of server_name.

        Evidence:
          a.pcap: pcap, 40 frames, 2026-01-02 00:00:00.000000 UTC to 2026-01-02 00:00:09.000000 UTC, DAMAGED
            the file ends inside a record

        Findings: findings.json
        Flows:    flows.jsonl
        Exit status 3: see the messages above.
        """)
  }

  @Test("Nothing found is no proof of absence, and nothing covered is not nothing found")
  func nothing() throws {
    func report(_ flows: Int) -> String { #"{"evidence": [{"format": "pcap", "frames": 1}], "flows": \#(flows)}"# }
    let none = try text(try result(report(3)), flows: nil)
    #expect(none.contains("No finding in 3 flows. That is no proof of absence"))
    #expect(!none.contains("Exit status 3") && !none.contains("Flows:"))
    #expect(try text(try result(report(0))).contains("Nothing in this evidence is covered by the warrant"))
  }

  @Test("An item on which the analysis failed is named, and the status is 3")
  func failed() throws {
    let result = try result(nil, end: .failed)
    #expect(!result.isClean)
    #expect(try text(result).contains("a.pcap: not analysed: the analysis failed on it"))
  }

  @Test("Of a stream that was taken up again the hosts of all findings are named, not only the last worker's")
  func takenUp() throws {
    func finding(_ host: String, _ certainty: String, _ second: Int) -> String {
      """
      {"indicates": {"family": "proxy", "tool": "socks"}, "certainty": "\(certainty)", "flow": {"transport": "tcp", \
      "initiator": {"address": "\(host)", "port": 4000\(second)}, "responder": {"address": "192.0.2.9", "port": 1080}}, \
      "first": "2026-01-02T00:00:0\(second).000000000Z", "last": "2026-01-02T00:00:0\(second).000000000Z", \
      "flow_id": \(second), "evidence": {"name": "-"}, "display_filter": "frame.number in {\(second)}"}

      """
    }
    let fault = Fault(place: WorkerPlace(frame: 5, plugin: 0), cause: .stalled, measure: .wentOn, lostFlows: 2)
    let result = try result(
      #"{"evidence": [{"format": "pcap", "frames": 9, "uncounted_frames": 5}], "flows": 3, "hosts": [{"host": "192.0.2.3"}]}"#,
      faults: [fault],
      findings: finding("192.0.2.2", "indicative", 4) + finding("192.0.2.3", "strong", 3)
        + finding("192.0.2.3", "strong", 1))
    #expect(result.hosts.map { $0["host"]?.string } == ["192.0.2.3", "192.0.2.2"])
    #expect(result.hosts.map { $0["flows"]?.integer } == [2, 1])
    #expect(result.hosts[0]["first"]?.string == "2026-01-02T00:00:01.000000000Z")
    #expect(result.hosts[0]["contacts"]?.array?.map { $0["source_port"]?.integer } == [40001, 40003])
    #expect(result.notices.map(\.code) == ["fault.analysis"])
    #expect(try text(result).contains("a.pcap: pcap, 9 frames, the first 5 of them in no other count of this page"))
    #expect(!result.isClean)

    // A finding without an id was written without the category of flows: neither sums nor contacts are made of it.
    let withheld = try self.result(
      #"{"evidence": [{"format": "pcap", "frames": 9}], "flows": 3, "hosts": []}"#, faults: [fault],
      findings: finding("192.0.2.2", "indicative", 4).replacing("\"flow_id\": 4, ", with: ""))
    #expect(withheld.hosts.isEmpty)
  }
}
