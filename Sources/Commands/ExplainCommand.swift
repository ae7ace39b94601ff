// `veilscope explain RULE`: what a rule means, and what it does not.

import ArgumentParser
import Findings
import PluginKit
import Terms

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what a rule means: its marks, look-alikes, sources, error rate, blind spots.")

  @Argument(help: "A rule's identifier, as a finding gives it; without one, all rules are listed.")
  var rule: String?

  mutating func run() throws {
    let rules = Commands.plugins.rules
    guard let rule else {
      Say.output(
        rules.map { "\($0.rule.identifier)  \($0.rule.tool), at most \($0.rule.highest.name)" }.joined(separator: "\n"))
      return
    }
    guard let found = rules.first(where: { $0.rule.identifier.description == rule }) else {
      let names = rules.map { $0.rule.identifier.description }
      let near = Spelling.nearest(rule, among: names).map { " Did you mean '\($0)'?" } ?? ""
      throw ValidationError("there is no rule '\(rule)'.\(near) `veilscope explain` lists them.")
    }
    Say.output(ExplainCommand.text(found.rule, found.plugin))
  }

  static func text(_ rule: Rule, _ plugin: PluginEntry) -> String {
    var lines = [
      "\(rule.identifier), version \(rule.version), of the plugin \(plugin.manifest.identifier)",
      "",
      "Indicates: \(rule.tool) (\(rule.family.rawValue)), at most \(rule.highest.name).",
      "Means:     \(rule.meaning)",
    ]
    func list(_ title: String, _ texts: [StaticString]) {
      lines.append("")
      lines.append(title)
      lines += texts.isEmpty ? ["  none known"] : texts.map { "  - \($0)" }
    }
    list("Marks:", rule.marks)
    list("Look-alikes:", rule.lookAlikes)
    list("Cannot see:", rule.blindSpots)
    list("Sources:", rule.sources)
    lines.append("")
    if let figures = ErrorFigures.of(rule).figures {
      lines.append(
        "Error figures: found \(figures.found) of \(figures.labelled) labelled flows; \(figures.falseFindings) false"
          + " findings, however certain, on \(figures.negatives) flows without the tool (upper bound, one-sided 95 %:"
          + " \(figures.falseRateBoundPPM) in a million). They say how the rule did on captures that others"
          + " labelled, not how probable it is that one given finding is right.")
    } else {
      lines.append("Error figures: not measured.")
    }
    if rule.attack.utf8CodeUnitCount > 0 { lines.append("MITRE ATT&CK: \(rule.attack)") }
    lines.append("")
    lines.append(
      "A certainty of conclusive means a complete exchange that agrees in both directions and that no known ordinary"
        + " protocol produces; strong, that several independent marks agree; indicative, a lead and no more.")
    return lines.joined(separator: "\n")
  }
}
