import Findings
import PluginKit
import Terms
import Testing

@testable import Analysis

@Suite("Findings of one flow are settled")
struct ConflictsTests {
  private static let proof = Rule(
    "a.proof", .vpnProtocol, tool: "wireguard", highest: .conclusive, meaning: "", marks: [], lookAlikes: [],
    blindSpots: [], sources: [])
  private static let other = Rule(
    "b.proof", .vpnProtocol, tool: "openvpn", highest: .conclusive, meaning: "", marks: [], lookAlikes: [],
    blindSpots: [], sources: [])
  private static let guess = Rule(
    "c.guess", .circumvention, tool: "fully-encrypted", highest: .indicative, meaning: "", marks: [],
    lookAlikes: ["WireGuard"], withdrawnBy: ["wireguard"], blindSpots: [], sources: [])

  private func pending(_ rule: Rule, _ certainty: Certainty, stream: Int = 0) -> PendingFinding {
    PendingFinding(rule: rule, plugin: 0, certainty: certainty, variant: "", marks: [], stream: stream)
  }

  private func names(_ findings: [PendingFinding]) -> [String] {
    findings.map { "\($0.rule.identifier) \($0.certainty.name)\($0.conflicts ? " conflict" : "")" }
  }

  @Test("A conclusive finding withdraws an indicative one that lists its tool, on the same stream only")
  func withdraws() {
    let guess = pending(Self.guess, .indicative)
    #expect(names(Conflicts.settle([guess, pending(Self.proof, .conclusive)])) == ["a.proof conclusive"])
    #expect(names(Conflicts.settle([guess, pending(Self.proof, .strong)])).count == 2)
    #expect(names(Conflicts.settle([guess, pending(Self.other, .conclusive)])).count == 2)
    #expect(names(Conflicts.settle([guess, pending(Self.proof, .conclusive, stream: 1)])).count == 2)
  }

  @Test("Two conclusive findings of different tools are both kept, and marked")
  func conflict() {
    let settled = Conflicts.settle([pending(Self.proof, .conclusive), pending(Self.other, .conclusive)])
    #expect(names(settled) == ["a.proof conclusive conflict", "b.proof conclusive conflict"])
  }

  @Test("Of one rule's claims the surest stays, once")
  func surest() {
    let settled = Conflicts.settle([
      pending(Self.proof, .indicative), pending(Self.proof, .conclusive), pending(Self.proof, .strong),
    ])
    #expect(names(settled) == ["a.proof conclusive"])
  }
}
