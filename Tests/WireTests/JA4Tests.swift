// The rules and examples of https://github.com/FoxIO-LLC/ja4, technical_details/JA4.md.

import Bytes
import Testing

@testable import Wire

@Suite struct JA4Tests {
  private let signatures: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
  private let suites: [UInt16] = [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f,
    0x0035,
  ]

  /// The hello of the document's example, in its original order (JA4_ro), with GREASE as such a client sends it.
  private func document() -> HelloBuilder {
    var hello = HelloBuilder()
    hello.suites = [0x2a2a] + suites
    hello.add(0x4a4a, 0x001b)
    hello.addServerName("a.example")
    hello.add(0x0033, list16([]))
    hello.addProtocols(Array("h2".utf8), Array("http/1.1".utf8))
    hello.add(0x4469, 0x0017, 0x002d)
    hello.addSignatures(signatures)
    hello.add(0x0005, 0x0023, 0x0012)
    hello.addVersions([0x8a8a, 0x0304, 0x0303])
    hello.add(0xff01)
    hello.add(0x000b, list8([0]))
    hello.add(0x000a, list16([0xcaca, 29, 23, 24].flatMap(bytes)))
    hello.add(0x0015, 0x3a3a)
    return hello
  }

  @Test func exampleOfTheDocument() throws {
    #expect(try document().read().ja4 == "t13d1516h2_8daaf6152771_e5627efa2ab1")
  }

  @Test func exampleWithoutALPN() throws {
    var hello = document()
    hello.extensions.removeAll { $0.type == 0x4469 || $0.type == 16 }
    #expect(try hello.read().ja4 == "t13d151400_8daaf6152771_de4a06bb82e3")
  }

  @Test func exampleOverQUIC() throws {
    var hello = HelloBuilder()
    hello.suites = [0x1301, 0x1302, 0x1303]
    hello.addServerName("a.example")
    hello.addProtocols(Array("h3".utf8))
    hello.add(0x000a, list16([29].flatMap(bytes)))
    hello.addSignatures(signatures + [0x0201])
    hello.add(0x001b, 0x002d)
    hello.addVersions([0x0304])
    hello.add(0x0033, list16([]))
    hello.add(0x0039, 0x4469)
    #expect(try hello.read(.quic).ja4 == "q13d0310h3_55b375c5d22e_cd85d2d88918")
  }

  @Test func exampleOfTLS12() throws {
    var hello = HelloBuilder()
    hello.suites = [
      49200, 49196, 49192, 49188, 49172, 49162, 159, 107, 57, 52393, 52392, 52394, 65413, 196, 136, 129, 157, 61, 53,
      192, 132, 49199, 49195, 49191, 49187, 49171, 49161, 158, 103, 51, 190, 69, 156, 60, 47, 186, 65, 49169, 49159, 5,
      4, 49170, 49160, 22, 10, 255,
    ]
    hello.addServerName("a.example")
    hello.add(11, list8([0]))
    hello.add(10, list16([29, 23, 24].flatMap(bytes)))
    // 0xefef, 0xeeee and 0xeded are no GREASE.
    hello.addSignatures([
      0x0601, 0x0603, 0xefef, 0x0501, 0x0503, 0x0401, 0x0403, 0xeeee, 0xeded, 0x0301, 0x0303, 0x0201, 0x0203,
    ])
    hello.addProtocols(Array("h2".utf8), Array("http/1.1".utf8))
    #expect(try hello.read().ja4 == "t12d4605h2_85626a9a5f7f_aaf95bb78ec9")
  }

  @Test(arguments: [
    ("", "00"), ("68", "hh"), ("6832", "h2"), ("687474702f312e31", "h1"), ("ab", "ab"), ("abcd", "ad"), ("30ab", "3b"),
    ("3031abcd", "3d"), ("30abcd31", "01"), ("0a0a", "0a"), ("2f61", "21"),
  ])
  func firstProtocol(_ name: String, _ characters: String) throws {
    var hello = HelloBuilder()
    hello.addProtocols(hex(name), Array("http/1.1".utf8))
    #expect(try hello.read().ja4?.dropFirst(8).prefix(2) == characters[...])
  }

  @Test func noProtocolAtAll() throws {
    var hello = HelloBuilder()
    hello.add(16, list16([]))
    #expect(try hello.read().ja4?.prefix(10) == "t12i010100")
  }

  @Test func theNameExtensionCountsWhateverItHolds() throws {
    for content in [[], list16([]), [0xff]] as [[UInt8]] {
      var hello = HelloBuilder()
      hello.add(0, content)
      // No other extension: the last part is zeros.
      #expect(try hello.read().ja4 == "t12d010100_0f2cb44170f4_000000000000")
    }
  }

  @Test func withoutSignaturesThereIsNoUnderscore() throws {
    var hello = document()
    hello.extensions.removeAll { $0.type == 13 }
    hello.add(13, [])
    // The document's own value for the list without signature algorithms.
    #expect(try hello.read().ja4 == "t13d1516h2_8daaf6152771_6d807ffa2a79")
  }

  @Test func countsEndAt99() throws {
    var hello = HelloBuilder()
    hello.suites = (1...150).map { 0xc000 + $0 }
    for number in 0..<120 as Range<UInt16> { hello.add(0x7000 + number) }
    #expect(try hello.read().ja4?.prefix(10) == "t12i999900")
  }

  @Test func withoutSuitesThePartIsZeros() throws {
    var hello = HelloBuilder()
    hello.suites = [0x0a0a]
    #expect(try hello.read().ja4 == "t12i000000_000000000000_000000000000")
  }

  @Test(
    arguments: [
      (0x0300, [], "s3"), (0x0301, [], "10"), (0x0302, [], "11"), (0x0303, [0x0301, 0x0302], "11"),
      // Drafts have higher numbers than the versions that are named.
      (0x0303, [0x0303, 0x7f12], "00"), (0x0303, [0xdada, 0x0304, 0x0303], "13"),
    ] as [(UInt16, [UInt16], String)])
  func version(_ legacy: UInt16, _ offered: [UInt16], _ characters: String) throws {
    var hello = HelloBuilder()
    hello.version = legacy
    if !offered.isEmpty { hello.addVersions(offered) }
    #expect(try hello.read().ja4?.dropFirst().prefix(2) == characters[...])
  }
}
