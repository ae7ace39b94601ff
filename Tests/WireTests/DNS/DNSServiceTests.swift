// SVCB records: the vectors of RFC 9460 appendix D, and those that its readers must refuse.

import Bytes
import Terms
import Testing

@testable import Wire

@Suite struct DNSServiceTests {
  static let fooExampleCom = "03666f6f076578616d706c6503636f6d00"

  static func read(_ hex: String) throws(ReadError) -> DNSService {
    let bytes = Hex.bytes(hex.filter { !$0.isWhitespace }) ?? []
    return try bytes.withRawSpan { (span) throws(ReadError) in try DNSService(span) }
  }

  static func text(_ name: DNSName) -> String { String(decoding: name.text, as: UTF8.self) }

  @Test func aliasMode() throws {
    // D.1
    let alias = try Self.read("0000" + Self.fooExampleCom)
    #expect(alias.priority == 0)
    #expect(Self.text(alias.target) == "foo.example.com")
  }

  @Test func serviceMode() throws {
    // D.2, figures 3 to 6: the owner itself; a port; keys that nobody registered.
    let owner = try Self.read("0001 00")
    #expect(owner.priority == 1)
    #expect(owner.target == .root)
    #expect(try Self.read("0010" + Self.fooExampleCom + "0003 0002 0035").port == 53)
    #expect(try Self.read("0001" + Self.fooExampleCom + "029b 0005 68656c6c6f").protocols == [])
    #expect(try Self.read("0001" + Self.fooExampleCom + "029b 0009 68656c6c6fd2716f6f").offersECH == false)
  }

  @Test func hints() throws {
    // D.2, figures 7 and 8: two hints of IPv6; one that maps an IPv4 address.
    let two = try Self.read(
      "0001" + Self.fooExampleCom + "0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001")
    #expect(two.addresses == [Address("2001:db8::1"), Address("2001:db8::53:1")])
    let mapped = try Self.read("0001 076578616d706c6503636f6d00 0006 0010 20010db8ffffffffffffffffc6336464")
    #expect(mapped.addresses == [Address("2001:db8:ffff:ffff:ffff:ffff:c633:6464")])
  }

  @Test func protocols() throws {
    // D.2, figure 9: keys in order on the wire whatever the text's order, with those that are mandatory.
    let ordered = try Self.read(
      "0010 03666f6f076578616d706c65036f726700 0000 0004 00010004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201")
    #expect(ordered.protocols == ["h2", "h3-19"])
    #expect(ordered.addresses == [Address("192.0.2.1")])
    // Figure 10: a comma and a backslash within a protocol's name.
    let odd = try Self.read(
      "0010 03666f6f076578616d706c65036f726700 0001 000c 08 665c6f6f2c626172 02 6832")
    #expect(odd.protocols == ["f\\oo,bar", "h2"])
  }

  // D.3 is of texts; on the wire the same faults are: a key twice, or out of order; a value that is missing.
  @Test(arguments: [
    "0001 00 007b 0003 616263 007b 0003 646566", "0001 00 0004 0004 c0000201 0001 0003 026832", "0001 00 0003 0000",
    "0001 00 0001 0003 036832", "0001 00 0001 0001 00", "0001 00 0004 0003 c00002", "0001 00 0003 0002", "0001", "00",
    "0001 c00c", "0001 00 00",
  ])
  func faultsAreRefused(_ hex: String) {
    #expect { try Self.read(hex) } throws: { ($0 as? ReadError)?.kind == .invalid }
  }

  @Test func noDefaultProtocolAndECH() throws {
    let service = try Self.read("0001 00 0002 0000 0005 0004 0002fe0d")
    #expect(service.omitsDefaultProtocol)
    #expect(service.offersECH)
  }
}
