// What a ClientHello says of encrypted DNS, and how much it weighs.

import Findings
import Packets
import PluginKit
import Terms
import Wire

public struct EncryptedDNSMarks: FlowMemory {
  private(set) var rule: Rule?
  private var offered: String?
  private var port: UInt16?
  private var listedName: String?
  private var frames: [FrameReference] = []

  public init() {}

  /// DNS over TLS has the port for itself (RFC 7858 section 3.1), over QUIC too (RFC 9250 section 4.1.1; drafts used two
  /// others).
  private static let ports: Set<UInt16> = [853]
  private static let quicPorts: Set<UInt16> = [853, 784, 8853]

  /// Nil where nothing points to DNS.
  init?(_ hello: TLSClientHello, _ flow: FlowFacts, frames: [FrameReference]) {
    self.frames = frames
    let offers = hello.offer.applicationProtocols ?? []
    let isQUIC = flow.transport == .udp
    let server = flow.responder.port
    listedName = hello.serverName.flatMap { DoHNames.holds($0) ? $0 : nil }
    offered = offers.first { $0 == (isQUIC ? "doq" : "dot") || isQUIC && $0.hasPrefix("doq-i") }
    port = (isQUIC ? Self.quicPorts : Self.ports).contains(server) ? server : nil
    // Another protocol by name on the port is that protocol.
    if offered != nil || port != nil && offers.isEmpty {
      rule = isQUIC ? EncryptedDNSRules.quic : EncryptedDNSRules.tls
    } else if listedName != nil, offers.isEmpty || offers.contains(where: Self.isHTTP) {
      port = nil
      rule = EncryptedDNSRules.https
    } else {
      return nil
    }
  }

  private static func isHTTP(_ name: String) -> Bool {
    name == "h2" || name == "h3" || name.hasPrefix("http/") || name.hasPrefix("h3-")
  }

  /// Whether the protocol that the server chose is the one at hand.
  func accepts(_ chosen: String) -> Bool { offered.map { $0 == chosen } ?? (port == nil && Self.isHTTP(chosen)) }

  func say(answeredBy answer: [FrameReference]?, _ recorder: inout Recorder) {
    guard let rule else { return }
    var marks: [Mark] = []
    if let offered { marks.append(Mark("tls.alpn_offered", ProtocolText(offered), frames: frames)) }
    if let port { marks.append(Mark("port", number: port, frames: frames)) }
    if let listedName { marks.append(Mark("tls.server_name", ServerName(listedName), frames: frames)) }
    if let answer { marks.append(Mark("the server's hello", frames: answer)) }
    // The port alone proves nothing, nor does a name that serves pages too.
    let isStrong = answer != nil && (offered != nil || port != nil && listedName != nil)
    recorder.find(rule, at: isStrong ? .strong : .indicative, marks: marks)
  }
}
