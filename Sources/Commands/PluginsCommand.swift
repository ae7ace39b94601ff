// `veilscope plugins`: what each plugin reads, emits and needs.

import ArgumentParser
import Findings
import JSON
import PluginKit
import Terms

struct PluginsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugins", abstract: "Lists the protocol plugins: what each reads, emits and needs.")

  @Flag(help: "As JSON, with every rule and field.")
  var json = false

  mutating func run() {
    Say.output(
      json ? String(decoding: PluginList.json(Commands.plugins), as: UTF8.self) : PluginList.table(Commands.plugins))
  }
}

enum PluginList {
  static func transports(_ manifest: Manifest) -> [String] {
    manifest.transports.map {
      switch $0 {
      case .tcp: "tcp"
      case .udp: "udp"
      case .sctp: "sctp"
      case .icmp: "icmp"
      case .ip(let number): FlowIdentity.transportName(protocolNumber: number)
      }
    }
  }

  /// A table with columns as wide as their contents.
  static func table(_ plugins: PluginCatalog) -> String {
    var rows = [["PLUGIN", "VERSION", "READS", "EMITS", "NEEDS", "RULES"]]
    for entry in plugins.entries {
      let manifest = entry.manifest
      func list(_ names: [String]) -> String { names.isEmpty ? "-" : names.joined(separator: ",") }
      rows.append([
        manifest.identifier.description, "\(manifest.version)", list(transports(manifest)),
        list(manifest.emits.members.map(\.name)), list(manifest.needs.members.map(\.name)),
        list(manifest.rules.map(\.identifier.description)),
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { $1 + String(repeating: " ", count: widths[$0] - $1.count) }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  static func json(_ plugins: PluginCatalog) -> [UInt8] {
    var json = JSONWriter()
    json.beginArray()
    for entry in plugins.entries {
      let manifest = entry.manifest
      json.beginObject()
      text(&json, "name", manifest.identifier)
      json.key("version")
      json.integer(manifest.version)
      text(&json, "title", manifest.title)
      list(&json, "transports", transports(manifest))
      json.key("ports")
      json.beginArray()
      for port in manifest.ports { json.integer(port) }
      json.endArray()
      list(&json, "emits", manifest.emits.members.map(\.name))
      list(&json, "needs", manifest.needs.members.map(\.name))
      list(&json, "references", manifest.references.map(\.description))
      json.key("rules")
      json.beginArray()
      for rule in manifest.rules { write(rule, &json) }
      json.endArray()
      json.key("fields")
      json.beginArray()
      for observation in manifest.observations where !observation.record.isEmpty {
        for field in observation.fields { write(field, of: observation.record, &json) }
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    return PrettyJSON.indented(json.bytes)
  }

  private static func write(_ rule: Rule, _ json: inout JSONWriter) {
    json.beginObject()
    text(&json, "rule", rule.identifier)
    json.key("version")
    json.integer(rule.version)
    json.key("family")
    json.string(rule.family.rawValue)
    text(&json, "tool", rule.tool)
    json.key("highest_certainty")
    json.string(rule.highest.name)
    text(&json, "meaning", rule.meaning)
    json.endObject()
  }

  private static func write(_ field: FieldDeclaration, of record: String, _ json: inout JSONWriter) {
    json.beginObject()
    json.key("field")
    json.string("\(record).\(field.name)")
    if let category = field.category {
      json.key("data_category")
      json.string(category.name)
    }
    json.key("note")
    json.string(field.note)
    json.endObject()
  }

  private static func text(_ json: inout JSONWriter, _ key: StaticString, _ text: StaticString) {
    json.key(key)
    json.string(text.description)
  }

  private static func list(_ json: inout JSONWriter, _ key: StaticString, _ texts: [String]) {
    json.key(key)
    json.beginArray()
    for text in texts { json.string(text) }
    json.endArray()
  }
}
