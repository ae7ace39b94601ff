// Linux netfilter log (LINKTYPE_NFLOG, https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html).
//
//     0  address family  1
//     1  version, 0      1
//     2  resource        2
//     4  values: length 2 (itself included), type 2, content, padded to 4; both in the capturing machine's byte order
//
// The value of type 9 (NFULA_PAYLOAD) is the IP packet.

import Bytes

extension LayerDecoder {
  private static let payloadValue: UInt16 = 9

  mutating func readNFLOG(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 4) else { return shortage(4) }
    guard head.u8(1) == 0 else { return .malformed }
    let family = head.u8(0)
    guard family == 2 || family == 10 else { return .notIP }
    offset &+= 4
    // A value a step, each at least four bytes long; netfilter writes some twenty.
    while let value = self.head(bytes, 4) {
      var length = Int(value.u16le(0))
      var type = value.u16le(2)
      if length > wireEnd &- offset || type > 0xff {
        length = Int(value.u16(0))
        type = value.u16(2)
      }
      guard length >= 4 else { return .malformed }
      if type == Self.payloadValue {
        bound(length)
        offset &+= 4
        return enterIP(bytes)
      }
      offset &+= (length &+ 3) & ~3
    }
    return offset < wireEnd ? shortage(4) : .notIP
  }
}
