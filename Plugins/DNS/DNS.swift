// DNS over UDP and TCP on any port, multicast DNS and LLMNR: what was asked, and what was answered.

import Bytes
import Findings
import PluginKit
import Terms
import Wire

public struct DNS: DatagramPlugin, StreamPlugin {
  public static let manifest = Manifest(
    "dns", title: "DNS",
    references: [
      "RFC 1035", "RFC 2181", "RFC 3596", "RFC 6891", "RFC 7766", "RFC 9460", "RFC 9848", "RFC 6762", "RFC 4795",
    ],
    transports: [.udp, .tcp], ports: [53, 5353, 5355],
    constants: [
      // QR, operation, AA, TC and the reserved bit; one question. A query holds no answers.
      datagram(0x0000, mask: 0xfe8f, questions: 1, answers: 0), datagram(0x8000, mask: 0xf840, questions: 1),
      datagram(0x0000, mask: 0xfe8f, questions: 1, answers: 1),
      // NOTIFY and UPDATE (RFC 1996, RFC 2136): one zone stands where the question does.
      datagram(0x2000, mask: 0x7840, questions: 1), datagram(0x2800, mask: 0x7840, questions: 1),
      // Multicast DNS: the identifier is zero (RFC 6762 section 18.1), questions and answers are any number.
      Constant("00 00 00 00 00 ** 00 **", on: .udp), Constant("00 00 84 00 00 ** 00 **", on: .udp),
      // Over TCP the length stands before (RFC 7766 section 8), here at most 4,095 bytes of the first message.
      stream(0x0000, mask: 0xfe8f), stream(0x8000, mask: 0xf840), stream(0x2000, mask: 0x7840),
      stream(0x2800, mask: 0x7840),
    ],
    bytes: 65_536, packets: 1 << 20, emits: [.protocolMetadata, .dnsName, .dnsNameFull],
    observations: [ObservationDeclaration(DNSTransaction.self), ObservationDeclaration(DNSFurther.self)],
    notes: [NameNote.topic])

  private static func datagram(
    _ flags: UInt64, mask: UInt64, questions: UInt64, answers: UInt64? = nil
  ) -> Constant {
    Constant(
      value: flags << 32 | questions << 16 | (answers ?? 0),
      mask: mask << 32 | 0xffff << 16 | (answers == nil ? 0xff00 : 0xffff),
      lengths: 17...65_535, on: .udp)
  }

  private static func stream(_ flags: UInt64, mask: UInt64) -> Constant {
    Constant(value: flags << 16 | 1, mask: 0xf000 << 48 | mask << 16 | 0xffff, on: .tcp)
  }

  public init() {}

  // MARK: - UDP

  public func inspect(
    _ datagram: Datagram, memory: inout DNSProgress, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let isKnown = memory.isDNS
    do {
      var reader = datagram.reader
      let scene = DNSScene(datagram)
      let message = try DNSMessage(&reader)
      let isCut = datagram.end == .snapLength
      if !isKnown, !scene.isUsual, !message.isSound(isCut: isCut) { return .notMine }
      memory.take(message, scene, isCut: isCut, &recorder)
    } catch  where isKnown {
      // Something else between two ends that speak DNS, or a message that the capture cut.
      memory.further += 1
    }
    return .needMore
  }

  // MARK: - TCP

  public func inspect(
    _ stream: Conversation, memory: inout DNSProgress, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var missing: ReadError?
    for side in Side.allCases {
      do {
        try read(side == .client ? stream.client : stream.server, stream.flow, &memory, &recorder)
      } catch {
        guard memory.isDNS || error.kind == .ranOut else { throw error }
        if error.kind == .invalid { return .done }
        missing = error
      }
    }
    if !memory.isDNS, let missing { throw missing }
    return .needMore
  }

  /// Reads the messages of one direction that are whole and new.
  private func read(
    _ direction: StreamSide, _ flow: FlowFacts, _ memory: inout DNSProgress, _ recorder: inout Recorder
  ) throws(ReadError) {
    var reader = direction.reader
    try reader.skip(memory.offset(direction.side))
    while !reader.isAtEnd {
      let start = reader.offset
      let length = Int(try reader.u16())
      let body = reader.offset
      var message = ByteReader(try reader.span(length), source: direction.side == .client ? .client : .server)
      let place = direction.place(start..<body &+ length)
      let frame = recorder.frames(of: place).last
      // A message of the length that was declared: what runs out in it contradicts.
      var block = try message.block(length)
      let scene = DNSScene(direction.side, flow, frame, place)
      let read = try DNSMessage(&block)
      if !memory.isDNS, !scene.isUsual, !read.isSound(isCut: false) { throw block.invalid() }
      memory.take(read, scene, isCut: false, &recorder)
      memory.advance(direction.side, to: reader.offset)
    }
  }

  // MARK: - The end

  public func conclude(_ flow: FlowFacts, memory: DNSProgress, recorder: inout Recorder) {
    var memory = memory
    memory.finish(&recorder)
  }
}
