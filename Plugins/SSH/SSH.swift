// SSH as far as it is in clear: identifications, offers, what they lead to, the server's host key.

import Bytes
import Findings
import PluginKit
import Wire

public struct SSH: StreamPlugin, DatagramPlugin {
  public typealias Memory = SSHSeen

  public static let manifest = Manifest(
    "ssh", title: "SSH",
    references: ["RFC 4253", "RFC 4419", "RFC 5656", "RFC 8308", "HASSH", "The SSH Remote Login Protocol (1995)"],
    transports: [.tcp, .udp], ports: [22],
    constants: [Constant(text: "SSH-", on: .tcp), Constant(text: "SSH-", lengths: 8...512, on: .udp)],
    bytes: 32_768, packets: 16,
    emits: [.softwareVersion, .fingerprint, .protocolMetadata, .certificate],
    observations: [
      ObservationDeclaration(SSHClient.self), ObservationDeclaration(SSHServer.self),
      ObservationDeclaration(SSHSession.self), ObservationDeclaration(SSHVersion1Session.self),
    ])

  public init() {}

  // MARK: - Streams

  /// Says everything at once, when both directions were read up to their encryption, or will not grow any more.
  public func inspect(
    _ stream: Conversation, memory: inout SSHSeen, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var client = SSHDirection(stream.client.reader)
    var server = SSHDirection(stream.server.reader)
    try expectMore(client, stream.client)
    try expectMore(server, stream.server)
    guard client.identification != nil || server.identification != nil else { return .notMine }
    let version = Self.version(client.identification, server.identification)
    if client.identification != nil { client.readMessages(stream.client.reader, isVersion1: version == 1) }
    if server.identification != nil { server.readMessages(stream.server.reader, isVersion1: version == 1) }
    try expectMore(client, stream.client)
    try expectMore(server, stream.server)

    let isReversed = Self.isReversed(client, server)
    if isReversed { swap(&client, &server) }
    let bothSpeak = client.identification != nil && server.identification != nil
    say(client, server, version: bothSpeak ? version : nil, isReversed: isReversed, &recorder)
    if !stream.flow.bothDirections {
      recorder.notAssessable("SSH: one direction only, the other side's offer is not in view")
    } else if client.shortage != nil && stream.client.end != .whole
      || server.shortage != nil && stream.server.end != .whole
    {
      recorder.notAssessable("SSH: the evidence ends within the key exchange")
    }
    return .done
  }

  /// Throws what is missing of a direction that may still grow.
  private func expectMore(_ direction: SSHDirection, _ side: borrowing StreamSide) throws(ReadError) {
    if let shortage = direction.shortage, side.end == .growing { throw shortage }
  }

  /// The version that two sides arrive at, or that one side's line alone hints at: RFC 4253 section 5. Nil where they
  /// have none in common.
  private static func version(_ client: SSHIdentification?, _ server: SSHIdentification?) -> Int? {
    let known = [client, server].compactMap(\.self)
    if known.allSatisfy(\.speaksVersion2) { return 2 }
    return known.allSatisfy(\.speaksVersion1) ? 1 : nil
  }

  /// Whether the side that opened the connection is SSH's server: it says so itself, or shows a host key.
  private static func isReversed(_ client: SSHDirection, _ server: SSHDirection) -> Bool {
    if let isClient = client.offer?.isOfClient { return !isClient }
    if let isClient = server.offer?.isOfClient { return isClient }
    if client.version1Cipher != nil || server.version1Offer != nil || server.hostKey != nil { return false }
    return client.version1Offer != nil || server.version1Cipher != nil || client.hostKey != nil
  }

  private func say(
    _ client: SSHDirection, _ server: SSHDirection, version: Int?, isReversed: Bool, _ recorder: inout Recorder
  ) {
    if client.identification != nil {
      recorder.observe(SSHClient(client.identification, client.offer, isMalformed: client.isMalformed))
    }
    if server.identification != nil {
      recorder.observe(SSHServer(server.identification, server.offer, isMalformed: server.isMalformed))
    }
    var negotiation: SSHNegotiation?
    if let offer = client.offer, let answer = server.offer {
      negotiation = SSHNegotiation(client: offer, server: answer)
    }
    if version != nil || isReversed || server.hostKey != nil || server.groupBits != nil {
      recorder.observe(
        SSHSession(
          version: version, negotiation, isReversed: isReversed, hostKey: server.hostKey, groupBits: server.groupBits))
    }
    if server.version1Offer != nil || client.version1Cipher != nil {
      recorder.observe(SSHVersion1Session(server.version1Offer, cipher: client.version1Cipher))
    }
  }

  // MARK: - Datagrams

  /// Over UDP nobody but tunnels of one's own speaks SSH: an identification line alone is read.
  public func inspect(
    _ datagram: Datagram, memory: inout SSHSeen, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var reader = datagram.reader
    let identification: SSHIdentification
    do {
      identification = try SSHIdentification(&reader)
    } catch  where memory.hasLine {
      return .needMore
    }
    if datagram.side == .client, !memory.client {
      recorder.observe(SSHClient(identification, nil))
      memory.client = true
    } else if datagram.side == .server, !memory.server {
      recorder.observe(SSHServer(identification, nil))
      memory.server = true
    }
    return memory.client && memory.server ? .done : .needMore
  }
}

/// Whose identification a flow of datagrams has shown.
public struct SSHSeen: FlowMemory {
  var client = false
  var server = false
  public init() {}
  var hasLine: Bool { client || server }
}
