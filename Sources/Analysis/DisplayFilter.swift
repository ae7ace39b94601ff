// A Wireshark display filter that shows the frames of a finding.

import Terms

enum DisplayFilter {
  /// Frames named one by one, at most; beyond that, ranges; beyond that, the flow's ends.
  private static let mostFrames = 64

  /// The filter for frames of one file (https://www.wireshark.org/docs/man-pages/wireshark-filter.html: a set's members
  /// are parted by commas, ranges are written `a..b`).
  ///
  /// - Parameter ends: the flow's addresses and ports; nil where addresses are withheld, so that frames alone are used.
  static func text(_ frames: [FrameReference], ends: Ends?) -> String {
    let first = frames.first?.evidence ?? 0
    let numbers = frames.filter { $0.evidence == first }.map(\.number).sorted()
    if numbers.count > 0, numbers.count <= mostFrames { return set(numbers.map { "\($0)" }) }
    let ranges = self.ranges(numbers)
    if !ranges.isEmpty, ranges.count <= mostFrames || ends == nil { return set(Array(ranges.prefix(1024))) }
    return ends?.text ?? "frame.number == 0"
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

  private static func ranges(_ numbers: [UInt64]) -> [String] {
    var out: [String] = []
    var start: UInt64?
    var last: UInt64 = 0
    for number in numbers {
      if start != nil, number == last || number == last &+ 1 {
        last = number
        continue
      }
      if let start { out.append(start == last ? "\(start)" : "\(start)..\(last)") }
      start = number
      last = number
    }
    if let start { out.append(start == last ? "\(start)" : "\(start)..\(last)") }
    return out
  }
}
