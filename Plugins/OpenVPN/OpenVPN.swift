// OpenVPN over UDP and TCP: control channels by session ids and acknowledgments, and the TLS inside them.

import Bytes
import Findings
import PluginKit
import Terms

public struct OpenVPN: DatagramPlugin, StreamPlugin {
  public static let manifest = Manifest(
    "openvpn", title: "OpenVPN",
    references: ["OpenVPN 2.6 developers' documentation: network protocol", "The OpenVPN protocol (MirageVPN)"],
    transports: [.udp, .tcp], ports: [1194],
    constants: [
      // Datagrams: the opcode in the upper five bits of the first byte, key id 0 in a reset.
      Constant("38", lengths: 14...86), Constant("50", lengths: 56...1500), Constant("40", lengths: 14...200),
      Constant(value: 0x20 << 56, mask: 0xf8 << 56, lengths: 22...1500),
      Constant(value: 0x28 << 56, mask: 0xf8 << 56, lengths: 22...160),
      Constant(value: 0x48 << 56, mask: 0xf8 << 56, lengths: 25...9000),
      // Streams: the same after the length.
      Constant("00 ** 38"), Constant("00 ** 40"),
      Constant(value: 0x0000_50 << 40, mask: 0xf000_ff << 40), Constant(value: 0x0000_20 << 40, mask: 0xf000_f8 << 40),
      Constant(value: 0x0000_28 << 40, mask: 0xff00_f8 << 40), Constant(value: 0x0000_48 << 40, mask: 0xf000_f8 << 40),
    ],
    bytes: 24_576, packets: 160, emits: [.protocolMetadata], rules: OpenVPNRules.all,
    observations: [ObservationDeclaration(OpenVPNSessionOpened.self)])

  public init() {}

  // MARK: - UDP

  public func inspect(
    _ datagram: Datagram, memory: inout OpenVPNSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    do {
      let hasGrown = try memory.take(
        datagram.reader, length: datagram.length, from: datagram.side, at: datagram.time, frames: [datagram.frame])
      if hasGrown { feed(memory, &recorder) }
    } catch  where !memory.isEmpty && (error.kind == .invalid || datagram.end == .whole) {
      return .needMore
    }
    return verdict(&memory, &recorder)
  }

  // MARK: - TCP

  public func inspect(
    _ stream: Conversation, memory: inout OpenVPNSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let time = stream.flow.last
    var hasGrown = try take(stream.client, at: time, &memory, recorder)
    if try take(stream.server, at: time, &memory, recorder) { hasGrown = true }
    if hasGrown { feed(memory, &recorder) }
    return verdict(&memory, &recorder)
  }

  /// Takes up the packets of one direction that are whole and new. True where the TLS inside has grown.
  private func take(
    _ direction: StreamSide, at time: Timestamp?, _ memory: inout OpenVPNSession, _ recorder: borrowing Recorder
  ) throws(ReadError) -> Bool {
    var reader = direction.reader
    try reader.skip(memory[direction.side].offset)
    var hasGrown = false
    while reader.remaining >= 3 {
      let start = reader.offset
      let length = Int(try reader.u16())
      guard length > 0, let first = reader.peek(), Opcode(rawValue: first >> 3) != nil else { throw reader.invalid() }
      guard reader.remaining >= length else { break }
      let packet = try reader.block(length)
      let end = reader.offset
      let place = direction.side == .client ? Place.client(start..<end) : Place.server(start..<end)
      if try memory.take(packet, length: length, from: direction.side, at: time, frames: recorder.frames(of: place)) {
        hasGrown = true
      }
      if direction.side == .client { memory.client.offset = end } else { memory.server.offset = end }
    }
    return hasGrown
  }

  // MARK: - Both

  /// The TLS inside the control channel, as far as it is put together.
  private func feed(_ memory: OpenVPNSession, _ recorder: inout Recorder) {
    recorder.innerStream(client: memory.client.control.bytes, server: memory.server.control.bytes)
  }

  private func verdict(_ memory: inout OpenVPNSession, _ recorder: inout Recorder) -> Verdict {
    if !memory.isSaid, memory.isClosedBothWays || memory.isCounted {
      say(memory, &recorder)
      memory.isSaid = true
    }
    guard memory.isSaid else { return .needMore }
    // What is encrypted holds no TLS for others to read; in clear it ends with the handshake.
    return memory.protection?.isClear == true && !memory.handshakeIsOver ? .needMore : .done
  }

  public func conclude(_ flow: FlowFacts, memory: OpenVPNSession, recorder: inout Recorder) {
    if !memory.isSaid { say(memory, &recorder) }
  }

  /// Says the most that the packets prove.
  private func say(_ memory: OpenVPNSession, _ recorder: inout Recorder) {
    let variant = memory.protection?.variant ?? ""
    if memory.isClosed {
      recorder.observe(OpenVPNSessionOpened(memory))
      recorder.find(OpenVPNRules.reset, at: .conclusive, variant: variant, marks: resetMarks(memory))
    } else if memory.isBegun, memory.protection?.isClear == false {
      recorder.observe(OpenVPNSessionOpened(memory))
      recorder.find(
        OpenVPNRules.encrypted, at: memory.isCounted ? .conclusive : .strong, variant: variant,
        marks: encryptedMarks(memory))
    } else if memory.acknowledgeEachOther {
      recorder.observe(OpenVPNSessionOpened(memory))
      recorder.find(
        OpenVPNRules.control, at: .strong, variant: variant,
        marks: [
          Mark("initiator acknowledges the responder's session id", frames: memory.client.acknowledgingFrames),
          Mark("responder acknowledges the initiator's session id", frames: memory.server.acknowledgingFrames),
        ])
      recorder.notAssessable("OpenVPN: the resets are not in view, the session began before the capture")
    } else if memory.client.reset != nil || memory.server.reset != nil {
      let marks = Side.allCases.filter { memory[$0].reset != nil }.map { side in
        Mark(memory[side].reset == .serverReset ? "server reset" : "client reset", frames: memory[side].resetFrames)
      }
      recorder.find(OpenVPNRules.opening, at: .indicative, variant: variant, marks: marks)
    } else if memory.isDataOnly {
      recorder.find(
        OpenVPNRules.data, at: .indicative,
        marks: [
          Mark("peer id", number: memory.client.data.head & 0xff_ffff, frames: memory.client.data.frames),
          Mark(
            "initiator's packets with rising ids", number: memory.client.data.rises + 1,
            frames: memory.client.data.frames),
          Mark(
            "responder's packets with rising ids", number: memory.server.data.rises + 1,
            frames: memory.server.data.frames),
        ])
      recorder.notAssessable("OpenVPN: the handshake is not in view, the session began before the capture")
    }
  }

  private func resetMarks(_ memory: OpenVPNSession) -> [Mark] {
    guard let opener = memory.opener else { return [] }
    let (client, server) = (memory[opener], memory[opener.other])
    var marks = [
      Mark("client reset", SessionID(client.session), frames: client.resetFrames),
      Mark("server reset", SessionID(server.session), frames: server.resetFrames),
      Mark("client's session id acknowledged", frames: server.acknowledgingFrames),
    ]
    if memory.isClosedBothWays {
      marks.append(Mark("server's session id acknowledged", frames: client.acknowledgingFrames))
    }
    return marks
  }

  private func encryptedMarks(_ memory: OpenVPNSession) -> [Mark] {
    guard let opener = memory.opener else { return [] }
    let (client, server) = (memory[opener], memory[opener.other])
    return [
      Mark("client reset", SessionID(client.session), frames: client.resetFrames),
      Mark("server reset", SessionID(server.session), frames: server.resetFrames),
      Mark("client's packets that count from 1", number: client.replay.inOrder),
      Mark("server's packets that count from 1", number: server.replay.inOrder),
    ]
  }
}
