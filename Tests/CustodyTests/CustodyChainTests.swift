// The chain: what is written holds; whatever is changed in it afterwards is named, with the entry.

import Foundation
import JSON
import Platform
import SigningAuthority
import TestSupport
import Testing

@testable import Cryptography
@testable import Custody

@Suite("The chain of entries")
struct CustodyChainTests {
  static let warrant = String(repeating: "ab", count: 32)

  /// A record of a short run.
  private func record(_ folder: TemporaryFolder, notes: Int = 3, close: Bool = true) throws -> String {
    let path = folder.path("record.jsonl")
    let record = try CustodyRecord(
      creating: path, overwrite: true, warrant: Self.warrant, durability: .checkpoint, signer: nil)
    var start = CustodyEntry(.start)
    start.put("program", "veilscope")
    try record.append(start)
    try record.checkpoint()
    for index in 0..<notes {
      var entry = CustodyEntry(.damage)
      entry.put("count", index)
      try record.append(entry)
    }
    if close { try record.close(CustodyEntry(.end)) }
    record.settle()
    return path
  }

  private func read(_ path: String) throws -> CustodyReading { try CustodyChain.read(InputFile(path: path)) }

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { $0 + "\n" }
  }

  private func write(_ lines: [String], _ path: String) throws {
    try lines.joined().write(toFile: path, atomically: false, encoding: .utf8)
  }

  @Test(
    "Each line holds its number and the SHA-256 of the exact bytes before it; the first holds format, id and warrant")
  func layout() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder)
    let reading = try read(path)
    #expect(reading.fault == nil && !reading.isCut)
    #expect(
      reading.items.map(\.kind) == [.log, .start, .checkpoint, .damage, .damage, .damage, .end, .checkpoint, .closed])
    #expect(reading.closed == 8)
    let lines = try lines(path)
    #expect(lines[0].hasPrefix("{\"entry\":0,\"previous\":\"\(String(repeating: "0", count: 64))\",\"type\":\"log\","))
    #expect(lines[0].contains("\"format\":\"veilscope-custody-1\""))
    #expect(lines[0].contains("\"warrant_sha256\":\"\(Self.warrant)\",\"durable\":\"checkpoint\""))
    for index in 1..<lines.count {
      let digest = try #require(Array(lines[index - 1].utf8).withRawSpan { DigestAlgorithm.sha256.text(of: $0) })
      #expect(lines[index].hasPrefix("{\"entry\":\(index),\"previous\":\"\(digest)\","))
    }
    #expect(reading.head == CustodyLine.digest(Array(try #require(lines.last).utf8)))
  }

  @Test("Two records have two ids")
  func identifiers() throws {
    let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
    #expect(try read(record(one)).log != read(record(other)).log)
  }

  @Test("Removed, exchanged, doubled: the first entry that does not follow is named", arguments: 1..<8)
  func moved(index: Int) throws {
    let folder = try TemporaryFolder()
    let path = try record(folder)
    let whole = try lines(path)
    var removed = whole
    removed.remove(at: index)
    try write(removed, path)
    #expect(try read(path).fault?.entry == UInt64(index))
    if index + 1 < whole.count {
      var exchanged = whole
      exchanged.swapAt(index, index + 1)
      try write(exchanged, path)
      #expect(try read(path).fault?.entry == UInt64(index))
    }
    var doubled = whole
    doubled.insert(whole[index], at: index)
    try write(doubled, path)
    #expect(try read(path).fault?.entry == UInt64(index + 1))
  }

  @Test("A changed byte is found wherever it stands; the message has the digest found and the one expected")
  func changed() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder, notes: 1)
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    for at in whole.indices {
      var bytes = whole
      bytes[at] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let reading = try read(path)
      #expect(reading.fault != nil || reading.isCut || reading.closed == nil, "byte \(at)")
    }
    var lines = try {
      try write([String(decoding: whole, as: UTF8.self)], path); return try self.lines(path)
    }()
    let digest = CustodyLine.digest(Array(lines[1].replacing("veilscope", with: "veilscape").utf8))
    lines[1].replace("veilscope", with: "veilscape")
    let expected = CustodyLine.digest(
      Array(String(decoding: whole, as: UTF8.self).split(separator: "\n")[1].utf8) + [0x0a])
    try write(lines, path)
    let fault = try #require(try read(path).fault)
    #expect(fault.entry == 2)
    #expect(fault.found == expected)
    #expect(fault.expected.hasPrefix(digest))
  }

  @Test("Cut at every byte: incomplete, never broken and never complete")
  func cut() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder, notes: 1)
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    for length in 0..<whole.count {
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
      let reading = try read(path)
      #expect(reading.fault == nil && reading.closed == nil, "length \(length)")
      #expect(CustodyJudgement(reading, verifier: SignatureVerifier(), now: 0).state == .incomplete)
    }
  }

  @Test("A run's entries behind its end are refused; notes are not")
  func afterwards() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder)
    do {
      let more = try CustodyRecord(continuing: path, signer: nil) { _ in }
      try more.append(CustodyEntry(.note))
    }
    #expect(try read(path).fault == nil)
    do {
      let more = try CustodyRecord(continuing: path, signer: nil) { _ in }
      try more.append(CustodyEntry(.output))
    }
    #expect(try read(path).fault?.entry == 10)
    #expect(throws: CustodyError.self) { _ = try CustodyRecord(continuing: path, signer: nil) { _ in } }
  }

  @Test("An existing record is refused; with overwrite it waits under another name until the new one is settled")
  func overwrite() throws {
    let folder = try TemporaryFolder()
    let path = try record(folder)
    let old = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(throws: CustodyError.self) {
      _ = try CustodyRecord(creating: path, overwrite: false, warrant: "", durability: .entry, signer: nil)
    }
    let refused = try CustodyRecord(creating: path, overwrite: true, warrant: "", durability: .entry, signer: nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + ".replaced")) == old)
    refused.discard()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == old)
    let done = try CustodyRecord(creating: path, overwrite: true, warrant: "", durability: .entry, signer: nil)
    try done.close(CustodyEntry(.end))
    done.settle()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) != old)
    #expect(!FileManager.default.fileExists(atPath: path + ".replaced"))
  }

  @Test("A thousand entries bring a checkpoint")
  func checkpoints() throws {
    let folder = try TemporaryFolder()
    let reading = try read(record(folder, notes: 2500))
    #expect(reading.checkpoints.count == 4)
    #expect(reading.checkpoints[1].entries == 1003)
  }

  @Test("Time alone brings a checkpoint, once it has passed; none comes before")
  func minutes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("record.jsonl")
    let record = try CustodyRecord(creating: path, overwrite: false, warrant: "", durability: .entry, signer: nil)
    #expect(record.interval == 60_000_000_000)
    try record.checkpointIfDue()
    #expect(record.entries == 1)
    record.interval = 1
    try record.checkpointIfDue()
    #expect(record.entries == 2)
    #expect(try read(path).checkpoints.count == 1)
  }
}
