// What a command line means, and what is refused before any file is opened.

import ArgumentParser
import Testing

@testable import Commands

@Suite("The command line of analyze")
struct ParsingTests {
  private func analyze(_ words: String) throws -> AnalyzeCommand {
    try AnalyzeCommand.parse(words.split(separator: " ").map(String.init))
  }

  /// What is said of a command line that is refused; nil where it is not.
  private func refusal(_ words: String) -> String? {
    do {
      _ = try analyze(words)
      return nil
    } catch {
      return AnalyzeCommand.exitCode(for: error) == .validationFailure ? AnalyzeCommand.fullMessage(for: error) : ""
    }
  }

  @Test("Captures and a warrant are enough; findings go to the working folder, by one worker")
  func least() throws {
    let command = try analyze("a.pcap b.pcapng --warrant w.json")
    #expect(command.captures == ["a.pcap", "b.pcapng"])
    #expect(command.warrant == "w.json")
    #expect(command.output == "findings.json")
    #expect(command.flows == nil)
    #expect(command.workers == nil && Configuration().workers == 1)
    #expect(!command.continuous && !command.overwrite && !command.quiet && !command.noDigest && !command.separateVLANs)
  }

  @Test("Every option, in any order")
  func all() throws {
    let command = try analyze(
      "--quiet --limit flows=20 --limit tcp-idle=5 a --flows f.jsonl --separate-vlans --overwrite --workers 4 --continuous"
        + " --output o.json --warrant w")
    #expect(command.output == "o.json" && command.flows == "f.jsonl" && command.workers == 4)
    #expect(command.continuous && command.overwrite && command.quiet)
    let settings = try command.configuration().analysis
    #expect(settings.flows == 20 && settings.tcpIdle == 5 && settings.separateVLANs)
  }

  @Test(
    "What is wrong is named, with what was expected",
    arguments: [
      ("a.pcap", "--warrant <FILE>"), ("--warrant w", "<captures>"),
      ("a --warrant", "Missing value for '--warrant <FILE>'"),
      ("a --warrant w --workers 0", "expected a number from 1 to 256"), ("a --warrant w --workers x", "'x' is invalid"),
      ("a --warrant w --output -", "outputs are files"), ("a --warrant w --no-digest --continuous", "digest"),
      ("- - --warrant w", "once"), ("- a --continuous --warrant w", "cannot be part of a set"),
      ("a --warrant w --limit flows", "expected NAME=NUMBER"),
      ("a --warrant w --limit flow=3", "Did you mean 'flows'?"),
      ("a --warrant w --limit flows=1", "expected a number from 16"),
      ("a --warrant w --limit flows=99999999999999999999", "expected a number from 16"),
    ])
  func wrong(words: String, said: String) throws {
    #expect(try #require(refusal(words), "\(words) was taken").contains(said))
  }

  @Test("A bound at each end of its range is taken, one beyond is not")
  func bounds() throws {
    for entry in AnalyzeCommand.bounds {
      for (value, isGood) in [
        (entry.range.lowerBound, true), (entry.range.upperBound, true), (entry.range.lowerBound - 1, false),
        (entry.range.upperBound + 1, false),
      ] {
        #expect((refusal("a --warrant w --limit \(entry.name)=\(value)") == nil) == isGood, "\(entry.name)=\(value)")
      }
    }
  }
}
