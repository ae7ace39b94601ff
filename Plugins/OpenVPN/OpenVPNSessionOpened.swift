// The observation of an OpenVPN session.

import Bytes
import Findings
import PluginKit

/// A session id as hexadecimal text: 64 bits that an end draws at random for each session.
struct SessionID: TextField, Hashable {
  static let category = ProtocolText.category
  let text: String

  init(_ session: UInt64) {
    text = Hex.text((0..<8).map { UInt8(truncatingIfNeeded: session >> UInt64(56 - 8 * $0)) })
  }
}

/// A control channel with both ends' session ids.
public struct OpenVPNSessionOpened: Observation {
  public let protection: String
  public let hmacLength: Int?
  /// By side of the flow: the initiator's and the responder's.
  public let initiatorSession: UInt64
  public let responderSession: UInt64

  init(_ memory: OpenVPNSession) {
    protection = memory.protection?.variant.description ?? ""
    if case .authenticated(let hmac) = memory.protection { hmacLength = hmac } else { hmacLength = nil }
    initiatorSession = memory.client.session
    responderSession = memory.server.session
  }

  private static let protectionField = Field<ProtocolText>(
    "control_channel", "how the control channel is protected: plain, tls-auth, tls-crypt or tls-crypt-v2")
  private static let hmacField = Field<ProtocolNumber>(
    "hmac_bytes", "bytes of the control packets' HMAC, which tell the digest", when: "with tls-auth")
  private static let initiatorField = Field<SessionID>(
    "initiator_session", "session id of the flow's initiator, hexadecimal")
  private static let responderField = Field<SessionID>(
    "responder_session", "session id of the flow's responder, hexadecimal")

  public static let record: StaticString = "openvpn"
  public static var fields: [FieldDeclaration] {
    [
      protectionField.declaration, hmacField.declaration, initiatorField.declaration, responderField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.protectionField, ProtocolText(protection))
    record.put(Self.hmacField, hmacLength.map { ProtocolNumber($0) })
    record.put(Self.initiatorField, SessionID(initiatorSession))
    record.put(Self.responderField, SessionID(responderSession))
  }
}
