// A mistyped command line is answered with the nearest name, or with what is expected in its place.

import ArgumentParser
import Foundation
import Testing

@testable import Commands

@Suite("What was probably meant")
struct SuggestionsTests {
  /// What a user is told of `words`.
  private func said(_ words: String) -> String {
    let arguments = words.split(separator: " ").map(String.init)
    do {
      _ = try Veilscope.parseAsRoot(arguments)
      return ""
    } catch {
      return Suggestions.improve(Veilscope.fullMessage(for: error), arguments: arguments)
    }
  }

  @Test(
    "The nearest command or option",
    arguments: [
      ("analize a --warrant w", "analyze"), ("anaylze a", "analyze"), ("plugin", "plugins"), ("explian x", "explain"),
      ("analyze a --warant w", "--warrant"), ("analyze a --warrant w --overwite", "--overwrite"),
      ("analyze a --warrant w --seperate-vlans", "--separate-vlans"), ("analyze a --warrant w --flow=x", "--flows"),
      ("plugins --jsn", "--json"), ("warrant chek w", "warrant check"), ("config sow", "config show"),
      ("warrant check w --trsut a", "--trust"), ("warrent check w", "warrant"),
    ])
  func nearest(words: String, name: String) {
    #expect(said(words).contains("Did you mean '\(name)'?"))
  }

  @Test(
    "What is like no name is told what belongs there",
    arguments: [
      "frobnicate", "--warrant w a.pcap", "seized.pcap --warrant w", "--frobnicate",
    ])
  func unlike(words: String) {
    #expect(said(words).contains("veilscope analyze CAPTURE... --warrant FILE"))
  }

  @Test("A word too many is named, with what to do")
  func tooMany() {
    #expect(said("explain a b").contains("Unexpected argument 'b'"))
    #expect(said("explain a b").contains("takes one name"))
    #expect(said("plugins tls").contains("veilscope explain NAME"))
  }

  @Test("A message that is good already stays as it is")
  func good() {
    #expect(Suggestions.improve("Did you mean 'x'?", arguments: ["analyse"]) == "Did you mean 'x'?")
    #expect(Suggestions.improve("Error: y", arguments: ["analyze", "a"]) == "Error: y")
    #expect(Suggestions.improve("Error: y", arguments: []) == "Error: y")
  }

  @Test("Every option that there is is known here")
  func complete() throws {
    let dump = try #require(
      JSONSerialization.jsonObject(with: Data(Veilscope._dumpHelp().utf8)) as? [String: Any])
    let root = try #require(dump["command"] as? [String: Any])
    let shown = (root["subcommands"] as? [[String: Any]] ?? []).filter { $0["shouldDisplay"] as? Bool == true }
    #expect(Set(shown.compactMap { $0["commandName"] as? String }) == Set(Suggestions.commands))
    func inner(_ command: [String: Any]) -> [[String: Any]] {
      (command["subcommands"] as? [[String: Any]] ?? []).filter { $0["commandName"] as? String != "help" }
    }
    for command in shown where !inner(command).isEmpty {
      let name = try #require(command["commandName"] as? String)
      #expect(inner(command).compactMap { $0["commandName"] as? String } == Suggestions.subcommands[name])
    }
    let arguments = (shown + shown.flatMap(inner) + [root]).flatMap { $0["arguments"] as? [[String: Any]] ?? [] }
    let names = arguments.filter { $0["shouldDisplay"] as? Bool == true }
      .compactMap { ($0["preferredName"] as? [String: Any])?["name"] as? String }
    #expect(Set(names.map { "--\($0)" }) == Set(Suggestions.options))
  }
}
