// `veilscope warrant`: check, show and write warrants. None of them reads evidence.

import ArgumentParser
import Cryptography
import Platform
import Terms
import Warrants

struct WarrantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warrant", abstract: "Checks, shows and writes warrants.",
    subcommands: [WarrantCheckCommand.self, WarrantShowCommand.self, WarrantNewCommand.self])
}

/// What is known of a warrant's file, as of now.
struct WarrantState {
  enum Signature {
    case holds(VerifiedSignature)
    case notNeeded
    case missing
    case refused(WarrantProblem)

    fileprivate init(_ reason: WarrantRefusal.Reason) {
      self = reason == .notSigned ? .missing : .refused(reason.problem)
    }

    var isAcceptable: Bool {
      switch self {
      case .holds, .notNeeded: true
      case .missing, .refused: false
      }
    }
  }

  let path: String
  /// Nil where the document has problems.
  let warrant: Warrant?
  let problems: [WarrantProblem]
  let signature: Signature
  let now: Timestamp
  let configuration: Configuration

  init(_ path: String, _ trust: TrustOptions) throws {
    let configuration = try trust.configuration()
    let verifier = try configuration.verifier()
    let file = try WarrantFile(path: path, signature: trust.signature, timestamp: trust.timestamp)
    self.path = path
    self.configuration = configuration
    now = Timestamp(nanoseconds: Clock.wall)
    do throws(WarrantProblems) {
      let warrant = try Warrant.parse(file.bytes)
      self.warrant = warrant
      problems = []
      do throws(WarrantRefusal.Reason) {
        let found = try AuthorisedWarrant.authenticate(warrant, file.signature, verifier, now, nil, .recorded)
        signature = found.signature.map { .holds($0) } ?? .notNeeded
      } catch {
        signature = Signature(error)
      }
    } catch {
      // The signature is over bytes, whatever they say.
      warrant = nil
      problems = error.problems
      guard let detached = file.signature else {
        signature = .missing
        return
      }
      do throws(SignatureRefusal) {
        signature = .holds(try verifier.verify(detached, over: file.bytes, now: now.wholeSeconds))
      } catch {
        signature = Signature(.signature(error))
      }
    }
  }

  var profileProblems: [ProfileProblem] { warrant?.profileProblems ?? [] }

  /// Whether `analyze` would take it now, evidence aside.
  var isAcceptable: Bool {
    guard let warrant, problems.isEmpty else { return false }
    guard signature.isAcceptable else { return false }
    if configuration.profileProblemsAreErrors, !profileProblems.isEmpty { return false }
    return timeProblem == nil && warrant.covers.contains(.recorded)
  }

  /// What `authority` says of now; nil where work may begin.
  var timeProblem: WarrantProblem? {
    guard let warrant, !warrant.authority.contains(now) else { return nil }
    if let from = warrant.authority.from, now < from {
      return WarrantRefusal.Reason.notYetValid(from: from, now: now).problem
    }
    if warrant.exhibits.contains(where: { $0.digest != nil }) { return nil }
    return warrant.authority.until.map { WarrantRefusal.Reason.expired(until: $0, now: now).problem }
  }
}

struct WarrantCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Names every problem of a warrant: field, value, what was expected.",
    discussion: """
      Checked are the document, its signature, whether it holds now, and the national profile that it names. Status 0: \
      `analyze` would take it now; 77: it would not. Problems of a profile are warnings, unless the configuration says \
      otherwise (profile_problems).
      """)

  @Argument(help: ArgumentHelp("The warrant.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var trust: TrustOptions

  mutating func run() throws {
    let state = try WarrantState(file, trust)
    Say.output(WarrantCheckCommand.text(state))
    if !state.isAcceptable { Say.end(.notAllowed) }
  }

  static func text(_ state: WarrantState) -> String {
    var lines: [String] = []
    if let warrant = state.warrant {
      lines.append("document: well formed, warrant \(warrant.id)" + (warrant.training ? ", TRAINING" : ""))
    } else {
      let count = state.problems.count
      lines.append("document: \(count) problem\(count == 1 ? "" : "s")")
      lines += state.problems.map { "  \(Say.plain($0.description))" }
    }
    switch state.signature {
    case .holds(let signature):
      lines.append("signature: holds")
      lines += SignatureText.lines(signature).map { "  \($0)" }
    case .notNeeded: lines.append("signature: not verified; a training warrant needs none")
    case .missing:
      lines.append("signature: none")
      lines.append("  \(WarrantRefusal.Reason.notSigned.problem)")
    case .refused(let problem):
      lines.append("signature: does not hold")
      lines.append("  \(Say.plain(problem.description))")
    }
    if let problem = state.timeProblem {
      lines.append("time: not now")
      lines.append("  \(Say.plain(problem.description))")
    } else if let warrant = state.warrant, !warrant.authority.contains(state.now) {
      lines.append("time: expired; its exhibits may be analysed again")
    } else if state.warrant != nil {
      lines.append("time: holds now")
    }
    if let warrant = state.warrant, !warrant.covers.contains(.recorded) {
      lines.append("covers: live capture only, no recorded evidence")
    }
    if let warrant = state.warrant, warrant.profile != .none {
      let problems = state.profileProblems
      lines.append("profile \(warrant.profile.rawValue): " + (problems.isEmpty ? "nothing against it" : ""))
      let word = state.configuration.profileProblemsAreErrors ? "error" : "warning"
      lines += problems.map { "  \(word): \(Say.plain($0.description))" }
    }
    return lines.map { $0.hasSuffix(": ") ? String($0.dropLast()) : $0 }.joined(separator: "\n")
  }
}

struct WarrantShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows a warrant as a page: who, what, when, and what its signature proves.")

  @Argument(help: ArgumentHelp("The warrant.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var trust: TrustOptions

  mutating func run() throws {
    let state = try WarrantState(file, trust)
    guard let warrant = state.warrant else {
      throw CommandFailure(status: .notAllowed, message: WarrantCheckCommand.text(state))
    }
    Say.output(WarrantPage(warrant: warrant, state: state).text)
  }
}
