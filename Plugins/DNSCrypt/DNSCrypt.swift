// DNSCrypt versions 1 and 2: certificates fetched over plain DNS, and encrypted answers by their magic and nonces.

import Bytes
import Findings
import PluginKit
import Terms
import Wire

public struct DNSCrypt: DatagramPlugin, StreamPlugin {
  public static let manifest = Manifest(
    "dnscrypt", title: "DNSCrypt",
    references: ["DNSCrypt version 2 protocol specification", "draft-denis-dprive-dnscrypt"],
    transports: [.udp, .tcp], ports: [443, 5353, 8443],
    constants: [
      // What a resolver's answers begin with, "r6fnvWj8"; over TCP behind the length.
      Constant(text: "r6fnvWj8", lengths: DNSCryptPacket.shortestAnswer...65_535, on: .udp),
      Constant("** ** 72 36 66 6e 76 57", on: .tcp),
    ],
    bytes: 8_192, packets: 64, emits: [.protocolMetadata], rules: DNSCryptRules.all,
    observations: [ObservationDeclaration(DNSCryptCertificates.self)])

  public static let subscriptions = [Subscription.on(DNSCryptCertificates.self, Self.certificates)]

  public init() {}

  // MARK: - Certificates

  func certificates(
    _ fetched: DNSCryptCertificates, flow: FlowFacts, memory: inout DNSCryptProgress, recorder: inout Recorder
  ) -> Verdict {
    let isAvast = fetched.name.hasPrefix("2.securedns.avast.com")
    guard isAvast || fetched.hasUsualName || !fetched.versions.isEmpty else { return .done }
    let rule = isAvast ? DNSCryptRules.avast : DNSCryptRules.certificates
    if fetched.versions.isEmpty {
      recorder.find(rule, at: .indicative, marks: [Mark("certificates asked for")])
    } else {
      recorder.find(
        rule, at: .conclusive, variant: Self.variant(fetched.versions),
        marks: [Mark("certificates asked for"), Mark("certificates answered", number: fetched.versions.count)])
    }
    return .done
  }

  private static func variant(_ versions: [UInt16]) -> StaticString {
    versions.contains(2) ? (versions.contains(1) ? "v1, v2" : "v2") : versions.contains(1) ? "v1" : ""
  }

  // MARK: - Queries and answers

  public func inspect(
    _ datagram: Datagram, memory: inout DNSCryptProgress, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let packet = try DNSCryptPacket(datagram.reader, length: datagram.length)
    memory.take(packet, datagram.side, [datagram.frame])
    return say(&memory, &recorder) ? .done : .needMore
  }

  public func inspect(
    _ stream: Conversation, memory: inout DNSCryptProgress, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    // From the start each time: the first message of each direction is enough.
    var seen = DNSCryptProgress()
    try first(stream.client, &seen, recorder)
    try first(stream.server, &seen, recorder)
    guard seen.answers > 0 else { return .needMore }
    memory = seen
    return say(&memory, &recorder) ? .done : .needMore
  }

  private func first(
    _ direction: StreamSide, _ progress: inout DNSCryptProgress, _ recorder: borrowing Recorder
  ) throws(ReadError) {
    guard direction.bytes.byteCount > 0 else { return }
    var reader = direction.reader
    let length = Int(try reader.u16())
    let message = ByteReader(try reader.span(length), source: direction.side == .client ? .client : .server)
    let place = direction.place(0..<reader.offset)
    progress.take(try DNSCryptPacket(message, length: length), direction.side, recorder.frames(of: place))
  }

  /// Says what is proven; true where nothing more can be.
  private func say(_ memory: inout DNSCryptProgress, _ recorder: inout Recorder) -> Bool {
    guard let pair = memory.pair else { return false }
    recorder.find(
      DNSCryptRules.exchange, at: .conclusive,
      marks: [
        Mark("client's nonce", frames: pair.query), Mark("resolver's magic", frames: pair.answer),
        Mark("client's nonce in the answer", frames: pair.answer),
      ])
    return true
  }

  public func conclude(_ flow: FlowFacts, memory: DNSCryptProgress, recorder: inout Recorder) {
    guard memory.pair == nil, memory.answers > 0 else { return }
    var marks = [Mark("resolver's magic", frames: memory.answerFrames)]
    if memory.isPadded { marks.append(Mark("lengths of padded answers", frames: memory.answerFrames)) }
    recorder.find(DNSCryptRules.exchange, at: memory.isPadded ? .strong : .indicative, marks: marks)
  }
}
