import Terms
import Testing

@testable import Analysis

@Suite("Display filters show a finding's frames")
struct DisplayFilterTests {
  private func frames(_ numbers: [UInt64]) -> [FrameReference] { numbers.map { FrameReference(number: $0) } }

  @Test("Few frames are named one by one, with commas")
  func few() {
    #expect(DisplayFilter.text(frames([14, 11, 12]), ends: nil) == "frame.number in {11,12,14}")
  }

  @Test("Many frames become ranges")
  func ranges() {
    let text = DisplayFilter.text(frames(Array(1...100) + [200]), ends: nil)
    #expect(text == "frame.number in {1..100,200}")
  }

  @Test("Too many become the flow's ends, where these may be said")
  func ends() {
    let scattered = frames((0..<200).map { UInt64(2 * $0 + 1) })
    let ends = DisplayFilter.Ends(
      left: Endpoint(Address(v4: 0xc633_6401), port: 1024), right: Endpoint(Address(v4: 0xc633_6402), port: 443),
      portField: "tcp.port")
    #expect(
      DisplayFilter.text(scattered, ends: ends)
        == "ip.addr == 198.51.100.1 && ip.addr == 198.51.100.2 && tcp.port == 1024 && tcp.port == 443")
    #expect(DisplayFilter.text(scattered, ends: nil).hasPrefix("frame.number in {1,3,5"))
  }
}
