// What is one flow, and what is not.

import Flows
import Packets
import Terms
import Testing

@Suite struct FlowKeyTests {
  private let a = End.v4(1, 40_000)
  private let b = End.v4(2, 443)

  @Test("both directions are one flow, whichever address is lower")
  func symmetric() {
    for (client, server) in [(a, b), (b, a), (End.v6(9, 1), End.v6(3, 2)), (End.v4(5, 7), End.v4(5, 6))] {
      var script = Script()
      let first = script.play(.udp(client, server))
      let second = script.play(.udp(server, client))
      #expect(first.flow == second.flow && first.isNew && !second.isNew)
      #expect(first.direction == .fromInitiator && second.direction == .fromResponder)
      #expect(script.table[first.flow].initiator == client.endpoint)
      #expect(script.table[first.flow].responder == server.endpoint)
    }
  }

  @Test("protocol, ports and addresses tell flows apart")
  func different() {
    var script = Script()
    script.play(.udp(a, b))
    script.play(.tcp(a, b, .syn))
    script.play(.udp(End.v4(1, 40_001), b))
    script.play(.udp(End.v4(3, 40_000), b))
    script.play(
      .udp(End(address: Address(v6: 0, 0x0a00_0001), port: 40_000), End(address: Address(v6: 0, 2), port: 443)))
    script.play(.ip(a, b, protocolNumber: 50))
    script.play(.ip(a, b, protocolNumber: 51))
    #expect(script.table.created == 7)
  }

  @Test("an IPv4 address and the IPv6 address of the same number are two")
  func families() {
    var script = Script()
    script.play(.udp(a, b))
    script.play(
      .udp(
        End(address: Address(v6: 0, a.address.lower), port: a.port),
        End(address: Address(v6: 0, b.address.lower), port: b.port)))
    #expect(script.table.created == 2)
  }

  @Test("VLAN ids are left out, and put in where asked; those seen are listed")
  func vlans() {
    func tagged(_ sample: Sample, _ ids: [UInt64]) -> Sample {
      sample.with { packet in
        packet.tags.vlanCount = UInt8(ids.count)
        for (index, id) in ids.enumerated() { packet.tags.vlans |= id << UInt64(16 * index) }
      }
    }
    var script = Script()
    let flow = script.play(tagged(.udp(a, b), [10])).flow
    script.play(tagged(.udp(b, a), [20, 7]))
    script.play(.udp(a, b, [4]))
    #expect(script.table.created == 1)
    #expect(script.table.annex(of: flow).vlans.array == [10, 20, 7])

    var separate = Script { $0.separatesVLANs = true }
    separate.play(tagged(.udp(a, b), [10]))
    separate.play(tagged(.udp(b, a), [20]))
    separate.play(tagged(.udp(b, a), [10]))
    separate.play(tagged(.udp(b, a), [0]))
    separate.play(.udp(b, a))
    #expect(separate.table.created == 4)
  }

  @Test("a fifth VLAN id is counted, not kept")
  func manyVLANs() {
    var script = Script()
    var flow = FlowIndex(number: 0)
    for id in 1...6 as ClosedRange<UInt64> {
      flow =
        script.play(
          .udp(a, b, [UInt8(id)]).with {
            $0.tags.vlanCount = 1
            $0.tags.vlans = id
          }
        ).flow
    }
    #expect(script.table.annex(of: flow).vlans.array == [1, 2, 3, 4])
    #expect(script.table.annex(of: flow).vlans.overflow == 2)
  }

  @Test("MPLS labels and interfaces are listed")
  func labels() {
    var script = Script()
    script.play(.udp(a, b))
    let flow =
      script.play(
        Sample.udp(a, b, [2]).with {
          $0.tags.mplsCount = 2
          $0.tags.mpls = 17 | 99 << 20
        }.on(3)
      ).flow
    #expect(script.table.annex(of: flow).mplsLabels.array == [17, 99])
    #expect(script.table.annex(of: flow).interfaces.array == [0, 3])
  }

  @Test("a flow inside a tunnel names it, and is not the flow beside it")
  func carrier() {
    var script = Script()
    let outer = script.play(.udp(End.v4(8, 4_789), End.v4(9, 4_789))).flow
    let inside = Sample.udp(a, b).with {
      $0.carrier = .vxlan
      $0.tunnelID = 42
      $0.hasTunnelID = true
    }
    let inner = script.play(inside, carrier: outer).flow
    script.play(.udp(a, b))
    script.play(inside.with { $0.tunnelID = 43 })
    #expect(script.table.created == 4)
    #expect(script.table[inner].carrier == .vxlan)
    #expect(script.table.annex(of: inner).carrierOrdinal == 0)
    #expect(script.table.annex(of: inner).tunnelID == 42)
  }

  @Test("a tunnel id that differs a direction does not split a flow")
  func teids() {
    var script = Script()
    for (sample, teid) in [(Sample.udp(a, b), 1 as UInt64), (Sample.udp(b, a), 2)] {
      script.play(
        sample.with {
          $0.carrier = .gtpu
          $0.tunnelID = teid
          $0.hasTunnelID = true
        })
    }
    #expect(script.table.created == 1)
  }

  @Test("ICMP: a question and its answer are one flow; what has no answer is one a direction")
  func icmp() {
    var script = Script()
    let ping = script.play(.icmp(a, b, type: 8))
    let pong = script.play(.icmp(b, a, type: 0))
    #expect(ping.flow == pong.flow)
    #expect(script.table[ping.flow].initiator == Endpoint(a.address))
    let unreachable = script.play(.icmp(a, b, type: 3, code: 1))
    #expect(script.play(.icmp(b, a, type: 3, code: 1)).flow != unreachable.flow)
    #expect(script.play(.icmp(a, b, type: 3, code: 2)).flow != unreachable.flow)
    #expect(script.play(.icmp(a, b, type: 3, code: 1)).flow == unreachable.flow)
    let six = script.play(.icmp(.v6(1), .v6(2), type: 135))
    #expect(script.play(.icmp(.v6(2), .v6(1), type: 136)).flow == six.flow)
  }
}
