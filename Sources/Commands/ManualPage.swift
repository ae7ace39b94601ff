// The manual page, made from what the argument parser says of the commands: nothing in it is written twice.
// Format: man(7). Layout: name, synopsis, description, a section a command, exit status, files, see also.

import ArgumentParser
import JSON

enum ManualPage {
  /// The page of this program. Throws where the argument parser's description is not understood.
  static func page() throws -> [UInt8] { try page(describing: Veilscope._dumpHelp()) }

  /// Deep enough for commands in commands.
  private static let limits = JSONLimits(bytes: 1 << 24, depth: 64, integer: .max)

  /// - Parameter dump: JSON as `--experimental-dump-help` gives it (swift-argument-parser, ToolInfo version 0).
  static func page(describing dump: String) throws -> [UInt8] {
    guard let command = try JSONReader.read(Array(dump.utf8), limits: limits)["command"],
      let name = command["commandName"]?.string
    else { throw ValidationError("the description of the commands holds no command") }
    let shown = commands(command)
    var lines = [
      ".\\\" Made from the command line's declarations by `make generate`.",
      ".TH \(name.uppercased()) 1 \"\" \"Veilscope \(Version.number)\" \"User Commands\"",
      ".SH NAME", "\(name) \\- \(escaped(command["abstract"]?.string ?? ""))",
      ".SH SYNOPSIS",
    ]
    for each in shown { lines += [synopsis(each, of: name), ".br"] }
    lines += ["\(bold(name)) \(bold("--help")) | \(bold("--version"))"]
    lines += [".SH DESCRIPTION"] + paragraphs(command["discussion"]?.string ?? "")
    for each in shown { lines += section(each, of: name) }
    lines += [".SH \"EXIT STATUS\""]
    for status in ExitStatus.allCases { lines += [".TP", bold("\(status.rawValue)"), escaped(status.meaning)] }
    lines += [
      ".SH FILES", ".TP", bold("NAME.partial"),
      "An output until it is whole; left behind where a run was killed.",
      ".TP", bold("NAME.custody.jsonl"), "The custody record of the run that wrote the findings NAME.json.",
      ".TP", bold("NAME.custody.jsonl.replaced"),
      "The record that \\-\\-overwrite replaces, until the new outputs have their names; left behind where a run failed.",
      ".TP", bold("WARRANT.p7s"), "The signature over a warrant, and", ".TP", bold("WARRANT.p7s.tsr"),
      "the time stamp over the signature, where there is one.",
      ".TP", bold(Configuration.systemFile), "Settings of this machine.",
      ".SH \"SEE ALSO\"", "Of the findings: the JSON Schema in Documentation/schema. tshark(1), tcpdump(8)",
    ]
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  // MARK: - Parts

  private static func isShown(_ value: JSONValue) -> Bool { value["shouldDisplay"]?.boolean ?? true }

  /// The commands that do something, each with the words that call it: those of a group, not the group.
  private static func commands(_ command: JSONValue) -> [Command] {
    (command["subcommands"]?.array ?? []).filter { isShown($0) && $0["commandName"]?.string != "help" }.flatMap {
      each in
      let name = each["commandName"]?.string ?? ""
      let inner = (each["subcommands"]?.array ?? []).filter { isShown($0) && $0["commandName"]?.string != "help" }
      if inner.isEmpty { return [Command(words: name, value: each)] }
      return inner.map { Command(words: "\(name) \($0["commandName"]?.string ?? "")", value: $0) }
    }
  }

  private struct Command {
    let words: String
    let value: JSONValue
  }

  private static func arguments(_ command: JSONValue) -> [JSONValue] {
    (command["arguments"]?.array ?? []).filter { argument in
      let name = argument["preferredName"]?["name"]?.string
      return isShown(argument) && name != "version" && name != "help"
    }
  }

  private static func synopsis(_ command: Command, of program: String) -> String {
    var words = [bold(program), bold(command.words)]
    for argument in arguments(command.value) {
      let word = form(argument) + (argument["isRepeating"]?.boolean == true ? "..." : "")
      words.append(argument["isOptional"]?.boolean == true ? "[\(word)]" : word)
    }
    return words.joined(separator: " ")
  }

  private static func section(_ called: Command, of program: String) -> [String] {
    let command = called.value
    var lines = [".SH \"\(program) \(called.words)\"".uppercased(), escaped(command["abstract"]?.string ?? "")]
    for argument in arguments(command) {
      let value = argument["defaultValue"]?.string.map { " (unless given: \($0))" } ?? ""
      lines += [".TP", form(argument), escaped((argument["abstract"]?.string ?? "") + value)]
    }
    return lines + paragraphs(command["discussion"]?.string ?? "").ifAny { [".PP"] + $0 }
  }

  /// `--flows FILE`, `--quiet` or `captures`.
  private static func form(_ argument: JSONValue) -> String {
    let value = argument["valueName"]?.string ?? ""
    guard argument["kind"]?.string != "positional", let name = argument["preferredName"]?["name"]?.string else {
      return "\\fI\(escaped(value))\\fR"
    }
    let option = bold("--\(name)")
    return argument["kind"]?.string == "flag" ? option : "\(option) \\fI\(escaped(value))\\fR"
  }

  /// Paragraphs of a discussion, without the table of exit statuses, which has a section of its own. Indented lines keep
  /// their breaks.
  private static func paragraphs(_ text: String) -> [String] {
    let parts = text.replacing(ExitStatus.table, with: "").split(separator: "\n\n").map { part in
      part.split(separator: "\n").flatMap { line in
        line.hasPrefix("  ") ? [".br", "\\ \\ " + escaped(String(line.drop { $0 == " " }))] : [escaped(String(line))]
      }
    }
    return Array(parts.filter { !$0.isEmpty }.joined(separator: [".PP"]))
  }

  private static func bold(_ text: String) -> String { "\\fB\(escaped(text))\\fR" }

  /// Text as troff takes it: backslashes and hyphens escaped, no request at the start of a line.
  private static func escaped(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\n", with: " ")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}

extension [String] {
  /// Changed, unless there is nothing.
  fileprivate func ifAny(_ change: ([String]) -> [String]) -> [String] { isEmpty ? self : change(self) }
}
