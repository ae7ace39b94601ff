// The configuration's file: what it may hold, what it says of what it may not, and whose word counts.

import Foundation
import JSON
import TestSupport
import Testing

@testable import Commands

@Suite("Configuration")
struct ConfigurationTests {
  private func problems(_ text: String) -> String {
    do {
      var configuration = Configuration()
      try configuration.take(Array(text.utf8), from: "/etc/x/veilscope.json")
      return ""
    } catch {
      #expect((error as? CommandFailure)?.status == .configuration)
      return (error as? CommandFailure)?.message ?? "\(error)"
    }
  }

  @Test("Every key, with its value in force")
  func all() throws {
    var configuration = Configuration()
    try configuration.take(
      Array(
        """
        {"trust": ["ca.pem", "/abs/ca.pem"], "trust_tsa": ["t.pem"], "crl": ["l.pem"], "profile_problems": "error",
         "signature": {"required_signers": 2, "allowed_subjects": ["CN=A"], "extended_key_usages": ["1.3.6.1.4.1.1"],
          "require_revocation_check": true, "require_timestamp": true},
         "defaults": {"workers": 3, "quiet": true, "separate_vlans": true}, "limits": {"flows": 20, "tcp-idle": 5}}
        """.utf8), from: "/etc/x/veilscope.json")
    #expect(configuration.workers == 3 && configuration.quiet && configuration.profileProblemsAreErrors)
    #expect(configuration.analysis.flows == 20 && configuration.analysis.tcpIdle == 5)
    #expect(configuration.analysis.separateVLANs)
    let policy = configuration.policy
    #expect(policy.requiredSigners == 2 && policy.allowedSubjects == ["CN=A"])
    #expect(policy.extendedKeyUsages == ["1.3.6.1.4.1.1"])
    #expect(policy.requiresRevocationCheck && policy.requiresTimestamp)
    let shown = ConfigShowCommand.text(configuration)
    // Relative to the file's folder.
    #expect(shown.contains(#"trust = ["/etc/x/ca.pem","/abs/ca.pem"]"#))
    #expect(shown.contains("    /etc/x/veilscope.json; how many different subjects must sign"))
    for key in ConfigurationKey.all { #expect(shown.contains("\(key.path) = ")) }
  }

  @Test("Later values take the place of earlier ones, key by key, and it is said whose they are")
  func order() throws {
    let folder = try TemporaryFolder()
    let system = try folder.write("s.json", #"{"defaults": {"workers": 2, "quiet": true}}"#)
    let chosen = try folder.write("c.json", #"{"defaults": {"workers": 4}}"#)
    var configuration = try Configuration(system: system, chosen: chosen)
    #expect(configuration.workers == 4 && configuration.quiet)
    configuration.set("defaults.workers", .integer(7), byFlag: "--workers")
    let shown = ConfigShowCommand.text(configuration)
    #expect(shown.contains("defaults.workers = 7\n    --workers;"))
    #expect(shown.contains("defaults.quiet = true\n    \(system);"))
    #expect(shown.contains("defaults.separate_vlans = false\n    built in;"))
    #expect(try Configuration(system: folder.path("none.json"), chosen: nil).workers == 1)
    #expect(throws: CommandFailure.self) { try Configuration(system: system, chosen: folder.path("none.json")) }
  }

  @Test(
    "What is wrong is named, with what was expected",
    arguments: [
      (#"{"trsut": []}"#, "trsut: an unknown key; did you mean \"trust\"?"),
      (#"{"signature": {"required_signer": 2}}"#, "did you mean \"required_signers\"?"),
      (#"{"required_signers": 2}"#, "did you mean \"signature.required_signers\"?"),
      (#"{"zzzzzz": 2}"#, "expected one of trust, trust_tsa, crl, signature"),
      (#"{"limits": {"flow": 2}}"#, "did you mean \"flows\"?"),
      (#"{"limits": {"flows": 1}}"#, "limits.flows: found 1; expected a number from 16"),
      (#"{"limits": 3}"#, "limits: found an integer; expected an object"),
      (#"{"trust": "ca.pem"}"#, "trust: found \"ca.pem\"; expected an array of texts"),
      (#"{"trust": [""]}"#, "none of them empty"),
      (#"{"profile_problems": "warn"}"#, "expected one of warning, error"),
      (#"{"defaults": {"quiet": 1}}"#, "expected true or false"),
      (#"{"signature": {"extended_key_usages": ["documentSigning"]}}"#, "dotted numbers"),
      (#"{"signature": {"extended_key_usages": ["1.3.6.1.5.5.7.3.1"]}}"#, "none of serverAuth"),
      (#"{"signature": {"extended_key_usages": ["2.5.29.37.0"]}}"#, "anyExtendedKeyUsage"),
      (#"{"trust": [], "trust": []}"#, "trust"), ("[]", "expected an object"), ("{", "line 1"),
    ])
  func wrong(text: String, said: String) { #expect(problems(text).contains(said)) }

  @Test("Every problem at once")
  func several() {
    let said = problems(#"{"a1": 1, "trust": 2, "defaults": {"b2": 1, "workers": 0}}"#)
    #expect(said.split(separator: "\n").count == 5)
  }
}
