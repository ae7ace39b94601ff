// Packets seen at two tap points are counted once; what is sent twice is counted twice.

import Flows
import Packets
import Terms
import Testing

@Suite struct DuplicateTests {
  private let a = End.v4(1, 40_000)
  private let b = End.v4(2, 53)

  /// Plays both and says whether the second was taken for a duplicate.
  private func isDuplicate(_ first: Sample, _ second: Sample) -> Bool {
    var script = Script()
    script.play(first)
    let accounting = script.play(second)
    let flow = script.table[accounting.flow]
    #expect(flow.packets(.fromInitiator) + flow.packets(.fromResponder) == (accounting.isDuplicate ? 1 : 2))
    #expect(script.table.annex(of: accounting.flow).duplicates == (accounting.isDuplicate ? 1 : 0))
    return accounting.isDuplicate
  }

  private var sample: Sample { Sample.udp(a, b).with { $0.identification = 7 } }

  @Test("the same IP id, or another TTL, VLAN, MPLS label, MAC or interface")
  func ways() {
    #expect(isDuplicate(sample, sample.at(0.05)))
    let other = sample.with { $0.identification = 8 }
    #expect(!isDuplicate(sample, other))
    #expect(isDuplicate(sample, other.with { $0.timeToLive = 63 }))
    #expect(
      isDuplicate(
        sample,
        other.with {
          $0.tags.vlanCount = 1
          $0.tags.vlans = 12
        }))
    #expect(
      isDuplicate(
        sample,
        other.with {
          $0.tags.mplsCount = 1
          $0.tags.mpls = 12
        }))
    #expect(isDuplicate(sample, other.with { $0.linkSource = 0x0200_0000_0001 }))
    #expect(isDuplicate(sample, other.with { $0.linkDestination = 0x0200_0000_0001 }))
    #expect(isDuplicate(sample, other.on(1)))
  }

  @Test("without an IP id and by the same way it was sent twice")
  func noID() {
    let none = Sample.udp(a, b)
    #expect(!isDuplicate(none, none))
    #expect(isDuplicate(none, none.with { $0.timeToLive = 63 }))
  }

  @Test("within 100 milliseconds, in either order of the times")
  func window() {
    #expect(isDuplicate(sample.at(5), sample.at(5.1)))
    #expect(!isDuplicate(sample.at(5), sample.at(5.100_001)))
    #expect(isDuplicate(sample.at(5), sample.at(4.9)))
    #expect(!isDuplicate(sample.at(5), sample.at(4.899_999)))
    #expect(!isDuplicate(sample.at(nil), sample.at(nil)))
  }

  @Test("any other byte of the IP payload makes another packet")
  func payload() {
    for index in 0..<11 {
      var other = sample
      other.bytes[index] ^= 1
      #expect(!isDuplicate(sample, other), "byte \(index)")
    }
    #expect(!isDuplicate(sample.cut(to: 1), sample.cut(to: 1).with { $0.ipPayloadLength += 1 }))
    #expect(isDuplicate(sample.cut(to: 1), sample.cut(to: 1)))
  }

  @Test("the other direction's packet is none, however equal")
  func direction() {
    let peer = End.v4(2, 40_000)
    let there = Sample.udp(a, peer).with { $0.identification = 7 }
    #expect(!isDuplicate(there, Sample.udp(peer, a).with { $0.identification = 7 }))
  }

  @Test("one of the last four packets of the flow, not of the last five")
  func lastFour() {
    for others in 0...4 {
      var script = Script()
      script.play(sample)
      for index in 0..<others {
        script.play(Sample.udp(a, b, [UInt8(index)]).with { $0.identification = UInt32(100 + index) }.at(0.001))
      }
      #expect(script.play(sample.at(0.002)).isDuplicate == (others < 4), "\(others) between")
    }
  }

  @Test("a third copy is one too, and copies push nothing out")
  func thirdCopy() {
    var script = Script()
    script.play(sample)
    for step in 1...9 { #expect(script.play(sample.at(Double(step) / 100)).isDuplicate) }
  }

  @Test("copies change no time, no counter and no stream, but their tags are listed")
  func enterNothing() {
    var script = Script()
    let flow = script.play(sample.at(0)).flow
    script.play(
      sample.with {
        $0.tags.vlanCount = 1
        $0.tags.vlans = 5
      }.at(0.09))
    #expect(script.table[flow].lastTime == Timestamp(nanoseconds: 0))
    #expect(script.table[flow].lastFrame.number == 1)
    #expect(script.table.annex(of: flow).vlans.array == [5])
  }

  @Test("a TCP retransmission has another id: it is none")
  func retransmission() {
    let segment = Sample.tcp(a, b, .ack, seq: 1, ack: 1, [1, 2, 3]).with { $0.identification = 1 }
    #expect(!isDuplicate(segment, segment.with { $0.identification = 2 }.at(0.05)))
    #expect(isDuplicate(segment, segment.at(0.05)))
  }

  @Test("steady packets over seconds: kept times wrap, and nothing old is taken for new")
  func longRun() {
    var script = Script()
    for step in 0..<3_000 {
      let accounting = script.play(
        Sample.udp(a, b, [UInt8(step % 7)]).with { $0.identification = UInt32(1 + step % 7) }.at(Double(step) * 0.099))
      #expect(!accounting.isDuplicate)
    }
  }
}
