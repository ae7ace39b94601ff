// TLS on any port: hellos and certificates of both sides, as they stand in clear.

import Bytes
import Findings
import PluginKit
import Terms
import Wire

public struct TLS: StreamPlugin {
  public static let manifest = Manifest(
    "tls", title: "TLS",
    references: ["RFC 8446", "RFC 5246", "RFC 6101", "RFC 6066", "RFC 7301", "RFC 9849"],
    transports: [.tcp], ports: [443, 465, 563, 636, 853, 989, 990, 993, 995, 5061, 8443],
    constants: [
      // A record of a ClientHello, ServerHello or HelloRetryRequest; a fatal or warning alert; encrypted records of a
      // connection that began before the capture.
      Constant("16 03 ** ** ** 01"), Constant("16 03 ** ** ** 02"), Constant("16 03 ** ** ** 06"),
      Constant("15 03 ** 00 02"), Constant("17 03"),
      // A ClientHello in SSL 2.0's form, of less than 1,024 bytes, for SSL 2.0 or a later version.
      Constant(value: 0x8000_0100_0200_0000, mask: 0xfc00_ffff_ff00_0000),
      Constant(value: 0x8000_0103_0000_0000, mask: 0xfc00_ffff_0000_0000),
    ],
    bytes: 32_768, emits: [.serverName, .fingerprint, .certificate, .protocolMetadata],
    observations: [
      ObservationDeclaration(TLSClientHello.self), ObservationDeclaration(TLSServerHello.self),
      ObservationDeclaration(TLSServerCertificates.self), ObservationDeclaration(TLSClientCertificates.self),
    ])

  public init() {}

  public func inspect(
    _ stream: Conversation, memory: inout TLSProgress, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    if memory.client == nil {
      switch TLSRoles(stream) {
      case .client(let side):
        memory.client = side
      case .beganBefore where stream.flow.beginsMidStream:
        recorder.notAssessable("TLS: the connection began before the capture, its hellos are not in view")
        return .done
      case .beganBefore:
        return .notMine
      case .undecided(let error):
        throw error
      }
    }
    let client = memory.client ?? .client
    var reading = TLSReading(memory, client: client)
    let outcome = reading.read(
      from: client == .client ? stream.client : stream.server, to: client == .client ? stream.server : stream.client,
      isAlone: stream.flow[client.other].packets == 0, &recorder)
    memory = reading.progress
    memory.isInterrupted = false
    switch outcome {
    case .finished:
      return .done
    case .short(let error) where reading.spoke:
      memory.isInterrupted = error.kind == .ranOut
      return error.kind == .ranOut ? .needMore : .done
    case .short(let error):
      // What was said before stands; the answer of this call says only how it goes on.
      guard error.kind == .invalid, memory.hasSpoken else { throw error }
      return .done
    }
  }

  public func conclude(_ flow: FlowFacts, memory: TLSProgress, recorder: inout Recorder) {
    guard memory.isInterrupted, let client = memory.client else { return }
    if memory.hellos == 0, flow[client].packets == 0 {
      recorder.notAssessable("TLS: one direction only, the client's hello is not in view")
    } else if memory.answers == 0, flow[client.other].packets == 0 {
      recorder.notAssessable("TLS: one direction only, the server's answer is not in view")
    } else {
      recorder.notAssessable("TLS: the evidence ends within the handshake")
    }
  }
}

/// What was read of a handshake, and said.
public struct TLSProgress: FlowMemory {
  /// The side that sends the ClientHello: the flow's initiator, but for FTP's active mode and missing starts.
  var client: Side?
  /// ClientHellos said: 2 after a HelloRetryRequest.
  var hellos: UInt8 = 0
  /// ServerHellos said, HelloRetryRequests among them.
  var answers: UInt8 = 0
  /// What the last of these said.
  private var answerAsksAgain = false
  private(set) var answerIsTLS13 = false
  private(set) var answerResumes = false
  var hasSaidCertificates = false
  var hasSaidClientCertificates = false
  var sessionID = TLSSessionID()
  /// More was wanted at the last call.
  var isInterrupted = false

  public init() {}

  var hasSpoken: Bool { hellos > 0 || answers > 0 }

  mutating func note(answer number: UInt8, _ hello: TLSServerHello) {
    answers = number
    answerAsksAgain = hello.isHelloRetryRequest
    answerIsTLS13 = hello.version.isTLS13
    answerResumes = hello.isResumed == true
  }

  /// Whether the ServerHello of this number was a HelloRetryRequest; nothing else leads to a further one.
  func isRetry(answer number: UInt8) -> Bool { answers > number || answers == number && answerAsksAgain }
}
