// WireGuard: handshakes and data messages over UDP, told by form, indices and counters.

import Bytes
import Findings
import PluginKit
import Terms

public struct WireGuard: DatagramPlugin {
  public static let manifest = Manifest(
    "wireguard", title: "WireGuard",
    references: ["WireGuard: Next Generation Kernel Network Tunnel (Donenfeld, NDSS 2017)"],
    transports: [.udp], ports: [51820],
    constants: [
      Constant("01 00 00 00", lengths: 148...1500), Constant("02 00 00 00", lengths: 92...1500),
      Constant("03 00 00 00", lengths: 64...64), Constant("04 00 00 00", lengths: 32...65_535),
    ],
    bytes: 64, packets: 256, emits: [.protocolMetadata], rules: WireGuardRules.all,
    observations: [ObservationDeclaration(WireGuardHandshake.self)])

  public init() {}

  public func inspect(
    _ datagram: Datagram, memory: inout WireGuardSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var reader = datagram.reader
    let message: WireGuardMessage
    do {
      message = try WireGuardMessage(&reader, length: datagram.length)
    } catch  where error.kind == .invalid && !memory.isEmpty {
      // Other protocols share the port: Tailscale's disco, STUN.
      return .needMore
    }
    guard memory.take(message, from: datagram.side, datagram.frame) else {
      return memory.isEmpty ? .notMine : .needMore
    }
    // Data with the indices agreed upon completes the exchange; without it, `conclude` says what there is.
    guard let handshake = memory.handshake, handshake.isExact, let data = memory.agreedData else { return .needMore }
    conclusive(handshake, data: data, &recorder)
    return .done
  }

  public func conclude(_ flow: FlowFacts, memory: WireGuardSession, recorder: inout Recorder) {
    if let handshake = memory.handshake {
      if handshake.isExact {
        conclusive(handshake, data: memory.agreedData, &recorder)
      } else if let data = memory.agreedData, handshake.hasLikelyIndices {
        altered(handshake, data: data, &recorder)
      }
      return
    }
    if let (offer, data) = memory.addressed {
      recorder.find(
        WireGuardRules.session, at: .strong,
        marks: [Mark(Self.name(offer.message), frames: [offer.frame]), Mark("data to its index", frames: [data])])
      return
    }
    if memory.clientData.isSession || memory.serverData.isSession {
      recorder.find(WireGuardRules.data, at: .indicative, marks: Self.marks(memory))
      if memory.unanswered.isEmpty {
        recorder.notAssessable("WireGuard: the handshake is not in view, the tunnel began before the capture")
      } else {
        notAnswered(flow, &recorder)
      }
      return
    }
    let alone = memory.unanswered.filter { $0.message.hasExactLength && $0.message.hasLikelyIndices }
    guard !alone.isEmpty else { return }
    recorder.find(
      WireGuardRules.message, at: .indicative,
      marks: alone.map { Mark(Self.name($0.message), frames: [$0.frame]) })
    notAnswered(flow, &recorder)
  }

  private func notAnswered(_ flow: FlowFacts, _ recorder: inout Recorder) {
    if !flow.bothDirections {
      recorder.notAssessable("WireGuard: one direction only, an answer would not be in view")
    }
  }

  private func conclusive(_ handshake: Handshake, data: FrameReference?, _ recorder: inout Recorder) {
    recorder.observe(WireGuardHandshake(handshake))
    recorder.find(WireGuardRules.handshake, at: .conclusive, marks: Self.marks(handshake, data: data))
  }

  private func altered(_ handshake: Handshake, data: FrameReference, _ recorder: inout Recorder) {
    recorder.observe(WireGuardHandshake(handshake))
    recorder.find(
      WireGuardRules.session, at: .strong, variant: "altered-lengths", marks: Self.marks(handshake, data: data))
  }

  private static func marks(_ handshake: Handshake, data: FrameReference?) -> [Mark] {
    var marks = [
      Mark(
        "handshake initiation, sender index", number: handshake.initiation.message.sender,
        frames: [handshake.initiation.frame]),
      Mark(
        "handshake response, receiver index", number: handshake.response.message.receiver,
        frames: [handshake.response.frame]),
    ]
    if let data { marks.append(Mark("data with an index of the handshake", frames: [data])) }
    return marks
  }

  private static func marks(_ memory: WireGuardSession) -> [Mark] {
    [memory.clientData, memory.serverData].filter(\.isSession).flatMap { data in
      [
        Mark("receiver index", number: data.receiver, frames: data.frames),
        Mark("messages with rising counters", number: data.rises + 1, frames: data.frames),
      ]
    }
  }

  private static func name(_ message: WireGuardMessage) -> StaticString {
    switch message.kind {
    case .initiation: "handshake initiation"
    case .response: "handshake response"
    case .cookieReply: "cookie reply"
    case .data: "data"
    }
  }
}

/// A completed handshake. The indices stay with the session where a peer changes its address: they join its flows.
public struct WireGuardHandshake: Observation {
  /// Whether the flow's initiator sent the initiation.
  public let byInitiator: Bool
  public let initiatorIndex: UInt32
  public let responderIndex: UInt32

  init(_ handshake: Handshake) {
    byInitiator = handshake.initiator == .client
    initiatorIndex = handshake.initiation.message.sender
    responderIndex = handshake.response.message.sender
  }

  private static let byInitiatorField = Field<ProtocolFlag>(
    "handshake_by_initiator", "whether the flow's initiator began the handshake")
  private static let initiatorIndexField = Field<ProtocolNumber>(
    "initiator_index", "session index that the handshake's initiator chose")
  private static let responderIndexField = Field<ProtocolNumber>(
    "responder_index", "session index that the handshake's responder chose")

  public static let record: StaticString = "wireguard"
  public static var fields: [FieldDeclaration] {
    [byInitiatorField.declaration, initiatorIndexField.declaration, responderIndexField.declaration]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.byInitiatorField, ProtocolFlag(byInitiator))
    record.put(Self.initiatorIndexField, ProtocolNumber(initiatorIndex))
    record.put(Self.responderIndexField, ProtocolNumber(responderIndex))
  }
}
