// A warrant's file and the signature beside it, each read once, from one descriptor; and whether it allows the work.

import Cryptography
import Platform
import Terms
import Warrants

struct WarrantFile {
  let path: String
  /// What was read, and what a signature must be over.
  let bytes: [UInt8]
  let signature: DetachedSignature?
  let signaturePath: String

  /// Reads the three files. A missing signature or time stamp is an error only where its path was given.
  ///
  /// - Parameter stamped: whether a time stamp that lies beside the signature counts.
  init(path: String, signature: String? = nil, timestamp: String? = nil, stamped: Bool = true) throws {
    self.path = path
    signaturePath = signature ?? path + ".p7s"
    // One byte more than a warrant may have, so that a longer file is seen to be one.
    guard let bytes = try WarrantFile.read(path, Warrant.limits.bytes + 1, optional: false, of: path) else {
      throw WarrantFile.refusal(path, "cannot be read")
    }
    self.bytes = bytes
    let most = DetachedSignature.longestFile
    guard let signed = try WarrantFile.read(signaturePath, most, optional: signature == nil, of: path) else {
      self.signature = nil
      return
    }
    guard stamped || timestamp != nil else {
      self.signature = DetachedSignature(signed)
      return
    }
    let stamp = try WarrantFile.read(timestamp ?? signaturePath + ".tsr", most, optional: timestamp == nil, of: path)
    self.signature = DetachedSignature(signed, timestamp: stamp)
  }

  private static func read(_ file: String, _ most: Int, optional: Bool, of warrant: String) throws -> [UInt8]? {
    do {
      return try FileBytes.read(file, atMost: most)
    } catch {
      if optional, error.isMissing { return nil }
      throw refusal(warrant, "cannot be read: \(error)")
    }
  }

  /// The warrant, authorised for recorded evidence now, or as of another time. Every failure ends with status 77.
  ///
  /// - Parameter isProven: whether it is proven that work began at `time`.
  func authorise(
    _ verifier: SignatureVerifier, _ configuration: Configuration, at time: Timestamp? = nil, isProven: Bool = false,
    earlier: EarlierRun? = nil
  ) throws -> AuthorisedWarrant {
    let present = Timestamp(nanoseconds: Clock.wall)
    let authorised: AuthorisedWarrant
    do {
      authorised = try AuthorisedWarrant.authorise(
        try Warrant.parse(bytes), signature: signature, verifier: verifier,
        now: time ?? present, asked: time.map { _ in AuthorisedWarrant.Asked(at: present, isProven: isProven) },
        purpose: .recorded, earlier: earlier)
    } catch let error as WarrantRefusal {
      var failure = WarrantFile.refusal(path, "\(error)")
      failure.isUnproven = error.isUnproven
      throw failure
    } catch {
      throw WarrantFile.refusal(path, "\(error)")
    }
    let problems = authorised.warrant.profileProblems
    if configuration.profileProblemsAreErrors, !problems.isEmpty {
      throw WarrantFile.refusal(path, problems.map(\.description).joined(separator: "\n"))
    }
    // A run once more was warned before.
    for problem in problems where time == nil {
      Say.error("veilscope: warning: \(Say.plain(path)): \(Say.plain(problem.description))")
    }
    return authorised
  }

  static func refusal(_ path: String, _ reasons: String) -> CommandFailure {
    let lines = reasons.split(separator: "\n").map { "  " + Say.plain(String($0)) }
    return CommandFailure(
      status: .notAllowed,
      message: "the warrant \(Say.plain(path)) does not allow this:\n" + lines.joined(separator: "\n"))
  }
}
