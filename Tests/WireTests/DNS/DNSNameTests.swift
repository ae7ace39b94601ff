// Names with and without pointers, whole and damaged.

import Bytes
import Testing

@testable import Wire

@Suite struct DNSNameTests {
  /// A message of 12 bytes of header and what is given, read from `offset`.
  static func read(_ hex: String, at offset: Int = 12) throws(ReadError) -> (text: String, end: Int) {
    let bytes = Array(repeating: UInt8(0), count: 12) + (Hex.bytes(hex.filter { !$0.isWhitespace }) ?? [])
    return try bytes.withRawSpan { (span) throws(ReadError) in
      var reader = ByteReader(span)
      try reader.skip(offset)
      let place = try DNSNamePlace(&reader)
      let name = place.name(in: span)
      let others = [DNSName(text: name.text + [0x78]), DNSName(text: Array("x.y".utf8))]
      let comparisons = [place.isSame(as: name, in: span)] + others.map { !place.isSame(as: $0, in: span) }
      #expect(comparisons == [true, true, true])
      return (String(decoding: name.text, as: UTF8.self), reader.position)
    }
  }

  // RFC 1035 section 4.1.4: F.ISI.ARPA, FOO.F.ISI.ARPA and ARPA by pointers, and the root; here from offset 12 on.
  static let example = "0146 03495349 0441525041 00 03464f4f c00c c012 00"

  @Test func theExampleOfTheSpecification() throws {
    #expect(try Self.read(Self.example) == ("f.isi.arpa", 24))
    #expect(try Self.read(Self.example, at: 24) == ("foo.f.isi.arpa", 30))
    #expect(try Self.read(Self.example, at: 30) == ("arpa", 32))
    #expect(try Self.read(Self.example, at: 32) == ("", 33))
  }

  @Test func oddBytesAreEscaped() throws {
    #expect(try Self.read("04 612e5c00 02 ff20 00") == ("a\\046\\092\\000.\\255\\032", 21))
  }

  @Test(arguments: [
    // Itself, the byte behind itself, forwards, into the header, each other; kinds of labels that were given up.
    "c00c", "01 61 c00c", "c00e 00", "c000", "c00b", "40 00", "80 00",
  ])
  func whatContradictsIsInvalid(_ hex: String) {
    #expect { try Self.read(hex) } throws: { ($0 as? ReadError)?.kind == .invalid }
  }

  @Test func pointersThatLeadAroundEnd() {
    // 12: a pointer to 14; 14: one to 12: whichever is read first points forwards or before itself, then forwards.
    #expect { try Self.read("c00e c00c") } throws: { ($0 as? ReadError)?.kind == .invalid }
    #expect { try Self.read("c00e c00c", at: 14) } throws: { ($0 as? ReadError)?.kind == .invalid }
  }

  @Test(arguments: ["", "03 6161", "03 616161", "c0"])
  func whatEndsEarlyRanOut(_ hex: String) {
    #expect { try Self.read(hex) } throws: { ($0 as? ReadError)?.kind == .ranOut }
  }

  @Test func noNameIsLongerThanItMayBe() throws {
    let label = "3f" + String(repeating: "61", count: 63)
    #expect(
      try Self.read(String(repeating: label, count: 3) + "3d" + String(repeating: "61", count: 61) + "00").end == 12
        + 255)
    #expect { try Self.read(String(repeating: label, count: 4) + "00") } throws: {
      ($0 as? ReadError)?.kind == .invalid
    }
    // A chain of pointers, each to one label before: as long as the name may be, no longer.
    var chain = "01 61 00"
    var at = 12
    for _ in 0..<200 {
      chain += "01 61" + format(0xc000 + at)
      at = at == 12 ? 15 : at + 4
    }
    #expect { try Self.read(chain, at: at) } throws: { ($0 as? ReadError)?.kind == .invalid }
  }

  private func format(_ value: Int) -> String { Hex.text([UInt8(value >> 8), UInt8(value & 0xff)]) }
}
