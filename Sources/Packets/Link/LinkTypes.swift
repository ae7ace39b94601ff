// The list of link types that are read: a number, and the header that a frame of it begins with.
// Numbers are the LINKTYPE_ values of https://www.tcpdump.org/linktypes.html.

@usableFromInline enum LinkTypes {
  @usableFromInline static let ethernet: UInt16 = 1

  /// The header that a frame of link type `number` begins with.
  @usableFromInline
  static func header(_ number: UInt16) -> Header {
    switch number {
    case 0: .null
    case ethernet: .ethernet
    case 9, 50: .ppp
    case 12, 14, 101, 228, 229: .rawIP  // 12 and 14 are DLT_RAW of some systems, written by old programs
    case 51: .pppoe
    case 104: .ciscoHDLC
    case 105: .ieee80211
    case 107: .frameRelay
    case 108: .loop
    case 113: .linuxCooked
    case 119: .prism
    case 127: .radiotap
    case 149: .pktapUser2  // DLT_USER2, which Apple's programs used for PKTAP
    case 163: .avs
    case 192: .ppi
    case 239: .nflog
    case 242: .ipOverInfiniBand
    case 258: .pktap
    case 276: .linuxCooked2
    default: .unreadLink
    }
  }
}
