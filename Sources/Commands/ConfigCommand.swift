// `veilscope config show`: the values in force and where each came from.

import ArgumentParser

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Shows the settings.", subcommands: [ConfigShowCommand.self])
}

struct ConfigShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints every setting in force, and where it came from.",
    discussion: """
      Settings are read from \(Configuration.systemFile), where it is there, then from the file of --config, then from \
      flags; a later one takes the place of an earlier one. A file is one JSON object; keys with a dot stand in an object of \
      their own: {"signature": {"required_signers": 2}}.
      """)

  @OptionGroup var trust: TrustOptions

  mutating func run() throws { Say.output(ConfigShowCommand.text(try trust.configuration())) }

  static func text(_ configuration: Configuration) -> String {
    configuration.settings.map { setting in
      "\(setting.key.path) = \(Say.plain(Configuration.shown(setting.value)))\n"
        + "    \(Say.plain(setting.origin.description)); \(setting.key.note)"
    }.joined(separator: "\n")
  }
}
