// The one way in: a worker, or a user's command.

import ArgumentParser
import PluginKit
import Supervision
import Synchronization

public enum Commands {
  /// The plugins of this binary; set once, before any command runs.
  private static let catalog = Mutex(PluginCatalog {})

  static var plugins: PluginCatalog { catalog.withLock { $0 } }

  /// Runs what the command line asks for and ends the process.
  ///
  /// Call it once, as the program's only statement.
  public static func run(plugins: PluginCatalog) -> Never {
    let arguments = CommandLine.arguments
    if WorkerSide.isAsked(arguments) { WorkerBody.run(plugins) }
    catalog.withLock { $0 = plugins }
    do {
      var command = try Veilscope.parseAsRoot(Array(arguments.dropFirst()))
      try command.run()
      Veilscope.exit()
    } catch let failure as CommandFailure {
      Say.error(failure.message)
      Say.end(failure.status)
    } catch let end as ExitCode {
      Say.end(code: end.rawValue)
    } catch {
      let code = Veilscope.exitCode(for: error)
      guard code == .validationFailure else { Veilscope.exit(withError: error) }
      Say.error(Suggestions.improve(Veilscope.fullMessage(for: error), arguments: Array(arguments.dropFirst())))
      Say.end(.usage)
    }
  }
}

struct Veilscope: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "veilscope",
    abstract: "Reads network captures under a warrant and says what indicates anonymising tools.",
    discussion: """
      Veilscope decrypts no content, sends nothing, blocks nothing and unmasks nobody. What the warrant does not cover is \
      counted and forgotten.

      \(ExitStatus.table)
      """,
    version: Version.text,
    subcommands: [
      AnalyzeCommand.self, VerifyCommand.self, CustodyCommand.self, WarrantCommand.self, ConfigCommand.self,
      PluginsCommand.self, ExplainCommand.self,
      GenerateCommand.self,
    ])
}
