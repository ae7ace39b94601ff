// The Point-to-Point Protocol (RFC 1661 section 2, RFC 1662 section 3.1): LINKTYPE_PPP, LINKTYPE_PPP_HDLC, and inside
// PPPoE and PPTP.
//
//     0  address ff, control 03   2    left out where the two sides agreed on it
//     2  protocol                 2, or 1 where compressed (then its lowest bit is set)
//     .  payload

import Bytes

extension LayerDecoder {
  mutating func readPPP(_ bytes: RawSpan) -> LayerStep? {
    guard let first = peek(bytes) else { return shortage(1) }
    if first == 0xff, peek(bytes, 1) == 0x03 { offset &+= 2 }
    // RFC 1547 section 4.3.1: Cisco's framing, unicast or broadcast, on the same link type.
    if first == 0x0f || first == 0x8f, peek(bytes, 1) == 0x00 { return advance(0, to: .ciscoHDLC) }
    guard let high = peek(bytes) else { return shortage(1) }
    if high & 1 == 1 {
      offset &+= 1
      return enter(pppProtocol: UInt16(high))
    }
    guard let low = peek(bytes, 1) else { return shortage(2) }
    offset &+= 2
    return enter(pppProtocol: UInt16(high) << 8 | UInt16(low))
  }

  /// https://www.iana.org/assignments/ppp-numbers
  private mutating func enter(pppProtocol number: UInt16) -> LayerStep? {
    switch number {
    case 0x0021: header = .ipv4
    case 0x0057: header = .ipv6
    case 0x0281, 0x0283: header = .mpls
    default: return .notIP
    }
    return nil
  }
}
