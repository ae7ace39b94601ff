// What few flows have: tags, a tunnel around them, packets seen twice or late. Kept apart, so that the others pay
// nothing for it.

import Packets
import Terms

/// Up to four distinct numbers in the order they were first seen, and how often another one came when all were taken.
public struct SeenNumbers: Sendable, BitwiseCopyable {
  private var kept = InlineArray<4, UInt32>(repeating: 0)
  public private(set) var count: UInt8 = 0
  /// Sightings of numbers beyond the four.
  public private(set) var overflow: UInt32 = 0

  public init() {}

  public subscript(index: Int) -> UInt32? { index >= 0 && index < Int(count) ? kept[index] : nil }

  public var array: [UInt32] { (0..<Int(count)).map { kept[$0] } }

  @inline(__always)
  mutating func note(_ number: UInt32) {
    for index in 0..<Int(count) where kept[index] == number { return }
    if count < 4 {
      kept[Int(count)] = number
      count &+= 1
    } else {
      overflow.increment()
    }
  }
}

/// The rarer facts of one flow; all zero and empty where the flow has none.
public struct FlowAnnex: Sendable, BitwiseCopyable {
  /// VLAN ids and MPLS labels seen, in either direction.
  public internal(set) var vlans = SeenNumbers()
  public internal(set) var mplsLabels = SeenNumbers()
  /// Capture interfaces; empty where all packets came in on interface 0.
  public internal(set) var interfaces = SeenNumbers()
  /// `ordinal` of the tunnel's own flow; nil where the flow came in none, or in one that is not to be named.
  public internal(set) var carrierOrdinal: UInt64?
  /// VNI, GRE key or TEID of the first packet's tunnel.
  public internal(set) var tunnelID: UInt64?
  /// `ordinal` of the part before this one.
  public internal(set) var previousPart: UInt64?
  /// Which part of the flow this is, from 1.
  public internal(set) var part: UInt32 = 1
  /// Packets seen again at a second tap point; they are in no other count.
  public internal(set) var duplicates: UInt32 = 0
  /// Packets whose IPv4 header checksum does not hold.
  public internal(set) var badChecksums: UInt32 = 0
  /// Packets whose transport checksum does not hold.
  public internal(set) var badTransportChecksums: UInt32 = 0
  /// TCP segments that repeat bytes seen before.
  public internal(set) var retransmissions: UInt32 = 0
  /// TCP segments that filled a hole.
  public internal(set) var outOfOrder: UInt32 = 0
  /// TCP segments of at most one byte just before the next: keep-alives (RFC 9293 section 3.8.4), in no stream.
  public internal(set) var keepAlives: UInt32 = 0
  /// Packets above 1,500 bytes of IP: joined or not yet cut by the capturing host, or jumbo frames.
  public internal(set) var aboveMTU: UInt32 = 0

  public init() {}

  mutating func note(_ tags: LinkTags) {
    for index in 0..<4 {
      guard let id = tags.vlan(index) else { break }
      vlans.note(UInt32(id))
    }
    // Three labels of 20 bits are kept of a packet.
    for index in 0..<min(Int(tags.mplsCount), 3) {
      mplsLabels.note(UInt32(truncatingIfNeeded: tags.mpls >> UInt64(20 &* index)) & 0xf_ffff)
    }
  }
}

extension UInt32 {
  /// One more, or the largest where that is reached.
  @inline(__always)
  mutating func increment() { if self < .max { self &+= 1 } }
}
