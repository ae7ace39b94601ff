// Fragments become datagrams, or are counted.

import Flows
import Packets
import Terms
import Testing

/// Fragments of one datagram, and a table that takes them.
private struct Pieces: ~Copyable {
  var table: FragmentTable
  var frame: UInt64 = 0
  let payload = (0..<64).map { UInt8($0) }

  init(_ change: (inout FlowLimits) -> Void = { _ in }) {
    var limits = FlowLimits()
    change(&limits)
    table = FragmentTable(limits: limits)
  }

  /// Bytes `range` of the payload as a fragment; `captured` of them held.
  mutating func add(
    _ range: Range<Int>, more: Bool = true, id: UInt32 = 7, v6: Bool = false, at seconds: Double = 0,
    bytes: [UInt8]? = nil, captured: Int? = nil
  ) -> FragmentOutcome {
    frame += 1
    let from = v6 ? End.v6(1) : End.v4(1)
    let to = v6 ? End.v6(2) : End.v4(2)
    var packet = Packet(source: from.address, destination: to.address)
    packet.protocolNumber = 17
    packet.isFragment = true
    packet.moreFragments = more
    packet.fragmentOffset = Int32(range.lowerBound)
    packet.identification = id
    packet.ipPayloadLength = Int32(range.count)
    packet.ipLength = Int32(range.count + 20)
    let held = Array((bytes ?? Array(payload[range])).prefix(captured ?? range.count))
    packet.ipPayloadCaptured = Int32(held.count)
    let header = FrameHeader(
      reference: FrameReference(number: frame), time: Timestamp(nanoseconds: Int64(seconds * 1e9)),
      linkType: LinkType(1), capturedLength: 0, originalLength: 0)
    return held.withRawSpan { table.add(packet, header: header, bytes: $0) }
  }

  /// The bytes, frames and number of fragments of a whole datagram, which is released.
  mutating func read(_ outcome: FragmentOutcome) -> (bytes: [UInt8], frames: [UInt64], count: UInt32)? {
    guard case .complete(let datagram) = outcome else { return nil }
    let result = (
      table.payload(datagram).array, table.frames(datagram).map(\.number), table.fragmentCount(datagram)
    )
    table.release(datagram)
    return result
  }
}

@Suite struct FragmentTableTests {
  @Test(
    "fragments in any order make their datagram, with all its frames", arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
  func order(_ order: [Int]) {
    let ranges = [0..<24, 24..<48, 48..<64]
    var pieces = Pieces()
    var last = FragmentOutcome.waiting
    for index in order {
      #expect(last == .waiting)
      last = pieces.add(ranges[index], more: index < 2)
    }
    if case .complete(let datagram) = last {
      #expect(pieces.table.ipBytes(datagram) == 64 + 60)
      #expect(pieces.table.packet(datagram).fragmentOffset == 0)
      #expect(pieces.table.payloadLength(datagram) == 64)
    }
    let whole = pieces.read(last)
    #expect(whole?.bytes == pieces.payload && whole?.frames == [1, 2, 3] && whole?.count == 3)
    #expect(pieces.table.counts.datagrams == 1)
  }

  @Test("identification, addresses and family tell datagrams apart")
  func apart() {
    var pieces = Pieces()
    #expect(pieces.add(0..<32) == .waiting)
    #expect(pieces.add(32..<64, more: false, id: 8) == .waiting)
    #expect(pieces.add(32..<64, more: false, v6: true) == .waiting)
    #expect(pieces.read(pieces.add(32..<64, more: false)) != nil)
  }

  @Test("IPv4: of overlapping bytes the first stay, and the overlap is counted")
  func overlapV4() {
    var pieces = Pieces()
    _ = pieces.add(0..<32)
    #expect(pieces.add(16..<48, bytes: [UInt8](repeating: 0xee, count: 32)) == .waiting)
    let whole = pieces.read(pieces.add(48..<64, more: false))
    #expect(whole?.bytes == Array(0..<32) + [UInt8](repeating: 0xee, count: 16) + Array(48..<64))
    #expect(pieces.table.counts.overlaps == 1 && pieces.table.counts.overlappingDatagrams == 0)
  }

  @Test("IPv6: an overlap ends the datagram (RFC 8200 section 4.5), a repetition does not")
  func overlapV6() {
    var pieces = Pieces()
    _ = pieces.add(0..<32, v6: true)
    #expect(pieces.add(0..<32, v6: true) == .duplicate)
    #expect(pieces.add(24..<64, more: false, v6: true) == .discarded)
    #expect(pieces.table.counts.overlappingDatagrams == 1 && pieces.table.counts.duplicates == 1)
    #expect(pieces.table.counts.datagrams == 0)
  }

  @Test("impossible fragments are counted: a length of no eight, beyond 65,535, against a known end")
  func malformed() {
    var pieces = Pieces()
    #expect(pieces.add(0..<31) == .discarded)
    #expect(pieces.add(0..<0) == .discarded)
    #expect(pieces.add(65_528..<65_544, more: false, bytes: [UInt8](repeating: 0, count: 16)) == .discarded)
    _ = pieces.add(32..<48, more: false)
    #expect(pieces.add(48..<64) == .discarded)
    #expect(pieces.add(40..<56, more: false) == .discarded)
    #expect(pieces.table.counts.malformed == 5)
    #expect(pieces.read(pieces.add(0..<32))?.bytes == Array(0..<48))
  }

  @Test("a datagram is given up the timeout after its first fragment")
  func timeout() {
    var within = Pieces()
    _ = within.add(0..<32, at: 10)
    #expect(within.read(within.add(32..<64, more: false, at: 69.999)) != nil)
    var beyond = Pieces()
    _ = beyond.add(0..<32, at: 10)
    #expect(beyond.add(32..<64, more: false, at: 70) == .waiting)
    #expect(beyond.table.counts.incomplete == 1)
    beyond.table.endAll()
    #expect(beyond.table.counts.incomplete == 2)
  }

  @Test("a bounded number of datagrams, the oldest given up first")
  func number() {
    var pieces = Pieces { $0.fragmentedDatagrams = 2 }
    for id in 1...3 as ClosedRange<UInt32> { _ = pieces.add(0..<32, id: id) }
    #expect(pieces.table.counts.evicted == 1)
    #expect(pieces.read(pieces.add(32..<64, more: false, id: 2)) != nil)
    #expect(pieces.add(32..<64, more: false, id: 1) == .waiting)
  }

  @Test("a bounded number of bytes")
  func bytes() {
    var pieces = Pieces { $0.fragmentBytes = 1_200 }
    for id in 1...3 as ClosedRange<UInt32> { _ = pieces.add(0..<32, id: id) }
    #expect(pieces.table.counts.evicted == 1)
  }

  @Test("the copy of a second tap point, fragment by fragment or after the first, begins no other datagram")
  func copies() {
    var pieces = Pieces()
    _ = pieces.add(0..<32)
    #expect(pieces.add(0..<32, at: 0.001) == .duplicate)
    #expect(pieces.read(pieces.add(32..<64, more: false, at: 0.002)) != nil)
    #expect(pieces.add(32..<64, more: false, at: 0.003) == .duplicate)
    #expect(pieces.add(0..<32, at: 0.102) == .duplicate)
    #expect(pieces.add(0..<32, at: 0.103) == .waiting, "the identification is used again")
    pieces.table.endAll()
    #expect(pieces.table.counts.incomplete == 1)
  }

  @Test("what the snap length cut ends the bytes, and the datagram is whole all the same")
  func cut() {
    var pieces = Pieces()
    _ = pieces.add(0..<32, captured: 20)
    let last = pieces.add(32..<64, more: false)
    if case .complete(let datagram) = last { #expect(pieces.table.payloadLength(datagram) == 64) }
    #expect(pieces.read(last)?.bytes == Array(0..<20))
  }
}
