// Captures made in memory, and what an analysis under a warrant gives of them.

import Bytes
import JSON
import PluginKit
import Terms
import Warrants

@testable import Analysis

/// A pcap file of raw IP packets (LINKTYPE_RAW), with times in nanoseconds.
struct Evidence {
  private(set) var bytes: [UInt8] = [
    0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0,
  ]

  /// 2026-01-10T00:00:00Z, in nanoseconds: times of packets count from here.
  static let begin: Int64 = 1_768_003_200_000_000_000

  /// Adds a packet; `captured` bytes of it held.
  mutating func add(_ packet: [UInt8], at nanoseconds: Int64 = 0, captured: Int? = nil) {
    let time = Self.begin + nanoseconds
    let held = packet.prefix(captured ?? packet.count)
    for number in [Int(time / 1_000_000_000), Int(time % 1_000_000_000), held.count, packet.count] {
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    bytes += held
  }

  /// Adds a datagram of UDP in fragments, in the given order of their places: (place, time) for each.
  mutating func add(fragmentsOf datagram: [UInt8], id: Int = 7, every step: Int = 16, _ order: [(Int, Int64)]) {
    for (place, time) in order {
      let start = place * step
      let end = min(start + step, datagram.count)
      let more = end < datagram.count ? 0x2000 : 0
      add(IP.v4(17, Array(datagram[start..<end]), id: id, fragment: more | start / 8), at: time)
    }
  }

  /// The work of analysing it.
  func job(
    targets: String = "{\"everything\":true,\"justification\":\"Exercise\"}", from: String? = nil, until: String? = nil,
    insideTunnels: Bool = true, settings: AnalysisSettings = AnalysisSettings(),
    categories: [String] = ["flow", "addresses_of_third_parties", "protocol_metadata"]
  ) throws -> AnalysisJob {
    let window = from.map { "\"data\":{\"from\":\"\($0)\",\"until\":\"\(until ?? "2026-02-01T00:00:00Z")\"}," } ?? ""
    let document = """
      {"warrant":1,"id":"00000000-0000-4000-8000-000000000001","reference":"TRAINING","legal_basis":{"act":"None",
      "provision":"None"},"issued":"2020-01-01T00:00:00Z","issued_by":{"name":"Exercise","office":"Exercise"},
      "executing_agency":"Exercise","authority":{"from":"2020-01-01T00:00:00Z","until":"2100-01-01T00:00:00Z"},\(window)
      "covers":["recorded"],"targets":[\(targets)],"inside_tunnels":\(insideTunnels),
      "categories":[\(categories.map { "\"\($0)\"" }.joined(separator: ","))],"training":true}
      """
    let warrant = try AuthorisedWarrant.authorise(
      try Warrant.parse(Array(document.utf8)), now: Timestamp(nanoseconds: Self.begin))
    var job = AnalysisJob(
      items: [AnalysisJob.Item(name: "evidence.pcap")], scope: warrant.scope, categories: warrant.categories,
      warrant: warrant.warrant.id)
    job.writesFlows = true
    job.settings = settings
    return job
  }

  /// Analyses it.
  func analyse(
    targets: String = "{\"everything\":true,\"justification\":\"Exercise\"}", from: String? = nil, until: String? = nil,
    insideTunnels: Bool = true, settings: AnalysisSettings = AnalysisSettings(),
    categories: [String] = ["flow", "addresses_of_third_parties", "protocol_metadata"],
    @PluginCatalogBuilder _ plugins: () -> [PluginEntry] = { [] }
  ) throws -> Outcome {
    let job = try job(
      targets: targets, from: from, until: until, insideTunnels: insideTunnels, settings: settings,
      categories: categories)
    let sink = MemorySink()
    try Analysis.analyse(bytes: bytes, job: job, catalog: PluginCatalog(plugins), sink: sink)
    return Outcome(
      flows: try sink.flows.split(separator: 0x0a).map { try JSONReader.read(Array($0), limits: .output) },
      findings: try sink.findings.split(separator: 0x0a).map { try JSONReader.read(Array($0), limits: .output) },
      report: try JSONReader.read(sink.report, limits: .output))
  }
}

/// What came out.
struct Outcome {
  let flows: [JSONValue]
  let findings: [JSONValue]
  let report: JSONValue

  /// Packets by reason of the scope: `in`, `out`, `out_of_time`, `excluded`, `no_time`; those that are not zero.
  var scope: [String: Int64] {
    var counts: [String: Int64] = [:]
    for reason in ["in", "out", "out_of_time", "excluded", "no_time"] {
      if let packets = report["scope"]?[reason]?["packets"]?.integer, packets > 0 { counts[reason] = packets }
    }
    return counts
  }

  /// The bounds that were reached: how often, by code.
  var limits: [String: Int64] {
    var counts: [String: Int64] = [:]
    for entry in report["limits"]?.array ?? [] where entry["kind"]?.string == "limit" {
      if let code = entry["code"]?.string { counts[code] = entry["count"]?.integer }
    }
    return counts
  }
}

/// Packets from 192.0.2.1, or 2001:db8::1, to 198.51.100.7, or 2001:db8::2.
enum IP {
  static func big(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
  }

  /// IPv4; `fragment` is the field of flags and offset. `answers`: the other way round.
  static func v4(
    _ number: UInt8, _ payload: [UInt8], id: Int = 0, fragment: Int = 0, answers: Bool = false
  ) -> [UInt8] {
    let ends: [[UInt8]] = [[192, 0, 2, 1], [198, 51, 100, 7]]
    return [0x45, 0] + big(20 + payload.count) + big(id) + big(fragment) + [64, number, 0, 0]
      + ends[answers ? 1 : 0] + ends[answers ? 0 : 1] + payload
  }

  static func udp(_ payload: [UInt8], from source: Int = 40_000, to destination: Int = 9_000) -> [UInt8] {
    big(source) + big(destination) + big(8 + payload.count) + [0, 0] + payload
  }

  static func tcp(
    _ payload: [UInt8], flags: UInt8, sequence: Int, acknowledgment: Int, from source: Int = 40_000,
    to destination: Int = 9_000
  ) -> [UInt8] {
    big(source) + big(destination) + big(sequence >> 16) + big(sequence) + big(acknowledgment >> 16)
      + big(acknowledgment) + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0] + payload
  }
}
