// What is remembered of one flow.

import Bytes
import Findings
import PluginKit
import Terms

public struct IPsecSession: FlowMemory {
  var ike = IKEConversation()
  var esp = ProtectedFlow()
  var ah = ProtectedFlow()
  var keepalives = 0
  /// The flow's own IP protocol is ESP or AH.
  var hasIPProtocol = false
  /// Messages and packets of a stream that were read, and bytes of each direction.
  var frames = 0
  private var clientOffset = 0
  private var serverOffset = 0

  public init() {}

  var isEmpty: Bool { ike.isEmpty && esp.packets == 0 && ah.packets == 0 && keepalives == 0 }

  /// Packets of ESP or AH that tell enough of their SPIs where nothing else is to come.
  private static let enoughPackets = 16

  /// Nothing that follows can say more than what is known.
  var isComplete: Bool {
    guard max(esp.packets, ah.packets) >= Self.enoughPackets else { return false }
    guard ike.proof?.agreement == .exchange || ike.isEmpty && hasIPProtocol else { return false }
    return (esp.packets == 0 || esp.agrees) && (ah.packets == 0 || ah.agrees)
  }

  func offset(_ side: Side) -> Int { side == .client ? clientOffset : serverOffset }

  mutating func move(_ side: Side, to offset: Int) {
    if side == .client { clientOffset = offset } else { serverOffset = offset }
  }

  /// Takes up a message, says what is new of it, and claims what it proves.
  mutating func take(
    _ message: IKEMessage, _ carriage: IPsecCarriage, from side: Side, _ frames: [FrameReference],
    _ recorder: inout Recorder
  ) {
    if let piece = message.piece {
      say(message, carriage, from: side, &recorder)
      // A piece within pieces is none: this cannot go on.
      if let whole = ike.take(piece, from: side), let inner = Self.message(whole), inner.piece == nil {
        say(inner, carriage, from: side, &recorder)
      }
    } else {
      say(message, carriage, from: side, &recorder)
    }
    let seen = IKESeen(
      header: message.header, side: side, frames: frames, isWellFormed: message.isWellFormed, hasForm: message.hasForm)
    guard ike.take(seen), let proof = ike.proof, proof.agreement == .exchange else { return }
    recorder.find(
      IPsecRules.exchange, at: .conclusive, variant: Self.variant(seen),
      marks: [
        Mark("message", ProtocolText(proof.first.header.exchangeName), frames: proof.first.frames),
        Mark("initiator's SPI", ProtocolText(hex(proof.first.header.initiatorSPI)), frames: proof.first.frames),
        Mark("answer under the same SPI", ProtocolText(proof.second.header.exchangeName), frames: proof.second.frames),
      ])
  }

  private static func message(_ bytes: [UInt8]) -> IKEMessage? {
    bytes.withRawSpan { span in
      var reader = ByteReader(span)
      return try? IKEMessage(&reader, available: span.byteCount)
    }
  }

  private mutating func say(
    _ message: IKEMessage, _ carriage: IPsecCarriage, from side: Side, _ recorder: inout Recorder
  ) {
    guard message.isWellFormed else { return }
    if ike.isNew(message.header) { recorder.observe(IKEAssociation(header: message.header, carriage: carriage)) }
    if ike.isNewOffer(message) { recorder.observe(IKEInitiation(message: message)) }
    if ike.isNewAnswer(message) { recorder.observe(IKEAnswer(message: message)) }
    if ike.areNewFragments(message) {
      recorder.observe(IKEFragments(total: message.fragment.map { Int($0.total) }))
    }
    if ike.hasNewCertificates(message) {
      recorder.observe(IKECertificates(message: message, isFromInitiator: side == .client))
    }
  }

  static func variant(_ seen: IKESeen) -> StaticString { seen.header.version == 1 ? "ikev1" : "ikev2" }
}
