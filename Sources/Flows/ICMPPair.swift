// ICMP's stand-in for ports: the type and its counterpart, or its code (Community ID specification, after Zeek).
// Types: RFC 792, RFC 950, RFC 1256 for IPv4; RFC 4443, RFC 2710, RFC 4861, RFC 4620, RFC 6275 for IPv6.

import Packets

/// A message type as source and destination "port": a request and its answer mirror each other; what has no answer is
/// one-way, with its code, and keeps its direction.
struct ICMPPair: Equatable {
  let source: UInt16
  let destination: UInt16
  let isOneWay: Bool

  init(_ transport: Transport, type: UInt8, code: UInt8) {
    let counterpart = transport == .icmpv6 ? Self.counterpart6(type) : Self.counterpart4(type)
    source = UInt16(type)
    destination = UInt16(counterpart ?? code)
    isOneWay = counterpart == nil
  }

  private static func counterpart4(_ type: UInt8) -> UInt8? {
    switch type {
    case 0: 8  // echo reply, echo
    case 8: 0
    case 9: 10  // router advertisement, solicitation
    case 10: 9
    case 13: 14  // timestamp, its reply
    case 14: 13
    case 15: 16  // information request, its reply
    case 16: 15
    case 17: 18  // address mask request, its reply
    case 18: 17
    default: nil
    }
  }

  private static func counterpart6(_ type: UInt8) -> UInt8? {
    switch type {
    case 128: 129  // echo request, reply
    case 129: 128
    case 130: 131  // multicast listener query, report
    case 131: 130
    case 133: 134  // router solicitation, advertisement
    case 134: 133
    case 135: 136  // neighbour solicitation, advertisement
    case 136: 135
    case 139: 140  // node information query, response
    case 140: 139
    case 144: 145  // home agent address discovery request, reply
    case 145: 144
    default: nil
    }
  }
}
