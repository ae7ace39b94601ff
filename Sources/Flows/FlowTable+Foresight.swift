// What a frame that comes soon will touch in the table is fetched while the frames before it are dealt with: a table of
// many flows is larger than the caches, and a packet of a flow not seen for a while waits for memory several times over.
//
// Hints only. A frame foreseen wrongly, or not at all, costs time and changes nothing.

import Bytes
import Packets

/// The hash of the frame foreseen last.
struct Foresight: BitwiseCopyable {
  var hash: UInt32 = 0
}

extension FlowTable {
  /// Takes note of an Ethernet frame that is to come, one more at each call: its place in the index is fetched now, and
  /// the flow of the frame noted before, whose place has come in the meantime.
  @inline(__always)
  public mutating func foresee(_ frame: RawSpan) {
    let flow = buckets.glance(foresight.hash)
    entries.prefetch(flow)
    recents.prefetch(flow)
    idle.prefetch(flow)
    guard let key = Self.plainKey(frame) else { return }
    foresight.hash = key.hash(seed: seed)
    buckets.prefetch(foresight.hash)
  }

  /// The key of the commonest frames: Ethernet II with TCP or UDP over IPv4 without options or over IPv6 without
  /// extension headers; nil for all others.
  @inline(__always)
  static func plainKey(_ frame: RawSpan) -> FlowKey? {
    // Ethernet II: type at 12. IPv4 (RFC 791): version and length at 14, protocol at 23, addresses at 26 and 30. IPv6
    // (RFC 8200): next header at 20, addresses at 22 and 38. Ports behind either.
    guard frame.byteCount >= 58 else { return nil }
    let type = frame.u16(12)
    let isV4 = type == 0x0800 && frame.u8(14) == 0x45
    guard isV4 || type == 0x86dd else { return nil }
    let number = frame.u8(isV4 ? 23 : 20)
    guard number == 6 || number == 17 else { return nil }
    var source = (upper: UInt64(0), lower: UInt64(0))
    var destination = source
    if isV4 {
      source.lower = UInt64(frame.u32(26))
      destination.lower = UInt64(frame.u32(30))
    } else {
      source = (frame.u64(22), frame.u64(30))
      destination = (frame.u64(38), frame.u64(46))
    }
    let ports = frame.u32(isV4 ? 34 : 54)
    return FlowKey.of(
      source: source, sourcePort: UInt16(truncatingIfNeeded: ports >> 16), destination: destination,
      destinationPort: UInt16(truncatingIfNeeded: ports), context: FlowKey.plainContext(number, isV6: !isV4)
    ).key
  }
}
