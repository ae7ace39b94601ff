// Findings of a flow before they go out, and what settles those that contradict each other.

import Findings
import PluginKit
import Terms

/// A claim made on a flow that has not ended.
struct PendingFinding {
  let rule: Rule
  let plugin: Int
  var certainty: Certainty
  let variant: StaticString
  var marks: [Mark]
  /// Index of the stream it was made on.
  let stream: Int
  var conflicts = false
}

/// Settles the findings of one flow.
enum Conflicts {
  /// A later claim of the same rule and variant on the same stream replaces an earlier one of lower certainty; an equal or
  /// lower one is dropped. Then a conclusive finding withdraws indicative ones that list its tool, and two conclusive ones
  /// that name different tools on one stream are marked.
  static func settle(_ findings: [PendingFinding]) -> [PendingFinding] {
    var kept: [PendingFinding] = []
    for finding in findings {
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
