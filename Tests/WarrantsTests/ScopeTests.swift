// The scope decision, each edge just inside and just outside. Documentation/scope.md names these tests row by row.

import Packets
import Terms
import Testing

@testable import Warrants

/// A packet between two addresses, as a test writes it.
func packet(
  _ source: String, _ destination: String, tcp ports: (UInt16, UInt16)? = nil, udp: (UInt16, UInt16)? = nil
) -> Packet {
  let zero = Address(v4: 0)
  var packet = Packet(source: Address(source) ?? zero, destination: Address(destination) ?? zero)
  if let ports {
    packet.transport = .tcp
    packet.protocolNumber = 6
    (packet.sourcePort, packet.destinationPort) = ports
    packet.hasTransportHeader = true
  }
  if let udp {
    packet.transport = .udp
    packet.protocolNumber = 17
    (packet.sourcePort, packet.destinationPort) = udp
    packet.hasTransportHeader = true
  }
  return packet
}

let ethernet = EvidenceFacts.Interface(name: "eth0", linkType: LinkType(1))

/// The scope of these targets, bound to evidence with one Ethernet interface.
func scope(
  _ targets: String, _ changes: [(String, String?)] = [], interfaces: [EvidenceFacts.Interface] = [ethernet],
  offset: Int64 = 0
) throws -> EvidenceScope {
  EvidenceScope(
    try SampleWarrant.scope([("targets", "[\(targets)]")] + changes),
    EvidenceFacts(interfaces: interfaces, clockOffsetNanoseconds: offset))
}

extension EvidenceScope {
  /// The reason for a packet at a time in the middle of 2026.
  func reason(
    _ packet: Packet, at time: String? = "2026-06-01T00:00:00Z", interface: UInt32 = 0,
    carrier: ScopeVerdict = .outermost
  ) -> ScopeReason {
    verdict(packet, at: time, interface: interface, carrier: carrier).reason
  }

  func verdict(
    _ packet: Packet, at time: String? = "2026-06-01T00:00:00Z", interface: UInt32 = 0,
    carrier: ScopeVerdict = .outermost
  ) -> ScopeVerdict {
    var packet = packet
    return decide(
      &packet, time: SampleWarrant.time(time ?? ""), hasTime: time != nil, interface: interface, carrier: carrier)
  }
}

@Suite struct ScopeTests {
  // MARK: - Addresses

  @Test func addressIsATargetAtEitherEnd() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\"}")
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1")) == .covered)
    #expect(scope.reason(packet("198.51.100.1", "192.0.2.7")) == .covered)
    #expect(scope.reason(packet("192.0.2.6", "192.0.2.8")) == .address)
    // The same number is another address in the other family.
    #expect(scope.reason(packet("::c000:207", "2001:db8::1")) == .address)
  }

  @Test(arguments: [
    ("192.0.2.0/25", "192.0.2.0", true), ("192.0.2.0/25", "192.0.2.127", true), ("192.0.2.0/25", "192.0.2.128", false),
    ("192.0.2.0/25", "192.0.1.255", false), ("192.0.2.9/32", "192.0.2.9", true), ("192.0.2.9/32", "192.0.2.10", false),
    ("128.0.0.0/1", "255.255.255.255", true), ("128.0.0.0/1", "127.255.255.255", false),
    ("2001:db8::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", true), ("2001:db8::/33", "2001:db8:8000::", false),
    ("2001:db8::/33", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false), ("2001:db8::/64", "2001:db8::ffff:0:0:0", true),
    ("2001:db8::/64", "2001:db8:0:1::", false), ("2001:db8::8/127", "2001:db8::9", true),
    ("2001:db8::8/127", "2001:db8::a", false), ("2001:db8::8/128", "2001:db8::8", true),
    ("2001:db8::8/128", "2001:db8::7", false),
  ])
  func prefixEdges(prefix: String, address: String, inside: Bool) throws {
    let scope = try scope("{\"prefix\":\"\(prefix)\"}")
    #expect(scope.reason(packet(address, "10.9.9.9")) == (inside ? .covered : .address))
    #expect(scope.reason(packet("10.9.9.9", address)) == (inside ? .covered : .address))
  }

  /// More targets than are tried one by one, neighbours and overlaps among them.
  @Test func manyTargetsAreFoundEach() throws {
    let fours = (0..<200).map { "{\"prefix\":\"10.\($0).\($0 % 2 * 128).0/17\"}" }
    let sixes = (0..<200).map { "{\"address\":\"2001:db8::\(String($0 * 2 + 1, radix: 16))\"}" }
    let scope = try scope((fours + sixes + ["{\"prefix\":\"10.5.0.0/16\"}"]).joined(separator: ","))
    for index in 0..<200 {
      let half = index % 2 * 128
      #expect(scope.reason(packet("10.\(index).\(half).0", "203.0.113.1")) == .covered)
      #expect(scope.reason(packet("203.0.113.1", "10.\(index).\(half + 127).255")) == .covered)
      let other = scope.reason(packet("10.\(index).\(128 - half).0", "203.0.113.1"))
      #expect(other == (index == 5 ? .covered : .address))
      #expect(scope.reason(packet("2001:db8::\(String(index * 2 + 1, radix: 16))", "2001:db8:1::")) == .covered)
      #expect(scope.reason(packet("2001:db8::\(String(index * 2, radix: 16))", "2001:db8:1::")) == .address)
    }
  }

  // MARK: - Time

  static let data: (String, String?) = (
    "data", "{\"from\":\"2026-01-10T00:00:00Z\",\"until\":\"2026-01-11T00:00:00Z\"}"
  )

  @Test(arguments: [
    ("2026-01-09T23:59:59.999999999Z", ScopeReason.time), ("2026-01-10T00:00:00Z", .covered),
    ("2026-01-10T23:59:59.999999999Z", .covered), ("2026-01-11T00:00:00Z", .time),
  ])
  func dataWindowIsHalfOpen(time: String, reason: ScopeReason) throws {
    #expect(
      try scope("{\"address\":\"192.0.2.7\"}", [Self.data]).reason(packet("192.0.2.7", "192.0.2.1"), at: time) == reason
    )
  }

  /// The clock ran two seconds ahead: a packet stamped 00:00:01 was sent before midnight.
  @Test(arguments: [
    ("2026-01-10T00:00:01.999999999Z", ScopeReason.time), ("2026-01-10T00:00:02Z", .covered),
    ("2026-01-11T00:00:01.999999999Z", .covered), ("2026-01-11T00:00:02Z", .time),
  ])
  func sourceClockCorrectsTheTestOfTheWindow(time: String, reason: ScopeReason) throws {
    let scope = try scope("{\"address\":\"192.0.2.7\"}", [Self.data], offset: 2_000_000_000)
    #expect(scope.reason(packet("192.0.2.7", "192.0.2.1"), at: time) == reason)
  }

  @Test(arguments: [
    ("2026-01-09T23:59:59.999999999Z", ScopeReason.time), ("2026-01-10T00:00:00Z", .covered),
    ("2026-01-10T23:59:59.999999999Z", .covered), ("2026-01-11T00:00:00Z", .time),
  ])
  func timeOfATargetIsHalfOpen(time: String, reason: ScopeReason) throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"from\":\"2026-01-10T00:00:00Z\",\"until\":\"2026-01-11T00:00:00Z\"}")
    #expect(scope.reason(packet("192.0.2.7", "192.0.2.1"), at: time) == reason)
    #expect(scope.reason(packet("192.0.2.8", "192.0.2.1"), at: time) == .address)
  }

  @Test func timeOfATargetMayBeOpenAtOneEnd() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\",\"from\":\"2026-01-10T00:00:00Z\"}")
    #expect(scope.reason(packet("192.0.2.7", "192.0.2.1"), at: "2100-01-01T00:00:00Z") == .covered)
    #expect(scope.reason(packet("192.0.2.7", "192.0.2.1"), at: "2026-01-09T00:00:00Z") == .time)
  }

  @Test func anotherTargetMayStillHoldAtThatTime() throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"until\":\"2026-01-01T00:00:00Z\"},{\"address\":\"192.0.2.7\",\"from\":\"2026-05-01T00:00:00Z\"}"
    )
    #expect(scope.reason(packet("192.0.2.7", "192.0.2.1")) == .covered)
    #expect(scope.reason(packet("192.0.2.7", "192.0.2.1"), at: "2026-03-01T00:00:00Z") == .time)
  }

  @Test func frameWithoutTimeIsOutOfEveryWindow() throws {
    #expect(
      try scope("{\"address\":\"192.0.2.7\"}", [Self.data]).reason(packet("192.0.2.7", "192.0.2.1"), at: nil) == .noTime
    )
    let timed = try scope("{\"address\":\"192.0.2.7\",\"from\":\"2026-01-10T00:00:00Z\"}")
    #expect(timed.reason(packet("192.0.2.7", "192.0.2.1"), at: nil) == .noTime)
    #expect(timed.reason(packet("192.0.2.8", "192.0.2.1"), at: nil) == .address)
  }

  @Test func frameWithoutTimeIsInWhereTheWarrantSetsNoWindow() throws {
    #expect(try scope("{\"address\":\"192.0.2.7\"}").reason(packet("192.0.2.7", "192.0.2.1"), at: nil) == .covered)
  }

  // MARK: - Ports

  @Test(arguments: [(1023, false), (1024, true), (2047, true), (2048, false)] as [(UInt16, Bool)])
  func portRangeHoldsBothItsEnds(port: UInt16, inside: Bool) throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"ports\":{\"protocol\":\"tcp\",\"from\":1024,\"to\":2047}}")
    let expected: ScopeReason = inside ? .covered : .address
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1", tcp: (port, 443))) == expected)
    #expect(scope.reason(packet("198.51.100.1", "192.0.2.7", tcp: (443, port))) == expected)
  }

  /// Behind a shared address the port tells subscribers apart: another's packet to such a port is not covered.
  @Test func portsAreThoseOfTheEndThatIsNamed() throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"ports\":{\"protocol\":\"tcp\",\"from\":1024,\"to\":2047}}")
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1", tcp: (5000, 1024))) == .address)
  }

  @Test func portsOfAnotherProtocolAreNotMeant() throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"ports\":{\"protocol\":\"tcp\",\"from\":1024,\"to\":2047}}")
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1", udp: (1024, 443))) == .address)
    #expect(scope.verdict(packet("192.0.2.7", "198.51.100.1")).needsPorts == false)
  }

  @Test func portsWithoutAnEndAreThoseOfEither() throws {
    let scope = try scope("{\"interface\":\"eth0\",\"ports\":{\"protocol\":\"udp\",\"from\":53,\"to\":53}}")
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1", udp: (5000, 53))) == .covered)
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1", udp: (53, 5000))) == .covered)
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1", udp: (52, 54))) == .address)
  }

  @Test func laterFragmentsAskForTheirFirst() throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"ports\":{\"protocol\":\"tcp\",\"from\":1024,\"to\":2047}},{\"address\":\"192.0.2.9\"}"
    )
    var later = packet("192.0.2.7", "198.51.100.1")
    later.protocolNumber = 6
    later.isFragment = true
    later.fragmentOffset = 1480
    let verdict = scope.verdict(later)
    #expect(!verdict.covered && verdict.needsPorts)
    // Decided without ports: a target without them, another address, another protocol.
    later.source = Address(v4: 0xc000_0209)
    #expect(scope.verdict(later).covered)
    later.source = Address(v4: 0xc000_020a)
    #expect(scope.verdict(later) == scope.verdict(packet("192.0.2.10", "198.51.100.1")))
    later.source = Address(v4: 0xc000_0207)
    later.protocolNumber = 17
    #expect(!scope.verdict(later).needsPorts)
  }

  /// The fragment header of a later fragment may name Destination Options (60) before TCP (RFC 8200 section 4.5).
  @Test func laterFragmentsOfIPv6MayHideTheirProtocol() throws {
    let scope = try scope(
      "{\"address\":\"2001:db8::7\",\"ports\":{\"protocol\":\"tcp\",\"from\":1024,\"to\":2047}}")
    var later = packet("2001:db8::7", "2001:db8::1")
    later.protocolNumber = 60
    later.isFragment = true
    #expect(scope.verdict(later).needsPorts)
    later.protocolNumber = 58
    #expect(!scope.verdict(later).needsPorts)
  }

  // MARK: - Link

  @Test func macIsATargetAtEitherEnd() throws {
    let scope = try scope("{\"mac\":\"02:00:5e:10:00:0a\"}")
    var frame = packet("192.0.2.7", "198.51.100.1")
    frame.hasLinkAddresses = true
    frame.linkSource = 0x0200_5e10_000a
    #expect(scope.reason(frame) == .covered)
    (frame.linkSource, frame.linkDestination) = (1, 0x0200_5e10_000a)
    #expect(scope.reason(frame) == .covered)
    frame.linkDestination = 0x0200_5e10_000b
    #expect(scope.reason(frame) == .address)
  }

  @Test func macAndAddressMustBeOfOneEnd() throws {
    let scope = try scope("{\"mac\":\"02:00:5e:10:00:0a\",\"address\":\"192.0.2.7\"}")
    var frame = packet("192.0.2.7", "198.51.100.1")
    frame.hasLinkAddresses = true
    frame.linkSource = 0x0200_5e10_000a
    #expect(scope.reason(frame) == .covered)
    (frame.linkSource, frame.linkDestination) = (1, 0x0200_5e10_000a)
    #expect(scope.reason(frame) == .address)
  }

  @Test func macOnAFrameWithoutLinkAddressesIsUndecided() throws {
    let scope = try scope("{\"mac\":\"02:00:5e:10:00:0a\"},{\"address\":\"192.0.2.9\"}")
    let verdict = scope.verdict(packet("192.0.2.7", "198.51.100.1"))
    #expect(verdict.reason == .undecided && !verdict.covered && !verdict.lookInside)
    #expect(scope.reason(packet("192.0.2.9", "198.51.100.1")) == .covered)
  }

  @Test func vlanNarrowsByAnyTagOfTheFrame() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\",\"vlan\":7}")
    var frame = packet("192.0.2.7", "198.51.100.1")
    #expect(scope.reason(frame) == .address)
    frame.tags.vlans = 6
    frame.tags.vlanCount = 1
    #expect(scope.reason(frame) == .address)
    frame.tags.vlans = 7 << 16 | 6
    #expect(scope.reason(frame) == .address)
    frame.tags.vlanCount = 2
    #expect(scope.reason(frame) == .covered)
    frame.tags.vlans = 7
    #expect(scope.reason(frame) == .covered)
  }

  @Test func interfaceByItsName() throws {
    let named = ["eth1", "eth0"].map { EvidenceFacts.Interface(name: $0, linkType: LinkType(1)) }
    var scope = try scope("{\"interface\":\"eth0\"}", interfaces: named)
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1"), interface: 1) == .covered)
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1"), interface: 0) == .address)
    // One that the evidence has not declared yet, then declared in the middle of the file.
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1"), interface: 2) == .undecided)
    scope.addInterface(.init(name: "eth0", linkType: LinkType(1)))
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1"), interface: 2) == .covered)
    scope.addInterface(.init(name: nil, linkType: LinkType(1)))
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1"), interface: 3) == .undecided)
  }

  @Test func everyFieldOfAnEntryMustHold() throws {
    let scope = try scope(
      "{\"prefix\":\"192.0.2.0/24\",\"interface\":\"eth0\",\"vlan\":7,\"ports\":{\"protocol\":\"tcp\",\"from\":80,\"to\":80},"
        + "\"from\":\"2026-01-01T00:00:00Z\"}")
    var good = packet("192.0.2.7", "198.51.100.1", tcp: (80, 5000))
    good.tags.vlans = 7
    good.tags.vlanCount = 1
    #expect(scope.reason(good) == .covered)
    #expect(scope.reason(good, at: "2025-12-31T23:59:59.999999999Z") == .time)
    var bad = good
    bad.source = Address(v4: 0xc000_0300)
    #expect(scope.reason(bad) == .address)
    bad = good
    bad.sourcePort = 81
    #expect(scope.reason(bad) == .address)
    bad = good
    bad.tags.vlans = 8
    #expect(scope.reason(bad) == .address)
  }

  // MARK: - Exclusions

  static let excluded: (String, String?) = (
    "excluded",
    "[{\"address\":\"192.0.2.99\",\"reason\":\"counsel\"},{\"prefix\":\"203.0.113.0/25\",\"reason\":\"counsel\"},"
      + "{\"mac\":\"02:00:5e:10:00:ff\",\"reason\":\"counsel\"}]"
  )

  private func frame(_ source: String, _ destination: String) -> Packet {
    var frame = packet(source, destination)
    frame.hasLinkAddresses = true
    (frame.linkSource, frame.linkDestination) = (1, 2)
    return frame
  }

  @Test func exclusionBeatsInclusionAtBothEnds() throws {
    let scope = try scope("{\"prefix\":\"192.0.2.0/24\"}", [Self.excluded])
    for (inside, outside) in [("192.0.2.99", "192.0.2.98"), ("203.0.113.127", "203.0.113.128")] {
      #expect(scope.reason(frame("192.0.2.7", inside)) == .excluded)
      #expect(scope.reason(frame(inside, "192.0.2.7")) == .excluded)
      #expect(scope.reason(frame("192.0.2.7", outside)) == .covered)
      #expect(scope.reason(frame(outside, "192.0.2.7")) == .covered)
    }
    var link = frame("192.0.2.7", "198.51.100.1")
    link.linkDestination = 0x0200_5e10_00ff
    #expect(scope.reason(link) == .excluded)
    (link.linkSource, link.linkDestination) = (0x0200_5e10_00ff, 2)
    #expect(scope.reason(link) == .excluded)
    link.linkSource = 0x0200_5e10_00fe
    #expect(scope.reason(link) == .covered)
  }

  @Test func exclusionBeatsEverything() throws {
    let scope = try scope("{\"everything\":true,\"justification\":\"x\"}", [Self.excluded])
    #expect(scope.reason(frame("198.51.100.1", "198.51.100.2")) == .covered)
    #expect(scope.reason(frame("198.51.100.1", "192.0.2.99")) == .excluded)
  }

  @Test func exclusionByMacOnAFrameWithoutLinkAddressesIsUndecided() throws {
    let scope = try scope("{\"prefix\":\"192.0.2.0/24\"}", [Self.excluded])
    #expect(scope.reason(packet("192.0.2.7", "198.51.100.1")) == .undecided)
  }

  // MARK: - ICMP errors

  @Test func errorBelongsToThePacketItQuotesAndToItsOwnEnds() throws {
    let scope = try scope(
      "{\"address\":\"192.0.2.7\",\"ports\":{\"protocol\":\"udp\",\"from\":5000,\"to\":5000}},{\"address\":\"192.0.2.9\"}",
      [("excluded", "[{\"address\":\"203.0.113.1\",\"reason\":\"counsel\"}]")])
    func reason(_ error: (String, String), _ quoted: Packet) -> ScopeReason {
      var icmp = packet(error.0, error.1)
      icmp.transport = .icmp
      icmp.protocolNumber = 1
      return scope.decide(
        &icmp, quoting: quoted, time: SampleWarrant.time("2026-06-01T00:00:00Z"), hasTime: true, interface: 0
      ).reason
    }
    let quoted = packet("192.0.2.7", "198.51.100.1", udp: (5000, 53))
    // From a router on the way to the end that sent the quoted packet.
    #expect(reason(("198.51.100.254", "192.0.2.7"), quoted) == .covered)
    #expect(reason(("198.51.100.254", "192.0.2.7"), packet("192.0.2.7", "198.51.100.1", udp: (5001, 53))) == .address)
    // By its own ends alone.
    #expect(reason(("192.0.2.9", "198.51.100.1"), packet("198.51.100.1", "198.51.100.2", udp: (1, 2))) == .covered)
    #expect(reason(("192.0.2.10", "198.51.100.1"), packet("198.51.100.1", "198.51.100.2", udp: (1, 2))) == .address)
    // Exclusion of any of the four ends.
    #expect(reason(("203.0.113.1", "192.0.2.9"), quoted) == .excluded)
    #expect(reason(("198.51.100.254", "192.0.2.9"), packet("192.0.2.9", "203.0.113.1", udp: (1, 2))) == .excluded)
  }

  @Test func errorOutsideTheDataWindowStaysOut() throws {
    let scope = try scope("{\"address\":\"192.0.2.7\"}", [Self.data])
    func reason(_ time: String?) -> ScopeReason {
      var error = packet("198.51.100.254", "198.51.100.1")
      return scope.decide(
        &error, quoting: packet("192.0.2.7", "198.51.100.1"),
        time: SampleWarrant.time(time ?? ""), hasTime: time != nil, interface: 0
      ).reason
    }
    #expect(reason("2026-01-10T00:00:00Z") == .covered)
    #expect(reason("2026-01-11T00:00:00Z") == .time)
    #expect(reason(nil) == .noTime)
  }

  // MARK: - Evidence that cannot tell

  @Test func undecidableTargetsAreNamed() throws {
    let scope = try SampleWarrant.scope([
      (
        "targets",
        "[{\"address\":\"192.0.2.1\"},{\"interface\":\"eth0\"},{\"mac\":\"02:00:5e:10:00:0a\"},"
          + "{\"tunnel_id\":{\"kind\":\"l2tp\",\"value\":1}}]"
      ), ("excluded", "[{\"mac\":\"02:00:5e:10:00:0a\",\"reason\":\"counsel\"}]"), ("inside_tunnels", "true"),
    ])
    #expect(scope.undecidable(for: EvidenceFacts(interfaces: [ethernet])).map(\.path) == ["targets[3].tunnel_id.kind"])
    let rawWithoutName = EvidenceFacts(interfaces: [ethernet, .init(name: nil, linkType: LinkType(101))])
    let problems = scope.undecidable(for: rawWithoutName)
    #expect(
      problems.map(\.path) == [
        "targets[1].interface", "targets[2].mac", "targets[3].tunnel_id.kind", "excluded[0].mac",
      ])
    #expect(problems[0].found == "\"eth0\", while interface 1 of this evidence has no name")
    #expect(problems[1].found == "interface 1 of this evidence, of link type 101")
    let plain = try SampleWarrant.scope([("targets", "[{\"address\":\"192.0.2.1\"}]")])
    #expect(plain.undecidable(for: rawWithoutName).isEmpty)
  }

  // MARK: - Counts

  @Test func countsPacketsAndBytesByReason() {
    var counts = ScopeCounts()
    counts.add(.covered, bytes: 60)
    counts.add(.excluded, bytes: 1500)
    var more = ScopeCounts()
    more.add(.covered, packets: 2, bytes: 100)
    counts.add(more)
    #expect(counts[.covered].packets == 3)
    #expect(counts[.covered].bytes == 160)
    #expect(counts[.excluded].bytes == 1500)
    #expect(counts[.noTime].packets == 0)
  }
}
