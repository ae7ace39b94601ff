// What is covered inside tunnels: by own ends and by those of the carrier.

import Packets
import Terms
import Testing

@testable import Warrants

@Suite struct ScopeTunnelTests {
  private static let open: (String, String?) = ("inside_tunnels", "true")

  private func inside(_ source: String, _ destination: String, _ carrier: Carrier = .ipInIP, id: UInt64? = nil)
    -> Packet
  {
    var packet = packet(source, destination)
    packet.depth = 1
    packet.carrier = carrier
    packet.tunnelID = id ?? 0
    packet.hasTunnelID = id != nil
    return packet
  }

  @Test func noLayerInsideIsReadUnlessTheWarrantSaysSo() throws {
    let closed = try scope("{\"address\":\"192.0.2.7\"}")
    let outer = closed.verdict(packet("192.0.2.7", "198.51.100.1"))
    #expect(outer.covered && !outer.lookInside)
    #expect(!closed.verdict(inside("192.0.2.7", "10.0.0.1"), carrier: outer).covered)
    let open = try scope("{\"address\":\"192.0.2.7\"}", [Self.open])
    #expect(open.verdict(packet("192.0.2.7", "198.51.100.1")).lookInside)
  }

  @Test func innerPacketIsCoveredByItsCarriersEnd() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\"}", [Self.open])
    let outer = scope.verdict(packet("192.0.2.7", "198.51.100.1"))
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2"), carrier: outer) == .covered)
    let stranger = scope.verdict(packet("192.0.2.8", "198.51.100.1"))
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2"), carrier: stranger) == .address)
  }

  @Test func innerPacketIsCoveredByItsOwnEnd() throws {
    let scope = try scope("{\"address\":\"10.0.0.1\"}", [Self.open])
    let outer = scope.verdict(packet("192.0.2.7", "198.51.100.1"))
    #expect(!outer.covered && outer.lookInside)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2"), carrier: outer) == .covered)
    #expect(scope.reason(inside("10.0.0.3", "10.0.0.2"), carrier: outer) == .address)
  }

  @Test func carrierOfACarrierCountsToo() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\"}", [Self.open])
    let outer = scope.verdict(packet("192.0.2.7", "198.51.100.1"))
    let middle = scope.verdict(inside("10.0.0.1", "10.0.0.2"), carrier: outer)
    #expect(scope.reason(inside("172.16.0.1", "172.16.0.2"), carrier: middle) == .covered)
  }

  @Test func exclusionBeatsInclusionOutsideAndInside() throws {
    let excluded: (String, String?) = (
      "excluded",
      "[{\"address\":\"198.51.100.1\",\"reason\":\"counsel\"},{\"address\":\"10.0.0.2\",\"reason\":\"counsel\"}]"
    )
    let scope = try scope("{\"address\":\"192.0.2.7\"},{\"address\":\"10.0.0.1\"}", [Self.open, excluded])
    // Excluded carrier: nothing inside is read, a target inside included.
    let outer = scope.verdict(packet("192.0.2.7", "198.51.100.1"))
    #expect(outer.reason == .excluded && !outer.lookInside)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.3"), carrier: outer) == .excluded)
    // Excluded end inside a covered carrier.
    let good = scope.verdict(packet("192.0.2.7", "198.51.100.2"))
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2"), carrier: good) == .excluded)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.3"), carrier: good) == .covered)
  }

  @Test func outerPacketOutOfTimeIsNotLookedInto() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\"}", [Self.open, ScopeTests.data])
    let outer = scope.verdict(packet("192.0.2.7", "198.51.100.1"), at: "2026-01-11T00:00:00Z")
    #expect(outer.reason == .time && !outer.lookInside)
    let noTime = scope.verdict(packet("192.0.2.7", "198.51.100.1"), at: nil)
    #expect(noTime.reason == .noTime && !noTime.lookInside)
  }

  @Test(arguments: [
    ("vxlan", Carrier.vxlan), ("geneve", .geneve), ("gre_key", .gre), ("gtp_teid", .gtpu),
  ])
  func tunnelIdentifierNamesPacketsInsideThatTunnel(kind: String, carrier: Carrier) throws {
    let scope = try scope("{\"tunnel_id\":{\"kind\":\"\(kind)\",\"value\":77}}", [Self.open])
    let outer = scope.verdict(packet("192.0.2.7", "198.51.100.1"))
    #expect(!outer.covered && outer.lookInside)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2", carrier, id: 77), carrier: outer) == .covered)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2", carrier, id: 78), carrier: outer) == .address)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2", carrier), carrier: outer) == .address)
    for other in Carrier.allCases where other != carrier {
      #expect(scope.reason(inside("10.0.0.1", "10.0.0.2", other, id: 77), carrier: outer) == .address)
    }
  }

  @Test func macOfTheCarrierCoversWhatIsInside() throws {
    let scope = try scope("{\"mac\":\"02:00:5e:10:00:0a\"}", [Self.open])
    var frame = packet("192.0.2.7", "198.51.100.1")
    frame.hasLinkAddresses = true
    frame.linkSource = 0x0200_5e10_000a
    let outer = scope.verdict(frame)
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2"), carrier: outer) == .covered)
    frame.linkSource = 1
    // An inner packet without a link header of its own is judged by its carrier's.
    #expect(scope.reason(inside("10.0.0.1", "10.0.0.2"), carrier: scope.verdict(frame)) == .address)
  }
}
