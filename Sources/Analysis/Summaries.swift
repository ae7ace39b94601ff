// Sums made while a timeline runs and given out when it closes: findings a host and tool, reasons of what cannot be told.

import Findings
import Terms

/// Sums findings by the host that began the flow, tool and certainty.
struct HostSums {
  private struct Key: Hashable {
    let host: ShownAddress
    let tool: String
    let certainty: Certainty
  }

  /// Hosts and tools kept, so that the report stays within one record of the channel (64 MiB) whatever the evidence:
  /// each takes some 6 KiB with all its contacts. The rest is counted, and said.
  private static let most = 8_000

  private var index: [Key: Int] = [:]
  private(set) var sums: [HostSummary] = []
  private(set) var leftOut: UInt64 = 0

  mutating func add(
    host: ShownAddress, family: String, tool: String, certainty: Certainty, first: Timestamp?, last: Timestamp?,
    contact: @autoclosure () -> HostSummary.Contact
  ) {
    // Many addresses under one name are no host.
    if case .otherThirdParty = host {
      leftOut += 1
      return
    }
    let key = Key(host: host, tool: tool, certainty: certainty)
    let at: Int
    if let known = index[key] {
      at = known
    } else {
      guard sums.count < HostSums.most else {
        leftOut += 1
        return
      }
      at = sums.count
      index[key] = at
      sums.append(
        HostSummary(
          host: host, family: family, tool: tool, certainty: certainty, flows: 0, first: first, last: last,
          contacts: []))
    }
    sums[at].flows += 1
    sums[at].first = [sums[at].first, first].compactMap { $0 }.min()
    sums[at].last = [sums[at].last, last].compactMap { $0 }.max()
    sums[at].contacts.append(contact())
    // The earliest are kept; flows end in no order, so the list is cut only now and then.
    if sums[at].contacts.count >= 4 * HostSummary.mostContacts {
      sums[at].contacts = HostSums.earliest(sums[at].contacts)
    }
  }

  private static func earliest(_ contacts: [HostSummary.Contact]) -> [HostSummary.Contact] {
    let sorted = contacts.enumerated().sorted {
      let left = $0.element.time?.nanoseconds ?? .max
      let right = $1.element.time?.nanoseconds ?? .max
      return left != right ? left < right : $0.offset < $1.offset
    }
    return sorted.prefix(HostSummary.mostContacts).map(\.element)
  }

  /// The sums, by certainty, then tool, then first appearance.
  func finished() -> [HostSummary] {
    sums.enumerated().sorted { left, right in
      if left.element.certainty != right.element.certainty { return left.element.certainty > right.element.certainty }
      if left.element.tool != right.element.tool { return left.element.tool < right.element.tool }
      return left.offset < right.offset
    }.map { item in
      var sum = item.element
      sum.contacts = HostSums.earliest(sum.contacts)
      return sum
    }
  }
}

/// Counts reasons of what cannot be told.
struct ReasonSums {
  /// Reasons of plugins that are summed; each is a text of the program, so that real evidence gives a few dozen.
  private let most: Int
  private var index: [String: Int] = [:]
  private var sums: [(reason: String, flows: UInt64)] = []
  /// The engine's own reasons, by their bit: counted without a look-up.
  private var core: [UInt64] = Array(repeating: 0, count: 8)
  /// Reasons that were not summed for want of room, as often as flows gave them.
  private(set) var leftOut: UInt64 = 0

  init(most: Int) { self.most = most }

  mutating func add(_ reasons: CoreReasons) {
    var bits = reasons.rawValue
    while bits != 0 {
      core[bits.trailingZeroBitCount] += 1
      bits &= bits &- 1
    }
  }

  mutating func add(_ reason: String) {
    if let at = index[reason] {
      sums[at].flows += 1
    } else if sums.count < most {
      index[reason] = sums.count
      sums.append((reason, 1))
    } else {
      leftOut &+= 1
    }
  }

  func finished() -> [NotAssessableCount] {
    let own = core.indices.flatMap { bit -> [(reason: String, flows: UInt64)] in
      var found: [(reason: String, flows: UInt64)] = []
      guard core[bit] > 0 else { return found }
      CoreReasons(rawValue: 1 << UInt8(bit)).forEach { found.append(($0.description, core[bit])) }
      return found
    }
    return (sums + own).sorted { $0.flows != $1.flows ? $0.flows > $1.flows : $0.reason < $1.reason }
      .map { NotAssessableCount(reason: $0.reason, flows: $0.flows) }
  }
}
