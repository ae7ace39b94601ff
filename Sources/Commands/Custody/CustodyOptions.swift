// The options of commands that write into a custody record: who says to be at work, and with what the record is sealed.

import ArgumentParser
import Cryptography
import Custody
import Platform

struct SealOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Who says to be at work; goes into the custody record as that person's claim.", valueName: "TEXT")
  )
  var `operator`: String?

  @Option(
    name: .customLong("sign-with"),
    help: ArgumentHelp("Seal the custody record: the examiner's certificate, then those above it.", valueName: "CERT"),
    completion: .file())
  var certificate: String?

  @Option(
    name: .customLong("sign-key"), help: ArgumentHelp("The key of --sign-with, in PEM.", valueName: "KEY"),
    completion: .file())
  var key: String?

  @Option(
    help: ArgumentHelp(
      "First line: the key's passphrase, which is asked for on the terminal otherwise.", valueName: "FILE"),
    completion: .file())
  var passphraseFile: String?

  func validate() throws {
    if (certificate == nil) != (key == nil) {
      throw ValidationError("--sign-with and --sign-key go together: a certificate and its key")
    }
    if passphraseFile != nil, key == nil { throw ValidationError("--passphrase-file goes with --sign-key") }
  }

  /// Who signs; nil where nobody does. Ends with status 64 where it cannot be done with what was given.
  func signer(_ policy: SignaturePolicy) throws -> CMSSigner? {
    guard let certificate, let key else { return nil }
    do {
      let certificates = try FileBytes.read(certificate, atMost: TrustAnchors.longestFile)
      var keyBytes = try FileBytes.read(key, atMost: CMSSigner.longestKey)
      defer { for index in keyBytes.indices { keyBytes[index] = 0 } }
      var fromFile: [UInt8]?
      if let passphraseFile {
        fromFile = Array(try FileBytes.read(passphraseFile, atMost: 4096).prefix { $0 != 0x0a && $0 != 0x0d })
      }
      return try CMSSigner(
        certificate: certificates, key: keyBytes, now: Clock.wall / 1_000_000_000, policy: policy,
        passphrase: { fromFile ?? Terminal.secret("Passphrase of \(Say.plain(key)): ") })
    } catch {
      throw CommandFailure(status: .usage, message: "nothing can be sealed: \(Say.plain("\(error)"))")
    }
  }
}

struct CustodyOptions: ParsableArguments {
  @OptionGroup var seal: SealOptions

  @Option(
    help: ArgumentHelp(
      "Write an RFC 3161 query over the record's seal here; the reply goes into the record by `custody attach-timestamp`.",
      valueName: "FILE"), completion: .file())
  var timestampQuery: String?

  @Option(
    help: ArgumentHelp(
      "When entries of the custody record are on the disk: each before the next (entry), or at checkpoints.",
      valueName: "entry|checkpoint"))
  var durable: Durability = .checkpoint

  @Option(
    help: ArgumentHelp(
      "The custody record of a run begun in time: its evidence may be analysed again after the warrant's expiry.",
      valueName: "RECORD"), completion: .file())
  var earlier: String?

  func validate() throws {
    if timestampQuery != nil, seal.key == nil {
      throw ValidationError("--timestamp-query needs a seal to be over: --sign-with and --sign-key")
    }
    if timestampQuery == "-" { throw ValidationError("outputs are files, not standard output: name one") }
  }
}

extension Durability: ExpressibleByArgument {}
