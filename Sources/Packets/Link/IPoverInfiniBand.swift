// IP over InfiniBand: LINKTYPE_IPOIB (https://www.tcpdump.org/linktypes.html; RFC 4391).
//
//     0  receiver's link-layer address  20    RFC 4391 section 9.1.1: flags 1, queue pair 3, GID 16
//    20  sender's link-layer address    20
//    40  EtherType  2 · 42 reserved  2        the encapsulation header, RFC 4391 section 6
//    44  payload
//
// The addresses are no Ethernet addresses, so the packet has none.

import Bytes

extension LayerDecoder {
  mutating func readIPoverInfiniBand(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 44) else { return shortage(44) }
    return enter(head.u16(40), after: 44, bytes, &packet)
  }
}
