// The worked examples of https://github.com/salesforce/ja3 (README), and what it says of GREASE.

import Bytes
import Testing

@testable import Wire

@Suite struct JA3Tests {
  private func text(_ hello: TLSClientHello) -> String { String(decoding: JA3.clientText(hello.offer), as: UTF8.self) }

  private func readme() -> HelloBuilder {
    var hello = HelloBuilder()
    hello.version = 769
    hello.suites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
    hello.addServerName("a.example")
    hello.add(10, list16([23, 24, 25].flatMap(bytes)))
    hello.add(11, list8([0]))
    return hello
  }

  @Test func exampleWithExtensions() throws {
    let hello = try readme().read()
    #expect(text(hello) == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0")
    #expect(hello.ja3 == "ada70206e40642a3e4461f35503241d5")
  }

  @Test func exampleWithoutExtensions() throws {
    var builder = HelloBuilder()
    builder.version = 769
    builder.suites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99]
    let hello = try builder.read()
    #expect(text(hello) == "769,4-5-10-9-100-98-3-6-19-18-99,,,")
    #expect(hello.ja3 == "de350869b8c85de67a350c8d186f11e6")
  }

  @Test func greaseIsLeftOutOfEveryList() throws {
    var builder = readme()
    builder.suites.insert(0x5a5a, at: 0)
    builder.suites.append(0xfafa)
    builder.extensions.insert((0x0a0a, []), at: 0)
    builder.extensions.append((0xbaba, [0]))
    builder.extensions[2].content = list16([0x8a8a, 23, 24, 25].flatMap(bytes))
    #expect(try builder.read().ja3 == "ada70206e40642a3e4461f35503241d5")
  }

  @Test func valuesThatOnlyResembleGREASEStay() throws {
    var builder = HelloBuilder()
    builder.suites = [0x0a1a, 0x0a0b, 0xaaab, 0x1301]
    #expect(text(try builder.read()) == "771,2586-2571-43691-4865,,,")
  }

  @Test func serverOfRFC8448() throws {
    let hello = try RFC8448.serverHello.withRawSpan { (span: RawSpan) throws(ReadError) in
      try TLSServerHello(span.slice(4))
    }
    #expect(JA3.serverText(hello).map { String(decoding: $0, as: UTF8.self) } == "771,4865,51-43")
    #expect(hello.ja3s == "eb1d94daa7e0344597e756a1fb6e7054")
  }
}
