// Teredo: IPv6 in UDP (RFC 4380 section 5.1.1).
//
//   authentication, if there:  0 0001 2 · 2 client id length 1 · 3 value length 1 · client id · value
//                              nonce 8 · confirmation 1
//   origin, if there:          0 0000 2 · 2 port 2 · 4 address 4, both inverted
//   then the IPv6 packet; trailers may follow (RFC 6081 section 4)

import Bytes

extension LayerDecoder {
  mutating func readTeredo(_ bytes: RawSpan) -> Bool {
    if let mark = head(bytes, 4), mark.u16(0) == 1 {
      offset &+= 4 &+ Int(mark.u8(2)) &+ Int(mark.u8(3)) &+ 8 &+ 1
    }
    if let mark = head(bytes, 2), mark.u16(0) == 0 { offset &+= 8 }
    guard let first = peek(bytes), first >> 4 == 6 else { return false }
    return enter(.teredo, after: 0, .ipv6)
  }
}
