// Bytes of a stream that came twice with other contents: what rests on them is a lead, and says so.

import Findings
import JSON
import Terms
import Testing

@testable import Analysis

@Suite struct ContradictionTests {
  private struct Segment {
    var text: String
    var at: Int
    var answers = false
  }

  /// A connection: client's offsets count from 1000, the server's from 5000.
  private func evidence(_ segments: [Segment]) -> Evidence {
    var evidence = Evidence()
    func add(_ text: String, _ flags: UInt8, _ sequence: Int, _ acknowledgment: Int, _ answers: Bool) {
      let (from, to) = answers ? (9_000, 40_000) : (40_000, 9_000)
      let segment = IP.tcp(
        Array(text.utf8), flags: flags, sequence: sequence, acknowledgment: acknowledgment, from: from, to: to)
      evidence.add(IP.v4(6, segment, answers: answers))
    }
    add("", 2, 999, 0, false)
    add("", 0x12, 4_999, 1_000, true)
    for segment in segments {
      add(
        segment.text, 0x18, (segment.answers ? 5_000 : 1_000) + segment.at, segment.answers ? 1_000 : 5_000,
        segment.answers)
    }
    return evidence
  }

  private let hello = Segment(text: "HELLO!", at: 0)
  private let answer = Segment(text: "HELLO?", at: 0, answers: true)

  private func certainty(_ outcome: Outcome) -> String? { outcome.findings.first?["certainty"]?.string }
  private func isContradicted(_ outcome: Outcome) -> Bool {
    outcome.findings.first?["contradicted"]?.boolean ?? false
  }
  private func reasons(_ outcome: Outcome) -> [String] {
    (outcome.flows.first?["not_assessable"]?.array ?? []).compactMap(\.string)
  }

  @Test("without one nothing is capped: a repetition is none")
  func none() throws {
    let outcome = try evidence([hello, hello, answer]).analyse { Hello.self }
    #expect(certainty(outcome) == "conclusive" && !isContradicted(outcome))
    #expect(outcome.findings.first?["contradicted"] == nil)
    #expect(reasons(outcome).isEmpty)
  }

  @Test("in bytes that were read: before the claim, or after it", arguments: [false, true])
  func read(_ isLater: Bool) throws {
    let other = Segment(text: "LO.", at: 3)
    let outcome = try evidence(isLater ? [hello, answer, other] : [hello, other, answer]).analyse { Hello.self }
    #expect(certainty(outcome) == "indicative" && isContradicted(outcome))
    #expect(outcome.flows.first?["indications"]?.array?.first?["certainty"]?.string == "indicative")
    #expect(reasons(outcome).contains { $0.contains("came twice with other contents") })
  }

  @Test("in the answer's bytes too")
  func answers() throws {
    let outcome = try evidence([hello, answer, Segment(text: "?!", at: 4, answers: true)]).analyse { Hello.self }
    #expect(certainty(outcome) == "indicative" && isContradicted(outcome))
  }

  @Test("beyond what was read the claim stands, and the flow says what came twice")
  func beyond() throws {
    // The claim is made on six bytes; the seventh comes twice afterwards.
    let outcome = try evidence([
      hello, answer, Segment(text: "abc", at: 6), Segment(text: "xbc", at: 6),
    ]).analyse { Hello.self }
    #expect(certainty(outcome) == "conclusive" && !isContradicted(outcome))
    #expect(reasons(outcome).contains { $0.contains("came twice with other contents") })
  }

  @Test("a capped claim withdraws no other, and the higher of two is chosen after the cap")
  func settled() {
    let likeIt = Rule(
      "lead.start", .proxy, tool: "lead", highest: .indicative, meaning: "It begins so.", marks: ["start"],
      lookAlikes: ["hello"], withdrawnBy: ["hello"], blindSpots: [], sources: [])
    func pending(_ certainty: Certainty, _ read: Int, _ rule: Rule = Hello.rule) -> PendingFinding {
      PendingFinding(
        rule: rule, plugin: 0, certainty: certainty, variant: "", marks: [], stream: 0,
        read: StreamPlace(client: read, server: 0))
    }
    let contradiction = StreamPlace(client: 10, server: .max)
    let settled = Conflicts.settle([pending(.strong, 10), pending(.conclusive, 11)], contradiction: contradiction)
    #expect(settled.map(\.certainty) == [.strong])
    #expect(settled.map(\.isContradicted) == [false])
    #expect(Conflicts.settle([pending(.conclusive, 11)]).map(\.certainty) == [.conclusive])
    // The look-alike goes where the claim stands, and stays where it is capped.
    let both = [pending(.conclusive, 11), pending(.indicative, 5, likeIt)]
    #expect(Conflicts.settle(both).map(\.rule.tool.description) == ["hello"])
    #expect(
      Conflicts.settle(both, contradiction: contradiction).map(\.rule.tool.description) == ["hello", "lead"])
  }
}
