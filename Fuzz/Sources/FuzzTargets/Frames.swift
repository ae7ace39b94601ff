// Link layers and tunnels: the input is a frame, or what a tunnel's outer headers carry.

import Bytes
import Packets
import Terms

extension FuzzTarget {
  /// Each link type that is read: asked of the decoder, number by number.
  static var links: [FuzzTarget] {
    (0...UInt16.max).filter { Frames.isRead($0) }.map { number in
      FuzzTarget("link-\(number)") { Frames.layers(of: $0, linkType: LinkType(number)) }
    }
  }

  /// Each tunnel. The switch has no default: a new carrier does not compile without a target.
  static var tunnels: [FuzzTarget] {
    Carrier.allCases.compactMap { carrier in
      let outer: [UInt8]
      switch carrier {
      case .none: return nil
      case .gre, .erspan: outer = Frames.ipv4(protocol: 47)
      case .ipInIP: outer = Frames.ipv4(protocol: 4)
      case .sixInFour: outer = Frames.ipv4(protocol: 41)
      case .teredo: outer = Frames.udp(port: 3544)
      case .vxlan: outer = Frames.udp(port: 4789)
      case .geneve: outer = Frames.udp(port: 6081)
      case .gtpu: outer = Frames.udp(port: 2152)
      case .capwap: outer = Frames.udp(port: 5247)
      case .tzsp: outer = Frames.udp(port: 37_008)
      case .ayiya: outer = Frames.udp(port: 5072)
      }
      return FuzzTarget("tunnel-\(carrier.name)") { input in
        var frame = outer
        frame.append(input)
        return frame.withRawSpan { Frames.layers(of: $0, linkType: .rawIP) }
      }
    }
  }
}

extension LinkType {
  /// Raw IP (https://www.tcpdump.org/linktypes.html).
  static let rawIP = LinkType(101)
}

enum Frames {
  /// Whether frames of a link type are read at all.
  static func isRead(_ number: UInt16) -> Bool {
    let frame = [UInt8](repeating: 0, count: 64)
    return frame.withRawSpan { bytes in
      var decoder = LayerDecoder()
      var packet = Packet(source: Address(v4: 0), destination: Address(v4: 0))
      decoder.begin(linkType: LinkType(number), fcsLength: 0, originalLength: bytes.byteCount, bytes: bytes)
      return decoder.next(bytes, into: &packet) != .unreadLinkType
    }
  }

  /// Reads all layers, and of each packet what is asked of it later.
  static func layers(of bytes: RawSpan, linkType: LinkType) -> UInt64 {
    var decoder = LayerDecoder()
    var packet = Packet(source: Address(v4: 0), destination: Address(v4: 0))
    var sum: UInt64 = 0
    decoder.begin(linkType: linkType, fcsLength: 0, originalLength: bytes.byteCount, bytes: bytes)
    while true {
      let step = decoder.next(bytes, into: &packet)
      sum &+= UInt64(step.rawValue)
      if step == .packet {
        sum &+= UInt64(decoder.pendingCarrier(bytes).rawValue)
        sum &+= packet.hasBadTransportChecksum(bytes) ? 1 : 0
        let payload = bytes.slice(Int(packet.payloadOffset), Int(packet.payloadCaptured))
        sum &+= payload.fingerprint(seed: sum)
      }
      if decoder.isAtEnd { return sum }
    }
  }

  /// An IPv4 header (RFC 791) before a payload of any length: its own length is left to the network card.
  static func ipv4(protocol number: UInt8) -> [UInt8] {
    [0x45, 0, 0, 0, 0, 1, 0, 0, 64, number, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
  }

  /// IPv4 and UDP (RFC 768) to a port, the longest length stated.
  static func udp(port: UInt16) -> [UInt8] {
    let high = UInt8(truncatingIfNeeded: port >> 8)
    let low = UInt8(truncatingIfNeeded: port)
    return ipv4(protocol: 17) + [high, low, high, low, 0xff, 0xff, 0, 0]
  }
}
