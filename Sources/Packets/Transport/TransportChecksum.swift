// The checksums of TCP (RFC 9293 section 3.1), UDP (RFC 768), ICMP (RFC 792) and ICMPv6 (RFC 4443 section 2.3).
//
// Over the header and all that follows; but for ICMP, a pseudo header goes before:
//
//   IPv4 (RFC 9293 section 3.1): source 4 · destination 4 · 0 · protocol 1 · length 2
//   IPv6 (RFC 8200 section 8.1): source 16 · destination 16 · length 4 · 0 · next header 1

import Bytes
import Terms

/// Where the checksum stands in each header.
private enum ChecksumOffset {
  static let tcp = 16
  static let udp = 6
  static let icmp = 2
}

extension Packet {
  /// Whether the transport's checksum was filled in and does not hold. Never a condition for anything: a capture on the
  /// host that sends shows what its network card was still to correct.
  ///
  /// False too where it cannot be told: a fragment; a packet that the capture holds in part; one with IP options or
  /// extension headers, which may put another address into the pseudo header (RFC 8200 section 8.1); a length that was
  /// left to the network card. Of checksums that were left to it, zero and the pseudo header's sum alone (as Linux and
  /// Windows hand it down) are known for what they are, and do not count. UDP's zero says that there is none (RFC 768;
  /// over IPv6 tunnels may send it, RFC 6935).
  ///
  /// - Parameter bytes: what the packet was decoded from.
  public func hasBadTransportChecksum(_ bytes: RawSpan) -> Bool {
    let isV4 = source.family == .v4
    guard ipPayloadCaptured == ipPayloadLength, !isFragment, hasTransportHeader,
      ipPayloadOffset &- networkOffset == (isV4 ? 20 : 40)
    else { return false }
    let start = Int(ipPayloadOffset)
    var length = Int(ipPayloadLength)
    let place: Int
    switch transport {
    case .tcp: place = ChecksumOffset.tcp
    case .udp:
      place = ChecksumOffset.udp
      // What UDP's own length leaves out belongs to nothing (RFC 9868).
      length = Int(payloadLength) &+ 8
      if bytes.u16IfPresent(start &+ place) == 0 { return false }
    case .icmp, .icmpv6: place = ChecksumOffset.icmp
    case .sctp, .other: return false
    }
    guard let sum = bytes.onesComplementSum(start, length) else { return false }
    let pseudo = transport == .icmp ? 0 : pseudoHeaderSum(length)
    if fold(pseudo &+ UInt64(sum)) == 0xffff { return false }
    return !isLeftToTheCard(bytes, start &+ place, pseudo, length) && isLengthStated(bytes, start, isV4, length)
  }

  private func pseudoHeaderSum(_ length: Int) -> UInt64 {
    var sum = (source.upper >> 32) &+ (source.upper & 0xffff_ffff) &+ (source.lower >> 32)
    sum &+= (source.lower & 0xffff_ffff) &+ (destination.upper >> 32) &+ (destination.upper & 0xffff_ffff)
    sum &+= (destination.lower >> 32) &+ (destination.lower & 0xffff_ffff)
    return sum &+ UInt64(protocolNumber) &+ UInt64(truncatingIfNeeded: length)
  }

  /// Whether the checksum at `place` is what a host leaves there for its network card: nothing, or the pseudo header's
  /// sum, with the length or (where the card is to cut the segment up) without.
  @inline(never)
  private func isLeftToTheCard(_ bytes: RawSpan, _ place: Int, _ pseudo: UInt64, _ length: Int) -> Bool {
    guard let field = bytes.u16IfPresent(place) else { return true }
    if field == 0 { return true }
    guard transport != .icmp else { return false }
    return UInt64(field) == fold(pseudo) || UInt64(field) == fold(pseudo &- UInt64(truncatingIfNeeded: length))
  }

  /// Whether the lengths at hand are those that the headers state, none of which was cut or filled in.
  private func isLengthStated(_ bytes: RawSpan, _ start: Int, _ isV4: Bool, _ length: Int) -> Bool {
    let network = Int(networkOffset)
    let stated = isV4 ? bytes.u16IfPresent(network &+ 2) : bytes.u16IfPresent(network &+ 4)
    guard let stated, Int(stated) == Int(isV4 ? ipLength : ipPayloadLength) else { return false }
    return transport != .udp || bytes.u16IfPresent(start &+ 4).map { Int($0) == length } ?? false
  }
}

/// A ones' complement sum in 16 bits.
@inline(__always)
private func fold(_ sum: UInt64) -> UInt64 {
  var sum = (sum & 0xffff_ffff) &+ (sum >> 32)
  sum = (sum & 0xffff) &+ (sum >> 16)
  sum = (sum & 0xffff) &+ (sum >> 16)
  return (sum & 0xffff) &+ (sum >> 16)
}
