// What is kept of an ended flow tells the same as its entry did.

import Bytes
import Packets
import Terms
import Testing

@testable import Flows

@Suite struct FlowSummaryTests {
  private let client = End(address: Address(v4: 0x0a00_0001), port: 40_000)
  private let server = End(address: Address(v4: 0x0a00_0002), port: 443)

  /// Plays the samples as one flow and gives its entry and its summary, which was bytes in between.
  private func ended(_ samples: [Sample]) throws -> (entry: FlowEntry, summary: FlowSummary) {
    var script = Script()
    for sample in samples { script.play(sample) }
    script.table.endAll()
    let next = script.table.nextEnded()
    let ended = try #require(next)
    var summary = FlowSummary()
    script.table.summarize(ended, into: &summary)
    var bytes: [UInt8] = [0xff]
    bytes.append(bytesOf: &summary)
    let again = try #require(bytes.withRawSpan { $0.slice(1).value(as: FlowSummary.self) })
    #expect(bytes.withRawSpan { $0.slice(2).value(as: FlowSummary.self) } == nil)
    return (script.table[ended.flow], again)
  }

  private func same(_ entry: FlowEntry, _ summary: FlowSummary) {
    #expect(summary.key == entry.key && summary.ordinal == entry.ordinal && summary.transport == entry.transport)
    #expect(summary.reason == entry.endReason && summary.carrier == entry.carrier)
    #expect(summary.initiator == entry.initiator && summary.responder == entry.responder)
    #expect(summary.firstFrame == entry.firstFrame && summary.lastFrame == entry.lastFrame)
    #expect(summary.firstTime == entry.firstTime && summary.lastTime == entry.lastTime)
    for direction in FlowDirection.allCases {
      #expect(summary.counts(direction).packets == entry.packets(direction))
      #expect(summary.counts(direction).ipBytes == entry.ipBytes(direction))
      #expect(summary.counts(direction).payloadBytes == entry.payloadBytes(direction))
      #expect(summary.isSeen(direction) == entry.isSeen(direction))
    }
    #expect(summary.isContinued == entry.isContinued && summary.isCut == entry.isCut)
    #expect(summary.beginsMidStream == entry.beginsMidStream)
    #expect(summary.hasGap == (entry.hasGap(.fromInitiator) || entry.hasGap(.fromResponder)))
  }

  @Test("A TCP flow whose higher end began, and one that begins mid-stream")
  func tcp() throws {
    let whole = try ended([.tcp(server, client, .syn), .tcp(client, server, [.syn, .ack])])
    same(whole.entry, whole.summary)
    #expect(whole.summary.initiator.port == 443 && !whole.summary.beginsMidStream)
    let rest = try ended([.tcp(client, server, .ack)])
    same(rest.entry, rest.summary)
    #expect(rest.summary.beginsMidStream && !rest.summary.isSeen(.fromResponder))
  }

  @Test("UDP, and ICMP without ports")
  func others() throws {
    let udp = try ended([.udp(server, client)])
    same(udp.entry, udp.summary)
    let icmp = try ended([.icmp(client, server, type: 8)])
    same(icmp.entry, icmp.summary)
    #expect(icmp.summary.initiator.port == 0)
  }

  @Test("It takes 152 bytes, and any bytes are one")
  func bytes() throws {
    #expect(MemoryLayout<FlowSummary>.size == 152)
    let ones = Array(repeating: UInt8.max, count: 152)
    let summary = try #require(ones.withRawSpan { $0.value(as: FlowSummary.self) })
    #expect(summary.transport == .other && summary.reason == .none && summary.carrier == .none)
  }
}
