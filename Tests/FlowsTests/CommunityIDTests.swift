// Community ID against the baseline values of its specification (corelight/community-id-spec, baseline_deflt.json).

import Flows
import Packets
import Terms
import Testing

@Suite struct CommunityIDTests {
  private func id(_ sample: Sample) throws -> String {
    var script = Script()
    let flow = script.play(sample).flow
    return try CommunityIDWriter().text(script.table[flow].key)
  }

  private func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ port: UInt16 = 0) -> End {
    End(address: Address(v4: a << 24 | b << 16 | c << 8 | d), port: port)
  }

  private func v6(_ upper: UInt64, _ lower: UInt64, _ port: UInt16 = 0) -> End {
    End(address: Address(v6: upper, lower), port: port)
  }

  @Test("TCP and UDP, both directions")
  func ports() throws {
    let client = v4(128, 232, 110, 120, 34_855)
    let server = v4(66, 35, 250, 204, 80)
    #expect(try id(.tcp(client, server, .syn)) == "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")
    #expect(try id(.tcp(server, client, .ack)) == "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")
    let resolver = v4(8, 8, 8, 8, 53)
    #expect(try id(.udp(v4(192, 168, 1, 52, 54_585), resolver)) == "1:d/FP5EW3wiY1vCndhwleRRKHowQ=")
    let six = v6(0x2001_0470_e5bf_dead, 0x4957_2174_e82c_4887, 63_943)
    let mail = v6(0x2607_f8b0_400c_0c03, 0x1a, 25)
    #expect(try id(.tcp(six, mail, .syn)) == "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=")
  }

  @Test("SCTP, and a protocol without ports")
  func others() throws {
    let a = v4(192, 168, 170, 8, 7)
    let b = v4(192, 168, 170, 56, 7)
    #expect(try id(.ip(a, b, protocolNumber: 132)) == "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=")
    #expect(try id(.ip(b, a, protocolNumber: 132)) == "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=")
    // RSVP.
    #expect(
      try id(.ip(v4(10, 1, 12, 1), v4(10, 1, 12, 2), protocolNumber: 46)) == "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=")
  }

  @Test("ICMP: echo both ways, time exceeded one way")
  func icmp() throws {
    let host = v4(192, 168, 0, 89)
    let router = v4(192, 168, 0, 1)
    #expect(try id(.icmp(host, router, type: 8)) == "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=")
    #expect(try id(.icmp(router, host, type: 0)) == "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=")
    #expect(try id(.icmp(v4(10, 0, 0, 1), v4(10, 0, 0, 2), type: 11)) == "1:YHxtAirCG//0OzkcVAukqKQN9xM=")
  }

  @Test("ICMPv6: neighbours, routers, echo, and errors one way")
  func icmpv6() throws {
    let one = v6(0xfe80_0000_0000_0000, 0x0200_86ff_fe05_80da)
    let two = v6(0xfe80_0000_0000_0000, 0x0260_97ff_fe07_69ea)
    #expect(try id(.icmp(one, two, type: 135)) == "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=")
    #expect(try id(.icmp(two, one, type: 136)) == "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=")
    #expect(try id(.icmp(two, one, type: 135)) == "1:zavyT/cezQr1fmImYCwYnMXbgck=")
    #expect(try id(.icmp(one, v6(0xff02_0000_0000_0000, 2), type: 133)) == "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=")
    #expect(try id(.icmp(two, v6(0xff02_0000_0000_0000, 1), type: 134)) == "1:pkvHqCL88/tg1k4cPigmZXUtL00=")
    let host = v6(0x3ffe_0507_0000_0001, 0x0200_86ff_fe05_80da)
    #expect(try id(.icmp(host, v6(0x3ffe_0501_0000_1001, 2), type: 128)) == "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=")
    #expect(
      try id(.icmp(v6(0x3ffe_0501_1800_2345, 2), host, type: 3, code: 0)) == "1:2ObVBgIn28oZvibYZhZMBgh7WdQ=")
    #expect(
      try id(.icmp(v6(0x3ffe_0501_0410_0000, 0x02c0_dfff_fe47_033e), host, type: 1, code: 4))
        == "1:hLZd0XGWojozrvxqE0dWB1iM6R0=")
  }
}
