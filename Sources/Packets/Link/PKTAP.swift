// Apple's PKTAP (LINKTYPE_PKTAP; XNU's bsd/net/pktap.h, version 1): little-endian.
//
//     0  length of the header  4
//     4  what follows          4    1: a packet
//     8  link type of it       4
//    12  interface, process and flags

import Bytes

extension LayerDecoder {
  /// The length of version 1's header.
  private static let shortestPKTAP: UInt32 = 108
  private static let packetFollows: UInt32 = 1

  mutating func readPKTAP(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 12) else { return shortage(12) }
    let length = head.u32le(0)
    guard length >= 12, length <= Self.longest else { return .malformed }
    guard head.u32le(4) == Self.packetFollows else { return .notIP }
    return enterLink(head.u32le(8), after: Int(length))
  }

  /// DLT_USER2 is anybody's: PKTAP only where the header looks like it.
  mutating func readUser2(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 12) else { return .unreadLinkType }
    let length = head.u32le(0)
    guard length >= Self.shortestPKTAP, length <= capturedEnd, head.u32le(4) == Self.packetFollows else {
      return .unreadLinkType
    }
    return readPKTAP(bytes)
  }
}
