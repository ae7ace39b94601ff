// Reads a record and holds each line against the one before it. The first thing that does not hold ends the reading.

import Bytes
import Cryptography
import JSON
import Platform

/// What does not hold, and where.
public struct CustodyFault: Equatable, Sendable, CustomStringConvertible {
  /// The number that the entry must have, counted by lines from 0; nil where it is about no entry.
  public let entry: UInt64?
  public let what: String
  public let found: String
  public let expected: String

  public init(entry: UInt64? = nil, _ what: String, found: String, expected: String) {
    self.entry = entry
    self.what = what
    self.found = found
    self.expected = expected
  }

  public var description: String {
    (entry.map { "entry \($0): " } ?? "") + "\(what): found \(found); expected \(expected)"
  }
}

/// A record as far as it holds.
public struct CustodyReading: Sendable {
  public fileprivate(set) var items: [CustodyItem] = []
  public fileprivate(set) var checkpoints: [Checkpoint] = []
  /// What does not hold; nothing behind it was read.
  public fileprivate(set) var fault: CustodyFault?
  /// Whether the last line has no end: cut, or killed while it was written.
  public fileprivate(set) var isCut = false
  fileprivate var hasEnded = false
  /// The number of the run's last line; nil where it is not there.
  public fileprivate(set) var closed: UInt64?

  public var log: String { items.first?["log"]?.string ?? "" }
  /// The digest of the last line.
  public var head: String { items.last?.digest ?? CustodyLine.beforeFirst }

  public func first(_ kind: CustodyEntry.Kind) -> CustodyItem? { items.first { $0.kind == kind } }
  public func all(_ kind: CustodyEntry.Kind) -> [CustodyItem] { items.filter { $0.kind == kind } }

  /// The checkpoint before the run's last line.
  public var seal: Checkpoint? { closed.flatMap { closed in checkpoints.first { $0.entries &+ 1 == closed } } }
}

public enum CustodyChain {
  /// Bytes of a record and its entries, at most.
  static let largest: UInt64 = 1 << 30
  static let mostEntries = 4_000_000
  private static let limits = JSONLimits(bytes: CustodyLine.longest, depth: 16, integer: .max)
  private static let pieceSize = 1 << 18

  /// Reads the record of `file`.
  public static func read(_ file: InputFile) throws(SystemError) -> CustodyReading {
    try read { (offset, buffer) throws(SystemError) in try file.read(at: offset, into: &buffer) }
  }

  static func read<Failure>(
    _ next: (UInt64, inout [UInt8]) throws(Failure) -> Int
  ) throws(Failure) -> CustodyReading {
    var reading = CustodyReading()
    var rest: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: pieceSize)
    var offset: UInt64 = 0
    while reading.fault == nil {
      let count = try next(offset, &piece)
      if count == 0 { break }
      offset &+= UInt64(count)
      var start = 0
      for index in 0..<count where piece[index] == 0x0a {
        rest += piece[start...index]
        start = index + 1
        reading.take(rest, limits)
        rest.removeAll(keepingCapacity: true)
        if reading.fault != nil { return reading }
      }
      rest += piece[start..<count]
      if rest.count > CustodyLine.longest || offset > largest {
        reading.fail("the line", found: "more than \(CustodyLine.longest) bytes", expected: "a line of a record")
      }
    }
    reading.isCut = reading.fault == nil && !rest.isEmpty
    return reading
  }
}

extension CustodyReading {
  fileprivate mutating func fail(_ what: String, found: String, expected: String) {
    fault = CustodyFault(entry: UInt64(items.count), what, found: found, expected: expected)
  }

  /// Takes up the next line, its line feed included, or says what is against it.
  fileprivate mutating func take(_ line: [UInt8], _ limits: JSONLimits) {
    let number = UInt64(items.count)
    guard items.count < CustodyChain.mostEntries else {
      return fail("the record", found: "more entries", expected: "at most \(CustodyChain.mostEntries)")
    }
    let value: JSONValue
    do throws(JSONError) { value = try JSONReader.read(line, limits: limits) } catch {
      return fail("the line", found: "no JSON that is understood (\(error))", expected: "an entry of a custody record")
    }
    guard value["entry"]?.integer == Int64(clamping: number) else {
      return fail("the number", found: shown(value["entry"]), expected: "\(number)")
    }
    guard value["previous"]?.string == head else {
      let before = number == 0 ? "" : ", the SHA-256 of entry \(number - 1) as it stands"
      return fail("the digest of the line before", found: shown(value["previous"]), expected: head + before)
    }
    guard let kind = value["type"]?.string.flatMap(CustodyEntry.Kind.init) else {
      return fail("the type", found: shown(value["type"]), expected: "one that this version knows")
    }
    guard check(kind, value, line) else { return }
    items.append(CustodyItem(number: number, kind: kind, value: value, digest: CustodyLine.digest(line)))
    if kind == .closed { closed = number }
    if kind == .end { hasEnded = true }
  }

  private func shown(_ value: JSONValue?) -> String {
    switch value {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .some(let other): other.kind
    case nil: "none"
    }
  }

  /// Whether such an entry may stand here, and, of one without freedom, whether each byte is as it must be.
  private mutating func check(_ kind: CustodyEntry.Kind, _ value: JSONValue, _ line: [UInt8]) -> Bool {
    if items.isEmpty || kind == .log {
      guard items.isEmpty, kind == .log else {
        fail("the type", found: kind.rawValue, expected: items.isEmpty ? "log" : "another: a record has one log entry")
        return false
      }
      guard value["format"]?.string == CustodyLine.format, (value["log"]?.string?.utf8.count ?? 0) >= 32 else {
        fail("the format", found: shown(value["format"]), expected: "\(CustodyLine.format), with the log's id")
        return false
      }
    }
    if hasEnded, !kind.mayFollow, !(kind == .closed && closed == nil) {
      fail(
        "the type", found: "\(kind.rawValue) after the end of the run",
        expected: "a note, a time stamp, a verification, a checkpoint")
      return false
    }
    switch kind {
    case .checkpoint: return checkCheckpoint(value, line)
    case .closed:
      guard items.last?.kind == .checkpoint, items.dropLast().last?.kind == .end else {
        fail("the type", found: "closed", expected: "it behind the end of the run and the checkpoint over that")
        return false
      }
      guard line == Checkpoint.closing(UInt64(items.count), head) else {
        fail("the last line", found: "other bytes", expected: "those that follow from the line before")
        return false
      }
      return true
    default: return true
    }
  }

  private mutating func checkCheckpoint(_ value: JSONValue, _ line: [UInt8]) -> Bool {
    let statement = value["statement"]
    guard statement?["log"]?.string == log else {
      fail("the checkpoint's log", found: shown(statement?["log"]), expected: "\(log), the id in entry 0")
      return false
    }
    guard statement?["head"]?.string == head, statement?["entries"]?.integer == Int64(items.count) else {
      let found = "\(shown(statement?["entries"])) entries, head \(shown(statement?["head"]))"
      fail("the checkpoint's statement", found: found, expected: "\(items.count) entries, head \(head)")
      return false
    }
    let text = value["signature"]?.string
    let signature = text.flatMap(Base64.bytes)
    let checkpoint = Checkpoint(log: log, entries: UInt64(items.count), head: head, signature: signature)
    guard text == nil || signature != nil, line == checkpoint.line else {
      fail("the checkpoint", found: "other bytes", expected: "those that follow from its statement and signature")
      return false
    }
    checkpoints.append(checkpoint)
    return true
  }
}
