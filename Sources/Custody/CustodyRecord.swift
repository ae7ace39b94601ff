// Writes a custody record: in place, a whole line at a time, from the first moment of a run on.

import Bytes
import Cryptography
import JSON
import Platform
import Terms

/// Why a record cannot go on: then the run cannot either.
public enum CustodyError: Error, Sendable, CustomStringConvertible {
  case output(OutputError)
  case signing(SigningRefusal)
  /// The record that was to be continued does not hold.
  case notContinued(String)

  public var description: String {
    switch self {
    case .output(let error): error.description
    case .signing(let error): error.description
    case .notContinued(let reason): reason
    }
  }
}

/// When what was written outlasts a power failure. A killed process loses nothing that was written either way.
public enum Durability: String, CaseIterable, Sendable {
  /// Each entry before the next.
  case entry
  /// At checkpoints: before the first plugin runs, each minute, each 1,000 entries, and at the end.
  case checkpoint
}

/// A record that is being written. One thread.
public final class CustodyRecord {
  public var path: String { file.path }
  /// Drawn at random for each record.
  public let log: String
  /// Entries written so far.
  public private(set) var entries: UInt64
  /// The digest of the last line.
  public private(set) var head: String
  /// The last signature of a checkpoint.
  public private(set) var seal: [UInt8]?

  private let file: AppendFile
  private let durability: Durability
  private let signer: CMSSigner?
  private var checkpointAt: Int64
  private var checkpointEntries: UInt64 = 0

  /// A checkpoint comes after so many nanoseconds or entries, whichever is first.
  var interval: Int64 = 60_000_000_000
  private static let mostBetween: UInt64 = 1000

  /// Creates the record and writes its first line. Where `overwrite`, what stood in its place is kept until `settle`.
  public init(
    creating path: String, overwrite: Bool, warrant: String, durability: Durability, signer: CMSSigner?
  ) throws(CustodyError) {
    do throws(OutputError) { file = try AppendFile(creating: path, overwrite: overwrite) } catch {
      throw .output(error)
    }
    self.durability = durability
    self.signer = signer
    var generator = SystemRandomNumberGenerator()
    log = Hex.text((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    entries = 0
    head = CustodyLine.beforeFirst
    checkpointAt = Clock.monotonic
    var first = CustodyEntry(.log)
    first.put("format", CustodyLine.format)
    first.put("log", log)
    first.put("warrant_sha256", warrant)
    first.put("durable", durability.rawValue)
    do throws(CustodyError) {
      try append(first)
      do throws(OutputError) { try file.sync(withName: true) } catch { throw .output(error) }
    } catch {
      file.discard()
      throw error
    }
  }

  /// Goes on with a record that holds, behind its last line, once it was read by `check`.
  public init(
    continuing path: String, signer: CMSSigner?, check: (CustodyReading) throws(CustodyError) -> Void
  ) throws(CustodyError) {
    do throws(OutputError) { file = try AppendFile(opening: path) } catch { throw .output(error) }
    let file = file
    let reading: CustodyReading
    do throws(OutputError) {
      reading = try CustodyChain.read { (offset, buffer) throws(OutputError) in try file.read(at: offset, into: &buffer)
      }
    } catch { throw .output(error) }
    if let fault = reading.fault { throw .notContinued("the record is broken: \(fault)") }
    guard !reading.isCut, !reading.items.isEmpty else {
      throw .notContinued("the record's last line is not whole: nothing can be put behind it")
    }
    try check(reading)
    self.signer = signer
    durability = .entry
    log = reading.log
    entries = UInt64(reading.items.count)
    head = reading.head
    checkpointAt = Clock.monotonic
  }

  // MARK: - Entries

  public func append(_ entry: CustodyEntry) throws(CustodyError) {
    try write(CustodyLine.bytes(entry, number: entries, previous: head))
    if durability == .entry { try sync() }
    try checkpointIfDue()
  }

  /// To be called from time to time, since a minute may pass without an entry.
  public func checkpointIfDue() throws(CustodyError) {
    guard
      entries &- checkpointEntries >= CustodyRecord.mostBetween
        || Clock.monotonic &- checkpointAt >= interval
    else { return }
    try checkpoint()
  }

  /// Writes a checkpoint, signed where there is a signer, and makes all before it durable.
  public func checkpoint() throws(CustodyError) {
    var checkpoint = Checkpoint(log: log, entries: entries, head: head, signature: nil)
    if let signer {
      do throws(SigningRefusal) {
        let signature = try signer.sign(checkpoint.statement)
        checkpoint = Checkpoint(log: log, entries: entries, head: head, signature: signature)
        seal = signature
      } catch { throw .signing(error) }
    }
    try write(checkpoint.line)
    checkpointAt = Clock.monotonic
    checkpointEntries = entries
    try sync()
  }

  /// Writes the run's last entry, the seal over it, and the last line.
  public func close(_ end: CustodyEntry) throws(CustodyError) {
    try append(end)
    try checkpoint()
    try write(Checkpoint.closing(entries, head))
    try sync()
  }

  /// Removes the record of a run that was refused.
  public func discard() { file.discard() }

  /// Removes what this record replaced: the outputs beside it are new ones too.
  public func settle() { file.settle() }

  private func write(_ line: [UInt8]) throws(CustodyError) {
    do throws(OutputError) { try file.append(line) } catch { throw .output(error) }
    entries &+= 1
    head = CustodyLine.digest(line)
  }

  private func sync() throws(CustodyError) {
    do throws(OutputError) { try file.sync() } catch { throw .output(error) }
  }
}
