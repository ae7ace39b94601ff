// Findings of a flow before they go out, and what settles those that contradict each other.

import Findings
import PluginKit
import Terms

/// A place in each direction of a flow's own stream: how far plugins have read, or where bytes came that contradict.
struct StreamPlace: Equatable {
  var client = 0
  var server = 0

  static let never = StreamPlace(client: .max, server: .max)

  func minimum(_ other: StreamPlace) -> StreamPlace {
    StreamPlace(client: min(client, other.client), server: min(server, other.server))
  }

  func maximum(_ other: StreamPlace) -> StreamPlace {
    StreamPlace(client: max(client, other.client), server: max(server, other.server))
  }
}

/// A claim made on a flow that has not ended.
struct PendingFinding {
  let rule: Rule
  let plugin: Int
  var certainty: Certainty
  let variant: StaticString
  var marks: [Mark]
  /// Index of the stream it was made on.
  let stream: Int
  /// How far the flow's stream was read when it was made: what it rests on lies before.
  var read = StreamPlace()
  var conflicts = false
  /// Bytes that it rests on came twice with other contents.
  var isContradicted = false

  /// The claim, as far as it can be upheld where bytes came twice with other contents, from `contradiction` on.
  func upheld(against contradiction: StreamPlace) -> PendingFinding {
    guard contradiction.client < read.client || contradiction.server < read.server else { return self }
    var finding = self
    finding.isContradicted = true
    finding.certainty = min(certainty, Conflicts.highestWhereContradicted)
    return finding
  }
}

/// Settles the findings of one flow.
enum Conflicts {
  /// What can be claimed at most of bytes of which two versions were seen. Which of them the ends took is not known, so no
  /// exchange is known to be complete, and no two marks to be independent: what is left is a lead.
  static let highestWhereContradicted = Certainty.indicative

  /// A later claim of the same rule and variant on the same stream replaces an earlier one of lower certainty; an equal or
  /// lower one is dropped. Then a conclusive finding withdraws indicative ones that list its tool, and two conclusive ones
  /// that name different tools on one stream are marked.
  ///
  /// Before that, what rests on contradicting bytes loses its certainty.
  static func settle(
    _ findings: [PendingFinding], contradiction: StreamPlace = .never
  ) -> [PendingFinding] {
    var kept: [PendingFinding] = []
    for finding in findings.lazy.map({ $0.upheld(against: contradiction) }) {
      if let earlier = kept.firstIndex(where: { same($0, finding) }) {
        if finding.certainty > kept[earlier].certainty { kept[earlier] = finding }
      } else {
        kept.append(finding)
      }
    }
    let conclusive = kept.filter { $0.certainty == .conclusive }
    kept.removeAll { finding in
      finding.certainty == .indicative
        && conclusive.contains { proof in
          proof.stream == finding.stream
            && finding.rule.withdrawnBy.contains { $0.description == proof.rule.tool.description }
        }
    }
    for index in kept.indices where kept[index].certainty == .conclusive {
      kept[index].conflicts = conclusive.contains {
        $0.stream == kept[index].stream && $0.rule.tool.description != kept[index].rule.tool.description
      }
    }
    return kept
  }

  private static func same(_ left: PendingFinding, _ right: PendingFinding) -> Bool {
    left.stream == right.stream && left.rule.identifier.description == right.rule.identifier.description
      && left.variant.description == right.variant.description
  }
}
