// The options of every command that verifies a warrant, and the settings they make with the configuration.

import ArgumentParser
import JSON

struct TrustOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Certificates of authorities that vouch for signers; may be given several times.", valueName: "FILE"),
    completion: .file())
  var trust: [String] = []

  @Option(
    name: .customLong("trust-tsa"),
    help: ArgumentHelp("Certificates of authorities that vouch for time stamps.", valueName: "FILE"),
    completion: .file())
  var trustTSA: [String] = []

  @Option(help: ArgumentHelp("Lists of revoked certificates.", valueName: "FILE"), completion: .file())
  var crl: [String] = []

  @Option(
    help: ArgumentHelp("The warrant's signature (unless given: beside it, as WARRANT.p7s).", valueName: "FILE"),
    completion: .file())
  var signature: String?

  @Option(
    help: ArgumentHelp(
      "The time stamp over the signature (unless given: beside it, as SIGNATURE.tsr).", valueName: "FILE"),
    completion: .file())
  var timestamp: String?

  @Option(
    help: ArgumentHelp("Settings, on top of those in \(Configuration.systemFile).", valueName: "FILE"),
    completion: .file())
  var config: String?

  /// The settings in force for these options.
  func configuration() throws -> Configuration {
    var configuration = try Configuration(chosen: config)
    for (path, flag, files) in [
      ("trust", "--trust", trust), ("trust_tsa", "--trust-tsa", trustTSA), ("crl", "--crl", crl),
    ]
    where !files.isEmpty {
      configuration.set(path, .array(files.map { .string($0) }), byFlag: flag)
    }
    return configuration
  }
}
