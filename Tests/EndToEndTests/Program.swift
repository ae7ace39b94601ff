import Foundation
import Synchronization
import TestSupport
import Testing

/// What a run of a program gave.
struct Outcome {
  let status: Int32
  let output: String
  let error: String
}

/// Runs the programs that were built beside this test.
enum Program {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The folder of what was built: that of the test's own program.
  static var built: URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  }

  static func path(_ name: String) -> URL { built.appendingPathComponent(name) }

  @discardableResult
  static func run(
    _ arguments: [String], name: String = "veilscope", input: Data? = nil, in folder: URL? = nil,
    beforeEnd: () throws -> Void = {}
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = path(name)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder }
    return try finish(process, input: input, beforeEnd: beforeEnd)
  }

  /// Runs a command of the system.
  static func system(_ command: String, _ arguments: [String]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    return try finish(process, input: nil)
  }

  /// - Parameter beforeEnd: called once all input is written, and before it ends.
  private static func finish(
    _ process: Process, input: Data?, beforeEnd: () throws -> Void = {}
  ) throws -> Outcome {
    let output = Pipe()
    let error = Pipe()
    process.standardOutput = output
    process.standardError = error
    let feed = Pipe()
    if input != nil { process.standardInput = feed } else { process.standardInput = FileHandle.nullDevice }
    try process.run()
    if let input {
      try feed.fileHandleForWriting.write(contentsOf: input)
      try beforeEnd()
      try feed.fileHandleForWriting.close()
    }
    // Both at once: a program that fills one pipe while the other is read would wait for ever.
    let messages = Mutex(Data())
    let isRead = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let read = error.fileHandleForReading.readDataToEndOfFile()
      messages.withLock { $0 = read }
      isRead.signal()
    }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    isRead.wait()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      error: messages.withLock { String(decoding: $0, as: UTF8.self) })
  }
}

extension TemporaryFolder {
  /// The findings document `name`.
  func document(_ name: String = "findings.json") throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: try read(name)) as? [String: Any])
  }
}

/// The shipped sample.
enum Sample {
  static let folder = Program.root.appendingPathComponent("Samples/wireguard-openvpn")
  static var capture: String { folder.appendingPathComponent("capture.pcapng").path }
  static var warrant: String { folder.appendingPathComponent("warrant.json").path }

  /// A training warrant for everything, as text; `change` edits it.
  static func warrant(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> String {
    var document: [String: Any] = [
      "warrant": 1, "id": "7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c11", "reference": "TRAINING 1",
      "legal_basis": ["act": "None", "provision": "None"], "issued": "2026-01-01T00:00:00Z",
      "issued_by": ["name": "Exercise", "office": "Exercise"], "executing_agency": "Exercise",
      "authority": ["from": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"], "covers": ["recorded"],
      "targets": [["everything": true, "justification": "Exercise"]], "inside_tunnels": true,
      "categories": [
        "flow", "addresses_of_third_parties", "server_name", "certificate", "fingerprint", "protocol_metadata",
        "software_version",
      ],
      "training": true,
    ]
    change(&document)
    return String(decoding: try JSONSerialization.data(withJSONObject: document, options: .sortedKeys), as: UTF8.self)
  }
}

/// Builds small pcap files (draft-ietf-opsawg-pcap): Ethernet, IPv4, UDP.
struct PcapBuilder {
  private(set) var bytes: [UInt8] = []

  init() {
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1] as [UInt32] { little(word) }
  }

  private mutating func little(_ word: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  /// A UDP datagram at `time`, microseconds after 2026-01-02.
  mutating func datagram(_ payload: [UInt8], from source: UInt8 = 1, port: UInt16 = 40_000, time: UInt32) {
    func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
    let udp = big(port) + big(40_001) + big(UInt16(8 + payload.count)) + [0, 0] + payload
    let ip: [UInt8] =
      [0x45, 0] + big(UInt16(20 + udp.count)) + [0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, source, 198, 51, 100, 7]
    let frame = [UInt8](repeating: 2, count: 12) + [8, 0] + ip + udp
    little(1_767_312_000 + time / 1_000_000)
    little(time % 1_000_000)
    little(UInt32(frame.count))
    little(UInt32(frame.count))
    bytes += frame
  }
}
