// How often a rule was wrong, where that was measured.

import Terms

/// The error figures of one version of a rule, from the validation corpus.
///
/// They say how the rule did on captures that others labelled. They say nothing of how common the tool is, and so not how
/// probable it is that one given finding is right.
public struct ErrorFigures: FieldObject, Equatable {
  /// Nil where the rule's version was not measured.
  public let figures: Figures?

  public struct Figures: Equatable, Sendable {
    /// Labelled flows of the tool on which the rule gave a finding, of all such flows.
    public let found: Int
    public let labelled: Int
    /// Flows without the tool on which the rule gave a finding, however certain, of all such flows.
    public let falseFindings: Int
    public let negatives: Int
    /// Upper bound, one-sided 95 % (Clopper and Pearson), of the false finding rate, in parts per million.
    public let falseRateBoundPPM: Int

    public init(found: Int, labelled: Int, falseFindings: Int, negatives: Int, falseRateBoundPPM: Int) {
      self.found = found
      self.labelled = labelled
      self.falseFindings = falseFindings
      self.negatives = negatives
      self.falseRateBoundPPM = falseRateBoundPPM
    }
  }

  public init(figures: Figures?) { self.figures = figures }

  /// The figures of a rule, if this very version of it was measured.
  public static func of(_ rule: Rule) -> ErrorFigures {
    ErrorFigures(figures: RuleRates.table["\(rule.identifier)/\(rule.version)"])
  }

  /// All figures that this program holds, a line a rule version, in order: for a digest of them.
  public static var tableText: [UInt8] {
    let lines = RuleRates.table.sorted { $0.key < $1.key }.map { key, figures in
      "\(key) \(figures.found) \(figures.labelled) \(figures.falseFindings) \(figures.negatives)"
        + " \(figures.falseRateBoundPPM)\n"
    }
    return Array(lines.joined().utf8)
  }

  static let measuredField = Field<FlowFlag>("measured", "false: this version of the rule was not measured")
  static let foundField = Field<Count>("found", "labelled flows of the tool that the rule found", when: "measured")
  static let labelledField = Field<Count>("labelled", "labelled flows of the tool", when: "measured")
  static let falseField = Field<Count>(
    "false_findings", "flows without the tool on which the rule gave a finding, however certain", when: "measured")
  static let negativesField = Field<Count>("negatives", "flows without the tool", when: "measured")
  static let boundField = Field<Count>(
    "false_rate_bound_ppm",
    "upper bound of the rate of false findings (one-sided 95 %, Clopper and Pearson), parts per million",
    when: "measured")
  static let noteField = Field<Label>("note", "what the figures mean and do not mean")

  public static var fields: [FieldDeclaration] {
    [
      measuredField.declaration, foundField.declaration, labelledField.declaration, falseField.declaration,
      negativesField.declaration, boundField.declaration, noteField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.measuredField, FlowFlag(figures != nil))
    record.put(Self.foundField, figures.map { Count($0.found) })
    record.put(Self.labelledField, figures.map { Count($0.labelled) })
    record.put(Self.falseField, figures.map { Count($0.falseFindings) })
    record.put(Self.negativesField, figures.map { Count($0.negatives) })
    record.put(Self.boundField, figures.map { Count($0.falseRateBoundPPM) })
    record.put(
      Self.noteField,
      Label(
        figures == nil
          ? "not measured"
          : "measured on captures that others labelled; not how probable it is that this finding is right"))
  }
}
