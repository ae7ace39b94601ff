// What is remembered of one flow, and what its packets prove.

import Bytes
import PluginKit
import Terms

/// What a flow's packets prove, from less to more.
enum Proof: UInt8, Comparable, Sendable {
  /// Each end acknowledges the other's session id.
  case acknowledged
  /// tls-crypt: both ends began to count.
  case begun
  /// tls-crypt: counts, times and session ids hold.
  case counted
  /// The reset exchange closed in clear.
  case closed

  var isConclusive: Bool { self >= .counted }

  static func < (left: Proof, right: Proof) -> Bool { left.rawValue < right.rawValue }
}

/// What one flow has shown so far.
public struct OpenVPNSession: FlowMemory {
  private(set) var protection: Protection?
  var client = Peer()
  var server = Peer()
  private(set) var controlPackets = 0
  /// The most that was claimed.
  var said: Proof?

  public init() {}

  subscript(side: Side) -> Peer {
    _read { if side == .client { yield client } else { yield server } }
    _modify { if side == .client { yield &client } else { yield &server } }
  }

  /// Takes up a packet: `reader` holds it, as far as captured, `length` is its size on the wire. True where the TLS
  /// inside the control channel has grown. `frames` gives those that the packet came in.
  mutating func take(
    _ reader: ByteReader, length: Int, from side: Side, at time: Timestamp?, frames: () -> [FrameReference]
  ) throws(ReadError) -> Bool {
    var inside = reader
    let header = try PacketHeader(&inside)
    guard !header.opcode.isData else {
      try takeData(&inside, header, from: side, frames)
      return false
    }
    let protection = detect(reader, header, length: length, from: side)
    if header.opcode.isClientReset, self[side].session != header.session { begin(side) }
    controlPackets += 1
    self.protection = protection ?? self.protection
    let isChanged = self[side].session != 0 && self[side].session != header.session
    if isChanged, self.protection == nil {
      // Bytes that change from packet to packet, and nothing else that speaks for OpenVPN.
      self = OpenVPNSession()
      throw inside.invalid()
    }
    if isChanged { self[side].changed = true }
    self[side].session = header.session
    guard let protection else { return false }

    var copy = reader
    let packet = try ControlPacket(&copy, protection)
    self[side].note(packet, at: time, frames)
    guard header.opcode == .control, header.keyID == 0, let message = packet.message, let payload = packet.payload
    else {
      return false
    }
    // A packet that the capture cut would leave a hole.
    guard reader.remaining == length else { return false }
    var whole = reader
    try whole.skip(payload.lowerBound - reader.offset)
    return self[side].control.take(message, whole.rest())
  }

  private func detect(_ reader: ByteReader, _ header: PacketHeader, length: Int, from side: Side) -> Protection? {
    switch header.opcode {
    case .clientReset, .clientResetV3:
      return Protection.ofReset(reader, header, length: length)
    case .serverReset:
      return protection ?? Protection.ofReset(reader, header, length: length)
    default:
      if let protection { return protection }
      let remote = self[side.other].session
      return remote == 0 ? nil : Protection.ofAcknowledgment(reader, of: remote)
    }
  }

  /// A client's reset begins anew; what was taken up of the stream, and what was said, stays.
  private mutating func begin(_ side: Side) {
    var fresh = OpenVPNSession()
    fresh.client.offset = client.offset
    fresh.server.offset = server.offset
    fresh.said = said
    // An answer that was captured before its question.
    if self[side].session == 0, self[side.other].reset == .serverReset { fresh[side.other] = self[side.other] }
    self = fresh
  }

  private mutating func takeData(
    _ reader: inout ByteReader, _ header: PacketHeader, from side: Side, _ frames: () -> [FrameReference]
  ) throws(ReadError) {
    if header.opcode == .dataV2 {
      let peer = try reader.u24()
      let packet = try reader.u32()
      // AEAD: a tag of 16 and something inside it.
      guard reader.remaining > 16 || protection != nil else { throw reader.invalid() }
      let head = UInt32(header.keyID) << 24 | peer
      if protection == nil, client.data.isDisproved || server.data.isDisproved {
        self = OpenVPNSession()
        throw reader.invalid()
      }
      self[side].data.take(head: head, packet: packet, frames().first)
    }
    self[side].sentData = true
  }

  // MARK: - What is proven

  /// The most that the packets prove.
  var proof: Proof? {
    if isClosed { return .closed }
    if protection?.isClear == false {
      if isCounted { return .counted }
      return isBegun ? .begun : nil
    }
    return acknowledgeEachOther ? .acknowledged : nil
  }

  /// The side that sent the client's reset.
  var opener: Side? {
    if client.reset?.isClientReset == true { return .client }
    return server.reset?.isClientReset == true ? .server : nil
  }

  /// A reset that is worth a hint by itself. Under encryption only a client's at its time is: its other constants are
  /// few enough to be met by chance, a DNS query of 54 bytes among others.
  func hasOpening(_ side: Side) -> Bool {
    let peer = self[side]
    guard let reset = peer.reset, let protection else { return false }
    return protection.isClear || (reset.isClientReset && peer.replay.holds)
  }

  /// Both resets are there.
  var hasResets: Bool {
    guard let opener else { return false }
    return self[opener.other].reset == .serverReset
  }

  /// The server's end acknowledged the client's reset by its session id.
  var isClosed: Bool {
    guard let opener, hasResets else { return false }
    return self[opener].session == self[opener.other].acknowledges && self[opener.other].acknowledgesReset
  }

  /// Each end acknowledges the other's session id, whatever came before.
  var acknowledgeEachOther: Bool {
    client.session != 0 && server.session != 0 && client.acknowledges == server.session
      && server.acknowledges == client.session
  }

  /// Under tls-crypt: both ends count from 1 at times that fit, and neither changed its session id.
  var isCounted: Bool {
    hasResets && client.replay.isProven && server.replay.isProven && !client.changed && !server.changed
  }

  /// Under tls-crypt: both ends began to count at 1 and their clocks agree.
  var isBegun: Bool {
    hasResets && client.replay.beginsAtOne && server.replay.beginsAtOne && client.replay.agrees(with: server.replay)
      && !client.changed && !server.changed
  }

  /// Nothing more can be read in clear: the TLS handshake inside is over.
  var handshakeIsOver: Bool { client.sentData && server.sentData }

  /// Data packets in both directions that count, with the same peer id: no control packet is in view.
  var isDataOnly: Bool {
    controlPackets == 0 && client.data.isChannel && server.data.isChannel
      && client.data.peer == server.data.peer
  }

  var isEmpty: Bool { said == nil && controlPackets == 0 && !client.sentData && !server.sentData }
}
