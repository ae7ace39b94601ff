// `explain` by a rule, a plugin or a tool.

import ArgumentParser
import Bytes
import Findings
import PluginKit
import Testing

@testable import Commands

private struct Lamp: DatagramPlugin {
  static let lit = Rule(
    "lamp.lit", .proxy, tool: "lantern", highest: .strong, meaning: "A lamp was lit.", marks: ["a light"],
    lookAlikes: [], blindSpots: ["what is dark"], sources: ["a source"])
  static let flicker = Rule(
    "lamp.flicker", .proxy, tool: "torch", highest: .indicative, meaning: "It flickered.", marks: [],
    lookAlikes: ["a candle"], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "lamp", title: "Lamps", transports: [.udp], constants: [Constant(text: "LAMP")], rules: [lit, flicker])
  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    .done
  }
}

private struct Silent: DatagramPlugin {
  static let manifest = Manifest(
    "silent", title: "Says nothing", transports: [.udp], constants: [Constant(text: "SHH")])
  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    .done
  }
}

@Suite("explain")
struct ExplainTests {
  private let plugins = PluginCatalog {
    Lamp.self
    Silent.self
  }

  private func answer(_ name: String?) throws -> String { try ExplainCommand.answer(to: name, plugins) }

  @Test("Without a name the rules are listed")
  func list() throws {
    #expect(try answer(nil) == "lamp.lit  lantern, at most strong\nlamp.flicker  torch, at most indicative")
  }

  @Test("A rule: all that a finding's reader needs")
  func rule() throws {
    #expect(
      try answer("lamp.lit") == """
        lamp.lit, version 1, of the plugin lamp

        Indicates: lantern (proxy), at most strong.
        Means:     A lamp was lit.

        Marks:
          - a light

        Look-alikes:
          none known

        Cannot see:
          - what is dark

        Sources:
          - a source

        Error figures: not measured.

        A certainty of conclusive means a complete exchange that agrees in both directions and that no known ordinary \
        protocol produces; strong, that several independent marks agree; indicative, a lead and no more.
        """)
  }

  @Test("A plugin or a tool: every rule of it")
  func several() throws {
    let all = try answer("lamp")
    #expect(all.hasPrefix("lamp: 2 rules\n"))
    #expect(all.contains("lamp.lit, version 1") && all.contains("lamp.flicker, version 1"))
    let tool = try answer("torch")
    #expect(tool.hasPrefix("torch: 1 rule\n"))
    #expect(tool.contains("lamp.flicker, version 1") && !tool.contains("lamp.lit"))
  }

  @Test("A plugin without rules is no mistake")
  func silent() throws { #expect(try answer("silent").contains("has no rules")) }

  @Test(
    "A mistyped name is answered with the nearest",
    arguments: [
      ("lamp.lt", "lamp.lit"), ("lantren", "lantern"), ("slient", "silent"),
    ])
  func mistyped(name: String, meant: String) throws {
    let error = #expect(throws: ValidationError.self) { try answer(name) }
    #expect(error?.message.contains("Did you mean '\(meant)'?") == true)
  }
}
