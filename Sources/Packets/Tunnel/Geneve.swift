// Generic Network Virtualization Encapsulation (RFC 8926 section 3.4).
//
//     0  version, 0 2 bits, options' length in 32-bit words 6   1
//     1  control 1 bit, critical 1, reserved 6                  1
//     2  EtherType  2
//     4  network identifier  3 · 7 reserved  1
//     8  options, payload

import Bytes

extension LayerDecoder {
  mutating func readGeneve(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, 8), head.u8(0) >> 6 == 0, head.u8(1) & 0x80 == 0 else { return false }
    let length = 8 &+ Int(head.u8(0) & 0x3f) &* 4
    return enter(.geneve, after: length, type: head.u16(2), id: UInt64(head.u32(4) >> 8))
  }
}
