// DNS over TLS, QUIC and HTTPS, by what the handshake of TLS says in clear: ALPN, port, and the server's name.

import Findings
import Packets
import PluginKit
import Terms
import Wire

public struct EncryptedDNS: ProtocolPlugin {
  public static let manifest = Manifest(
    "encrypted-dns", title: "DNS over TLS, QUIC and HTTPS", references: ["RFC 7858", "RFC 9250", "RFC 8484"],
    transports: [.tcp, .udp], ports: [443, 853], emits: [.protocolMetadata, .serverName], rules: EncryptedDNSRules.all)

  public static let subscriptions = [
    Subscription.on(TLSClientHello.self, Self.hello), Subscription.on(TLSServerHello.self, Self.answer),
    Subscription.on(QUICConnection.self, Self.connection),
  ]

  public init() {}

  func hello(
    _ hello: TLSClientHello, flow: FlowFacts, memory: inout EncryptedDNSMarks, recorder: inout Recorder
  ) -> Verdict {
    guard let marks = EncryptedDNSMarks(hello, flow, frames: recorder.frames(of: .here)) else { return .notMine }
    memory = marks
    return .needMore
  }

  func answer(
    _ answer: TLSServerHello, flow: FlowFacts, memory: inout EncryptedDNSMarks, recorder: inout Recorder
  ) -> Verdict {
    guard memory.rule != nil, !answer.isHelloRetryRequest else { return memory.rule == nil ? .notMine : .needMore }
    if let chosen = answer.applicationProtocol, !memory.accepts(chosen) { return .done }
    memory.say(answeredBy: recorder.frames(of: .here), &recorder)
    return .done
  }

  /// A QUIC connection is told of when both hellos were read, or when no more can be.
  func connection(
    _ connection: QUICConnection, flow: FlowFacts, memory: inout EncryptedDNSMarks, recorder: inout Recorder
  ) -> Verdict {
    let frames = recorder.frames(of: .here)
    if let hello = connection.hello, let marks = EncryptedDNSMarks(hello, flow, frames: frames) {
      marks.say(answeredBy: connection.answer == nil ? nil : frames, &recorder)
    }
    return .done
  }

  /// A hello that no answer came to is a lead, no more.
  public func conclude(_ flow: FlowFacts, memory: EncryptedDNSMarks, recorder: inout Recorder) {
    memory.say(answeredBy: nil, &recorder)
  }
}
