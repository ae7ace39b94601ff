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
      Constant("38", lengths: 14...86, on: .udp), Constant("50", lengths: 56...1500, on: .udp),
      Constant("40", lengths: 14...200, on: .udp), datagram(.control, 22...1500),
      datagram(.acknowledgment, 22...160), datagram(.dataV2, 25...9000),
      // Streams: the same after the length.
      Constant("00 ** 38", on: .tcp), Constant("00 ** 40", on: .tcp), stream(.clientResetV3), stream(.control),
      stream(.acknowledgment), stream(.dataV2),
    ],
    bytes: 24_576, packets: 160, emits: [.protocolMetadata], rules: OpenVPNRules.all,
    observations: [ObservationDeclaration(OpenVPNSessionOpened.self)])

  private static func datagram(_ opcode: Opcode, _ lengths: ClosedRange<Int>) -> Constant {
    Constant(value: UInt64(opcode.rawValue << 3) << 56, mask: 0xf8 << 56, lengths: lengths, on: .udp)
  }

  /// An opcode after a length below 4,096.
  private static func stream(_ opcode: Opcode) -> Constant {
    Constant(value: UInt64(opcode.rawValue << 3) << 40, mask: 0xf000_f8 << 40, on: .tcp)
  }

  public init() {}

  // MARK: - UDP

  public func inspect(
    _ datagram: Datagram, memory: inout OpenVPNSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let frame = datagram.frame
    do {
      let hasGrown = try memory.take(
        datagram.reader, length: datagram.length, from: datagram.side, at: datagram.time
      ) { [frame] }
      if hasGrown { feed(memory, &recorder) }
    } catch  where !memory.isEmpty {
      // Something else on the port, or a packet that the capture cut: what was seen before stays.
      return .needMore
    }
    return verdict(&memory, &recorder)
  }

  // MARK: - TCP

  public func inspect(
    _ stream: Conversation, memory: inout OpenVPNSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let time = stream.flow.last
    let (clientOffset, serverOffset) = (memory.client.offset, memory.server.offset)
    var hasGrown = try take(stream.client, at: time, &memory, recorder)
    if try take(stream.server, at: time, &memory, recorder) { hasGrown = true }
    if memory.client.offset == clientOffset, memory.server.offset == serverOffset {
      // Nothing is whole: the engine is told how many bytes are missing, and asks when they are there.
      try expectPacket(stream.client, at: clientOffset)
      try expectPacket(stream.server, at: serverOffset)
    }
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
      let place = direction.place(start..<end)
      let isNew = try memory.take(packet, length: length, from: direction.side, at: time) { recorder.frames(of: place) }
      if isNew { hasGrown = true }
      if direction.side == .client { memory.client.offset = end } else { memory.server.offset = end }
    }
    return hasGrown
  }

  /// Throws what is missing of a packet that has begun and may yet become whole.
  private func expectPacket(_ direction: StreamSide, at offset: Int) throws(ReadError) {
    guard direction.end == .growing, direction.bytes.byteCount > offset else { return }
    var reader = direction.reader
    try reader.skip(offset)
    let length = Int(try reader.u16())
    try reader.skip(length)
  }

  // MARK: - Both

  /// The TLS inside the control channel, as far as it is put together.
  private func feed(_ memory: OpenVPNSession, _ recorder: inout Recorder) {
    recorder.innerStream(client: memory.client.control.bytes, server: memory.server.control.bytes)
  }

  private func verdict(_ memory: inout OpenVPNSession, _ recorder: inout Recorder) -> Verdict {
    if let proof = memory.proof, memory.said.map({ proof > $0 }) ?? true {
      say(proof, memory, &recorder)
      memory.said = proof
    }
    guard memory.said?.isConclusive == true else { return .needMore }
    // What is encrypted holds no TLS for others to read; in clear it ends with the handshake.
    return memory.protection?.isClear == true && !memory.handshakeIsOver ? .needMore : .done
  }

  /// What packets prove is said at once; what only hints is said at the end, when nothing better came.
  public func conclude(_ flow: FlowFacts, memory: OpenVPNSession, recorder: inout Recorder) {
    guard memory.said == nil else { return }
    let openings = Side.allCases.filter { memory.hasOpening($0) }
    if !openings.isEmpty {
      let marks = openings.map { side in
        Mark(memory[side].reset == .serverReset ? "server reset" : "client reset", frames: memory[side].resetFrames)
      }
      recorder.find(
        OpenVPNRules.opening, at: .indicative, variant: memory.protection?.variant ?? "", marks: marks)
      if !flow.bothDirections {
        recorder.notAssessable("OpenVPN: one direction only, an answer would not be in view")
      }
    } else if memory.isDataOnly {
      recorder.find(
        OpenVPNRules.data, at: .indicative,
        marks: [Mark("peer id", number: memory.client.data.peer, frames: memory.client.data.frames)]
          + Side.allCases.map { side in
            Mark(
              side == .client ? "initiator's packets with rising ids" : "responder's packets with rising ids",
              number: memory[side].data.rises + 1, frames: memory[side].data.frames)
          })
      recorder.notAssessable("OpenVPN: the handshake is not in view, the session began before the capture")
    }
  }

  private func say(_ proof: Proof, _ memory: OpenVPNSession, _ recorder: inout Recorder) {
    let variant = memory.protection?.variant ?? ""
    if memory.said == nil { recorder.observe(OpenVPNSessionOpened(memory)) }
    switch proof {
    case .acknowledged:
      recorder.find(
        OpenVPNRules.control, at: .strong, variant: variant,
        marks: [
          Mark("initiator acknowledges the responder's session id", frames: memory.client.acknowledgingFrames),
          Mark("responder acknowledges the initiator's session id", frames: memory.server.acknowledgingFrames),
        ])
    case .begun:
      recorder.find(OpenVPNRules.encrypted, at: .strong, variant: variant, marks: encryptedMarks(memory))
    case .counted:
      recorder.find(OpenVPNRules.encrypted, at: .conclusive, variant: variant, marks: encryptedMarks(memory))
    case .closed:
      recorder.find(OpenVPNRules.reset, at: .conclusive, variant: variant, marks: resetMarks(memory))
    }
  }

  private func resetMarks(_ memory: OpenVPNSession) -> [Mark] {
    guard let opener = memory.opener else { return [] }
    let (client, server) = (memory[opener], memory[opener.other])
    return [
      Mark("client reset", SessionID(client.session), frames: client.resetFrames),
      Mark("server reset", SessionID(server.session), frames: server.resetFrames),
      Mark("client's session id acknowledged", frames: server.acknowledgingFrames),
    ]
  }

  private func encryptedMarks(_ memory: OpenVPNSession) -> [Mark] {
    guard let opener = memory.opener else { return [] }
    let (client, server) = (memory[opener], memory[opener.other])
    return [
      Mark("client reset", SessionID(client.session), frames: client.resetFrames),
      Mark("server reset", SessionID(server.session), frames: server.resetFrames),
      Mark("client's replay ids count from 1"),
      Mark("server's replay ids count from 1"),
    ]
  }
}
