// Reads the packets of one datagram: ids, versions, and the hellos in Initial packets.

import Bytes
import Findings
import PluginKit
import Terms
import Wire

struct QUICReading {
  /// All that is wanted was read and said.
  private(set) var isComplete = false
  private let side: Side
  private let flow: FlowFacts
  private let frame: FrameReference

  /// A handshake needs a dozen packets with its repetitions; more are sent to cost time.
  private static let mostAttempts = 32
  private static let mostFailures = 8

  init(_ datagram: borrowing Datagram) {
    side = datagram.side
    flow = datagram.flow
    frame = datagram.frame
  }

  /// Whether anything that an Initial packet tells can go out: else it stays closed.
  static func mayOpen(_ recorder: borrowing Recorder) -> Bool {
    recorder.allows(.serverName) || recorder.allows(.fingerprint) || recorder.allows(.protocolMetadata)
      || recorder.allows(.softwareVersion)
  }

  /// Takes a packet; false where it tells nothing, nor what follows it.
  mutating func take(
    _ session: inout QUICSession, _ packet: QUICLongPacket, _ datagram: RawSpan, _ recorder: inout Recorder
  ) -> Bool {
    switch packet.kind {
    case .versionNegotiation: return takeNegotiation(&session, packet, datagram)
    case .other:
      // Of a client that wants the server to name its versions, perhaps: only the ids can be read.
      if packet.version.isReserved { note(&session, packet) }
      return false
    case .initial, .zeroRTT, .handshake, .retry:
      break
    }
    note(&session, packet)
    if !packet.version.isReserved { session.isQUIC = true }
    switch packet.kind {
    case .zeroRTT:
      be(&session, client: side)
      session.connection.sendsEarlyData = true
    case .retry:
      be(&session, client: side.other)
      session.connection.isRetried = true
    default: break
    }
    if packet.kind == .initial, Self.mayOpen(recorder) { open(&session, packet, datagram, &recorder) }
    noteIDs(&session, packet, &recorder)
    if !isComplete, !Self.mayOpen(recorder), Self.hasBothIDs(session) {
      recorder.observe(session.connection)
      recorder.notAssessable("QUIC: the handshake was not opened, as the warrant allows nothing that it tells")
      isComplete = true
    }
    return !isComplete
  }

  // MARK: - Sides and ids

  /// The first packet with a long header.
  private mutating func note(_ session: inout QUICSession, _ packet: QUICLongPacket) {
    if !session.hasLong { session.begin(.long) }
    guard session.firstSide == nil else { return }
    session.firstSide = side
    session.firstDestination = packet.destination
    session.firstSource = packet.source
    session.connection.version = packet.version
    session.client = session.client ?? side
  }

  private mutating func be(_ session: inout QUICSession, client: Side) {
    session.client = client
    session.isClientCertain = true
  }

  private mutating func noteIDs(_ session: inout QUICSession, _ packet: QUICLongPacket, _ recorder: inout Recorder) {
    // Whoever answers to the first packet's source is the other side: then the first was the client.
    if side != session.firstSide, packet.destination == session.firstSource, session.failures == 0 {
      session.isClientCertain = true
    }
    guard session.isClientCertain, let client = session.client else { return }
    if side == client {
      session.connection.client = packet.source
      if session.connection.original == nil, session.firstSide == client {
        session.connection.original = session.firstDestination
      }
      return
    }
    guard packet.kind != .retry else { return }
    if session.connection.server != packet.source { remember(packet.source, &recorder) }
    session.connection.server = packet.source
    if session.firstSide == client, packet.version != session.connection.version {
      session.connection.serverVersion = packet.version
    }
  }

  private func remember(_ id: QUICConnectionID, _ recorder: inout Recorder) {
    QUICNotes.note(id, of: side == .client ? flow.initiator : flow.responder, flow, frame, &recorder)
  }

  private static func hasBothIDs(_ session: borrowing QUICSession) -> Bool {
    session.connection.client != nil && session.connection.server != nil
  }

  // MARK: - Versions

  private mutating func takeNegotiation(_ session: inout QUICSession, _ packet: QUICLongPacket, _ datagram: RawSpan)
    -> Bool
  {
    let versions = packet.versions(in: datagram)
    if session.firstSide == side.other {
      // It sends the ids of the client's packet back (RFC 8999 section 6).
      guard packet.destination == session.firstSource, packet.source == session.firstDestination else { return false }
    } else {
      guard !session.hasLong, versions.contains(where: { $0.form != .unknown }) else { return false }
      session.begin(.long)
    }
    session.isQUIC = true
    be(&session, client: side.other)
    session.connection.serverVersions = versions
    if session.firstSide == side.other {
      session.connection.client = session.firstSource
      session.connection.original = session.firstDestination
    }
    return false
  }

  // MARK: - Hellos

  private mutating func open(
    _ session: inout QUICSession, _ packet: QUICLongPacket, _ datagram: RawSpan, _ recorder: inout Recorder
  ) {
    guard packet.end <= datagram.byteCount else {
      session.isCut = true
      if session.keysVersion == nil, side == session.firstSide {
        // The answer to it may be whole.
        session.keysVersion = packet.version
        session.keysID = packet.destination
      }
      return
    }
    guard session.attempts < Self.mostAttempts, session.failures < Self.mostFailures else { return }
    session.attempts += 1
    if session.keysVersion != nil, side != session.client {
      let isOpen = openAnswer(&session, packet, datagram, &recorder)
      // Where the first packet was cut it is only presumed to be the client's.
      if isOpen || session.clientKeys != nil { return }
    }
    if let keys = session.clientKeys, session.keysVersion == packet.version,
      let frames = keys.open(packet, of: datagram)
    {
      takeHello(&session, frames, packet, &recorder)
      return
    }
    // The client's first packet, or its first after a Retry or another version (RFC 9001 section 5.2).
    if session.clientKeys != nil, session.keysVersion == packet.version, session.keysID == packet.destination {
      session.failures += 1
      return
    }
    guard let (keys, frames) = openFirst(packet, datagram) else {
      // A client that goes on with another version keeps the first packet's id (RFC 9368 section 2.3).
      openAgain(&session, packet, datagram, &recorder)
      return
    }
    let isFirst = session.clientKeys == nil
    be(&session, client: side)
    session.isQUIC = true
    session.keysVersion = packet.version
    session.keysID = packet.destination
    session.clientKeys = keys
    session.serverKeys = nil
    session.fromClient = QUICCryptoStream()
    session.fromServer = QUICCryptoStream()
    if isFirst || session.firstSide != side {
      session.firstSide = side
      session.firstDestination = packet.destination
      session.firstSource = packet.source
      session.connection.original = packet.destination
    }
    if isFirst || session.saidHellos == 0 && session.connection.serverVersions.isEmpty {
      session.connection.version = packet.version
    } else if !session.connection.serverVersions.isEmpty {
      session.connection.serverVersion = packet.version
    }
    takeHello(&session, frames, packet, &recorder)
  }

  private func openFirst(_ packet: QUICLongPacket, _ datagram: RawSpan) -> (QUICInitialKeys, [UInt8])? {
    guard !packet.destination.isEmpty else { return nil }
    for version in packet.version.saltsToTry {
      if let keys = QUICInitialKeys(version, destination: packet.destination, of: .client),
        let frames = keys.open(packet, of: datagram)
      {
        return (keys, frames)
      }
    }
    return nil
  }

  private mutating func openAgain(
    _ session: inout QUICSession, _ packet: QUICLongPacket, _ datagram: RawSpan, _ recorder: inout Recorder
  ) {
    guard session.clientKeys != nil, session.keysVersion != packet.version,
      let keys = QUICInitialKeys(packet.version, destination: session.keysID, of: .client),
      let frames = keys.open(packet, of: datagram)
    else {
      session.failures += 1
      return
    }
    takeHello(&session, frames, packet, &recorder)
  }

  private mutating func openAnswer(
    _ session: inout QUICSession, _ packet: QUICLongPacket, _ datagram: RawSpan, _ recorder: inout Recorder
  ) -> Bool {
    let isSame = session.keysVersion == packet.version
    if isSame, session.serverKeys == nil {
      session.serverKeys = QUICInitialKeys(packet.version, destination: session.keysID, of: .server)
    }
    // A server that goes on with another version keeps the client's id (RFC 9369 section 4.1).
    let keys =
      isSame ? session.serverKeys : QUICInitialKeys(packet.version, destination: session.keysID, of: .server)
    guard let frames = keys?.open(packet, of: datagram) else {
      session.failures += 1
      return false
    }
    be(&session, client: side.other)
    takeAnswer(&session, frames, packet, &recorder)
    return true
  }

  private mutating func takeHello(
    _ session: inout QUICSession, _ frames: [UInt8], _ packet: QUICLongPacket, _ recorder: inout Recorder
  ) {
    guard session.connection.hello == nil, session.connection.googleHello == nil, !session.isMalformed else { return }
    do throws(ReadError) {
      guard let message = try session.fromClient.take(frames, packet.version) else { return }
      if packet.version.hasGoogleHandshake {
        guard let hello = message.withRawSpan({ GoogleQUICHello($0) }) else { return }
        session.connection.googleHello = hello
        session.connection.server = packet.destination
        session.isSaid = true
        isComplete = true
        recorder.observe(session.connection)
        return
      }
      let hello = try message.withRawSpan { (bytes) throws(ReadError) in
        try TLSClientHello(bytes.slice(4), carrier: .quic)
      }
      session.connection.hello = hello
      recorder.observe(QUICClientHello(version: packet.version, hello: hello))
      if hello.offersEncryptedClientHello {
        recorder.notAssessable(
          "TLS: an encrypted ClientHello is offered, the name in view may not be the one asked for")
      }
    } catch {
      session.isMalformed = true
    }
  }

  private mutating func takeAnswer(
    _ session: inout QUICSession, _ frames: [UInt8], _ packet: QUICLongPacket, _ recorder: inout Recorder
  ) {
    guard !session.isMalformed else { return }
    do throws(ReadError) {
      guard let message = try session.fromServer.take(frames, packet.version) else { return }
      session.connection.answer = try message.withRawSpan { (bytes) throws(ReadError) in
        try TLSServerHello(bytes.slice(4))
      }
    } catch {
      session.isMalformed = true
      return
    }
    guard session.connection.hello != nil || session.isCut, let answer = session.connection.answer else { return }
    if let hello = session.connection.hello { session.connection.answer?.note(sessionIDOfClient: hello.sessionID) }
    noteIDs(&session, packet, &recorder)
    recorder.observe(session.connection)
    if answer.isHelloRetryRequest, session.saidHellos == 0 {
      // Another hello follows, in the same streams; it has an object of its own.
      session.saidHellos = 1
      session.connection.hello = nil
      session.connection.answer = nil
      return
    }
    if session.connection.hello == nil, session.saidHellos == 0 {
      recorder.notAssessable("QUIC: the client's hello is cut by the snap length")
    }
    if answer.version.isTLS13, session.connection.answer?.isResumed != true {
      recorder.notAssessable("TLS: the server's certificate is encrypted (TLS 1.3)")
    }
    session.isSaid = true
    isComplete = true
  }
}
