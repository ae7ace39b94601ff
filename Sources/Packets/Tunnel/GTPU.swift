// GTP-U: subscribers' IP packets in a mobile operator's core (3GPP TS 29.281 section 5).
//
//     0  version, 1 3 bits, protocol type, 1 1, spare 1, extension 1, sequence 1, N-PDU 1   1
//     1  message type  1    255: a packet
//     2  length of what follows the first eight bytes  2
//     4  tunnel endpoint identifier  4
//     8  sequence number 2, N-PDU number 1, next extension 1    where one of the three flags is set
//     .  extensions: length in 32-bit words 1, content, next extension 1

import Bytes

extension LayerDecoder {
  private static let packetMessage: UInt8 = 255

  mutating func readGTPU(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, 8), head.u8(0) >> 4 == 0x3, head.u8(1) == Self.packetMessage else { return false }
    let flags = head.u8(0)
    let tunnel = UInt64(head.u32(4))
    let length = Int(head.u16(2))
    guard length <= limit &- offset &- 8 else { return false }
    offset &+= 8
    bound(length)
    if flags & 0x07 != 0 {
      guard let optional = self.head(bytes, 4) else { return false }
      // The chain ends with type 0; each extension is at least four bytes long.
      var next = flags & 0x04 != 0 ? optional.u8(3) : 0
      offset &+= 4
      while next != 0 {
        guard let size = peek(bytes), size > 0, let following = peek(bytes, Int(size) &* 4 &- 1) else { return false }
        offset &+= Int(size) &* 4
        next = following
      }
    }
    return enterIP(bytes) == nil && enter(.gtpu, after: 0, header, id: tunnel)
  }
}
