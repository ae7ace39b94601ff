// Whole captures: container, compression, and behind them everything from the frame to the record.

import Analysis
import Bytes
import PluginKit
import ShippedPlugins
import Terms
import Warrants

extension FuzzTarget {
  static var containers: [FuzzTarget] {
    [
      FuzzTarget("capture-pcap") { Captures.analyse($0.array) },
      FuzzTarget("capture-pcapng") { Captures.analyse(Captures.sectionHeader + $0.array) },
      FuzzTarget("capture-gzip") { Captures.analyse([0x1f, 0x8b] + $0.array) },
      FuzzTarget("capture-zstd") { Captures.analyse([0x28, 0xb5, 0x2f, 0xfd] + $0.array) },
      FuzzTarget("packets") { Captures.analyse(Captures.packets(in: $0)) },
    ]
  }
}

/// Analyses captures in memory, under a training warrant that covers everything.
enum Captures {
  private static let now = Timestamp(nanoseconds: 1_767_225_600_000_000_000)

  private static let authorised: AuthorisedWarrant = {
    guard let warrant = try? Warrant.parse(TrainingWarrant.everything(.all)),
      let authorised = try? AuthorisedWarrant.authorise(warrant, now: now)
    else { preconditionFailure("the training warrant holds") }
    return authorised
  }()

  static func analyse(_ capture: [UInt8]) -> UInt64 {
    var job = AnalysisJob(
      items: [AnalysisJob.Item(name: "input.pcap")], scope: authorised.scope, categories: authorised.categories,
      warrant: authorised.warrant.id)
    job.writesFlows = true
    // Small enough to be reached by an input of some kilobytes.
    job.settings.flows = 64
    job.settings.fragmentedDatagrams = 8
    job.settings.fragmentBytes = 16_384
    let sink = MemorySink()
    do { try Analysis.analyse(bytes: capture, job: job, catalog: shippedPlugins, sink: sink) } catch { return 1 }
    precondition(sink.isWhole, "an analysis that returns is whole")
    return UInt64(sink.flows.count &+ sink.findings.count &+ sink.report.count)
  }

  /// A pcapng section header of 28 bytes, least significant byte first (draft-ietf-opsawg-pcapng section 4.1).
  static let sectionHeader: [UInt8] = [
    0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 28, 0, 0, 0,
  ]

  /// A pcap file's header: times in microseconds, raw IP, least significant byte first.
  private static let rawHeader: [UInt8] = [
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0,
  ]

  /// A capture of IP packets: flow table, fragments and streams without the trouble of a container. Each packet of the
  /// input has two bytes before it: its length, in units of one and modulo 2,048, and in the five bits above the
  /// milliseconds since the packet before, a power of two.
  static func packets(in input: RawSpan) -> [UInt8] {
    var capture = rawHeader
    var at = 0
    var microseconds: UInt64 = 1_767_225_600_000_000
    while let head = input.u16IfPresent(at) {
      at &+= 2
      let length = min(Int(head & 0x7ff), input.byteCount &- at)
      if head >> 11 > 0 { microseconds &+= 1_000 << UInt64(head >> 11 & 15) }
      // A record's header: seconds, microseconds, captured and original length.
      for value in [microseconds / 1_000_000, microseconds % 1_000_000, UInt64(length), UInt64(length)] {
        for place in 0..<4 { capture.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
      }
      capture.append(input.slice(at, length))
      at &+= length
    }
    return capture
  }
}
