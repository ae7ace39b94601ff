// TCP: who began, what is another connection, what is missing, and how a flow closes.

import Flows
import Packets
import Terms
import Testing

@Suite struct TCPTests {
  private let a = End.v4(1, 40_000)
  private let b = End.v4(2, 443)

  private func handshake(_ script: inout Script, at time: Double = 0, seq: UInt32 = 100, answer: UInt32 = 500)
    -> FlowIndex
  {
    script.play(.tcp(a, b, .syn, seq: seq).at(time))
    script.play(.tcp(b, a, [.syn, .ack], seq: answer, ack: seq &+ 1).at(time + 0.01))
    return script.play(.tcp(a, b, .ack, seq: seq &+ 1, ack: answer &+ 1).at(time + 0.02)).flow
  }

  // MARK: - Who began

  @Test("the sender of the SYN began, and the handshake is followed")
  func syn() {
    var script = Script()
    let flow = script.play(.tcp(a, b, .syn, seq: 1)).flow
    #expect(script.table[flow].handshake == .syn)
    script.play(.tcp(b, a, [.syn, .ack], seq: 9, ack: 2))
    #expect(script.table[flow].handshake == .synAck)
    script.play(.tcp(a, b, .ack, seq: 2, ack: 10))
    #expect(script.table[flow].handshake == .complete)
    #expect(script.table[flow].initiator == a.endpoint && !script.table[flow].beginsMidStream)
    #expect(script.table.created == 1)
    #expect(script.table[flow].tcpFlags(.fromResponder) == [.syn, .ack])
  }

  @Test("without a SYN the sender of the first packet began, in mid-stream")
  func midStream() {
    var script = Script()
    let flow = script.play(.tcp(b, a, [.ack, .psh], seq: 7, ack: 9, [1])).flow
    #expect(script.table[flow].initiator == b.endpoint && script.table[flow].beginsMidStream)
  }

  @Test("a SYN with ACK first: its receiver began; the SYN that comes after it belongs to the same flow")
  func answerFirst() {
    var script = Script()
    let answer = script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101))
    #expect(answer.direction == .fromResponder)
    #expect(script.table[answer.flow].initiator == a.endpoint)
    let question = script.play(.tcp(a, b, .syn, seq: 100))
    #expect(question.flow == answer.flow && question.direction == .fromInitiator)
    script.play(.tcp(a, b, .ack, seq: 101, ack: 501))
    #expect(script.table[answer.flow].handshake == .complete)
    #expect(!script.table[answer.flow].hasGap(.fromInitiator))
  }

  @Test("a reset or data captured before the SYN that they answer")
  func resetFirst() {
    var script = Script()
    let reset = script.play(.tcp(b, a, [.rst, .ack], ack: 101))
    let syn = script.play(.tcp(a, b, .syn, seq: 100))
    #expect(syn.flow == reset.flow && syn.direction == .fromInitiator)
    #expect(script.table[syn.flow].initiator == a.endpoint)
  }

  @Test("when both ends send a SYN, the first seen began, in one flow")
  func simultaneousOpen() {
    var script = Script()
    let flow = script.play(.tcp(a, b, .syn, seq: 100)).flow
    #expect(script.play(.tcp(b, a, .syn, seq: 500)).flow == flow)
    #expect(script.play(.tcp(a, b, [.syn, .ack], seq: 100, ack: 501)).flow == flow)
    #expect(script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101)).flow == flow)
    #expect(script.table[flow].initiator == a.endpoint && script.table.created == 1)
  }

  // MARK: - Another connection

  @Test("a repeated SYN is the same connection, another number is another one")
  func portReuse() {
    var script = Script()
    script.play(.tcp(a, b, .syn, seq: 100).at(0))
    script.play(.tcp(a, b, .syn, seq: 100).at(1))
    #expect(script.table.created == 1)
    let again = script.play(.tcp(a, b, .syn, seq: 99_999).at(2))
    #expect(again.isNew)
    #expect(script.reasons == [.portReuse])
    #expect(script.entries.first?.packets(.fromInitiator) == 2)
  }

  @Test("reuse of a closed flow's ports keeps that flow's own reason")
  func reuseAfterClose() {
    var script = Script()
    _ = handshake(&script)
    script.play(.tcp(a, b, [.fin, .ack], seq: 101, ack: 501).at(1))
    script.play(.tcp(b, a, [.fin, .ack], seq: 501, ack: 102).at(1.1))
    script.play(.tcp(a, b, .syn, seq: 7_000).at(2))
    #expect(script.reasons == [.fin])
  }

  @Test("the other end's SYN on an established flow is another connection")
  func reversed() {
    var script = Script()
    let flow = handshake(&script)
    let reversed = script.play(.tcp(b, a, .syn, seq: 9_000).at(1))
    #expect(reversed.flow != flow && script.table[reversed.flow].initiator == b.endpoint)
  }

  @Test("a SYN after a mid-stream flow is another connection")
  func afterMidStream() {
    var script = Script()
    script.play(.tcp(a, b, .ack, seq: 50, ack: 60, [1]))
    script.play(.tcp(b, a, .ack, seq: 60, ack: 51, [1]))
    #expect(script.play(.tcp(a, b, .syn, seq: 9_999)).isNew)
  }

  @Test("answers alone: another SYN with ACK is another connection, a fresh answer to the same SYN is not")
  func answersOnly() {
    var script = Script()
    script.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101))
    #expect(script.play(.tcp(b, a, [.syn, .ack], seq: 900, ack: 301)).isNew)
    var other = Script()
    other.play(.tcp(a, b, .syn, seq: 100))
    other.play(.tcp(b, a, [.syn, .ack], seq: 500, ack: 101))
    #expect(!other.play(.tcp(b, a, [.syn, .ack], seq: 900, ack: 101)).isNew)
  }

  // MARK: - Closing

  @Test("FIN of both ends closes; late acknowledgements and data still count")
  func fin() {
    var script = Script()
    let flow = handshake(&script)
    #expect(!script.play(.tcp(a, b, [.fin, .ack], seq: 101, ack: 501).at(1)).closes)
    #expect(script.table[flow].endReason == .none)
    #expect(script.play(.tcp(b, a, [.fin, .ack], seq: 501, ack: 102).at(2)).closes)
    #expect(script.table[flow].endReason == .fin)
    script.play(.tcp(a, b, .ack, seq: 102, ack: 502).at(3))
    script.play(.tcp(a, b, .rst, seq: 102).at(3))
    #expect(script.table[flow].endReason == .fin)
    script.end()
    #expect(script.reasons == [.fin])
    #expect(script.entries.first?.packets(.fromInitiator) == 5)
  }

  @Test("a FIN of one end and a reset of the other: reset")
  func reset() {
    var script = Script()
    _ = handshake(&script)
    script.play(.tcp(a, b, [.fin, .ack], seq: 101, ack: 501).at(1))
    script.play(.tcp(b, a, .rst, seq: 501).at(2))
    script.end()
    #expect(script.reasons == [.rst])
  }

  // MARK: - Missing and repeated

  @Test("retransmissions, segments that fill a hole, and keep-alives are told apart")
  func repeated() {
    var script = Script()
    let flow = handshake(&script)
    script.play(.tcp(a, b, .ack, seq: 101, ack: 501, [1, 2, 3, 4]).at(1))
    script.play(.tcp(a, b, .ack, seq: 101, ack: 501, [1, 2, 3, 4]).at(2))
    script.play(.tcp(a, b, .ack, seq: 109, ack: 501, [9, 9]).at(3))
    #expect(script.table[flow].hasGap(.fromInitiator))
    script.play(.tcp(a, b, .ack, seq: 105, ack: 501, [5, 6, 7, 8]).at(4))
    #expect(!script.table[flow].hasGap(.fromInitiator))
    #expect(script.play(.tcp(a, b, .ack, seq: 110, ack: 501, [0]).at(5)).isKeepAlive)
    #expect(script.play(.tcp(a, b, .ack, seq: 110, ack: 501).at(6)).isKeepAlive)
    #expect(!script.play(.tcp(a, b, .ack, seq: 111, ack: 501, [0]).at(7)).isKeepAlive)
    let annex = script.table.annex(of: flow)
    #expect(annex.retransmissions == 1 && annex.outOfOrder == 1 && annex.keepAlives == 2)
    #expect(script.table[flow].payloadBytes(.fromInitiator) == 4 + 4 + 2 + 4 + 1 + 1)
  }

  @Test("bytes that were acknowledged and never seen are a gap")
  func acknowledgedUnseen() {
    var script = Script()
    let flow = handshake(&script)
    script.play(.tcp(b, a, .ack, seq: 501, ack: 101 + 50).at(1))
    #expect(script.table[flow].hasGap(.fromInitiator) && !script.table[flow].hasGap(.fromResponder))
  }

  @Test("sequence numbers wrap")
  func wrap() {
    var script = Script()
    let flow = handshake(&script, seq: 0xffff_fffc, answer: 0xffff_ffff)
    script.play(.tcp(a, b, .ack, seq: 0xffff_fffd, ack: 0, [1, 2, 3, 4, 5, 6]).at(1))
    script.play(.tcp(a, b, .ack, seq: 3, ack: 0, [7]).at(2))
    script.play(.tcp(b, a, .ack, seq: 0, ack: 4, [7]).at(3))
    #expect(!script.table[flow].hasGap(.fromInitiator) && !script.table[flow].hasGap(.fromResponder))
    #expect(script.table.annex(of: flow).retransmissions == 0)
    script.play(.tcp(a, b, .ack, seq: 0xffff_fffd, ack: 1, [1, 2, 3, 4, 5, 6]).at(4))
    #expect(script.table.annex(of: flow).retransmissions == 1)
  }
}
