// Checksums that do not hold are counted, for the flow and for the evidence item, and change nothing else. A transport's
// is verified while plugins read its flow: on those bytes findings rest. To sum up what nobody reads would cost as much
// as all other work on a packet together.

import Bytes
import Flows
import Packets
import Terms

extension Timeline {
  /// Verifies what the packet at hand, which was counted for its flow, lets verify.
  ///
  /// - Parameter isRead: a plugin may still be shown the flow's payload.
  @inline(__always)
  mutating func checkSums(
    _ packet: inout Packet, _ accounting: Accounting, _ header: FrameHeader, _ bytes: RawSpan, isRead: Bool
  ) {
    let isTransportBad = isRead && packet.hasBadTransportChecksum(bytes)
    let isNetworkBad = packet.badNetworkChecksum
    if isTransportBad || isNetworkBad { noteBadSums(accounting, header, isNetworkBad, isTransportBad) }
  }

  @inline(never)
  private mutating func noteBadSums(
    _ accounting: Accounting, _ header: FrameHeader, _ isNetworkBad: Bool, _ isTransportBad: Bool
  ) {
    let item = Int(header.reference.evidence)
    if isNetworkBad { evidence[item].badNetworkChecksums &+= 1 }
    guard isTransportBad else { return }
    evidence[item].badTransportChecksums &+= 1
    flows.noteBadTransportChecksum(accounting.flow)
  }
}
