// `veilscope explain NAME`: what a rule means, and what it does not; of a plugin or a tool, all its rules.

import ArgumentParser
import Findings
import PluginKit
import Terms

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what a rule means: its marks, look-alikes, sources, error rate, blind spots.")

  @Argument(
    help: ArgumentHelp(
      "A rule as a finding names it, or a plugin or a tool for all its rules; without it, all rules are listed.",
      valueName: "name"))
  var name: String?

  mutating func run() throws { Say.output(try ExplainCommand.answer(to: name, Commands.plugins)) }

  /// What is said of `name`; of nothing, the list of rules.
  static func answer(to name: String?, _ plugins: PluginCatalog) throws -> String {
    let rules = plugins.rules
    guard let name else {
      return rules.map { "\($0.rule.identifier)  \($0.rule.tool), at most \($0.rule.highest.name)" }
        .joined(separator: "\n")
    }
    if let found = rules.first(where: { $0.rule.identifier.description == name }) {
      return text(found.rule, found.plugin)
    }
    let named = rules.filter {
      $0.plugin.manifest.identifier.description == name || $0.rule.tool.description == name
    }
    if !named.isEmpty {
      let head = "\(name): \(named.count) rule\(named.count == 1 ? "" : "s")\n\n"
      return head + named.map { text($0.rule, $0.plugin) }.joined(separator: "\n\n----\n\n")
    }
    if plugins.entries.contains(where: { $0.manifest.identifier.description == name }) {
      return "The plugin \(name) has no rules: it reads, and claims nothing. `veilscope plugins` says what it reads."
    }
    let names =
      rules.flatMap { [$0.rule.identifier.description, $0.rule.tool.description] }
      + plugins.entries.map { $0.manifest.identifier.description }
    let near = Spelling.nearest(name, among: names).map { " Did you mean '\($0)'?" } ?? ""
    throw ValidationError(
      "there is no rule, plugin or tool '\(name)'.\(near) `veilscope explain` lists the rules, `veilscope plugins` the"
        + " plugins.")
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
