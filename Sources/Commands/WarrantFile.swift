// Reads a warrant's file once, from one descriptor, and asks whether it allows the work.

import Platform
import Terms
import Warrants

enum WarrantFile {
  /// The warrant at `path`, authorised for recorded evidence now. Every failure ends with status 77.
  static func authorise(path: String) throws -> AuthorisedWarrant {
    let bytes: [UInt8]
    do {
      bytes = try read(path)
    } catch let error as SystemError {
      throw refusal(path, "cannot be read: \(error.description)")
    }
    do {
      return try AuthorisedWarrant.authorise(
        try Warrant.parse(bytes), now: Timestamp(nanoseconds: Clock.wall), purpose: .recorded)
    } catch {
      throw refusal(path, "\(error)")
    }
  }

  private static func refusal(_ path: String, _ reasons: String) -> CommandFailure {
    let lines = reasons.split(separator: "\n").map { "  " + Say.plain(String($0)) }
    return CommandFailure(
      status: .notAllowed,
      message: "the warrant \(Say.plain(path)) does not allow this:\n" + lines.joined(separator: "\n"))
  }

  /// One byte more than a warrant may have, so that a longer file is seen to be one.
  private static let longest = (1 << 20) + 1

  private static func read(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path: path)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < longest {
      let count = try file.readNext(into: &buffer)
      if count == 0 { break }
      bytes += buffer[0..<count]
    }
    return bytes
  }
}
