// The settings in force and where each came from: built in, the system's file, the file of --config, a flag.
// A later one takes the place of an earlier one, key by key.

import Analysis
import Cryptography
import JSON
import Platform
import Terms

struct Configuration: Sendable {
  /// Where a value came from.
  enum Origin: Hashable, Sendable, CustomStringConvertible {
    case builtIn
    case file(String)
    case flag(String)

    var description: String {
      switch self {
      case .builtIn: "built in"
      case .file(let path): path
      case .flag(let name): name
      }
    }
  }

  struct Setting: Sendable {
    let key: ConfigurationKey
    var value: JSONValue
    var origin = Origin.builtIn
  }

  private(set) var settings = ConfigurationKey.all.map { Setting(key: $0, value: $0.builtIn) }

  /// Read where it is there.
  static let systemFile = "/etc/veilscope/veilscope.json"
  private static let limits = JSONLimits(bytes: 1 << 20, depth: 8)

  init() {}

  /// - Parameters:
  ///   - system: may be missing.
  ///   - chosen: may not.
  init(system: String = Configuration.systemFile, chosen: String?) throws {
    if let document = try Configuration.read(system, optional: true) { try take(document, from: system) }
    if let chosen, let document = try Configuration.read(chosen, optional: false) { try take(document, from: chosen) }
  }

  private static func read(_ path: String, optional: Bool) throws -> [UInt8]? {
    do {
      return try FileBytes.read(path, atMost: limits.bytes)
    } catch {
      if optional, error.isMissing { return nil }
      throw failure(["\(error)"])
    }
  }

  private static func failure(_ problems: [String]) -> CommandFailure {
    CommandFailure(
      status: .configuration,
      message: "the configuration cannot be used:\n" + problems.map { "  " + Say.plain($0) }.joined(separator: "\n"))
  }

  // MARK: - Reading

  /// Takes the values of a document. Throws every problem at once.
  mutating func take(_ document: [UInt8], from path: String) throws {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(document, limits: Configuration.limits)
    } catch {
      throw Configuration.failure(["\(path): line \(error.line), column \(error.column): \(error.reason)"])
    }
    guard let object = value.object else {
      throw Configuration.failure(["\(path): found \(value.kind); expected an object"])
    }
    var problems: [String] = []
    for member in object.members {
      let isGroup = settings.contains { $0.key.parts.count == 2 && $0.key.parts[0] == member.key }
      if isGroup, let group = member.value.object {
        for inner in group.members { take(inner, in: member.key, path, &problems) }
      } else if isGroup {
        problems.append("\(path): \(member.key): found \(member.value.kind); expected an object")
      } else {
        take(member, in: nil, path, &problems)
      }
    }
    guard problems.isEmpty else { throw Configuration.failure(problems) }
  }

  private mutating func take(
    _ member: JSONObject.Member, in group: String?, _ file: String, _ problems: inout [String]
  ) {
    let path = group.map { "\($0).\(member.key)" } ?? member.key
    guard let index = settings.firstIndex(where: { $0.key.path == path }) else {
      problems.append("\(file): \(path): an unknown key; \(Configuration.suggestion(member.key, group))")
      return
    }
    if let wanted = settings[index].key.objection(to: member.value) {
      problems.append("\(file): \(path): found \(Configuration.shown(member.value)); expected \(wanted)")
      return
    }
    settings[index].value = member.value
    settings[index].origin = .file(file)
    guard case .files = settings[index].key.kind else { return }
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    let paths = member.value.array?.compactMap(\.string) ?? []
    settings[index].value = .array(paths.map { .string($0.hasPrefix("/") ? $0 : folder + $0) })
  }

  private static func suggestion(_ key: String, _ group: String?) -> String {
    let all = ConfigurationKey.all.map(\.parts)
    let here = group.map { group in all.filter { $0.count == 2 && $0[0] == group }.map { $0[1] } } ?? all.map { $0[0] }
    if let near = Spelling.nearest(key, among: here) { return "did you mean \"\(near)\"?" }
    // One that belongs into a group.
    if let other = all.first(where: { $0.last == key }) { return "did you mean \"\(other.joined(separator: "."))\"?" }
    var known: [String] = []
    for name in here where !known.contains(name) { known.append(name) }
    return "expected one of \(known.joined(separator: ", "))"
  }

  /// A value, on one line.
  static func shown(_ value: JSONValue) -> String {
    var writer = JSONWriter()
    writer.value(value)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  // MARK: - Flags

  /// A flag's value takes the place of a file's.
  mutating func set(_ path: String, _ value: JSONValue, byFlag flag: String) {
    guard let index = settings.firstIndex(where: { $0.key.path == path }) else { return }
    settings[index].value = value
    settings[index].origin = .flag(flag)
  }

  /// Takes what decides an analysis from the settings of a custody record.
  mutating func takeAnalysis(of values: [String: JSONValue]) {
    for index in settings.indices {
      let path = settings[index].key.path
      guard path.hasPrefix("limits.") || path == "defaults.separate_vlans", let value = values[path],
        settings[index].key.objection(to: value) == nil
      else { continue }
      settings[index].value = value
      settings[index].origin = .flag("the record")
    }
  }

  // MARK: - Values

  private subscript(_ path: String) -> JSONValue { settings.first { $0.key.path == path }?.value ?? .null }

  private func texts(_ path: String) -> [String] { self[path].array?.compactMap(\.string) ?? [] }
  private func integer(_ path: String) -> Int { Int(self[path].integer ?? 0) }
  private func boolean(_ path: String) -> Bool { self[path].boolean ?? false }

  var workers: Int { integer("defaults.workers") }
  var quiet: Bool { boolean("defaults.quiet") }
  var requiresSeal: Bool { boolean("custody.require_seal") }
  var requiresSealTimestamp: Bool { boolean("custody.require_timestamp") }
  var profileProblemsAreErrors: Bool { self["profile_problems"].string == "error" }

  var analysis: AnalysisSettings {
    var analysis = AnalysisSettings()
    for entry in AnalysisSettings.entries { entry.set(&analysis, integer("limits.\(entry.name)")) }
    analysis.separateVLANs = boolean("defaults.separate_vlans")
    return analysis
  }

  var policy: SignaturePolicy {
    var policy = SignaturePolicy()
    policy.requiredSigners = integer("signature.required_signers")
    policy.allowedSubjects = texts("signature.allowed_subjects")
    policy.extendedKeyUsages = texts("signature.extended_key_usages")
    policy.requiresRevocationCheck = boolean("signature.require_revocation_check")
    policy.requiresTimestamp = boolean("signature.require_timestamp")
    return policy
  }

  /// The verifier of these settings; reads the files of anchors and lists.
  func verifier() throws -> SignatureVerifier {
    var verifier = SignatureVerifier()
    verifier.policy = policy
    for path in texts("trust") {
      try read(path, "trust", TrustAnchors.longestFile) { (bytes) throws(TrustMaterialError) in
        try verifier.anchors.add(bytes)
      }
    }
    for path in texts("trust_tsa") {
      try read(path, "trust_tsa", TrustAnchors.longestFile) { (bytes) throws(TrustMaterialError) in
        try verifier.timestampAnchors.add(bytes)
      }
    }
    for path in texts("crl") {
      try read(path, "crl", RevocationLists.longestFile) { (bytes) throws(TrustMaterialError) in
        try verifier.revocationLists.add(bytes)
      }
    }
    return verifier
  }

  private func read(
    _ path: String, _ key: String, _ most: Int, _ take: ([UInt8]) throws(TrustMaterialError) -> Void
  ) throws {
    let origin = settings.first { $0.key.path == key }?.origin ?? .builtIn
    do {
      try take(try FileBytes.read(path, atMost: most))
    } catch {
      throw Configuration.failure(["\(key) (\(origin)): \(path): \(error)"])
    }
  }
}

/// Why a small file could not be read whole.
struct FileReadError: Error, CustomStringConvertible {
  let isMissing: Bool
  let description: String
}

/// Small files, read whole from one descriptor.
enum FileBytes {
  static func read(_ path: String, atMost most: Int) throws(FileReadError) -> [UInt8] {
    do throws(SystemError) {
      let file = try InputFile(path: path)
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      // A byte more than it may have, so that a longer file is seen to be one.
      while bytes.count <= most {
        let count = try file.readNext(into: &buffer)
        if count == 0 { return bytes }
        bytes += buffer[0..<count]
      }
    } catch {
      throw FileReadError(isMissing: error.isMissing, description: error.description)
    }
    throw FileReadError(isMissing: false, description: "\(path): found more than \(most) bytes; expected at most that")
  }
}
