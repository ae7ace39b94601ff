// A run with workers that are shell scripts: whatever a worker does, the other records are whole and in order.

import Bytes
import Cryptography
import Foundation
import Platform
import Terms
import TestSupport
import Testing

@testable import Supervision

/// What a script can use: `record KIND TEXT`, `flow TEXT`, `at FRAME PLUGIN`, `offset N`, `counted FLOWS THIRDPARTIES`,
/// `job` (the job in hexadecimal).
/// Descriptors: 3 the job, 4 the channel, 5 the page, 6 scratch space, 7 the slots, 8 the evidence.
private let prelude = """
  record() { printf "\\\\$(printf %03o $1)\\\\$(printf %03o ${#2})\\\\000\\\\000\\\\000%s" "$2" >&4; }
  flow() { record 1 "$1;"; }
  word() { printf "\\\\000\\\\000\\\\$(printf %03o $1)\\\\000\\\\000\\\\000\\\\000\\\\000" ; }
  at() { printf "\\\\$(printf %03o $2)\\\\000\\\\$(printf %03o $1)\\\\000\\\\000\\\\000\\\\000\\\\000" |
    dd of=/proc/self/fd/5 bs=8 conv=notrunc status=none; }
  offset() { printf "\\\\$(printf %03o $1)\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000" |
    dd of=/proc/self/fd/5 bs=8 seek=1 conv=notrunc status=none; }
  counted() { printf "\\\\$(printf %03o $1)\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\$(printf %03o $2)" |
    dd of=/proc/self/fd/5 bs=1 seek=32 conv=notrunc status=none; }
  job() { od -An -v -tx1 /proc/self/fd/3 | tr -d ' \\n'; }
  end() { record 7 ""; exit 0; }

  """

struct RunTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Runs a script over items whose evidence holds these texts. Gives the outcomes and the flows' text.
  private func run(
    _ script: String, _ evidence: [String] = ["evidence"], workers: Int = 1, stall: Int64 = 10_000_000_000,
    digests: Bool = false
  ) throws -> ([ItemOutcome], String) {
    var items: [WorkItem] = []
    for (index, text) in evidence.enumerated() {
      items.append(
        WorkItem(
          evidence: [try InputFile(path: folder.write("evidence\(index)", text))], settings: Array("s\(index)".utf8),
          takesDigests: digests))
    }
    return try run(script, items, workers: workers, stall: stall)
  }

  private func run(
    _ script: String, _ items: [WorkItem], workers: Int = 1, stall: Int64 = 10_000_000_000, kept: Int? = nil,
    most: Int? = nil
  ) throws -> ([ItemOutcome], String) {
    var settings = RunSettings()
    settings.workers = workers
    settings.worker.program = "/bin/sh"
    settings.worker.arguments = ["-c", prelude + script]
    settings.worker.stallLimit = stall
    if let kept { settings.worker.streamKept = kept }
    if let most { settings.worker.streamMost = most }
    let flows = try OutputFile(path: folder.path("flows"), overwrite: true)
    let scratch = try OutputFile(path: folder.path("findings"), overwrite: true)
    let outcomes = try Run.analyse(items, flows: flows, scratch: scratch, settings: settings)
    try flows.finish()
    return (outcomes, folder.text("flows.partial") ?? "")
  }

  private func records(_ outcome: ItemOutcome) throws -> [String] {
    var texts: [String] = []
    try outcome.records.forEach { (kind, payload) throws(SystemError) in
      texts.append("\(kind) \(String(decoding: payload.array, as: UTF8.self))")
    }
    return texts
  }

  @Test func `records of a clean worker arrive whole`() throws {
    let (outcomes, flows) = try run("flow a; record 2 finding; cat <&8 >/dev/null; flow b; record 3 sum; end")
    #expect(outcomes.map(\.end) == [.complete])
    #expect(try records(outcomes[0]) == ["finding finding", "summary sum"])
    #expect(flows == "a;b;")
    #expect(outcomes[0].faults.isEmpty)
    #expect(outcomes[0].changed == [false])
    #expect(outcomes[0].digests == [nil])
  }

  @Test func `a plugin that traps is kept off, and what the fatal attempt gave is thrown away`() throws {
    let (outcomes, flows) = try run(
      """
      flow first; record 2 first
      case $(job) in
      *05000000000000000200*) flow kept; record 2 kept; end;;
      *) flow lost; record 2 lost; at 5 2; kill -ILL $$;;
      esac
      """)
    #expect(outcomes[0].end == .complete)
    #expect(flows == "first;kept;")
    #expect(try records(outcomes[0]) == ["finding first", "finding kept"])
    #expect(
      outcomes[0].faults == [Fault(place: WorkerPlace(frame: 5, plugin: 2), cause: .signal(SIGILL), measure: .barred)])
  }

  @Test func `a worker that loops is ended after its processor time, not before`() throws {
    let (outcomes, flows) = try run(
      """
      case $(job) in
      *05000000000000000200*) flow kept; end;;
      *) at 5 2; flow lost; while :; do :; done;;
      esac
      """, stall: 300_000_000)
    #expect(outcomes[0].end == .complete)
    #expect(flows == "kept;")
    #expect(outcomes[0].faults.map(\.cause) == [.stalled])
    #expect(outcomes[0].cpu >= 300_000_000)
  }

  @Test func `a worker that only waits is left alone`() throws {
    let (outcomes, _) = try run("at 5 2; sleep 1; end", stall: 100_000_000)
    #expect(outcomes[0].end == .complete)
    #expect(outcomes[0].faults.isEmpty)
  }

  @Test(arguments: [
    ("record 2 'ok'; printf '\\143' >&4; sleep 5; end", FaultCause.badRecord(.unknownKind(99))),
    ("printf '\\002\\001\\000\\000\\000\\377' >&4; sleep 5; end", .badRecord(.notUTF8(kind: 2))),
    ("printf '\\002\\377\\377\\377\\377' >&4; sleep 5; end", .badRecord(.tooLong(0xffff_ffff))),
    ("record 9 '8 100'; sleep 5; end", .badRecord(.noSuchSlot)),
    ("record 9 '0 400000'; sleep 5; end", .badRecord(.noSuchSlot)),
    ("record 9 'first'; sleep 5; end", .badRecord(.noSuchSlot)),
    ("exit 3", .status(3)), ("exit 0", .status(0)), ("kill -KILL $$", .signal(SIGKILL)),
  ])
  func `a worker that sends what is no record, or leaves early, has died`(script: String, cause: FaultCause) throws {
    let (outcomes, flows) = try run("flow lost; \(script)")
    #expect(outcomes[0].end == .failed)
    #expect(outcomes[0].faults == [Fault(place: WorkerPlace(frame: 0, plugin: 0), cause: cause, measure: .gaveUp)])
    #expect(flows.isEmpty)
    #expect(try records(outcomes[0]).isEmpty)
  }

  @Test func `evidence that is refused is not tried again`() throws {
    let (outcomes, flows) = try run("flow lost; record 4 'no capture'; end")
    #expect(outcomes[0].end == .refused)
    #expect(try records(outcomes[0]) == ["refusal no capture"])
    #expect(flows.isEmpty)
  }

  @Test(arguments: [1, 2, 4])
  func `items come in the order of the command line, whoever is done first`(workers: Int) throws {
    // Items in front take longer; the third dies once.
    let (outcomes, flows) = try run(
      """
      flow "$(cat <&8)"
      case $(job) in
      *7330) sleep 0.4;;
      *7331) sleep 0.2;;
      *7332) case $(job) in *05000000000000000200*) :;; *) flow lost; at 5 2; kill -ILL $$;; esac;;
      esac
      flow "$(job | tail -c 4)"; end
      """, ["one", "two", "three", "four", "five"], workers: workers)
    #expect(flows == "one;7330;two;7331;three;7332;four;7333;five;7334;")
    #expect(outcomes.map(\.end) == Array(repeating: .complete, count: 5))
    #expect(outcomes.map(\.faults.count) == [0, 0, 1, 0, 0])
    #expect(
      folder.names == [
        "evidence0", "evidence1", "evidence2", "evidence3", "evidence4", "findings.partial",
        "flows.partial",
      ])
  }

  @Test func `the digest is that of the whole evidence, whatever the worker read`() throws {
    let (outcomes, _) = try run("end", ["abc", ""], digests: true)
    // FIPS 180-4's example, and the digest of nothing.
    let abc = Hex.bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") ?? []
    let empty = Hex.bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") ?? []
    #expect(
      outcomes.map(\.digests) == [[.digest(Digest(.sha256, abc), size: 3)], [.digest(Digest(.sha256, empty), size: 0)]])
  }

  @Test func `evidence that changes during the run is noticed`() throws {
    let (outcomes, _) = try run("echo more >>'\(folder.path("evidence0"))'; end", ["abc"])
    #expect(outcomes[0].changed == [true])
  }

  @Test func `an output that cannot be written stops the run`() throws {
    // A spool or an output on a full disk fails the same way; here the output has failed already.
    let flows = try OutputFile(path: folder.path("flows"))
    flows.discard()
    var settings = RunSettings()
    settings.worker.program = "/bin/sh"
    settings.worker.arguments = ["-c", prelude + "flow a; sleep 60; end"]
    let item = WorkItem(
      evidence: [try InputFile(path: folder.write("in", "x"))], settings: [], takesDigests: true)
    let start = Clock.monotonic
    #expect(throws: RunError.self) {
      try Run.analyse(
        [item, item, item], flows: flows, scratch: try OutputFile(path: folder.path("f")), settings: settings)
    }
    #expect(Clock.monotonic - start < 20_000_000_000)
  }

  // MARK: - Streams

  private func stream(
    _ text: String, _ script: String, kept: Int? = nil, most: Int? = nil
  ) throws -> (ItemOutcome, String) {
    let pipe = try Platform.Pipe()
    let end = pipe.writing
    let writer = try SystemThread {
      // Fails where nobody reads any more.
      try? FileHandle(fileDescriptor: end).write(contentsOf: Data(text.utf8))
      close(end)
    }
    pipe.giveUpWriting()
    // After the run, when its reading end is closed.
    defer { writer.join() }
    return try stream(pipe, script, kept: kept, most: most)
  }

  private func stream(
    _ pipe: Platform.Pipe, _ script: String, kept: Int? = nil, most: Int? = nil
  ) throws -> (ItemOutcome, String) {
    let input = try InputFile(duplicating: pipe.reading, name: "-")
    pipe.closeReading()
    let (outcomes, flows) = try run(
      script, [WorkItem(evidence: [input], settings: [], takesDigests: true)], kept: kept,
      most: most)
    return (outcomes[0], flows)
  }

  @Test func `a stream passes whole and is digested on the way`() throws {
    let text = String(repeating: "0123456789", count: 300_000)
    let (outcome, flows) = try stream(text, "flow $(cat <&8 | wc -c); end")
    #expect(outcome.end == .complete)
    #expect(flows == "3000000;")
    try expect(outcome.digests, of: text)
  }

  @Test func `what a worker does not read of a stream is digested all the same`() throws {
    let text = String(repeating: "0123456789", count: 300_000)
    let (outcome, _) = try stream(text, "end")
    #expect(outcome.end == .complete)
    try expect(outcome.digests, of: text)
  }

  private func expect(_ digests: [DigestOutcome?], of text: String) throws {
    guard case .digest(let digest, let size)? = digests[0] else {
      Issue.record("no digest")
      return
    }
    #expect(size == UInt64(text.utf8.count))
    #expect(digest.bytes == (try DigestAlgorithm.sha256.digest(of: Array(text.utf8))))
  }

  @Test func `while all of a stream is kept, a fault is taken as with a file`() throws {
    let (outcome, flows) = try stream(
      "HEADaabbccdd",
      """
      record 5 48454144; record 2 first; flow "$(cat <&8)"
      case $(job) in
      *05000000000000000200*) end;;
      *) flow lost; record 2 lost; at 5 2; kill -ILL $$;;
      esac
      """)
    #expect(outcome.end == .complete)
    #expect(flows == "HEADaabbccdd;")
    #expect(try records(outcome) == ["finding first"])
    #expect(outcome.faults.map(\.measure) == [.barred])
    try expect(outcome.digests, of: "HEADaabbccdd")
  }

  @Test func `a compressed stream has no middle: it is kept, and given again from its first byte`() throws {
    let text = String(repeating: "0123456789abcdef", count: 1 << 20)
    let (outcome, flows) = try stream(
      text,
      """
      record 5 'gzip 48454144'
      case $(job) in
      *05000000000000000200*) flow $(cat <&8 | wc -c); end;;
      *) cat <&8 >/dev/null; flow lost; at 5 2; kill -ILL $$;;
      esac
      """, kept: 1)
    #expect(outcome.end == .complete)
    #expect(flows == "\(text.utf8.count);")
    #expect(outcome.faults.map(\.measure) == [.barred])
    try expect(outcome.digests, of: text)
  }

  @Test func `a compressed stream longer than what is kept ends with the fault, and what was found before stays`()
    throws
  {
    let text = String(repeating: "0123456789abcdef", count: 1 << 16)
    let (outcome, flows) = try stream(
      text,
      """
      case $(job) in
      *04677a6970*) flow "$(cat <&8)"; end;;
      *) record 5 'gzip 48454144'; flow first; record 8 2; flow half; cat <&8 >/dev/null; counted 5 0; offset 99; at 7 2
         kill -ILL $$;;
      esac
      """, kept: 1, most: 1_000_000)
    #expect(outcome.end == .complete)
    // The last worker gets the headers, unpacked, and no more.
    #expect(flows == "first;HEAD;")
    #expect(outcome.faults.map(\.measure) == [.ended])
    #expect(outcome.faults.map(\.lostFlows) == [3])
    #expect(outcome.isTakenUp)
    let notice = outcome.faults[0].notice { _ in "tls" }
    #expect(notice.message.contains("a compressed stream of that length cannot be taken up in its middle"))
    #expect(notice.message.contains("of 3 flows"))
    try expect(outcome.digests, of: text)
  }

  /// A stream of which the first six bytes are gone once the first worker has died: it says so by the file `ready`, and
  /// waits for `go`.
  private func longStream(_ script: String) throws -> (ItemOutcome, String) {
    let pipe = try Platform.Pipe()
    let (end, ready, go) = (pipe.writing, folder.path("ready"), folder.path("go"))
    let writer = try SystemThread {
      let handle = FileHandle(fileDescriptor: end)
      try? handle.write(contentsOf: Data("HEADaa".utf8))
      for _ in 0..<600 where !FileManager.default.fileExists(atPath: ready) { usleep(50_000) }
      try? handle.write(contentsOf: Data("bbccdd".utf8))
      usleep(500_000)
      _ = FileManager.default.createFile(atPath: go, contents: nil)
      close(end)
    }
    pipe.giveUpWriting()
    defer { writer.join() }
    let wait = "forget() { sleep 0.5; : >'\(ready)'; while ! [ -e '\(go)' ]; do sleep 0.1; done; }\n"
    return try stream(pipe, wait + script, kept: 1)
  }

  @Test func `the next worker gets the preamble and what follows the fatal frame, and counts on`() throws {
    // `HEAD` is the preamble; the first worker dies in the frame that ends at offset 6 of what it reads. It has begun nine
    // flows and named four third parties; five flows were handed on.
    let (outcome, flows) = try longStream(
      """
      case $(job) in
      020100000000000000000000000000000000*)
        record 5 48454144; flow first; record 2 first; record 8 5; flow half
        counted 9 4; offset 6; at 1 2; forget; kill -ILL $$;;
      *) flow "$(cat <&8)"; flow "$(job | head -c 86)"; record 2 second; end;;
      esac
      """)
    #expect(outcome.end == .complete)
    // Frames before: 1; offset: 6 of the stream, less 4 of the preamble; flows 9, of which 4 are lost; third parties 4.
    let counts = ["0100000000000000", "0200000000000000", "0900000000000000", "0400000000000000", "0400000000000000"]
    let job = "020100" + counts.joined()
    #expect(flows == "first;HEADbbccdd;\(job);")
    #expect(try records(outcome) == ["finding first", "finding second"])
    #expect(outcome.faults.map(\.measure) == [.wentOn])
    #expect(outcome.faults.map(\.lostFlows) == [4])
  }

  @Test func `after too many faults a last worker closes what there is`() throws {
    let (outcome, flows) = try longStream(
      """
      case $(job) in
      020100000000000000000000000000000000*)
        record 5 48454144; flow first; record 8 1; counted 1 0; offset 6; at 1 0; forget; kill -ILL $$;;
      *000000000000000000000000000000000001000000000000000000*) flow last; end;;
      *) offset 4; at 1 0; kill -ILL $$;;
      esac
      """)
    // The last one's job: nothing lost, no third party, and an end before frame 1.
    #expect(outcome.end == .complete)
    #expect(flows == "first;last;")
    #expect(outcome.faults.count == FaultLedger.mostFaults + 1)
    #expect(outcome.faults.last?.measure == .gaveUp)
  }

  @Test func `a stream that fails for good leaves nothing, neither lines nor findings`() throws {
    let (outcome, flows) = try stream("HEADaabb", "flow first; record 2 first; record 8 1; at 0 0; kill -ILL $$")
    #expect(outcome.end == .failed)
    #expect(flows.isEmpty)
    #expect(try records(outcome).isEmpty)
    #expect(outcome.faults.map(\.measure) == [.gaveUp])
  }

  @Test func `a stream that is refused leaves no lines`() throws {
    let (outcome, flows) = try stream("HEADaabb", "flow first; record 8 1; record 4 'not decidable'; end")
    #expect(outcome.end == .refused)
    #expect(flows.isEmpty)
    #expect(try records(outcome) == ["refusal not decidable"])
  }

  @Test func `a stream whose worker leaves early does not hold up the run`() throws {
    let (outcome, _) = try stream(String(repeating: "x", count: 4_000_000), "record 4 'no capture'")
    #expect(outcome.end == .refused)
    #expect(outcome.digests == [.unavailable])
  }
}

extension DigestAlgorithm {
  fileprivate func digest(of bytes: [UInt8]) throws -> [UInt8] {
    try bytes.withRawSpan { (span) throws(CryptographyError) in try digest(of: span) }
  }
}
