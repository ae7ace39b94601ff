// Anything In Anything (draft-massar-v6ops-ayiya-02 section 3).
//
//     0  identity length, as a power of two 4 bits, identity type 4
//     1  signature length in 32-bit words 4, hash method 4
//     2  authentication method 4, operation 4    1: forward what is carried
//     3  next header: an IP protocol number
//     4  time  4
//     8  identity, signature, payload

import Bytes

extension LayerDecoder {
  private static let forward: UInt8 = 1

  mutating func readAYIYA(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, 8), head.u8(2) & 0x0f == Self.forward else { return false }
    let identity = 1 << Int(head.u8(0) >> 4)
    let length = 8 &+ identity &+ Int(head.u8(1) >> 4) &* 4
    switch head.u8(3) {
    case IPProtocol.ipv4: return enter(.ayiya, after: length, .ipv4)
    case IPProtocol.ipv6: return enter(.ayiya, after: length, .ipv6)
    default: return false
    }
  }
}
