// Whether an IP header found where no field promises one is one: under MPLS, and in tunnels known by their port.

import Bytes

extension LayerDecoder {
  /// Whether the IPv4 or IPv6 header at the offset agrees with itself and with the layer around it.
  func networkHeaderHolds(_ bytes: RawSpan) -> Bool {
    header == .ipv4 ? ipv4Holds(bytes) : header == .ipv6 && ipv6Holds(bytes)
  }

  private func ipv4Holds(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, Self.ipv4Length) else { return false }
    let headerLength = Int(head.u8(0) & 0x0f) &* 4
    let totalLength = Int(head.u16(2))
    guard head.u8(0) >> 4 == 4, headerLength >= Self.ipv4Length else { return false }
    return totalLength == 0 || (totalLength >= headerLength && totalLength <= min(limit, wireEnd) &- offset)
  }

  private func ipv6Holds(_ bytes: RawSpan) -> Bool {
    guard let head = head(bytes, Self.ipv6Length), head.u8(0) >> 4 == 6 else { return false }
    return Int(head.u16(4)) <= min(limit, wireEnd) &- offset &- Self.ipv6Length
  }
}
