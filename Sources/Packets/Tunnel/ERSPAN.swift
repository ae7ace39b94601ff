// Mirrored Ethernet frames in GRE: ERSPAN types I, II and III (draft-foschiano-erspan-03 sections 4.1 to 4.3).
//
//   type I:    the frame
//   type II:   0 version 1 4 bits, VLAN 12 · 2 class 3 bits, encapsulation 2, truncated 1, session 10 · 4 index 4
//              8 frame
//   type III:  0 version 2 4 bits, VLAN 12 · 2 class 3, size 2, truncated 1, session 10 · 4 timestamp 4 · 8 group 2
//             10 integrity 1 bit, frame type 5, hardware 6, direction 1, granularity 2, optional subheader 1
//             12 subheader 8, if there is one; frame

import Bytes

extension LayerDecoder {
  mutating func readERSPAN(_ bytes: RawSpan) -> LayerStep? {
    if header == .erspan1 { return advance(0, to: .ethernet) }
    let least = header == .erspan2 ? 8 : 12
    guard let head = head(bytes, least) else { return shortage(least) }
    tunnelID = UInt64(head.u16(2) & 0x03ff)
    hasTunnelID = true
    if header == .erspan2 { return advance(8, to: .ethernet) }
    let kind = head.u16(10)
    let length = kind & 1 == 0 ? 12 : 20
    switch kind >> 10 & 0x1f {
    case 0: return advance(length, to: .ethernet)
    case 2: return advance(length, to: .rawIP)
    default: return .notIP
    }
  }
}
