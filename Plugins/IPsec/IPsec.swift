// IPsec: IKE over UDP, behind the marker of RFC 3948 and over TCP; ESP and AH in IP, ESP in UDP and TCP.

import Bytes
import Findings
import PluginKit
import Terms

public struct IPsec: DatagramPlugin, StreamPlugin {
  public static let manifest = Manifest(
    "ipsec", title: "IKE and IPsec",
    references: [
      "RFC 7296", "RFC 2408", "RFC 2409", "RFC 3947", "RFC 3948", "RFC 4302", "RFC 4303", "RFC 7383", "RFC 9329",
    ],
    transports: [.udp, .tcp, .ip(esp), .ip(ah)], ports: [500, natTraversalPort], constants: constants, bytes: 24_576,
    packets: 64, emits: [.protocolMetadata, .softwareVersion, .certificate], rules: IPsecRules.all,
    observations: [
      ObservationDeclaration(IKEAssociation.self), ObservationDeclaration(IKEInitiation.self),
      ObservationDeclaration(IKEAnswer.self), ObservationDeclaration(IKEFragments.self),
      ObservationDeclaration(IKECertificates.self),
      ObservationDeclaration(ESPAssociations.self), ObservationDeclaration(AHAssociations.self),
    ])

  static let esp: UInt8 = 50
  static let ah: UInt8 = 51
  static let natTraversalPort: UInt16 = 4_500

  private static let constants: [Constant] =
    [0, 4].flatMap { marker in
      // Of IKE's header, with and without the marker before it: version, what exchange types and flags have in common, and
      // the highest byte of a length that fits in a datagram.
      [
        Constant(
          value: 0x1000_0000_0000_0000, mask: 0xffd8_f800_0000_00ff, at: 17 + marker, lengths: 28...65_535, on: .udp),
        Constant(
          value: 0x2020_0000_0000_0000, mask: 0xfff0_c700_0000_00ff, at: 17 + marker, lengths: 28...65_535, on: .udp),
      ]
    } + [
      Constant("ff", lengths: 1...1, on: .udp),
      Constant(text: "IKETCP", on: .tcp),
      // ESP in UDP whose key exchange is not in view begins with anything: the first bit is 0 or 1.
      Constant(value: 0, mask: 1 << 63, port: natTraversalPort, lengths: 24...65_535, on: .udp),
      Constant(value: 1 << 63, mask: 1 << 63, port: natTraversalPort, lengths: 24...65_535, on: .udp),
    ]
    + [esp, ah].flatMap { number in
      // Every packet.
      [Constant(value: 0, mask: 1 << 63, on: .ip(number)), Constant(value: 1 << 63, mask: 1 << 63, on: .ip(number))]
    }

  public init() {}

  // MARK: - Datagrams

  public func inspect(
    _ datagram: Datagram, memory: inout IPsecSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    do {
      var reader = datagram.reader
      switch datagram.flow.protocolNumber {
      case Self.esp:
        memory.hasIPProtocol = true
        memory.esp[datagram.side].take(try ProtectedPacket(esp: &reader, length: datagram.length), datagram.frame)
      case Self.ah:
        try takeAH(&reader, datagram, &memory)
      default:
        try takeUDP(&reader, datagram, &memory, &recorder)
      }
      guard memory.isComplete else { return .needMore }
      conclude(datagram.flow, memory: memory, recorder: &recorder)
      return .done
    } catch  where !memory.isEmpty {
      // Something else on the port, or a packet that the capture cut: what was seen before stays.
      return .needMore
    }
  }

  private func takeAH(
    _ reader: inout ByteReader, _ datagram: borrowing Datagram, _ memory: inout IPsecSession
  ) throws(ReadError) {
    var next: UInt8 = 0
    memory.hasIPProtocol = true
    memory.ah[datagram.side].take(try ProtectedPacket(ah: &reader, nextHeader: &next), datagram.frame)
    guard next == Self.esp else { return }
    if let packet = try? ProtectedPacket(esp: &reader, length: datagram.length &- reader.position) {
      memory.esp[datagram.side].take(packet, datagram.frame)
    }
  }

  private func takeUDP(
    _ reader: inout ByteReader, _ datagram: borrowing Datagram, _ memory: inout IPsecSession,
    _ recorder: inout Recorder
  ) throws(ReadError) {
    let isUsualPort =
      datagram.flow.initiator.port == Self.natTraversalPort || datagram.flow.responder.port == Self.natTraversalPort
    if datagram.length == 1 {
      // RFC 3948 section 2.3.
      guard try reader.u8() == 0xff, isUsualPort || !memory.isEmpty else { throw reader.invalid() }
      memory.keepalives += 1
      return
    }
    let hasMarker = datagram.bytes.u32IfPresent(0) == 0
    if hasMarker, let message = Self.message(datagram.reader, skipping: 4, datagram.length) {
      memory.take(message, .encapsulated, from: datagram.side, [datagram.frame], &recorder)
    } else if let message = Self.message(datagram.reader, skipping: 0, datagram.length) {
      memory.take(message, .udp, from: datagram.side, [datagram.frame], &recorder)
    } else {
      guard isUsualPort || !memory.ike.isEmpty, !hasMarker, datagram.length % 4 == 0 else { throw reader.invalid() }
      let packet = try ProtectedPacket(esp: &reader, length: datagram.length, shortest: ProtectedPacket.shortest)
      guard packet.spi >= ProtectedPacket.firstUsual else { throw reader.invalid() }
      memory.esp[datagram.side].take(packet, datagram.frame)
    }
  }

  private static func message(_ start: ByteReader, skipping count: Int, _ length: Int) -> IKEMessage? {
    var reader = start
    do throws(ReadError) {
      try reader.skip(count)
      return try IKEMessage(&reader, available: length &- count)
    } catch {
      return nil
    }
  }

  // MARK: - TCP

  // Layout (RFC 9329 section 3): "IKETCP" once, from the side that opened the connection; then in both directions:
  // length with these two (2), and the marker (4) with a message of IKE, or ESP.
  public func inspect(
    _ stream: Conversation, memory: inout IPsecSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let (clientOffset, serverOffset) = (memory.offset(.client), memory.offset(.server))
    do throws(ReadError) {
      let missing = try take(stream.client, &memory, &recorder)
      let missingOfServer = try take(stream.server, &memory, &recorder)
      if memory.offset(.client) == clientOffset, memory.offset(.server) == serverOffset,
        let missing = missing ?? missingOfServer
      {
        // Nothing is whole: the engine is told how many bytes are missing, and asks when they are there.
        throw missing
      }
    } catch  where error.kind == .invalid && !memory.isEmpty {
      // The stream loses its form: what was seen before stands.
      conclude(stream.flow, memory: memory, recorder: &recorder)
      return .done
    }
    guard memory.frames >= Self.manifest.packets else { return .needMore }
    conclude(stream.flow, memory: memory, recorder: &recorder)
    return .done
  }

  /// Takes up the frames of one direction that are whole and new; gives what is missing of one that may yet become
  /// whole.
  private func take(
    _ direction: StreamSide, _ memory: inout IPsecSession, _ recorder: inout Recorder
  ) throws(ReadError) -> ReadError? {
    var reader = direction.reader
    if memory.offset(direction.side) == 0, direction.bytes.holds("IKETCP") { memory.move(direction.side, to: 6) }
    try reader.skip(memory.offset(direction.side))
    while reader.remaining >= 2, memory.frames < Self.manifest.packets {
      let start = reader.offset
      let length = Int(try reader.u16()) &- 2
      guard length >= 1 else { throw reader.invalid() }
      guard reader.remaining >= length else {
        return direction.end == .growing ? reader.shortage(of: length) : nil
      }
      var frame = try reader.block(length)
      let end = reader.offset
      let frames = recorder.frames(of: direction.place(start..<end))
      if frame.whole.u32IfPresent(0) == 0 {
        try frame.skip(4)
        let message = try IKEMessage(&frame, available: length &- 4)
        memory.take(message, .tcp, from: direction.side, frames, &recorder)
      } else if length > 1 {
        let packet = try ProtectedPacket(esp: &frame, length: length, shortest: ProtectedPacket.shortest)
        if let first = frames.first { memory.esp[direction.side].take(packet, first) }
      }
      memory.move(direction.side, to: end)
      memory.frames += 1
    }
    return nil
  }

  // MARK: - The end

  public func conclude(_ flow: FlowFacts, memory: IPsecSession, recorder: inout Recorder) {
    concludeIKE(flow, memory.ike, &recorder)
    if memory.ah.packets > 0 {
      recorder.observe(AHAssociations(flow: memory.ah))
      find(IPsecRules.ah, or: IPsecRules.ahPackets, memory.ah, isStrong: memory.ah.agrees, &recorder)
    }
    concludeESP(flow, memory, &recorder)
  }

  private func concludeIKE(_ flow: FlowFacts, _ ike: IKEConversation, _ recorder: inout Recorder) {
    if let proof = ike.proof {
      if proof.agreement == .session {
        recorder.find(
          IPsecRules.association, at: .strong, variant: IPsecSession.variant(proof.first),
          marks: [
            Mark("SPIs in a message of one side", frames: proof.first.frames),
            Mark("the same SPIs in a message of the other", frames: proof.second.frames),
          ])
      }
      return
    }
    guard let alone = ike.messages.first(where: \.hasForm) else { return }
    recorder.find(
      IPsecRules.message, at: .indicative, variant: IPsecSession.variant(alone),
      marks: [Mark("message", ProtocolText(alone.header.exchangeName), frames: alone.frames)])
    if !flow.bothDirections {
      recorder.notAssessable("IPsec: one direction only, an answer to IKE would not be in view")
    }
  }

  private func concludeESP(_ flow: FlowFacts, _ memory: IPsecSession, _ recorder: inout Recorder) {
    guard memory.esp.packets > 0 else { return }
    // An IP protocol of its own says what it is; elsewhere IKE or keepalives beside it do.
    let isNamed = memory.hasIPProtocol
    let hasCompany = isNamed || memory.ike.proof != nil || memory.keepalives > 0
    guard hasCompany || memory.esp.client.rises >= 3 || memory.esp.server.rises >= 3 else { return }
    recorder.observe(ESPAssociations(flow: memory.esp, keepalives: memory.keepalives))
    find(IPsecRules.esp, or: IPsecRules.espPackets, memory.esp, isStrong: hasCompany && memory.esp.agrees, &recorder)
    if !isNamed, memory.ike.isEmpty {
      recorder.notAssessable("IPsec: the key exchange is not in view, the tunnel began before the capture")
    }
  }

  private func find(
    _ rule: Rule, or weaker: Rule, _ flow: ProtectedFlow, isStrong: Bool, _ recorder: inout Recorder
  ) {
    let marks = Side.allCases.filter { flow[$0].packets > 0 }.flatMap { side in
      [
        Mark(
          side == .client ? "SPI of the flow's initiator" : "SPI of the flow's responder",
          ProtocolText(hex(flow[side].spi)), frames: flow[side].frames),
        Mark("sequence numbers that rise", number: flow[side].rises, frames: flow[side].frames),
      ]
    }
    recorder.find(isStrong ? rule : weaker, at: isStrong ? .strong : .indicative, marks: marks)
  }
}
