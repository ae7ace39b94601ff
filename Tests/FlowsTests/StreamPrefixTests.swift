// The start of a stream: in order, with its gaps known, and with the frames that brought it.

import Flows
import Packets
import Terms
import Testing

@Suite struct StreamPrefixTests {
  private let a = End.v4(1, 40_000)
  private let b = End.v4(2, 443)

  /// A script whose flow has had its handshake: bytes of the initiator begin at 101, the responder's at 501.
  private func opened(bytes: Int = 1_000, _ change: (inout FlowLimits) -> Void = { _ in }) -> Script {
    var script = Script(change)
    script.prefixBytes = bytes
    script.play(.tcp(a, b, .syn, seq: 100))
    script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101))
    script.play(.tcp(a, b, .ack, seq: 101, ack: 501))
    return script
  }

  private let flow = FlowIndex(number: 0)

  private func client(_ text: String, at offset: UInt32, _ flags: TCPFlags = .ack) -> Sample {
    .tcp(a, b, flags, seq: 101 &+ offset, ack: 501, Array(text.utf8))
  }

  private func server(_ text: String, at offset: UInt32, ack: UInt32 = 0, _ flags: TCPFlags = .ack) -> Sample {
    .tcp(b, a, flags, seq: 501 &+ offset, ack: 101 &+ ack, Array(text.utf8))
  }

  private func text(_ script: borrowing Script, _ direction: FlowDirection = .fromInitiator) -> String {
    String(decoding: script.table.prefix(of: flow, direction).array, as: UTF8.self)
  }

  private func end(_ script: borrowing Script, _ direction: FlowDirection = .fromInitiator) -> StreamEnd {
    script.table.prefixEnd(of: flow, direction)
  }

  private func contradiction(_ script: borrowing Script) -> Int? {
    script.table.prefixContradiction(of: flow, .fromInitiator)
  }

  // MARK: - Order

  @Test("segments in order, both directions, until FIN")
  func inOrder() {
    var script = opened()
    script.play(client("GET ", at: 0))
    #expect(end(script) == .growing)
    script.play(client("/", at: 4, [.fin, .ack]))
    script.play(server("200", at: 0, ack: 6))
    #expect(text(script) == "GET /" && end(script) == .whole)
    #expect(text(script, .fromResponder) == "200" && end(script, .fromResponder) == .growing)
  }

  @Test("segments out of order, retransmitted and overlapping; the bytes that came first stay")
  func overlaps() {
    var script = opened()
    script.play(client("cd", at: 2))
    #expect(text(script).isEmpty && end(script) == .growing)
    script.play(client("XXXX", at: 0))
    #expect(text(script) == "XXcd")
    #expect(contradiction(script) == 2)
    script.play(client("cdef", at: 2))
    #expect(text(script) == "XXcdef")
    script.play(client("XXcdef", at: 0))
    #expect(text(script) == "XXcdef" && end(script) == .growing)
  }

  @Test("what a packet changes is told")
  func changes() {
    var script = opened()
    func extend(_ sample: Sample, _ script: inout Script) -> FlowDirections {
      script.prefixBytes = 0
      let accounting = script.play(sample)
      let header = script.header(sample)
      var packet = sample.packet
      return sample.bytes.withRawSpan {
        script.table.extendPrefix(accounting, &packet, header: header, bytes: $0)
      }
    }
    #expect(extend(client("ab", at: 0), &script) == .fromInitiator)
    #expect(extend(client("ab", at: 0), &script) == [])
    #expect(extend(server("", at: 0, ack: 2), &script) == [])
    #expect(extend(client("ef", at: 4), &script) == [])
    #expect(extend(server("", at: 0, ack: 6), &script) == .fromInitiator)
    #expect(end(script) == .gap)
  }

  @Test("data in the SYN and in its answer is the stream's first")
  func dataInSYN() {
    var script = Script()
    script.prefixBytes = 100
    script.play(.tcp(a, b, .syn, seq: 100, Array("early".utf8)))
    script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 106, Array("yes".utf8)))
    script.play(.tcp(a, b, .ack, seq: 106, ack: 504, Array(" bird".utf8)))
    #expect(text(script) == "early bird" && text(script, .fromResponder) == "yes")
  }

  @Test("sequence numbers wrap within the prefix")
  func wrap() {
    var script = Script()
    script.prefixBytes = 100
    script.play(.tcp(a, b, .syn, seq: 0xffff_fffd))
    script.play(.tcp(a, b, .ack, seq: 1, [3, 4, 5]))
    script.play(.tcp(a, b, .ack, seq: 0xffff_fffe, [0, 1, 2]))
    #expect(script.table.prefix(of: flow, .fromInitiator).array == [0, 1, 2, 3, 4, 5])
  }

  @Test("a stream that comes round after 4 GiB does not come into its own prefix")
  func wrapBeyond() {
    var script = opened(bytes: 100) { $0.reorderWindow = .max }
    script.play(client("ab", at: 0))
    // Long strides without bytes 2 and 3, until the numbers are those of the start.
    for stride in 1...4 as ClosedRange<UInt32> { script.play(client("z", at: stride &* 0x4000_0000 &- 1)) }
    script.play(client("cd", at: 2))
    #expect(text(script) == "ab")
  }

  @Test("keep-alive bytes enter no stream")
  func keepAlive() {
    var script = opened()
    script.play(client("ab", at: 0))
    script.play(client("?", at: 1))
    script.play(client("cd", at: 2))
    #expect(text(script) == "abcd" && contradiction(script) == nil)
  }

  @Test("in mid-stream the prefix begins with the first byte seen, or where the other end acknowledged")
  func midStream() {
    var script = Script()
    script.prefixBytes = 100
    script.play(.tcp(b, a, .ack, seq: 777, ack: 300, [1, 2]))
    script.play(.tcp(a, b, .ack, seq: 302, ack: 779, [12, 13]))
    script.play(.tcp(a, b, .ack, seq: 300, ack: 779, [10, 11]))
    #expect(script.table.prefix(of: flow, .fromInitiator).array == [1, 2])
    #expect(script.table.prefix(of: flow, .fromResponder).array == [10, 11, 12, 13])
  }

  @Test("answers captured before what they answer make no gap")
  func skew() {
    var script = Script()
    script.prefixBytes = 100
    script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101))
    script.play(.tcp(b, a, .ack, seq: 501, ack: 105, Array("hi".utf8)))
    script.play(.tcp(a, b, .syn, seq: 100))
    script.play(.tcp(a, b, .ack, seq: 101, ack: 501, Array("hell".utf8)))
    script.play(.tcp(a, b, .ack, seq: 105, ack: 503, Array("o".utf8)))
    #expect(script.table.created == 1)
    #expect(text(script) == "hello" && end(script) == .growing)
    #expect(text(script, .fromResponder) == "hi")
  }

  // MARK: - Ends

  @Test("the snap length ends the bytes for good")
  func snapLength() {
    var script = opened()
    script.play(client("abcdef", at: 0).cut(to: 4))
    #expect(text(script) == "abcd" && end(script) == .snapLength)
    script.play(client("efgh", at: 4))
    #expect(text(script) == "abcd" && end(script) == .snapLength)
    #expect(script.table[flow].isCut)
  }

  @Test("a cut beyond a hole ends the bytes when the hole is filled")
  func snapLengthLater() {
    var script = opened()
    script.play(client("cdef", at: 2).cut(to: 1))
    #expect(end(script) == .growing)
    script.play(client("ab", at: 0))
    #expect(text(script) == "abc" && end(script) == .snapLength)
  }

  @Test("a hole that was acknowledged while later bytes are there is a gap")
  func acknowledgedHole() {
    var script = opened()
    script.play(client("ab", at: 0))
    script.play(server("", at: 0, ack: 4))
    #expect(end(script) == .growing, "the bytes may be captured after their acknowledgement")
    script.play(client("ef", at: 4))
    #expect(end(script) == .gap && text(script) == "ab")
    script.play(client("cd", at: 2))
    #expect(text(script) == "ab")
  }

  @Test("a hole is a gap when the sender is far beyond it")
  func reorderWindow() {
    var script = opened { $0.reorderWindow = 5_000 }
    script.play(client("b", at: 1))
    script.play(client("x", at: 4_999))
    #expect(end(script) == .growing)
    script.play(client("x", at: 5_000))
    #expect(end(script) == .gap)
  }

  @Test("as many bytes as were asked for, and no more")
  func budget() {
    var script = opened(bytes: 4)
    script.play(client("abc", at: 0))
    #expect(end(script) == .growing)
    script.play(client("def", at: 3))
    #expect(text(script) == "abcd" && end(script) == .budget)
    #expect(script.table.prefixBytes == 4)
  }

  @Test("a stream that ends where the budget does is whole")
  func exactBudget() {
    var script = opened(bytes: 4)
    script.play(client("abcd", at: 0, [.fin, .ack]))
    #expect(end(script) == .whole)
  }

  @Test("one bound for all streams together; what it costs is counted")
  func totalBudget() {
    var script = opened(bytes: 10_000) { $0.prefixBytes = 1_024 }
    script.play(client(String(repeating: "x", count: 600), at: 0))
    script.play(server(String(repeating: "y", count: 600), at: 0, ack: 600))
    #expect(end(script) == .growing && end(script, .fromResponder) == .budget)
    #expect(script.table.prefixRefusals == 1 && script.table.prefixBytes <= 1_024)
    script.table.dropPrefix(flow)
    #expect(script.table.prefixBytes == 0 && !script.table[flow].hasPrefix)
    #expect(text(script).isEmpty)
  }

  @Test(
    "the flow's end decides what was open",
    arguments: [
      (EndReason.endOfEvidence, StreamEnd.growing), (.fault, .growing),
    ])
  func endOfFlow(reason: EndReason, expected: StreamEnd) {
    var script = opened()
    script.play(client("ab", at: 0))
    script.play(server("z", at: 1, ack: 2))
    script.table.endAll(reason)
    let ended = script.table.nextEnded()
    #expect(ended?.reason == reason)
    #expect(end(script) == expected && end(script, .fromResponder) == .gap)
  }

  @Test("a reset ends a direction with nothing missing as whole, one with acknowledged bytes unseen as a gap")
  func resetEnds() {
    var script = opened()
    script.play(client("ab", at: 0))
    script.play(client("", at: 2).with { $0.tcpAcknowledgment = 510 })
    script.play(server("", at: 0, ack: 2, [.rst, .ack]))
    #expect(end(script) == .growing)
    script.table.endAll()
    #expect(script.table.nextEnded()?.reason == .rst)
    #expect(end(script) == .whole && end(script, .fromResponder) == .gap)
  }

  // MARK: - Frames

  /// Stretches of the initiator's bytes, and the frames that brought them.
  private func pieces(_ script: borrowing Script) -> [String] {
    script.table.prefixPieces(of: flow, .fromInitiator).map {
      "\($0.start)..<\($0.end) by \($0.frame.number)\($0.standsForMore ? " and later ones" : "")"
    }
  }

  @Test("a stretch of bytes names the frame that brought it")
  func frames() {
    var script = opened()
    script.play(client("abcd", at: 0))
    script.play(client("ijkl", at: 8))
    script.play(client("efgh", at: 4))
    #expect(pieces(script) == ["0..<4 by 4", "8..<12 by 5", "4..<8 by 6"])
  }

  @Test("beyond the bound of pieces the last frame kept stands for the rest")
  func manyPieces() {
    var script = opened { $0.piecesPerDirection = 2 }
    for (index, character) in "abcd".enumerated() { script.play(client(String(character), at: UInt32(index))) }
    #expect(pieces(script) == ["0..<1 by 4", "1..<4 by 5 and later ones"])
    #expect(text(script) == "abcd")
  }

  // MARK: - Any order

  @Test("any segmentation, order and repetition of a stream gives its bytes", arguments: 0..<150 as Range<UInt64>)
  func anyOrder(seed: UInt64) {
    var random = SplitMix(state: seed)
    let whole = (0..<(200 + Int(random.next() % 1_500))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let first = UInt32(truncatingIfNeeded: random.next())
    var script = Script()
    script.prefixBytes = whole.count + 10
    script.play(.tcp(a, b, .syn, seq: first))
    var segments: [Range<Int>] = []
    var at = 0
    while at < whole.count {
      // Two bytes at least: one byte before the next looks like a keep-alive.
      let length = min(2 + Int(random.next() % 60), whole.count - at)
      segments.append(max(0, at - Int(random.next() % 20))..<(at + length))
      at += length
    }
    segments += segments.filter { _ in random.next() % 3 == 0 }
    // Each segment is moved by at most a few places, as networks do.
    let order = segments.indices.map { (place: $0 + Int(random.next() % 8), index: $0) }
      .sorted { ($0.place, $0.index) < ($1.place, $1.index) }
    for (id, item) in order.enumerated() {
      let range = segments[item.index]
      script.play(
        Sample.tcp(a, b, .ack, seq: first &+ 1 &+ UInt32(range.lowerBound), ack: 1, Array(whole[range])).with {
          $0.identification = UInt32(id + 1)
        })
    }
    script.play(.tcp(a, b, [.fin, .ack], seq: first &+ 1 &+ UInt32(whole.count), ack: 1))
    #expect(script.table.created == 1)
    #expect(script.table.prefix(of: flow, .fromInitiator).array == whole)
    #expect(script.table.prefixEnd(of: flow, .fromInitiator) == .whole)
    #expect(!script.table[flow].hasGap(.fromInitiator))
    #expect(contradiction(script) == nil)
  }
}
