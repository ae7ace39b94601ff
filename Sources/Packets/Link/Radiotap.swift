// What capturing drivers put before an IEEE 802.11 frame: radiotap (LINKTYPE_IEEE802_11_RADIOTAP,
// https://www.radiotap.org), the Prism header (LINKTYPE_IEEE802_11_PRISM) and AVS (LINKTYPE_IEEE802_11_AVS).
//
//   radiotap:  0 version, 0  1 · 1 pad 1 · 2 length of it all 2 · 4 presence bits 4, more while bit 31 is set · fields;
//              little-endian, each field aligned to its size
//   Prism:     0 message code 4 · 4 length of it all 4, in the capturing machine's byte order
//   AVS:       0 magic 4 · 4 length of it all 4, in network order

import Bytes

extension LayerDecoder {
  private enum Presence {
    static let timer: UInt32 = 1 << 0
    static let flags: UInt32 = 1 << 1
    static let more: UInt32 = 1 << 31
  }

  /// The radiotap flag that says that the 802.11 header was padded to a multiple of four.
  private static let dataPad: UInt8 = 0x20
  private static let longestPrism = 4096
  private static let avsMagic: UInt32 = 0x8021_1000

  mutating func readRadiotap(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 8) else { return shortage(8) }
    let length = Int(head.u16le(2))
    guard head.u8(0) == 0, length >= 8 else { return .malformed }
    let padded = radiotapFlags(bytes, length) & Self.dataPad != 0
    return advance(length, to: padded ? .ieee80211Padded : .ieee80211)
  }

  /// The flags field, 0 where there is none.
  private func radiotapFlags(_ bytes: RawSpan, _ length: Int) -> UInt8 {
    guard let header = head(bytes, length) else { return 0 }
    let present = header.u32le(4)
    guard present & Presence.flags != 0 else { return 0 }
    var at = 8
    var word = present
    while word & Presence.more != 0 {
      guard at <= length &- 4 else { return 0 }
      word = header.u32le(at)
      at &+= 4
    }
    if present & Presence.timer != 0 { at = ((at &+ 7) & ~7) &+ 8 }
    return at < length ? header.u8(at) : 0
  }

  mutating func readPrism(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 8) else { return shortage(8) }
    // Programs wrote AVS headers under this link type too.
    if head.u32(0) & 0xffff_f000 == Self.avsMagic { return readAVS(bytes) }
    let little = Int(head.u32le(4))
    let length = little <= Self.longestPrism ? little : Int(head.u32(4))
    guard (8...Self.longestPrism).contains(length) else { return .malformed }
    return advance(length, to: .ieee80211)
  }

  mutating func readAVS(_ bytes: RawSpan) -> LayerStep? {
    guard let head = head(bytes, 8) else { return shortage(8) }
    let length = Int(head.u32(4))
    guard (8...Self.longestPrism).contains(length) else { return .malformed }
    return advance(length, to: .ieee80211)
  }
}
