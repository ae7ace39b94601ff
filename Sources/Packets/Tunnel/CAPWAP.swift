// CAPWAP's data channel: wireless frames between access point and controller (RFC 5415 section 4.3, RFC 5416).
//
//     0  version, 0 4 bits, type 4    0: in clear, 1: DTLS
//     1  header length in 32-bit words 5 bits, radio 5, binding 5, T: the binding's own frames 1, F: fragment 1,
//        last 1, W 1, M 1, K: keep-alive 1, reserved 3       3
//     4  fragment id  2 · 6 fragment offset 13 bits, reserved 3   2
//     8  radio address, wireless information; payload after the header's length

import Bytes

extension LayerDecoder {
  /// IEEE 802.11's binding (RFC 5416 section 2.1).
  private static let wirelessLAN: UInt32 = 1

  mutating func readCAPWAP(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, 8), head.u8(0) == 0 else { return false }
    let word = head.u32(0)
    let length = Int(word >> 19 & 0x1f) &* 4
    let isNative = word & 0x100 != 0
    let isFragment = word & 0x80 != 0
    let isKeepAlive = word & 0x08 != 0
    guard length >= 8, !isFragment, !isKeepAlive else { return false }
    if !isNative { return enter(.capwap, after: length, .ethernet) }
    guard word >> 9 & 0x1f == Self.wirelessLAN else { return false }
    guard let control = self.head(bytes, length &+ 2) else { return false }
    // Data frames have 8 in the low bits of the first byte; some access points write their words in network order.
    let isSwapped = control.u8(length) & 0x0f != 0x08 && control.u8(length &+ 1) & 0x0f == 0x08
    return enter(.capwap, after: length, isSwapped ? .ieee80211Swapped : .ieee80211)
  }
}
