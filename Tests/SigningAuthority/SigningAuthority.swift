// A certificate authority for tests, made with the `openssl` program in a temporary folder: what an agency would do.

import Foundation
import Synchronization

/// A certificate with its key, as files.
public struct Identity: Sendable {
  public let certificate: String
  public let key: String

  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// What `openssl` said when it failed.
public struct OpenSSLFailure: Error, CustomStringConvertible {
  public let arguments: [String]
  public let message: String
  public var description: String { "openssl \(arguments.joined(separator: " ")): \(message)" }
}

/// How a test's certificate is made.
public struct CertificatePlan: Sendable {
  public enum Key: Sendable {
    case ec(String), rsa(Int)
    fileprivate var arguments: [String] {
      switch self {
      case .ec(let curve): ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(curve)"]
      case .rsa(let bits): ["-newkey", "rsa:\(bits)"]
      }
    }
  }
  public var subject = "/C=NZ/O=Exercise/CN=Signer"
  public var key = Key.ec("P-256")
  /// Lines of openssl's extension file.
  public var extensions = [
    "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=1.3.6.1.5.5.7.3.36",
  ]
  /// Days from now.
  public var from = -30.0
  public var until = 365.0
  public var digest = "sha256"
  public init() {}
}

/// Keys and certificates: a root, an authority below it that issues signers, one of time stamps, and a stranger.
public final class SigningAuthority: Sendable {
  public static let shared = Result { try SigningAuthority() }

  public let folder: URL
  public let root: Identity
  public let issuing: Identity
  /// Of a root of its own.
  public let timestampRoot: Identity
  public let timestamps: Identity
  public let stranger: Identity
  private let made = Mutex<[String: Identity]>([:])
  private let counter = Mutex(0)

  private static let authority = [
    "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash",
  ]

  public init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("veilscope-ca-\(UUID().uuidString)")
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Self.configuration.write(to: folder.appendingPathComponent("ca.cnf"), atomically: true, encoding: .utf8)
    try Data().write(to: folder.appendingPathComponent("index.txt"))
    func own(_ name: String) throws -> Identity {
      var plan = CertificatePlan()
      plan.subject = "/C=NZ/O=Exercise/CN=\(name)"
      plan.extensions = Self.authority
      (plan.from, plan.until) = (-3650, 3650)
      return try Self.issue(name, plan, by: nil, in: folder)
    }
    root = try own("Root")
    stranger = try own("Stranger")
    timestampRoot = try own("Time Root")
    var plan = CertificatePlan()
    plan.subject = "/C=NZ/O=Exercise/CN=Issuing"
    plan.extensions = Self.authority
    (plan.from, plan.until) = (-3650, 3650)
    issuing = try Self.issue("Issuing", plan, by: root, in: folder)
    plan.subject = "/C=NZ/O=Exercise/CN=Time"
    plan.extensions = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=critical,timeStamping"]
    timestamps = try Self.issue("Time", plan, by: timestampRoot, in: folder)
    // The folder goes with the process.
    let path = folder.path
    Self.cleaning.withLock { $0.append(path) }
    if Self.cleaning.withLock({ $0.count }) == 1 {
      atexit {
        for path in SigningAuthority.cleaning.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
      }
    }
  }

  private static let cleaning = Mutex<[String]>([])

  // MARK: - Certificates

  /// The certificate of this name, made once, by the issuing authority unless another is given.
  public func identity(_ name: String, by issuer: Identity? = nil, _ change: (inout CertificatePlan) -> Void = { _ in })
    throws -> Identity
  {
    try made.withLock { made in
      if let known = made[name] { return known }
      var plan = CertificatePlan()
      plan.subject = "/C=NZ/O=Exercise/CN=\(name)"
      change(&plan)
      let identity = try Self.issue(name, plan, by: issuer ?? issuing, in: folder)
      made[name] = identity
      return identity
    }
  }

  /// The signer of most tests.
  public var signer: Identity { get throws { try identity("Signer") } }

  private static func issue(_ name: String, _ plan: CertificatePlan, by issuer: Identity?, in folder: URL) throws
    -> Identity
  {
    let file = { (suffix: String) in folder.appendingPathComponent(name.replacing(" ", with: "-") + suffix).path }
    try plan.extensions.joined(separator: "\n").write(toFile: file(".ext"), atomically: true, encoding: .utf8)
    try openssl(
      ["req", "-new", "-nodes", "-subj", plan.subject, "-keyout", file(".key"), "-out", file(".csr")]
        + plan.key.arguments)
    let signing =
      issuer.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? ["-selfsign", "-keyfile", file(".key")]
    try openssl(
      [
        "ca", "-config", folder.appendingPathComponent("ca.cnf").path, "-batch", "-notext", "-in", file(".csr"), "-out",
        file(".pem"), "-extfile", file(".ext"), "-md", plan.digest, "-startdate", time(plan.from), "-enddate",
        time(plan.until),
      ] + signing, in: folder)
    return Identity(certificate: file(".pem"), key: file(".key"))
  }

  /// As `openssl ca` takes times, some days from now.
  public static func time(_ days: Double) -> String { time(at: seconds(days)) }

  /// The same of seconds since 1970.
  public static func time(at seconds: Int64) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "UTC")
    format.dateFormat = "yyyyMMddHHmmss'Z'"
    return format.string(from: Date(timeIntervalSince1970: Double(seconds)))
  }

  /// Seconds since 1970, some days from now.
  public static func seconds(_ days: Double = 0) -> Int64 { Int64(Date().timeIntervalSince1970 + days * 86_400) }

  // MARK: - Lists of revoked certificates

  /// A revoked certificate: when, in days from now, and openssl's word for the reason.
  public struct Revoked: Sendable {
    let identity: Identity
    let seconds: Int64
    let reason: String?
    public init(_ identity: Identity, days: Double, reason: String? = nil) {
      self.init(identity, at: SigningAuthority.seconds(days), reason: reason)
    }
    public init(_ identity: Identity, at seconds: Int64, reason: String? = nil) {
      self.identity = identity
      self.seconds = seconds
      self.reason = reason
    }
  }

  /// A list by an authority (the issuing one), as a file.
  public func revocationList(
    _ revoked: [Revoked] = [], by issuer: Identity? = nil, from: Double = -1, until: Double = 30
  ) throws -> String {
    let issuer = issuer ?? issuing
    let place = folder.appendingPathComponent("crl-\(next())")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    var index = ""
    for entry in revoked {
      let serial = try Self.openssl(["x509", "-in", entry.identity.certificate, "-noout", "-serial"])
        .trimmingCharacters(in: .whitespacesAndNewlines).replacing("serial=", with: "")
      let reason = entry.reason.map { ",\($0)" } ?? ""
      index += "R\t491231235959Z\t\(Self.time(at: entry.seconds).dropFirst(2))\(reason)\t\(serial)\tunknown\t/CN=x\n"
    }
    try index.write(to: place.appendingPathComponent("index.txt"), atomically: true, encoding: .utf8)
    let out = place.appendingPathComponent("list.pem").path
    try Self.openssl(
      [
        "ca", "-config", folder.appendingPathComponent("ca.cnf").path, "-gencrl", "-cert", issuer.certificate,
        "-keyfile", issuer.key, "-crl_lastupdate", Self.time(from), "-crl_nextupdate", Self.time(until), "-out", out,
      ], in: place)
    return out
  }

  // MARK: - Signatures

  /// The line of the README: signs a file, by one signer or more, and gives the signature's file. Arguments are those of
  /// the line; `replacing` takes their place.
  @discardableResult
  public func sign(
    _ file: String, by signers: [Identity]? = nil, to out: String? = nil, chain: Identity? = nil,
    binary: [String] = ["-binary", "-md", "sha256"], extra: [String] = []
  ) throws -> String {
    let out = out ?? file + ".p7s"
    var arguments = ["cms", "-sign"] + binary + ["-outform", "DER", "-in", file]
    for signer in try signers ?? [signer] { arguments += ["-signer", signer.certificate, "-inkey", signer.key] }
    arguments += ["-certfile", (chain ?? issuing).certificate, "-out", out]
    try Self.openssl(arguments + extra)
    return out
  }

  /// A time stamp over a file, now.
  @discardableResult
  public func stamp(_ file: String, to out: String? = nil, by authority: Identity? = nil, query: [String] = ["-cert"])
    throws -> String
  {
    let authority = authority ?? timestamps
    let out = out ?? file + ".tsr"
    // A folder of its own: answers count themselves in a file, which two at once would spoil.
    let place = folder.appendingPathComponent("stamp-\(next())")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let request = place.appendingPathComponent("query").path
    try Self.openssl(["ts", "-query", "-data", file, "-sha256", "-out", request] + query)
    try Self.openssl(
      [
        "ts", "-reply", "-config", folder.appendingPathComponent("ca.cnf").path, "-queryfile", request, "-signer",
        authority.certificate, "-inkey", authority.key, "-out", out,
      ], in: place)
    return out
  }

  private func next() -> Int {
    counter.withLock {
      $0 += 1
      return $0
    }
  }

  // MARK: - The program

  /// Runs `openssl`; what it wrote to standard output.
  @discardableResult
  public static func openssl(_ arguments: [String], in folder: URL? = nil) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    if let folder { process.currentDirectoryURL = folder }
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let message = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw OpenSSLFailure(arguments: arguments, message: String(decoding: message, as: UTF8.self))
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let configuration = """
    [ca]
    default_ca = authority
    [authority]
    database = index.txt
    new_certs_dir = .
    rand_serial = yes
    default_md = sha256
    policy = any
    unique_subject = no
    email_in_dn = no
    [any]
    countryName = optional
    organizationName = optional
    commonName = supplied
    [tsa]
    default_tsa = stamps
    [stamps]
    serial = stamp-serial
    default_policy = 1.2.3.4.1
    digests = sha1, sha256, sha384, sha512
    signer_digest = sha256
    ess_cert_id_alg = sha256
    """
}
