// Virtual eXtensible LAN: Ethernet in UDP (RFC 7348 section 5).
//
//     0  flags 1    08: the network identifier is valid; the others are ignored, as are the reserved fields
//     1  reserved  3
//     4  network identifier  3
//     7  reserved  1
//     8  Ethernet frame

import Bytes

extension LayerDecoder {
  mutating func readVXLAN(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, 8), head.u8(0) & 0x08 != 0 else { return false }
    return enter(.vxlan, after: 8, .ethernet, id: UInt64(head.u32(4) >> 8))
  }
}
