// Fragments on their way to a datagram. A datagram is judged once, as a whole: by its first fragment, which has its ports,
// at that one's time. Documentation/scope.md has the table of edges.

import Bytes
import Flows
import Packets
import Terms
import Warrants

/// What is kept with a fragment: the reason of the verdict on it alone, and whether its carrier is covered.
private struct FragmentNote {
  let reason: ScopeReason
  let isCarrierCovered: Bool

  private static let carrierBit: UInt8 = 0x80

  init(_ reason: ScopeReason, carrier: ScopeVerdict) {
    self.reason = reason
    isCarrierCovered = carrier.covered
  }

  init(_ bits: UInt8) {
    reason = ScopeReason(rawValue: bits & ~Self.carrierBit) ?? .undecided
    isCarrierCovered = bits & Self.carrierBit != 0
  }

  var bits: UInt8 { reason.rawValue | (isCarrierCovered ? Self.carrierBit : 0) }
}

extension Timeline {
  /// Takes the fragment at hand in. Once its datagram is whole, that is judged, counted and read as if it had come in one
  /// packet, at its first fragment's time and in the frame that completed it.
  ///
  /// Until then ICMP fragments are judged by their own ends: an error is never so long that it is cut (RFC 1812 section
  /// 4.3.2.3, RFC 4443 section 2.4), so there is none whose quoted packet counts.
  @inline(never)
  mutating func takeFragment(
    _ packet: inout Packet, _ header: FrameHeader, _ bytes: RawSpan, _ item: Int, _ carrier: Carriage
  ) throws(SinkError) {
    let own = scopes[UInt32(truncatingIfNeeded: item)].decide(
      &packet, time: header.time, hasTime: header.hasTime, interface: header.interface, carrier: carrier.verdict)
    // Ports that are not there may be a target's or not.
    let note = FragmentNote(own.needsPorts ? .undecided : own.reason, carrier: carrier.verdict)
    let size = UInt64(max(packet.ipLength, 0))
    guard carrier.verdict.lookInside,
      fragmentScopes[UInt32(truncatingIfNeeded: item)].mayBelong(
        packet, interface: header.interface, carrier: carrier.verdict)
    else {
      scopeCounts.add(own.reason, bytes: size)
      return
    }
    if packet.fragmentOffset == 0, !own.covered, !own.needsPorts {
      fragments.refuse(packet, header: header, note: note.bits)
      scopeCounts.add(own.reason, bytes: size)
    } else {
      switch fragments.add(packet, header: header, bytes: bytes, note: note.bits) {
      case .waiting, .duplicate: break
      case .discarded: scopeCounts.add(note.reason, bytes: size)
      case .settled(let settled): scopeCounts.add(FragmentNote(settled).reason, bytes: size)
      case .complete(let datagram): try take(datagram, header, carrier)
      }
    }
    countUnfinished()
  }

  /// Takes a datagram in that is whole.
  ///
  /// The nesting is bounded: a datagram inside another has a greater depth, and the decoder gives no more than eight.
  private mutating func take(
    _ datagram: DatagramIndex, _ last: FrameHeader, _ carrier: Carriage
  ) throws(SinkError) {
    let count = fragments.fragmentCount(datagram)
    let seen = fragments.seen(datagram)
    let payload = fragments.payload(datagram).array
    var head = fragments.packet(datagram)
    head.ipLength = Int32(clamping: fragments.ipBytes(datagram))
    let first = fragments.header(datagram) ?? last
    var header = last
    header.time = first.time
    header.hasTime = first.hasTime
    header.interface = first.interface
    let item = Int(first.reference.evidence)
    var carrier = carrier
    if carrier.isInside {
      carrier.verdict = .carrier(covered: FragmentNote(fragments.note(datagram)).isCarrierCovered)
    }
    let outer = decoder
    try payload.withRawSpan { (span) throws(SinkError) in
      decoder.begin(reassembled: head, bytes: span)
      var trial = decoder
      var whole = head
      _ = trial.next(span, into: &whole)
      let reason = judge(&whole, header, span, item, carrier.verdict).reason
      fragments.release(datagram, note: FragmentNote(reason, carrier: carrier.verdict).bits)
      // What came twice is of the datagram, and in no flow.
      scopeCounts.add(
        reason, packets: seen.packets &- UInt64(count), bytes: seen.bytes &- UInt64(max(head.ipLength, 0)))
      try takeLayers(header, span, item, carrier: carrier, fragments: count)
    }
    decoder = outer
    decoder.skipInside()
  }

  /// Counts fragments whose datagrams are not whole and never will be: with the first fragment, where that is there, else
  /// with the one that came before the others.
  mutating func countUnfinished() {
    while let unfinished = fragments.nextUnfinished() {
      scopeCounts.add(FragmentNote(unfinished.note).reason, packets: unfinished.packets, bytes: unfinished.bytes)
    }
  }
}
