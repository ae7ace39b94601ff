// PPP over Ethernet (RFC 2516 section 4): EtherType 0x8864 and LINKTYPE_PPP_ETHER.
//
//     0  version and type, 11   1
//     1  code, 0 in a session   1
//     2  session                2
//     4  length of what follows 2
//     6  PPP protocol, payload

import Bytes

extension LayerDecoder {
  mutating func readPPPoE(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 6) else { return shortage(6) }
    guard head.u8(0) == 0x11 else { return .malformed }
    guard head.u8(1) == 0 else { return .notIP }
    let length = Int(head.u16(4))
    offset &+= 6
    bound(length)
    header = .ppp
    return nil
  }
}
