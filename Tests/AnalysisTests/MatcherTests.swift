import Bytes
import PluginKit
import Testing

@testable import Analysis

@Suite("Constants are matched by bit tables")
struct MatcherTests {
  private func found(_ matcher: Matcher, _ bytes: [UInt8], _ side: Side = .client, length: Int? = nil) -> [Int] {
    bytes.withRawSpan { span in
      var set = matcher.plugins(span, side: side, length: length)
      var out: [Int] = []
      while let plugin = set.popFirst() { out.append(plugin) }
      return out
    }
  }

  @Test("Value, mask and side decide")
  func masks() {
    let matcher = Matcher([
      (0, Constant("16 03 ** ** ** 01")), (1, Constant(text: "SSH-")), (2, Constant("16 **", side: .server)),
    ])
    #expect(found(matcher, [0x16, 3, 1, 0, 5, 1, 0, 0]) == [0])
    #expect(found(matcher, [0x16, 3, 1, 0, 5, 2, 0, 0]) == [])
    #expect(found(matcher, [0x16, 3, 1, 0, 5, 1], .server) == [0, 2])
    #expect(found(matcher, Array("SSH-2.0".utf8)) == [1])
  }

  @Test("Fewer bytes than a constant holds decide nothing yet")
  func short() {
    let matcher = Matcher([(0, Constant("16 03 ** ** ** 01")), (1, Constant("05"))])
    #expect(found(matcher, [0x16, 3]) == [])
    #expect([UInt8(0x16), 3].withRawSpan { matcher.mayStillMatch($0, side: .client) })
    #expect(![UInt8(0x17), 3].withRawSpan { matcher.mayStillMatch($0, side: .client) })
    #expect(found(matcher, [5]) == [1])
  }

  @Test("Lengths hold for datagrams")
  func lengths() {
    let matcher = Matcher([(0, Constant("01 00 00 00", lengths: 148...148))])
    #expect(found(matcher, [1, 0, 0, 0, 9, 9, 9, 9], length: 148) == [0])
    #expect(found(matcher, [1, 0, 0, 0, 9, 9, 9, 9], length: 149) == [])
  }

  @Test("A constant of datagrams may stand further on")
  func later() {
    let matcher = Matcher([(3, Constant(value: 0x0020 << 48, mask: 0x00ff << 48, at: 2, lengths: 10...12))])
    let bytes: [UInt8] = [9, 9, 7, 0x20, 0, 0, 0, 0, 0, 0]
    #expect(found(matcher, bytes, length: 10) == [3])
    #expect(found(matcher, bytes, length: 13) == [])
    #expect(found(matcher, Array(bytes.dropLast()), length: 10) == [])
    #expect(found(matcher, bytes, .server, length: 10) == [3])
    // Streams are matched at their start alone.
    #expect(found(matcher, bytes) == [])
    #expect(!matcher.isEmpty)
  }

  @Test("A constant may be looked for at a port only")
  func ports() {
    let matcher = Matcher([(5, Constant(value: 0, mask: 1 << 63, port: 4_500, side: .server))])
    let bytes = [UInt8](repeating: 1, count: 8)
    func found(_ ports: (UInt16, UInt16), _ side: Side = .server) -> Bool {
      bytes.withRawSpan { !matcher.plugins($0, side: side, length: 8, ports: ports).isEmpty }
    }
    #expect(found((4_500, 1)) && found((1, 4_500)))
    #expect(!found((4_501, 1)) && !found((4_500, 1), .client))
  }

  @Test("A constant that is no pattern matches nothing")
  func unsound() {
    #expect(Constant("1").mask == 0)
    #expect(Constant("xy").mask == 0)
    #expect(Constant("00 11 22 33 44 55 66 77 88").mask == 0)
    #expect(Matcher([(0, Constant("xy"))]).isEmpty)
  }

  @Test("The last of 128 constants is found; no further one is taken")
  func many() {
    let constants = (0..<130).map { number in
      (plugin: number % 128, constant: Constant(value: UInt64(number) << 56 | UInt64(number) << 48, mask: 0xffff << 48))
    }
    let matcher = Matcher(constants)
    #expect(found(matcher, [127, 127]) == [127])
    #expect(found(matcher, [129, 129]) == [])
  }
}
