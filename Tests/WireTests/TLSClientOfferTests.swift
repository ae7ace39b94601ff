// Offers that were seen before are not read again: what a hello says must be the same as if they were.

import Bytes
import Testing

@testable import Wire

@Suite struct TLSClientOfferTests {
  /// What `body` offers, read anew.
  private func fresh(_ body: [UInt8]) throws -> TLSClientOffer {
    try body.withRawSpan { (span: RawSpan) throws(ReadError) in
      var reader = ByteReader(span)
      let version = TLSVersion(try reader.u16())
      try reader.skip(32)
      try reader.skip(Int(try reader.u8()))
      let suites = try reader.span(Int(try reader.u16()))
      let compression = try reader.span(Int(try reader.u8()))
      let block = reader.isAtEnd ? reader.rest() : try reader.span(Int(try reader.u16()))
      return try TLSClientOffer(.stream, version, suites: suites, compression: compression, extensions: block)
    }
  }

  private func read(_ body: [UInt8]) throws(ReadError) -> TLSClientHello {
    try body.withRawSpan { (span: RawSpan) throws(ReadError) in try TLSClientHello(span) }
  }

  private func browser(_ name: String, key: UInt8) -> HelloBuilder {
    var hello = HelloBuilder()
    hello.suites = [0x1a1a, 0x1301, 0xc02b]
    hello.addServerName(name)
    hello.addProtocols(Array("h2".utf8), Array("http/1.1".utf8))
    hello.addVersions([0x2a2a, 0x0304, 0x0303])
    hello.add(10, list16([0x3a3a, 29].flatMap(bytes)))
    hello.add(11, list8([0]))
    hello.add(51, list16(bytes(0x3a3a) + list16([0]) + bytes(29) + list16([UInt8](repeating: key, count: 32))))
    hello.addSignatures([0x0403, 0x0804])
    hello.add(35, [UInt8](repeating: key, count: Int(key)))
    return hello
  }

  @Test func connectionsOfOneProgramDifferInTheirOwnValuesOnly() throws {
    let first = try browser("a.example", key: 7).read()
    let second = try browser("b.example", key: 9).read()
    #expect(first.offer == second.offer)
    #expect(first.shared === second.shared)
    #expect([first.serverName, second.serverName] == ["a.example", "b.example"])
    #expect([first.sessionTicketLength, second.sessionTicketLength] == [7, 9])
  }

  @Test func everyFlippedBitIsReadAsIfForTheFirstTime() throws {
    for body in [browser("a.example", key: 7).body, Array(RFC8448.clientHello.dropFirst(4))] {
      for bit in 0..<(body.count * 8) {
        var altered = body
        altered[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let hello = try? read(altered) else { continue }
        #expect(try hello.offer == fresh(altered))
      }
    }
  }

  @Test func aListThatContradictsItsFormatIsNotTakenForASoundOne() throws {
    let sound = browser("a.example", key: 7)
    #expect(try !sound.read().hasMalformedExtension)
    for type in [UInt16(10), 11, 13, 16, 43, 51] {
      var altered = sound
      for index in altered.extensions.indices where altered.extensions[index].type == type {
        altered.extensions[index].content.removeLast()
      }
      let hello = try altered.read()
      #expect(hello.hasMalformedExtension)
      #expect(try hello.offer == fresh(altered.body))
    }
  }
}
