// `veilscope custody`: reads a record, and puts notes and time stamps behind its last line.

import ArgumentParser
import Bytes
import Cryptography
import Custody
import JSON
import Platform
import Terms

struct CustodyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "custody", abstract: "Shows a custody record, and adds to it.",
    subcommands: [CustodyShowCommand.self, CustodyNoteCommand.self, CustodyStampCommand.self])
}

struct CustodyShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints the entries of a custody record, and whether its chain holds.",
    discussion: """
      Status 0 where the chain holds to the last line of the run, 4 where it ends before, 1 where it breaks. Files and seals \
      are not looked at: `veilscope verify` does that.
      """)

  @Argument(help: "The custody record.", completion: .file())
  var record: String

  mutating func run() throws {
    let reading: CustodyReading
    do throws(SystemError) { reading = try CustodyChain.read(try InputFile(path: record)) } catch {
      throw CommandFailure(status: .cannotOpen, message: error.description)
    }
    for item in reading.items {
      Say.output("\(item.number)  \(item["time"]?.string ?? "")  \(item.kind.rawValue)")
      for member in item.value.object?.members.dropFirst(3) ?? [] where !["time", "monotonic_ns"].contains(member.key) {
        Say.output("    \(member.key): \(CustodyShowCommand.shown(member.value))")
      }
    }
    if let fault = reading.fault {
      Say.output("broken: \(Say.plain(fault.description))")
      Say.end(.broken)
    }
    Say.output("head \(reading.head)")
    guard reading.closed != nil, !reading.isCut else {
      Say.output("incomplete: the run was killed, or the record cut")
      Say.end(.incomplete)
    }
  }

  /// A value on one line; what only machines read is cut.
  private static func shown(_ value: JSONValue) -> String {
    let text = value.string ?? Configuration.shown(value)
    let plain = Say.plain(text)
    return plain.count > 400 ? "\(plain.prefix(400))…" : plain
  }
}

struct CustodyNoteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "note",
    abstract: "Puts a note behind a custody record: to whom findings were given, what was destroyed.",
    discussion: """
      The seal of the run does not cover what comes after it; with --sign-with the note gets a checkpoint of its own.

      Example:
        veilscope custody note findings.custody.jsonl "Copy given to the prosecutor's office" --operator "A. Examiner"
      """)

  @Argument(help: "The custody record.", completion: .file())
  var record: String

  @Argument(help: "The note.")
  var text: String

  @OptionGroup var seal: SealOptions
  @Option(help: ArgumentHelp("Settings, on top of those of the system.", valueName: "FILE"), completion: .file())
  var config: String?

  func validate() throws {
    guard !text.isEmpty, text.utf8.count <= 65_536 else { throw ValidationError("a note has 1 to 65536 bytes") }
  }

  mutating func run() throws {
    let signer = try seal.signer(SealPolicy.policy(try Configuration(chosen: config)))
    var note = CustodyEntry(.note)
    note.put("text", text)
    note.put("operator", RunStart.who(seal.operator))
    note.put("version", Version.text)
    try CustodyAddition.add(note, to: record, signer: signer) { (_) throws(CustodyError) in }
  }
}

struct CustodyStampCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach-timestamp",
    abstract: "Puts a time-stamp authority's reply over its seal behind a custody record.",
    discussion: """
      The reply answers the query that `analyze --timestamp-query` wrote. Whether its authority is trusted is asked by \
      `verify --trust-tsa`.

      Example:
        curl -H 'Content-Type: application/timestamp-query' --data-binary @query.tsq https://tsa.example > reply.tsr
        veilscope custody attach-timestamp findings.custody.jsonl reply.tsr
      """)

  @Argument(help: "The custody record.", completion: .file())
  var record: String

  @Argument(help: "The reply, in DER.", completion: .file())
  var reply: String

  mutating func run() throws {
    let bytes: [UInt8]
    do { bytes = try FileBytes.read(reply, atMost: DetachedSignature.longestFile) } catch {
      throw CommandFailure(status: .cannotOpen, message: "\(error)")
    }
    var entry = CustodyEntry(.timestamp)
    entry.put("reply", Base64.text(bytes))
    entry.put("operator", RunStart.who(nil))
    try CustodyAddition.add(entry, to: record, signer: nil) { (reading) throws(CustodyError) in
      guard let seal = reading.seal?.signature else {
        throw .notContinued("the record has no seal that a time stamp could be over: sign the run (--sign-with)")
      }
      do throws(SignatureRefusal) { _ = try TimestampQuery.time(of: bytes, over: seal) } catch {
        throw .notContinued("the reply is not attached: \(error)")
      }
    }
  }
}

enum CustodyAddition {
  /// Puts an entry behind a record, sealed where there is a signer.
  static func add(
    _ entry: CustodyEntry, to path: String, signer: CMSSigner?, check: (CustodyReading) throws(CustodyError) -> Void
  ) throws {
    do throws(CustodyError) {
      let record = try CustodyRecord(continuing: path, signer: signer, check: check)
      try record.append(entry)
      if signer != nil { try record.checkpoint() }
      Say.output("\(Say.plain(path)): \(record.entries) entries, head \(record.head)")
    } catch {
      switch error {
      case .notContinued(let reason):
        throw CommandFailure(status: .broken, message: "\(Say.plain(path)): \(Say.plain(reason))")
      case .output(let reason):
        throw CommandFailure(status: reason.isOccupied ? .outputExists : .outputFailed, message: reason.description)
      case .signing(let reason): throw CommandFailure(status: .usage, message: "\(reason)")
      }
    }
  }
}
