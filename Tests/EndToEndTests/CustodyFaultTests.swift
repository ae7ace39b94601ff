import Foundation
import SigningAuthority
import Testing

@Suite(
  "A disk that fills, a folder that cannot be written to, a kill at any moment: never complete and sealed by mistake")
struct CustodyFaultTests {
  /// A capture with so many flows that the flow records have some megabytes.
  private func capture(_ run: CustodyRun, flows: Int) throws -> Int {
    var builder = PcapBuilder()
    for index in 0..<flows {
      builder.datagram([1, 2, 3], port: UInt16(1024 + index % 60_000), time: UInt32(index))
    }
    try run.scratch.write("many.pcap", builder.bytes)
    return builder.bytes.count
  }

  private func status(_ run: CustodyRun, _ folder: String) throws -> Outcome {
    try Program.run(["verify", "\(folder)/findings.json", "--skip-evidence"] + run.trust, in: run.scratch.url)
  }

  /// A small file system of its own; nil where this user cannot mount one.
  private func mounted(_ run: CustodyRun, _ options: String) throws -> String? {
    guard getuid() == 0 else { return nil }
    let place = run.scratch.path("disk-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    return try Program.system("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place]).status == 0 ? place : nil
  }

  /// Twenty sizes from one page up: what fails is the record, then the flows, then the findings, then nothing.
  @Test("A disk that fills, at twenty sizes; skipped for a user who cannot mount one")
  func fullDisk() throws {
    let run = try CustodyRun()
    _ = try capture(run, flows: 1500)
    var ends: [Int32: Int] = [:]
    for step in 0..<20 {
      guard let disk = try mounted(run, "size=\(4 + step * step * 4)k") else {
        print("skipped: 20 of 20 full disks, this user cannot mount a file system")
        return
      }
      defer { _ = try? Program.system("umount", [disk]) }
      let outcome = try Program.run(
        [
          "analyze", "many.pcap", "--warrant", "warrant.json", "--output", "\(disk)/findings.json", "--flows",
          "\(disk)/flows.jsonl",
        ]
          + (try run.sealing()), in: run.scratch.url)
      ends[outcome.status, default: 0] += 1
      let verified = try status(run, disk)
      if outcome.status == 0 {
        #expect(verified.status == 0, "\(step): \(verified.output)")
        continue
      }
      #expect(outcome.status == 74, "\(step): \(outcome.error)")
      #expect(outcome.error.contains("No space left"), "\(outcome.error)")
      #expect(verified.status == 4, "\(step): \(verified.output)")
      #expect(!FileManager.default.fileExists(atPath: "\(disk)/findings.json"))
      #expect(!FileManager.default.fileExists(atPath: "\(disk)/flows.jsonl"))
      // What stands in the record is whole lines.
      if let record = FileManager.default.contents(atPath: "\(disk)/findings.custody.jsonl") {
        #expect(record.isEmpty || record.last == 0x0a)
      }
    }
    #expect(ends[0, default: 0] > 0 && ends[74, default: 0] > 3, "\(ends)")
  }

  /// The run waits for the end of its evidence, which comes by a pipe, while the disk is filled but for some pages. The
  /// operator's name is so long that the record needs a new page in one of its last three lines; with as many pages left as
  /// the rest needs, that is the one that is missing.
  @Test(
    "A disk that is full when the outputs have their names and the record is to be ended: they are taken back",
    arguments: ["end", "checkpoint", "closed"])
  func fullAtTheEnd(line: String) throws {
    let run = try CustodyRun()
    let capture = try run.scratch.read("capture.pcapng")
    let key = try run.authority.identity("Examiner RSA 2048") { $0.key = .rsa(2048) }
    let seal = try run.sealing(key)
    func analyze(_ disk: String, _ padding: Int, beforeEnd: () throws -> Void = {}) throws -> Outcome {
      try Program.run(
        [
          "analyze", "-", "--warrant", "warrant.json", "--output", "\(disk)/findings.json", "--flows",
          "\(disk)/flows.jsonl", "--operator", String(repeating: "x", count: padding),
        ] + seal, input: capture, in: run.scratch.url, beforeEnd: beforeEnd)
    }
    func record(_ disk: String) -> [Substring] {
      let bytes = FileManager.default.contents(atPath: "\(disk)/findings.custody.jsonl") ?? Data()
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
    guard let first = try mounted(run, "size=1m") else {
      return print("skipped: a disk that is full at the end, this user cannot mount a file system")
    }
    #expect(try analyze(first, 1).status == 0)
    let whole = record(first)
    _ = try Program.system("umount", [first])
    let index = try #require(whole.lastIndex { $0.contains("\"type\":\"\(line)\"") })
    let before = whole[..<index].reduce(0) { $0 + $1.utf8.count + 1 }
    // Half of the line still fits into the last page: some digits more or less do not matter.
    let padding = 1 + 2 * 4096 - (before + whole[index].utf8.count / 2) % 4096
    var metTheEnd = 0
    for pages in 1...16 {
      guard let disk = try mounted(run, "size=1m") else { return }
      defer { _ = try? Program.system("umount", [disk]) }
      let outcome = try analyze(disk, padding) {
        for _ in 0..<500 where !record(disk).contains(where: { $0.contains("\"type\":\"checkpoint\"") }) {
          usleep(10_000)
        }
        var figures = statvfs()
        #expect(unsafe statvfs(disk, &figures) == 0)
        let free = Int(figures.f_bavail) - pages
        try Data(count: free * Int(figures.f_bsize)).write(to: URL(fileURLWithPath: "\(disk)/filler"))
      }
      let verified = try status(run, disk)
      let names = try FileManager.default.contentsOfDirectory(atPath: disk).sorted()
      if outcome.status == 0 {
        #expect(verified.status == 0, "\(verified.output)")
        #expect(names.contains("findings.json") && names.contains("flows.jsonl"))
        break
      }
      #expect(outcome.status == 74 && outcome.error.contains("No space left"), "\(outcome.error)")
      // The record is all that stands there, and says no more than was done.
      #expect(names == ["filler", "findings.custody.jsonl"])
      #expect(verified.status == 4, "\(verified.output)")
      #expect(!verified.output.contains("complete and sealed"))
      let written = record(disk)
      if written.filter({ $0.contains("\"type\":\"output\"") }).count == 2 {
        metTheEnd += 1
        #expect(written.count == index, "\(line): \(written.last ?? "")")
        #expect(outcome.error.contains("the custody record cannot be written"), "\(outcome.error)")
      }
    }
    #expect(metTheEnd > 0, "no size was met at which only the record's end did not fit")
  }

  @Test("A folder that cannot be written to: said before anything is analysed")
  func noPermission() throws {
    let run = try CustodyRun()
    let folder: String
    if let disk = try mounted(run, "size=64k,ro") {
      folder = disk
    } else {
      folder = run.scratch.path("closed")
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o555])
      // Root may write everywhere.
      guard getuid() != 0 else { return print("skipped: this user may write everywhere and mount nothing") }
    }
    defer { _ = try? Program.system("umount", [folder]) }
    let outcome = try Program.run(
      ["analyze", "capture.pcapng", "--warrant", "warrant.json", "--output", "\(folder)/findings.json"],
      in: run.scratch.url)
    #expect(outcome.status == 74)
    #expect(outcome.error.contains("\(folder)/findings.json"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/findings.custody.jsonl"))
  }

  /// Numbers that are the same each time (Knuth's MMIX generator).
  private struct Fixed: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  @Test("SIGKILL at twenty moments of a run, of which the seed is fixed")
  func killed() throws {
    let run = try CustodyRun()
    _ = try capture(run, flows: 20_000)
    let arguments =
      ["analyze", "many.pcap", "--warrant", "warrant.json", "--flows", "flows.jsonl", "--quiet", "--overwrite"]
      + (try run.sealing())
    let began = Date()
    #expect(try Program.run(arguments, in: run.scratch.url).status == 0)
    let duration = Date().timeIntervalSince(began)
    var generator = Fixed(state: 20_261_125)
    var incomplete = 0
    for _ in 0..<20 {
      for name in ["findings.json", "flows.jsonl", CustodyRun.record, CustodyRun.record + ".replaced"] {
        try? FileManager.default.removeItem(atPath: run.scratch.path(name))
      }
      let process = Process()
      process.executableURL = Program.path("veilscope")
      process.arguments = arguments
      process.currentDirectoryURL = run.scratch.url
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      try process.run()
      usleep(UInt32(Double.random(in: 0..<duration * 0.8, using: &generator) * 1_000_000))
      let wasRunning = kill(process.processIdentifier, SIGKILL) == 0
      process.waitUntilExit()
      let ended = process.terminationReason == .exit && process.terminationStatus == 0
      let verified = try status(run, ".")
      // Between its last line and its own end a run can be complete and killed.
      #expect(verified.status == 4 || verified.status == 0, "\(verified.output)")
      if ended { #expect(verified.status == 0, "\(verified.output)") }
      if verified.status == 4 { incomplete += 1 }
      if verified.status == 0 {
        #expect(run.scratch.has("findings.json") && run.scratch.has("flows.jsonl"))
      } else {
        #expect(wasRunning)
        #expect(!verified.output.contains("complete and sealed"))
        // Whole lines, all of them entries.
        if run.scratch.has(CustodyRun.record) {
          let shown = try Program.run(["custody", "show", CustodyRun.record], in: run.scratch.url)
          #expect(shown.status == 4)
        }
      }
    }
    #expect(incomplete >= 5, "\(incomplete) of 20 were killed before their end")
  }

  @Test("A run that is killed keeps the record of the findings that stand, beside its own")
  func replaced() throws {
    let run = try CustodyRun()
    try run.analyze()
    let old = try run.scratch.read(CustodyRun.record)
    let pipe = Pipe()
    let process = Process()
    process.executableURL = Program.path("veilscope")
    process.arguments = [
      "analyze", "-", "--warrant", "warrant.json", "--flows", "flows.jsonl", "--overwrite", "--quiet",
    ]
    process.currentDirectoryURL = run.scratch.url
    process.standardInput = pipe
    try process.run()
    for _ in 0..<600 where try run.scratch.has(CustodyRun.record + ".replaced") == false || run.entries().count < 6 {
      usleep(20_000)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try run.scratch.read(CustodyRun.record + ".replaced") == old)
    #expect(try run.verify().status == 4)
    #expect(try run.verify(["--record", CustodyRun.record + ".replaced"]).status == 0)
    // The next run that gets through clears both up.
    #expect(try run.analyze(["--overwrite"]).status == 0)
    #expect(!run.scratch.has(CustodyRun.record + ".replaced"))
    #expect(try run.verify().status == 0)
  }
}
