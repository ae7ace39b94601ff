// Sums a host and tool, made from findings that were written: where the worker that summed them is gone.

import Findings
import JSON
import Terms

/// The `hosts` of a stream in which a fault cost the first worker's report: its findings stand, and so do their hosts.
struct HostsOfFindings {
  private struct Key: Hashable {
    let host: String
    let tool: String
    let certainty: String
  }

  private struct Sum {
    let family: JSONValue
    var flows: Int64 = 0
    var first: String?
    var last: String?
    var contacts: [JSONValue] = []
  }

  /// As many as a worker sums; the rest is counted.
  private static let most = 8_000

  private var order: [Key] = []
  private var sums: [Key: Sum] = [:]
  private(set) var leftOut: UInt64 = 0

  mutating func add(_ finding: JSONValue) {
    let flow = finding["flow"]
    // Without the category `flow` there are no sums.
    let indicates = finding["indicates"]
    guard finding["flow_id"] != nil, let host = flow?["initiator"]?["address"]?.string,
      let tool = indicates?["tool"]?.string, let family = indicates?["family"],
      let certainty = finding["certainty"]?.string
    else { return }
    // Many addresses under one name are no host.
    guard host != ShownAddress.textOfOthers.description else {
      leftOut += 1
      return
    }
    let key = Key(host: host, tool: tool, certainty: certainty)
    if sums[key] == nil {
      guard order.count < HostsOfFindings.most else {
        leftOut += 1
        return
      }
      order.append(key)
    }
    var sum = sums[key] ?? Sum(family: family)
    sum.flows += 1
    // Times are written with nine digits and Z: their order is that of their texts.
    sum.first = [sum.first, finding["first"]?.string].compactMap { $0 }.min()
    sum.last = [sum.last, finding["last"]?.string].compactMap { $0 }.max()
    sum.contacts.append(
      HostsOfFindings.object([
        ("source_port", flow?["initiator"]?["port"]), ("peer", flow?["responder"]), ("time", finding["first"]),
        ("display_filter", finding["display_filter"]), ("evidence", finding["evidence"]),
      ]))
    if sum.contacts.count >= 4 * HostSummary.mostContacts { sum.contacts = HostsOfFindings.earliest(sum.contacts) }
    sums[key] = sum
  }

  /// The sums, by certainty, then tool, then first appearance.
  var finished: [JSONValue] {
    let ranks = Dictionary(uniqueKeysWithValues: Certainty.allCases.map { ($0.name, $0) })
    return order.enumerated().sorted { left, right in
      let ranked = (ranks[left.element.certainty], ranks[right.element.certainty])
      if let one = ranked.0, let other = ranked.1, one != other { return one > other }
      if left.element.tool != right.element.tool { return left.element.tool < right.element.tool }
      return left.offset < right.offset
    }.map { entry in
      let key = entry.element
      let sum = sums[key]
      return HostsOfFindings.object([
        ("host", .string(key.host)), ("family", sum?.family), ("tool", .string(key.tool)),
        ("certainty", .string(key.certainty)), ("flows", sum.map { .integer($0.flows) }),
        ("first", sum?.first.map { .string($0) }), ("last", sum?.last.map { .string($0) }),
        ("contacts", sum.map { .array(HostsOfFindings.earliest($0.contacts)) }),
      ])
    }
  }

  private static func earliest(_ contacts: [JSONValue]) -> [JSONValue] {
    let sorted = contacts.enumerated().sorted {
      // Behind every digit: a contact without a time comes last.
      let left = $0.element["time"]?.string ?? "~"
      let right = $1.element["time"]?.string ?? "~"
      return left != right ? left < right : $0.offset < $1.offset
    }
    return sorted.prefix(HostSummary.mostContacts).map(\.element)
  }

  private static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
    .object(
      JSONObject(members.compactMap { member in member.1.map { JSONObject.Member(key: member.0, value: $0) } }))
  }
}
