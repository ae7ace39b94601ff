// Plays an exchange again in every cut and with every bit flipped, and sees that the plugins hold.

import Analysis
import JSON
import Platform
import PluginKit
import Synchronization
import Terms
import Testing

/// Plugins that do not hold: each place where they said something else, or that they said nothing at all.
public struct VerificationFailure: Error, CustomStringConvertible {
  public let complaints: [String]
  public var description: String { complaints.joined(separator: "\n") }
}

extension Exchange {
  /// Holds these plugins to what every plugin owes; what does not hold becomes an issue of the test at hand.
  ///
  /// - Every message of a stream in two segments, cut at every byte; every byte in a segment of its own; messages of one
  ///   side joined: findings and observations must be the same, frame numbers aside. Sizes, directions and gaps that
  ///   `conclude` sees stay those of the exchange as it is written.
  /// - Stopped at every byte, by the end of the evidence, of the connection and of the snap length; each message missing;
  ///   every bit flipped: no trap.
  /// - The exchange as it is written must tell the plugins something.
  ///
  /// Run it in an exit test: a trap leaves a thread behind that stands still. The issue, and the last line on standard
  /// error, name the plugin and the variant that trapped.
  ///
  ///     @Test func holds() async {
  ///       await #expect(processExitsWith: .success) { Self.exchange.verify { WireGuard.self } }
  ///     }
  public func verify(
    sourceLocation: SourceLocation = #_sourceLocation, @PluginCatalogBuilder _ plugins: () -> [PluginEntry]
  ) {
    do {
      _ = try verification(of: PluginCatalog(plugins))
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
  }

  /// Holds a catalog's plugins to what every plugin owes, as `verify` does, and gives how many variants were played.
  ///
  /// - Throws: `VerificationFailure` where plugins do not hold, `ScriptError` for a script that cannot be played.
  public func verification(of plugins: PluginCatalog) throws -> Int {
    if let mistake { throw mistake }
    let outcome = Mutex<Result<Int, any Error>>(.success(0))
    let words = try LastWords.run { words in
      let result = Result { try self.playVariants(plugins, words) }
      outcome.withLock { $0 = result }
    }
    if let words { throw VerificationFailure(complaints: [String(decoding: words.dropLast(), as: UTF8.self)]) }
    return try outcome.withLock { $0 }.get()
  }

  private func playVariants(_ plugins: PluginCatalog, _ words: LastWords) throws -> Int {
    let same = [.asWritten] + Variant.ofSegments(self)
    let steps = plugins.entries.map(\.manifest.shape).max() ?? 0
    let whole = Segmenter.segments(self, parts, closes: hasClosing)
    let fixed = carriage == .tcp ? FlowFacts(self, whole, steps: steps) : nil
    var said: [String] = []
    try replay(same, plugins, CallWatch(self, words, fixed: fixed)) {
      said += try Saying.of($0, Clients(self), count: $1)
    }
    var silence: [String] = []
    try replay([.asWritten], PluginCatalog {}, CallWatch(self, words, fixed: nil)) {
      silence += try Saying.of($0, Clients(self), count: $1)
    }
    try judge(same, said, silence: silence)
    let damage = Variant.ofDamage(self)
    try replay(damage, plugins, CallWatch(self, words, fixed: nil), writesFlows: false) { _, _ in }
    return same.count + damage.count
  }

  /// The most complaints in one failure.
  private static let mostComplaints = 8

  /// - Parameter silence: what is said of the exchange without any plugin.
  private func judge(_ variants: [Variant], _ said: [String], silence: [String]) throws {
    let expected = said[0]
    guard expected != silence[0] else {
      throw VerificationFailure(complaints: ["the exchange tells these plugins nothing: nothing can be verified by it"])
    }
    let differing = variants.indices.filter { said[$0] != expected }
    guard !differing.isEmpty else { return }
    var complaints = differing.prefix(Self.mostComplaints).map { index in
      "\(variants[index].text(self)):\n  said \(said[index])\n  not  \(expected)"
    }
    if differing.count > complaints.count { complaints.append("and \(differing.count - complaints.count) others") }
    throw VerificationFailure(complaints: complaints)
  }

  // MARK: - Replay

  /// A capture is played when it has grown to this, or holds so many variants.
  private static let captureBytes = 8 * 1024 * 1024
  private static let captureVariants = 8_192

  /// Plays variants, many in one capture: each has a client of its own.
  private func replay(
    _ variants: [Variant], _ plugins: PluginCatalog, _ watch: CallWatch, writesFlows: Bool = true,
    _ take: (MemorySink, Int) throws -> Void
  ) throws {
    let observed = plugins.observed(by: watch)
    let clients = Clients(self)
    let written = Variant.asWritten.records(of: self, isTight: true)
    var batch: [Variant] = []
    var bytes = PacketRecords.fileHeader
    var time = Exchange.begin
    func play() throws {
      guard !batch.isEmpty else { return }
      watch.begin(batch)
      let sink = MemorySink()
      try Capture(bytes: bytes).analyse(observed, .all, sink, writesFlows: writesFlows)
      try take(sink, batch.count)
      batch.removeAll(keepingCapacity: true)
      bytes = PacketRecords.fileHeader
      time = Exchange.begin
    }
    for variant in variants {
      let start = bytes.count
      var records = written
      if case .flipped = variant {} else { records = variant.records(of: self, isTight: !writesFlows) }
      records.append(to: &bytes, client: clients.number(batch.count), at: time)
      if case .flipped(let message, let byte, let bit) = variant,
        let place = records.place(ofByte: byte, message: message)
      {
        bytes[start + place] ^= 1 << UInt8(bit)
      }
      time += records.duration + 1_000_000
      batch.append(variant)
      if bytes.count >= Self.captureBytes || batch.count == Self.captureVariants { try play() }
    }
    try play()
  }
}

/// What plugins said of a flow, in a form that can be compared: without frames, times, sizes and addresses.
enum Saying {
  /// What was said of each client's flow; empty where nothing was.
  static func of(_ sink: MemorySink, _ clients: Clients, count: Int) throws -> [String] {
    var said: [[String]] = Array(repeating: [], count: count)
    func add(_ record: JSONValue, _ text: String) {
      guard let ends = record["flow"], let left = ends["initiator"]?["address"]?.string.flatMap({ Address($0) }),
        let right = ends["responder"]?["address"]?.string.flatMap({ Address($0) }),
        let index = clients.index(left, right), index < count, !text.isEmpty
      else { return }
      said[index].append(text)
    }
    for record in try Played.lines(sink.flows) { add(record, flow(record)) }
    for record in try Played.lines(sink.findings) { add(record, finding(record)) }
    return said.map { $0.sorted().joined(separator: " ") }
  }

  /// The members of a flow record that follow from its packets and not from what plugins read.
  private static let ofPackets: Set<String> = [
    "id", "flow", "community_id", "evidence", "first", "last", "first_frame", "last_frame", "from_initiator",
    "from_responder", "directions_seen", "end", "begins_mid_stream", "tunnel", "carrier", "continues", "part",
    "carrier_flow", "tunnel_id", "vlans", "mpls", "duplicates", "bad_checksums", "bad_transport_checksums",
    "retransmissions", "above_mtu", "indications",
  ]

  private static func flow(_ record: JSONValue) -> String {
    var texts: [String] = []
    for member in record.object?.members ?? [] where !ofPackets.contains(member.key) {
      // In what order plugins reach a verdict depends on the segments.
      let isSet = member.key == "protocols" || member.key == "not_assessable"
      let words = isSet ? member.value.array?.compactMap(\.string).sorted() : nil
      texts.append("\(member.key): \(words.map { "\($0)" } ?? canonical(member.value))")
    }
    return texts.sorted().joined(separator: " ")
  }

  private static func finding(_ record: JSONValue) -> String {
    let found = Played.Finding(record)
    let marks = found.marks.map { mark in mark.name + (mark.value.map { "=\(canonical($0))" } ?? "") }
    return "\(found.rule) \(found.certainty.name) \(found.tool) \(found.variant)\(found.isConflict ? " conflict" : "") "
      + "[\(marks.joined(separator: ", "))]"
  }

  /// A value as JSON, members in order of their names.
  private static func canonical(_ value: JSONValue) -> String {
    var writer = JSONWriter()
    append(value, to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// As deep as the record that was read, and so bounded by the reader.
  private static func append(_ value: JSONValue, to writer: inout JSONWriter) {
    switch value {
    case .array(let elements):
      writer.beginArray()
      for element in elements { append(element, to: &writer) }
      writer.endArray()
    case .object(let object):
      writer.beginObject()
      for member in object.members.sorted(by: { $0.key < $1.key }) {
        writer.key(member.key)
        append(member.value, to: &writer)
      }
      writer.endObject()
    default: writer.value(value)
    }
  }
}
