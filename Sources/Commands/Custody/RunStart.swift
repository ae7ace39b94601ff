// What is known when a run begins: who, what with, where, under which warrant, with which settings.

import Bytes
import CaptureFiles
import Cryptography
import Custody
import Findings
import JSON
import Names
import Platform
import PluginKit
import Supervision
import Terms
import Warrants

struct RunStart {
  let command: AnalyzeCommand
  let configuration: Configuration
  let authorised: AuthorisedWarrant

  // MARK: - Who, what with, where

  var start: CustodyEntry {
    var entry = CustodyEntry(.start)
    entry.put("operator", RunStart.who(command.custody.seal.operator))
    entry.put("program", .object(RunStart.program))
    entry.put("machine", .object(RunStart.machine))
    entry.put("clock", RunStart.clock)
    return entry
  }

  /// A login is no identity: what is said, and what the system says, stand apart.
  static func who(_ asserted: String?) -> JSONValue {
    .object(
      object(
        ("asserted", asserted.map(JSONValue.string) ?? .null),
        ("os_user", Machine.userName.map(JSONValue.string) ?? .null), ("uid", .integer(Int64(Machine.userID)))))
  }

  static var clock: JSONValue {
    guard let state = ClockState.now else { return .null }
    return .object(
      object(
        ("synchronised", .boolean(state.isSynchronised)),
        ("estimated_error_us", .integer(state.estimatedErrorMicroseconds)),
        ("maximum_error_us", .integer(state.maximumErrorMicroseconds))))
  }

  static func object(_ members: (String, JSONValue)...) -> JSONObject {
    JSONObject(members.map { JSONObject.Member(key: $0.0, value: $0.1) })
  }

  private static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

  private static var program: JSONObject {
    let plugins = Commands.plugins.entries.map { entry in
      JSONValue.object(
        object(
          ("identifier", .string(entry.manifest.identifier.description)),
          ("version", .integer(Int64(entry.manifest.version)))))
    }
    return object(
      ("name", .string("veilscope")), ("version", .string(Version.number)), ("commit", .string(Version.commit)),
      ("sha256", text(programDigest)),
      (
        "libraries",
        .object(
          object(
            ("openssl", .string(CryptographyLibrary.version)), ("zlib", .string(CompressionLibraries.zlib)),
            ("zstd", .string(CompressionLibraries.zstd)), ("libpsl", .string(PublicSuffixes.version))))
      ),
      ("plugins", .array(plugins)), ("schema_sha256", text(digest(GeneratedPages.findingsSchema))),
      ("rates_sha256", text(digest(ErrorFigures.tableText))))
  }

  private static func digest(_ bytes: [UInt8]) -> String? {
    bytes.withRawSpan { DigestAlgorithm.sha256.text(of: $0) }
  }

  private static var programDigest: String? {
    do throws(SystemError) {
      guard case .digest(let digest, _) = EvidenceDigest.compute(try Machine.program()) else { return nil }
      return Hex.text(digest.bytes)
    } catch { return nil }
  }

  private static var machine: JSONObject {
    let locale = Machine.locale.map { JSONObject.Member(key: $0.name, value: .string($0.value)) }
    return object(
      ("host", text(Machine.hostName)), ("system", text(Machine.system)), ("kernel", text(Machine.kernel)),
      ("boot_id", text(Machine.bootID)), ("locale", .object(JSONObject(locale))))
  }

  // MARK: - Warrant

  var warrant: CustodyEntry {
    let identity = authorised.identity
    var entry = CustodyEntry(.warrant)
    entry.put("path", RunStart.resolved(command.warrant))
    entry.put("sha256", identity.sha256)
    entry.put("id", identity.id)
    entry.put("generation", identity.generation)
    entry.put("reference", identity.reference)
    entry.put("training", identity.training)
    entry.put("after_expiry", identity.isAfterExpiry)
    if let signature = authorised.authenticity.signature {
      let signers = signature.signers.map { signer in
        JSONValue.object(
          RunStart.object(
            ("subject", .string(signer.subject)), ("issuer", .string(signer.issuer)),
            ("certificate_sha256", .string(signer.fingerprint))))
      }
      entry.put("state", "signature verified")
      entry.put("signers", .array(signers))
      if case .timestamp(let tsa) = signature.timeSource {
        entry.put("time_stamp", Timestamp(nanoseconds: signature.time &* 1_000_000_000).text)
        entry.put("time_stamp_authority", tsa.subject)
      }
      entry.put("revocation", signature.revocation.state.rawValue)
      entry.put("revocation_notes", .array(signature.revocation.notes.map { .string($0) }))
    } else {
      entry.put("state", "training, not verified")
    }
    return entry
  }

  static func resolved(_ path: String) -> String {
    do throws(SystemError) { return try InputFile(path: path).resolvedPath ?? path } catch { return path }
  }

  // MARK: - Settings

  /// Each value and where it came from.
  func settings(signer: CMSSigner?) -> CustodyEntry {
    var entry = CustodyEntry(.settings)
    entry.put("command", "analyze")
    var values: [JSONValue] = []
    func put(_ name: String, _ value: JSONValue, _ origin: String) {
      values.append(.object(RunStart.object(("name", .string(name)), ("value", value), ("from", .string(origin)))))
    }
    func flag(_ name: String, _ value: JSONValue, isGiven: Bool) {
      put(name, value, isGiven ? "--\(name)" : Configuration.Origin.builtIn.description)
    }
    put("warrant", .string(command.warrant), "--warrant")
    flag("output", .string(command.output), isGiven: command.output != AnalyzeCommand.standardOutput)
    flag("flows", RunStart.text(command.flows), isGiven: command.flows != nil)
    flag("continuous", .boolean(command.continuous), isGiven: command.continuous)
    flag("overwrite", .boolean(command.overwrite), isGiven: command.overwrite)
    flag("no-digest", .boolean(command.noDigest), isGiven: command.noDigest)
    flag(
      "earlier", RunStart.text(command.custody.earlier.map(RunStart.resolved)), isGiven: command.custody.earlier != nil)
    flag("durable", .string(command.custody.durable.rawValue), isGiven: command.custody.durable != .checkpoint)
    for setting in configuration.settings { put(setting.key.path, setting.value, "\(setting.origin)") }
    entry.put("values", .array(values))
    if let signer {
      entry.put(
        "signer",
        .object(
          RunStart.object(
            ("subject", .string(signer.signer.subject)), ("certificate_sha256", .string(signer.signer.fingerprint)))))
    }
    return entry
  }
}
