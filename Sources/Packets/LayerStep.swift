// What the layer decoder answers, and the kinds of header it may stand before.

/// The outcome of asking for a frame's next addressed layer.
public enum LayerStep: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
  /// A packet was read.
  case packet
  /// Nothing more in this frame.
  case end
  /// What follows is no IP: ARP, LLDP, 802.11 management, an encrypted PPP frame and the like.
  case notIP
  /// The link type is not among those read.
  case unreadLinkType
  /// A header contradicts its format, or does not fit the length that the layer around it declares.
  case malformed
  /// An IEEE 802.11 frame whose body is encrypted: what it carries cannot be assessed.
  case protected
  /// More layers inside one another than are read.
  case tooDeep
  /// The capture's snap length cut a header.
  case truncated
}

/// The header that stands at the decoder's offset.
@usableFromInline enum Header: UInt8, Sendable, BitwiseCopyable {
  case none
  // Links, by the capture's link type or by what stood before.
  case ethernet, llc, linuxCooked, linuxCooked2, rawIP, null, loop, ppp, pppoe, ciscoHDLC, frameRelay, nflog, ppi
  case pktap, pktapUser2, ieee80211, ieee80211Padded, ieee80211Swapped, subframe, radiotap, prism, avs
  case ipOverInfiniBand, unreadLink
  case mpls
  // Addressed layers.
  case ipv4, ipv6, reassembled
  // Tunnels.
  case gre, erspan1, erspan2, erspan3, enhancedGRE
  case teredo, vxlan, geneve, gtpu, capwap, tzsp, ayiya
}
