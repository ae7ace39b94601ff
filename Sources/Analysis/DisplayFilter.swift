// A Wireshark display filter that shows the frames of a finding.

import Findings
import Terms

enum DisplayFilter {
  /// Frames named one by one, at most; beyond that, ranges; beyond that, the flow's ends.
  private static let mostFrames = 64
  /// Ranges, where the ends must not be named.
  private static let mostRanges = 1_024

  /// The filter for frames of one file (https://www.wireshark.org/docs/man-pages/wireshark-filter.html: a set's members
  /// are parted by commas, ranges are written `a..b`).
  ///
  /// - Parameter ends: the flow's addresses and ports; nil where addresses are withheld, so that frames alone are used.
  static func text(_ frames: [FrameReference], ends: Ends?) -> DisplayFilterText {
    DisplayFilterText(filter(frames, ends: ends))
  }

  private static func filter(_ frames: [FrameReference], ends: Ends?) -> String {
    let first = frames.first?.evidence ?? 0
    let numbers = frames.filter { $0.evidence == first }.map(\.number).sorted()
    if numbers.count > 0, numbers.count <= mostFrames { return set(numbers.map { "\($0)" }) }
    let ranges = self.ranges(numbers)
    if ranges.count > mostFrames, let ends { return ends.text }
    guard let last = numbers.last else { return ends?.text ?? "frame.number == 0" }
    if ranges.count <= mostRanges { return set(ranges.map(\.text)) }
    // Every frame is shown, and between the last ones others too.
    let exact = ranges.prefix(mostRanges - 1)
    return set(exact.map(\.text) + ["\(ranges[exact.count].first)..\(last)"])
  }

  /// The two ends of a flow.
  struct Ends {
    let left: Endpoint
    let right: Endpoint
    /// Wireshark's name of a transport with ports; nil for others.
    let portField: String?

    var text: String {
      let field = left.address.family == .v4 ? "ip.addr" : "ipv6.addr"
      var text = "\(field) == \(left.address.text) && \(field) == \(right.address.text)"
      if let portField { text += " && \(portField) == \(left.port) && \(portField) == \(right.port)" }
      return text
    }
  }

  private static func set(_ members: [String]) -> String { "frame.number in {\(members.joined(separator: ","))}" }

  private struct Range {
    let first: UInt64
    var last: UInt64

    var text: String { first == last ? "\(first)" : "\(first)..\(last)" }
  }

  private static func ranges(_ numbers: [UInt64]) -> [Range] {
    var out: [Range] = []
    for number in numbers {
      if let last = out.last?.last, number == last || number == last &+ 1 {
        out[out.count - 1].last = number
      } else {
        out.append(Range(first: number, last: number))
      }
    }
    return out
  }
}
