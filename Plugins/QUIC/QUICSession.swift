// What is remembered of one flow until its hellos were read.

import PluginKit
import Wire

public struct QUICSession: FlowMemory {
  enum Stage: Sendable {
    case new
    /// Long headers were seen.
    case long
    /// A client's packets of Google's versions without protection.
    case googles
    /// Short headers only, so far.
    case short
  }

  private(set) var stage = Stage.new
  /// What is said in the end.
  var connection = QUICConnection()
  /// Packets of a known version were seen, or a server's answer to one of a version that is not: not only a first byte
  /// and a number.
  var isQUIC = false
  /// The connection was said.
  var isSaid = false

  /// The side of QUIC's client, as far as it is told.
  var client: Side?
  /// Whether that is certain: by an opened packet, or one that only that side sends.
  var isClientCertain = false
  /// The ids of the first packet, from `firstSide`.
  var firstSide: Side?
  var firstDestination = QUICConnectionID()
  var firstSource = QUICConnectionID()

  /// The version and the id that the keys are made of.
  var keysVersion: QUICVersion?
  var keysID = QUICConnectionID()
  var clientKeys: QUICInitialKeys?
  var serverKeys: QUICInitialKeys?
  var fromClient = QUICCryptoStream()
  var fromServer = QUICCryptoStream()
  /// Attempts to open a packet so far, and those that did not.
  var attempts = 0
  var failures = 0
  /// An Initial packet was cut by the snap length.
  var isCut = false
  /// A message contradicts its format, or is longer than any.
  var isMalformed = false
  /// Hellos said before the ones at hand: the server asked for another.
  var saidHellos = 0

  var fromInitiator = QUICShortHeaders()
  var fromResponder = QUICShortHeaders()

  public init() {}

  var isNew: Bool { stage == .new }
  var hasLong: Bool { stage == .long }
  var isGoogles: Bool { stage == .googles }

  mutating func begin(_ stage: Stage) {
    self.stage = stage
    if stage == .googles { isQUIC = true }
  }

  /// Why the handshake, or its answer, is not told.
  func whatIsMissing(_ flow: FlowFacts, mayOpen: Bool) -> StaticString? {
    guard mayOpen else { return "QUIC: the handshake was not opened, as the warrant allows nothing that it tells" }
    if isGoogles { return "QUIC: the client's hello is not in view" }
    if isMalformed { return "QUIC: the handshake contradicts its format" }
    if isCut { return "QUIC: the handshake is cut by the snap length" }
    guard connection.hello != nil || saidHellos > 0 else {
      if fromClient.isWithinMessage { return "QUIC: a part of the client's hello is not in view" }
      if connection.googleHello != nil { return nil }
      if !flow.bothDirections { return "QUIC: one direction only, the client's first packet is not in view" }
      return "QUIC: the client's first packet is not in view"
    }
    // A server that refuses the version has answered.
    if connection.answer != nil || !connection.serverVersions.isEmpty { return nil }
    return flow.bothDirections
      ? "QUIC: the server's answer is not in view"
      : "QUIC: one direction only, the server's answer is not in view"
  }
}
