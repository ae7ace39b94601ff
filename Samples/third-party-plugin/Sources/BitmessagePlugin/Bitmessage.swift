// Bitmessage between two peers: each introduces itself and confirms the other.

import Bytes
import Findings
import PluginKit

public struct Bitmessage: StreamPlugin {
  static let handshake = Rule(
    "bitmessage.handshake", .peerToPeer, tool: "bitmessage", highest: .conclusive,
    meaning: "Two Bitmessage peers introduced themselves and confirmed each other.",
    marks: ["each side's version", "each side's confirmation"], lookAlikes: ["imitation"],
    blindSpots: ["connections inside Tor or TLS"], sources: ["Bitmessage protocol specification"])

  public static let manifest = Manifest(
    "bitmessage", title: "Bitmessage", references: ["Bitmessage protocol specification"], transports: [.tcp],
    ports: [8444], constants: [Constant("e9 be b4 d9 76 65 72")], bytes: 1_024,
    emits: [.protocolMetadata, .softwareVersion], rules: [handshake],
    observations: [ObservationDeclaration(BitmessageVersion.self)])

  public init() {}

  public func inspect(
    _ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let client = try introduction(stream.client.reader, from: .client)
    let server = try introduction(stream.server.reader, from: .server)
    recorder.observe(client)
    recorder.observe(server)
    recorder.find(
      Self.handshake, at: .conclusive,
      marks: [client, server].map { Mark("user agent", SoftwareVersion($0.userAgent)) })
    return .done
  }

  /// A side's first two messages: its version and its confirmation of the other's, in either order.
  private func introduction(_ start: consuming ByteReader, from side: Side) throws(ReadError) -> BitmessageVersion {
    var reader = start
    var version: BitmessageVersion?
    var confirms = false
    for _ in 0..<2 {
      let header = try BitmessageHeader(&reader)
      var body = try reader.block(header.length)
      switch header.command {
      case .version: version = try BitmessageVersion(&body, from: side)
      case .verack: confirms = true
      case .other: throw reader.invalid()
      }
    }
    guard let version, confirms else { throw reader.invalid() }
    return version
  }
}
