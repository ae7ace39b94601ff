// BSD loopback: LINKTYPE_NULL and LINKTYPE_LOOP (https://www.tcpdump.org/linktypes.html).
//
//     0  address family  4    in the capturing machine's byte order (NULL) or in network order (LOOP)
//     4  payload

import Bytes

extension LayerDecoder {
  mutating func readNull(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 4) else { return shortage(4) }
    let family = head.u32(0)
    // A family is a small number: the half that is zero tells the byte order.
    return enter(family: family & 0xffff_0000 == 0 ? family : family.byteSwapped)
  }

  mutating func readLoop(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 4) else { return shortage(4) }
    return enter(family: head.u32(0))
  }

  /// AF_INET is 2 everywhere; AF_INET6 differs between systems.
  private mutating func enter(family: UInt32) -> LayerStep? {
    switch family {
    case 2: return advance(4, to: .ipv4)
    case 10, 23, 24, 28, 30: return advance(4, to: .ipv6)  // Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin
    default: return .notIP
    }
  }
}
