// Nothing that a packet can say traps, and every packet is counted once.

import Bytes
import Flows
import Packets
import Terms
import Testing

@Suite struct HostileTests {
  /// A packet whose every field is random, out of few addresses and ports.
  private func sample(_ random: inout SplitMix) -> Sample {
    let ends = [End.v4(1, 1), .v4(2, 2), .v4(1, 2), .v6(1, 1), .v6(2, 2)]
    let first = ends[Int(random.next() % 3)]
    let (from, to) = random.next() % 4 == 0 ? (ends[3], ends[4]) : (first, ends[Int(random.next() % 3)])
    let payload = [UInt8](repeating: UInt8(random.next() % 3), count: Int(random.next() % 5) * 7)
    var sample: Sample
    switch random.next() % 4 {
    case 0: sample = .udp(from, to, payload)
    case 1: sample = .icmp(from, to, type: UInt8(random.next() % 20), code: UInt8(random.next() % 3))
    default:
      // Numbers near one another, near the wrap, and anywhere.
      let base: [UInt32] = [0, 0xffff_fff0, 0x7fff_fff0, UInt32(truncatingIfNeeded: random.next())]
      let sequence = base[Int(random.next() % 4)] &+ UInt32(random.next() % 64)
      let acknowledgment = base[Int(random.next() % 4)] &+ UInt32(random.next() % 64)
      sample = .tcp(
        from, to, TCPFlags(rawValue: UInt8(random.next() & 0x1f)), seq: sequence, ack: acknowledgment, payload)
    }
    switch random.next() % 12 {
    case 0: sample.packet.payloadLength = Int32(truncatingIfNeeded: random.next())
    case 1: sample.packet.ipLength = Int32(truncatingIfNeeded: random.next())
    case 2: sample.packet.payloadOffset = Int32(truncatingIfNeeded: random.next())
    case 3: sample.packet.ipPayloadOffset = Int32(truncatingIfNeeded: random.next())
    case 4: sample.packet.ipPayloadCaptured = Int32(truncatingIfNeeded: random.next())
    case 5: sample.packet.payloadCaptured = Int32(truncatingIfNeeded: random.next())
    case 6: sample.packet.tags.vlanCount = UInt8(truncatingIfNeeded: random.next())
    case 7: sample.packet.tags.mplsCount = UInt8(truncatingIfNeeded: random.next())
    case 8: sample.packet.hasTransportHeader = false
    case 9: sample.packet.carrier = .vxlan
    default: break
    }
    sample.packet.identification = UInt32(random.next() % 4)
    sample.interface = random.next() % 9 == 0 ? UInt32(truncatingIfNeeded: random.next()) : 0
    return sample
  }

  @Test("random packets and times: each is counted once, and every flow ends once", arguments: 0..<6 as Range<UInt64>)
  func packets(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var limits = FlowLimits()
    limits.tableSize = seed % 2 == 0 ? 12 : 1_000
    limits.activeTimeout = seed % 3 == 0 ? FlowLimits.seconds(30) : nil
    limits.prefixBytes = 20_000
    var table = FlowTable(limits: limits)
    let writer = try CommunityIDWriter()
    var time: Int64 = 0
    var duplicates: UInt64 = 0
    var counted: UInt64 = 0
    var ordinals: Set<UInt64> = []
    func drain(_ table: inout FlowTable) {
      while let ended = table.nextEnded() {
        let entry = table[ended.flow]
        for direction in FlowDirection.allCases {
          counted += entry.packets(direction)
          _ = entry.hasGap(direction)
          _ = table.prefix(of: ended.flow, direction).byteCount
        }
        duplicates += UInt64(table.annex(of: ended.flow).duplicates)
        #expect(ended.reason != .none && ordinals.insert(entry.ordinal).inserted)
        #expect(writer.text(entry.key).utf8.count == CommunityIDWriter.length)
        table.release(ended.flow)
      }
    }
    let played: UInt64 = 20_000
    for number in 1...played {
      let sample = sample(&random)
      switch random.next() % 100 {
      case 0: time = Int64(truncatingIfNeeded: random.next())
      case 1: time = 0
      default: time = time &+ Int64(random.next() % 3_000_000_000)
      }
      let header = FrameHeader(
        reference: FrameReference(number: number), time: Timestamp(nanoseconds: time),
        hasTime: random.next() % 20 != 0, linkType: LinkType(1), capturedLength: 0, originalLength: 0,
        interface: sample.interface)
      var packet = sample.packet
      sample.bytes.withRawSpan { bytes in
        let accounting = table.account(&packet, header: header, bytes: bytes)
        if accounting.isNew, random.next() % 2 == 0 { table.wantsPrefix(accounting.flow, bytesPerDirection: 4_000) }
        _ = table.extendPrefix(accounting, &packet, header: header, bytes: bytes)
        if random.next() % 50 == 0 { table.dropPrefix(accounting.flow) }
        if accounting.hasEnded { drain(&table) }
      }
    }
    table.endAll()
    drain(&table)
    #expect(counted + duplicates == played)
    #expect(ordinals.count == Int(table.created) && table.count == 0)
    #expect(table.prefixBytes == 0)
  }

  @Test("random fragments", arguments: 0..<4 as Range<UInt64>)
  func fragments(seed: UInt64) {
    var random = SplitMix(state: seed)
    var limits = FlowLimits()
    limits.fragmentedDatagrams = 8
    limits.fragmentBytes = 30_000
    var table = FragmentTable(limits: limits)
    var whole = 0
    for number in 1...20_000 as ClosedRange<UInt64> {
      var sample = sample(&random)
      sample.packet.isFragment = true
      sample.packet.moreFragments = random.next() % 3 != 0
      sample.packet.fragmentOffset = Int32(random.next() % 6) * 8
      if random.next() % 50 == 0 { sample.packet.fragmentOffset = Int32(truncatingIfNeeded: random.next()) }
      if random.next() % 2 == 0 {
        sample.packet.ipPayloadLength = Int32(random.next() % 4) * 8
        sample.packet.ipPayloadCaptured = sample.packet.ipPayloadLength
      }
      if random.next() % 50 == 0 { sample.packet.ipPayloadLength = Int32(truncatingIfNeeded: random.next()) }
      let header = FrameHeader(
        reference: FrameReference(number: number), time: Timestamp(nanoseconds: Int64(number) * 7_000_000),
        linkType: LinkType(1), capturedLength: 0, originalLength: 0)
      if case .complete(let datagram) = sample.bytes.withRawSpan({ table.add(sample.packet, header: header, bytes: $0) }
      ) {
        whole += 1
        let length = table.payload(datagram).byteCount
        #expect(length <= table.payloadLength(datagram))
        table.release(datagram)
      }
    }
    table.endAll()
    #expect(whole > 100 && table.counts.datagrams == UInt64(whole))
  }
}
