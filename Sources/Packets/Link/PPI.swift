// Per-Packet Information (LINKTYPE_PPI; CACE Technologies, "PPI header format", 2007): little-endian.
//
//     0  version, 0         1
//     1  flags              1
//     2  length of it all   2
//     4  link type of what follows  4
//     8  fields

import Bytes

extension LayerDecoder {
  mutating func readPPI(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 8) else { return shortage(8) }
    let length = Int(head.u16le(2))
    guard head.u8(0) == 0, length >= 8 else { return .malformed }
    return enterLink(head.u32le(4), after: length)
  }

  /// Moves `count` bytes on to a frame of link type `number`.
  mutating func enterLink(_ number: UInt32, after count: Int) -> LayerStep? {
    guard let number = UInt16(exactly: number) else { return .unreadLinkType }
    return advance(count, to: LinkTypes.header(number))
  }
}
