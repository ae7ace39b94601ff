import Terms
import Testing

@testable import Analysis

@Suite("Display filters show a finding's frames")
struct DisplayFilterTests {
  private func frames(_ numbers: [UInt64]) -> [FrameReference] { numbers.map { FrameReference(number: $0) } }

  @Test("Few frames are named one by one, with commas")
  func few() {
    #expect(DisplayFilter.text(frames([14, 11, 12]), ends: nil).text == "frame.number in {11,12,14}")
  }

  @Test("Many frames become ranges")
  func ranges() {
    let text = DisplayFilter.text(frames(Array(1...100) + [200]), ends: nil).text
    #expect(text == "frame.number in {1..100,200}")
  }

  @Test("Too many become the flow's ends, where these may be said")
  func ends() {
    let scattered = frames((0..<200).map { UInt64(2 * $0 + 1) })
    let ends = DisplayFilter.Ends(
      left: Endpoint(Address(v4: 0xc633_6401), port: 1024), right: Endpoint(Address(v4: 0xc633_6402), port: 443),
      portField: "tcp.port")
    #expect(
      DisplayFilter.text(scattered, ends: ends).text
        == "ip.addr == 198.51.100.1 && ip.addr == 198.51.100.2 && tcp.port == 1024 && tcp.port == 443")
    #expect(DisplayFilter.text(scattered, ends: nil).text.hasPrefix("frame.number in {1,3,5"))
  }

  @Test("However many they are, none is left out where the ends may not be said")
  func everyFrame() {
    let numbers = (0..<3_000).map { UInt64(2 * $0 + 1) }
    let members = DisplayFilter.text(frames(numbers), ends: nil).text
      .dropFirst("frame.number in {".count).dropLast().split(separator: ",")
    #expect(members.count == 1_024)
    #expect(members[1_022] == "2045")
    #expect(members.last == "2047..5999")
  }

  @Test("Without the category of flows neither frames nor ports come out, by filter, sum or identity")
  func withheld() throws {
    var evidence = Evidence()
    evidence.add(IP.v4(6, IP.tcp([], flags: 2, sequence: 99, acknowledgment: 0)))
    evidence.add(IP.v4(6, IP.tcp(Array("HELLO!".utf8), flags: 0x18, sequence: 100, acknowledgment: 500)))
    evidence.add(
      IP.v4(
        6, IP.tcp(Array("HELLO!".utf8), flags: 0x18, sequence: 500, acknowledgment: 106, from: 9_000, to: 40_000),
        answers: true))
    let shown = try evidence.analyse { Hello.self }
    #expect(shown.findings.first?["display_filter"]?.string == "frame.number in {2,3}")
    #expect(shown.report["hosts"]?.array?.first?["contacts"]?.array?.first?["source_port"]?.integer == 40_000)

    let outcome = try evidence.analyse(categories: ["addresses_of_third_parties"]) { Hello.self }
    #expect(outcome.findings.count == 1)
    #expect(outcome.findings.first?["display_filter"] == nil)
    #expect(outcome.report["hosts"]?.array == [])
    for record in outcome.findings + outcome.flows {
      #expect(record["flow"]?["initiator"]?["address"]?.string == "192.0.2.1")
      #expect(record["flow"]?["initiator"]?["port"] == nil)
    }
    #expect(!"\(outcome.findings)\(outcome.flows)".contains("40000"))
  }
}
