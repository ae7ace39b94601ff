// Packets that two tap points saw. A packet is a duplicate when it equals one of its flow's last four packets of the
// same direction, within 100 ms, from the IP payload on, and either has the same IP id (not 0) or came by another way:
// another TTL, VLAN, MPLS label, MAC address or interface. A TCP retransmission has another id, or the same way and no
// id at all; so has a datagram that is sent again.
//
// Of a payload beyond 64 bytes whose transport has a checksum, its length, its first 32 bytes and its last 32 are
// compared: the checksum stands among the first, and covers what lies between. All others are compared whole.

import Bytes
import Packets
import Terms

/// What is remembered of a packet to know it again: two words.
struct PacketTrace: BitwiseCopyable {
  /// 43 bits of the payload's fingerprint, a one (so that no trace is 0), and 20 bits of the time in microseconds.
  var payload: UInt64
  /// 16 bits of the IP id and 16 bits of the way it came.
  var origin: UInt32

  static let timeBits: UInt64 = 20

  @inline(__always)
  init(_ packet: inout Packet, header: FrameHeader, bytes: RawSpan, side: Int) {
    let held = bytes.slice(Int(packet.ipPayloadOffset), Int(packet.ipPayloadCaptured))
    // The wire length belongs to it: two packets may be equal as far as the snap length goes.
    let length = UInt64(UInt32(bitPattern: packet.ipPayloadLength)) << 1
    let seed = length | UInt64(truncatingIfNeeded: side)
    let fingerprint =
      Self.isCovered(&packet, held) ? held.fingerprintOfEnds(seed: seed) : held.fingerprint(seed: seed)
    let time = UInt64(bitPattern: header.time.nanoseconds / 1_000) & (1 << Self.timeBits &- 1)
    payload = (fingerprint | 1) << Self.timeBits | time
    let id = (packet.identification ^ packet.identification >> 16) & 0xffff
    origin = id << 16 | Self.way(&packet, interface: header.interface)
  }

  /// Whether a checksum among the first bytes covers all of them. UDP's may be left out, as 0 (RFC 768), and is by most
  /// tunnels.
  @inline(__always)
  private static func isCovered(_ packet: inout Packet, _ held: RawSpan) -> Bool {
    guard packet.hasTransportHeader else { return false }
    switch packet.transport {
    case .tcp, .icmp, .icmpv6, .sctp: return true
    case .udp: return held.u16IfPresent(6).map { $0 != 0 } ?? false
    case .other: return false
    }
  }

  /// 16 bits that differ, but for one case in 65,536, where the packet came another way.
  @inline(__always)
  private static func way(_ packet: inout Packet, interface: UInt32) -> UInt32 {
    let links = (packet.linkSource ^ 0x6a09_e667_f3bc_c909).folded(packet.linkDestination ^ 0xbb67_ae85_84ca_a73b)
    let tags = packet.tags.vlans ^ packet.tags.mpls &* 0x3c6e_f372_fe94_f82b
    let rest = UInt64(interface) << 32 | UInt64(packet.tags.vlanCount) << 16 | UInt64(packet.timeToLive)
    return UInt32((links ^ tags).folded(rest ^ 0xa54f_f53a_5f1d_36f1) >> 48)
  }
}

/// The last four packets of a flow: 48 bytes.
struct RecentPackets: BitwiseCopyable {
  private var payloads = InlineArray<4, UInt64>(repeating: 0)
  private var origins = InlineArray<4, UInt32>(repeating: 0)

  /// A duplicate comes this long after the first at most. In microseconds, as times are kept here.
  private static let window: UInt64 = 100_000

  /// Whether packets so many nanoseconds apart cannot be duplicates, times being compared in whole microseconds.
  @inline(__always)
  static func isFar(_ gap: Int64) -> Bool {
    let beyond = Int64(window &+ 1) &* 1_000
    return UInt64(bitPattern: gap &+ (beyond &- 1)) > UInt64(bitPattern: (beyond &- 1) &* 2)
  }

  /// Whether the packet was seen before. Holds only while gaps between the flow's packets stay within the window
  /// (`clear` after a longer one): the oldest of four is then younger than the 1.05 s after which kept times wrap.
  @inline(__always)
  func hold(_ trace: PacketTrace, id: UInt32) -> Bool {
    for index in 0..<4 {
      guard (payloads[index] ^ trace.payload) >> PacketTrace.timeBits == 0 else { continue }
      let mask: UInt64 = 1 << PacketTrace.timeBits &- 1
      let apart = (trace.payload &- payloads[index]) & mask
      guard min(apart, (mask &+ 1) &- apart) <= Self.window else { continue }
      let differs = origins[index] ^ trace.origin
      if (differs >> 16 == 0 && id != 0) || differs & 0xffff != 0 { return true }
    }
    return false
  }

  /// Keeps the trace in place of the oldest: `place` goes round from 0 to 3.
  @inline(__always)
  mutating func keep(_ trace: PacketTrace, at place: Int) {
    payloads[place] = trace.payload
    origins[place] = trace.origin
  }

  mutating func clear() { payloads = .init(repeating: 0) }
}
