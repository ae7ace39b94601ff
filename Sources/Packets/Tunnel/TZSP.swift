// TaZmen Sniffer Protocol: frames that a router or access point mirrors (as its programs write it; no standard).
//
//     0  version, 1  1
//     1  type  1    0 received, 1 to be sent
//     2  what is carried  2    1 Ethernet, 18 IEEE 802.11, 119 with Prism, 127 with AVS
//     4  fields: tag 1, length 1, content; 0 is padding and 1 the end, without a length
//     .  frame

import Bytes

extension LayerDecoder {
  mutating func readTZSP(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, 4), head.u8(0) == 1, head.u8(1) <= 1 else { return false }
    let carried: Header
    switch head.u16(2) {
    case 1: carried = .ethernet
    case 18: carried = .ieee80211
    case 119: carried = .prism
    case 127: carried = .avs
    default: return false
    }
    var length = 4
    while true {
      guard let tag = peek(bytes, length) else { return false }
      length &+= 1
      if tag == 1 { break }
      if tag == 0 { continue }
      guard let size = peek(bytes, length) else { return false }
      length &+= 1 &+ Int(size)
    }
    return enter(.tzsp, after: length, carried)
  }
}
