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
    bytes: [UInt8]? = nil, captured: Int? = nil, note: UInt8 = 0
  ) -> FragmentOutcome {
    frame += 1
    let (packet, header, held) = fragment(range, more, id, v6, seconds, bytes, captured)
    return held.withRawSpan { table.add(packet, header: header, bytes: $0, note: note) }
  }

  /// Refuses a datagram by its first 32 bytes.
  mutating func refuse(id: UInt32 = 7, at seconds: Double = 0, note: UInt8) {
    frame += 1
    let (packet, header, _) = fragment(0..<32, true, id, false, seconds, nil, nil)
    table.refuse(packet, header: header, note: note)
  }

  /// What was told of datagrams that never became whole: note and number of fragments.
  mutating func unfinished() -> [[UInt64]] {
    var found: [[UInt64]] = []
    while let next = table.nextUnfinished() { found.append([UInt64(next.note), next.packets, next.bytes]) }
    return found
  }

  private func fragment(
    _ range: Range<Int>, _ more: Bool, _ id: UInt32, _ v6: Bool, _ seconds: Double, _ bytes: [UInt8]?,
    _ captured: Int?
  ) -> (Packet, FrameHeader, [UInt8]) {
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
    return (packet, header, held)
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
    #expect(pieces.add(32..<64, more: false, at: 0.003) == .settled(0))
    #expect(pieces.add(0..<32, at: 0.102) == .settled(0))
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

  @Test("a datagram has the frame and the note of its first fragment, whenever that comes")
  func first() {
    var pieces = Pieces()
    _ = pieces.add(32..<64, more: false, at: 1, note: 5)
    if case .complete(let datagram) = pieces.add(0..<32, at: 2, note: 6) {
      #expect(pieces.table.header(datagram)?.reference.number == 2)
      #expect(pieces.table.header(datagram)?.time == Timestamp(nanoseconds: 2_000_000_000))
      #expect(pieces.table.note(datagram) == 6)
      #expect(pieces.table.seen(datagram) == (2, 104))
      pieces.table.release(datagram, note: 9)
    } else {
      Issue.record("it is whole")
    }
    #expect(pieces.add(32..<64, more: false, at: 2.05, note: 1) == .settled(9))
    #expect(pieces.unfinished().isEmpty)
  }

  @Test("what never becomes whole is told with the first fragment's note, else with the earliest's")
  func unfinished() {
    var pieces = Pieces()
    _ = pieces.add(8..<16, id: 1, note: 3)
    _ = pieces.add(0..<8, id: 1, note: 4)
    _ = pieces.add(0..<8, id: 1, note: 5)
    _ = pieces.add(24..<32, id: 2, note: 6)
    _ = pieces.add(8..<16, id: 2, note: 7)
    pieces.table.endAll()
    #expect(pieces.unfinished().sorted { $0[0] < $1[0] } == [[4, 3, 84], [6, 2, 56]])
  }

  @Test("a refused datagram settles its other fragments, before and after, until the timeout or another first one")
  func refused() {
    var pieces = Pieces()
    #expect(pieces.add(32..<48, note: 1) == .waiting)
    pieces.refuse(at: 1, note: 2)
    #expect(pieces.unfinished() == [[2, 1, 36]])
    #expect(pieces.add(48..<64, more: false, at: 2, note: 1) == .settled(2))
    // The identification is used again.
    #expect(pieces.add(0..<32, at: 3, note: 3) == .waiting)
    #expect(pieces.read(pieces.add(32..<64, more: false, at: 3, note: 3)) != nil)

    pieces.refuse(id: 9, at: 10, note: 2)
    #expect(pieces.add(32..<64, more: false, id: 9, at: 69.9, note: 1) == .settled(2))
    #expect(pieces.add(32..<64, more: false, id: 9, at: 70, note: 1) == .waiting)
    pieces.table.endAll()
    #expect(pieces.unfinished() == [[1, 1, 52]])
    #expect(pieces.table.counts.incomplete == 1)
  }

  @Test("given up for want of room, each fragment is told of once")
  func evictedIsTold() {
    var pieces = Pieces { $0.fragmentedDatagrams = 2 }
    for id in 1...5 as ClosedRange<UInt32> { _ = pieces.add(0..<32, id: id, note: UInt8(id)) }
    pieces.table.endAll()
    #expect(pieces.unfinished().map { $0[0] }.sorted() == [1, 2, 3, 4, 5])
    var small = Pieces { $0.fragmentBytes = 8 }
    #expect(small.add(0..<32, note: 3) == .waiting)
    #expect(small.unfinished() == [[3, 1, 52]])
  }
}
