// The list of what is fuzzed. Links, tunnels and plugins are taken from the code itself, so that none can be forgotten.

import Packets
import PluginKit
import ShippedPlugins

/// One reader of hostile bytes, and a way to have it read an input.
public struct FuzzTarget: Sendable {
  /// Lower case, stable: the name of its folder of inputs.
  public let name: String
  /// Reads the input. Whatever that holds, it returns: a trap, a read out of bounds, a hang or a memory that grows
  /// beyond reason is what fuzzing looks for. What it read is added up, so that no work can be left out.
  public let read: @Sendable (RawSpan) -> UInt64

  init(_ name: String, _ read: @escaping @Sendable (RawSpan) -> UInt64) {
    self.name = name
    self.read = read
  }

  /// All targets, in order of name.
  public static let all: [FuzzTarget] =
    (containers + links + tunnels + documents + plugins).sorted { $0.name < $1.name }

  /// Targets with a fault, for the test of the harness: each must be found within seconds.
  public static let planted: [FuzzTarget] = [plantedTrap, plantedOverread, plantedHunger]

  /// Each way in which a shipped plugin reads.
  static var plugins: [FuzzTarget] {
    shippedPlugins.entries.flatMap { entry -> [FuzzTarget] in
      let name = "plugin-\(entry.manifest.identifier)"
      return (entry.readsDatagrams ? [FuzzTarget("\(name)-datagrams") { PluginCalls.datagrams(entry, $0) }] : [])
        + (entry.readsStreams ? [FuzzTarget("\(name)-stream") { PluginCalls.stream(entry, $0) }] : [])
    }
  }
}
