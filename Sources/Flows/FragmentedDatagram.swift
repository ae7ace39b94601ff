// One IP datagram being put together (RFC 791 section 3.2, RFC 8200 section 4.5).

import Bytes
import Packets
import Terms

/// What fragments of one datagram have in common: addresses, identification, for IPv4 the protocol, and the tunnel.
struct FragmentKey: Hashable, Sendable {
  let source: Address
  let destination: Address
  let identification: UInt32
  /// 0 for IPv6: there the first fragment alone names the protocol.
  let protocolNumber: UInt8
  let carrier: Carrier
  let network: UInt64

  init(_ packet: Packet) {
    source = packet.source
    destination = packet.destination
    identification = packet.identification
    protocolNumber = packet.source.family == .v4 ? packet.protocolNumber : 0
    carrier = packet.carrier
    network = packet.carrier == .vxlan || packet.carrier == .geneve ? packet.tunnelID : 0
  }
}

/// The pieces of one datagram so far.
struct FragmentedDatagram: ~Copyable {
  /// `done`: it was whole. `refused`: its first fragment is not to be read.
  enum State { case waiting, complete, done, refused }

  /// What a fragment did.
  enum Change {
    case added
    /// Nothing new in it.
    case repeats
    /// Parts of it were there: the first bytes stay.
    case overlaps
    /// It contradicts what is known: an end elsewhere, bytes beyond the end.
    case contradicts
  }

  /// The longest payload: an IP length has 16 bits.
  static let longest = 65_535
  /// Frames named of one datagram; one cut to Ethernet's size has 45.
  static let maximumFrames = 64

  let key: FragmentKey
  var state = State.waiting
  var buffer = RangeBuffer(limit: longest)
  /// The fragment at offset 0.
  var head: Packet?
  /// The payload's length, once the last fragment told.
  var total: Int?
  var frames: [FrameReference] = []
  var fragments: UInt32 = 0
  var ipBytes: Int64 = 0
  /// All fragments that came, and their IP lengths.
  var seenPackets: UInt64 = 0
  var seenBytes: UInt64 = 0
  /// The frame of the first fragment, or, before that is there, of the one that came before the others; and the caller's
  /// note on that fragment.
  var header: FrameHeader?
  var note: UInt8 = 0
  private var hasFirst = false
  /// Time of the first fragment; of the completion once it is done.
  var time: Int64

  init(key: FragmentKey, time: Int64) {
    self.key = key
    self.time = time
  }

  /// Counts a fragment that was taken in, and keeps where it came from if it is the first.
  mutating func tell(_ packet: Packet, _ header: FrameHeader, note: UInt8) {
    seenPackets &+= 1
    seenBytes &+= UInt64(UInt32(bitPattern: max(packet.ipLength, 0)))
    let isFirst = packet.fragmentOffset == 0 && !hasFirst
    guard isFirst || self.header == nil else { return }
    hasFirst = isFirst
    self.header = header
    self.note = note
  }

  /// Takes a fragment in. The datagram may be `complete` then.
  mutating func take(_ packet: Packet, _ frame: FrameReference, _ payload: RawSpan) -> Change {
    let start = Int(packet.fragmentOffset)
    let length = Int(packet.ipPayloadLength)
    let stop = start &+ length
    if packet.moreFragments {
      if let total, stop > total { return .contradicts }
    } else {
      if let total, stop != total { return .contradicts }
      if buffer.highest > stop { return .contradicts }
    }
    let result = buffer.insert(payload, at: start, length: length)
    if result.added == 0, result.refused > 0 { return .contradicts }
    if !packet.moreFragments { total = stop }
    if start == 0, head == nil { head = packet }
    if result.added == 0, length > 0 { return result.contradicts ? .overlaps : .repeats }
    fragments &+= 1
    ipBytes &+= Int64(packet.ipLength)
    if frames.count < Self.maximumFrames { frames.append(frame) }
    if let total, buffer.covered >= total, head != nil {
      state = .complete
    }
    return result.overlapping > 0 ? .overlaps : .added
  }
}
