// Cisco HDLC (LINKTYPE_C_HDLC; RFC 1547 section 4.3.1).
//
//     0  address  1    0f unicast, 8f broadcast
//     1  control  1
//     2  EtherType  2

import Bytes

extension LayerDecoder {
  mutating func readCiscoHDLC(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let head = head(bytes, 4) else { return shortage(4) }
    let type = head.u16(2)
    // Below the EtherTypes nothing is defined here: no length stands in this field.
    return type < EtherType.smallest ? .notIP : enter(type, after: 4, bytes, &packet)
  }
}
