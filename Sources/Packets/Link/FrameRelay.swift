// Frame relay (LINKTYPE_FRELAY): a Q.922 address, then RFC 2427's encapsulation or Cisco's.
//
//     0  address  2, 3 or 4    the lowest bit of its last byte is set (RFC 2427 section 3, Q.922 section 3.2)
//     .  control 03, perhaps a pad 00, network layer protocol identifier;
//        or, in Cisco's encapsulation, an EtherType

import Bytes

extension LayerDecoder {
  mutating func readFrameRelay(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    var length = 0
    while true {
      guard let part = peek(bytes, length) else { return shortage(length &+ 1) }
      length &+= 1
      if part & 1 == 1 { break }
      if length == 4 { return .malformed }
    }
    guard length >= 2 else { return .malformed }
    offset &+= length
    guard let control = peek(bytes) else { return shortage(1) }
    if control == 0x03 {
      offset &+= peek(bytes, 1) == 0x00 ? 2 : 1
      return readNetworkLayerProtocol(bytes, &packet)
    }
    guard let type = head(bytes, 2)?.u16(0) else { return shortage(2) }
    return type < EtherType.smallest ? .notIP : enter(type, after: 2, bytes, &packet)
  }
}
