// Frames put together from headers, and what the decoder makes of them.

import Bytes
import Packets
import Terms
import Testing

/// What `LayerDecoder` gave of one frame.
struct Decoded {
  var packets: [Packet] = []
  /// The carrier that each packet was said to be.
  var pending: [Carrier] = []
  /// Steps other than packets, in order; ends with `.end`.
  var steps: [LayerStep] = []

  /// Why reading ended; `.end` where nothing was left unread.
  var reason: LayerStep { steps.first ?? .end }
}

/// Decodes a whole frame.
func decode(_ frame: [UInt8], link: UInt16 = 1, original: Int? = nil, fcs: UInt8 = 0) -> Decoded {
  frame.withRawSpan { bytes in
    var decoder = LayerDecoder()
    decoder.begin(
      linkType: LinkType(link), fcsLength: fcs, originalLength: original ?? frame.count, bytes: bytes)
    return drain(&decoder, bytes)
  }
}

/// Asks until the end, and checks what holds for every packet.
func drain(_ decoder: inout LayerDecoder, _ bytes: RawSpan) -> Decoded {
  var decoded = Decoded()
  var packet = Packet(source: Address(v4: 0), destination: Address(v4: 0))
  // More answers than a frame of this size could give are a loop.
  for _ in 0...(bytes.byteCount + 10) {
    let step = decoder.next(bytes, into: &packet)
    if step == .packet {
      decoded.packets.append(packet)
      decoded.pending.append(decoder.pendingCarrier(bytes))
      #expect(holds(packet, bytes.byteCount))
    } else {
      decoded.steps.append(step)
      if step == .end { return decoded }
    }
  }
  Issue.record("the decoder does not end")
  return decoded
}

/// Whether a packet's lengths lie inside one another and inside the bytes.
private func holds(_ packet: Packet, _ count: Int) -> Bool {
  packet.ipPayloadCaptured >= 0 && packet.ipPayloadCaptured <= packet.ipPayloadLength
    && packet.payloadCaptured >= 0 && packet.payloadCaptured <= packet.payloadLength
    && packet.payloadLength <= packet.ipPayloadLength
    && (packet.ipPayloadCaptured == 0 || Int(packet.ipPayloadOffset + packet.ipPayloadCaptured) <= count)
    && (packet.payloadCaptured == 0 || Int(packet.payloadOffset + packet.payloadCaptured) <= count)
    && packet.depth < LayerDecoder.maximumDepth
}

let client = Address(v4: 0xc000_0201)  // 192.0.2.1
let server = Address(v4: 0xc633_6407)  // 198.51.100.7
let client6 = Address(v6: 0x2001_0db8_0000_0000, 1)
let server6 = Address(v6: 0x2001_0db8_0000_0000, 2)

func hex(_ text: String) -> [UInt8] { Hex.bytes(text) ?? [] }
func big(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }

/// An Ethernet header before `payload`.
func ethernet(_ type: Int, _ payload: [UInt8]) -> [UInt8] {
  hex("020000000002 020000000001") + big(type) + payload
}

/// An IPv4 packet with a checksum that holds.
func ipv4(
  _ number: UInt8, _ payload: [UInt8], fragment: Int = 0, length: Int? = nil, options: [UInt8] = [],
  from source: Address = client, to destination: Address = server
) -> [UInt8] {
  var header = [0x45 + UInt8(options.count / 4), 0] + big(length ?? 20 + options.count + payload.count)
  header += hex("1234") + big(fragment) + [64, number, 0, 0] + source.bytes + destination.bytes + options
  var sum = 0
  for index in stride(from: 0, to: header.count, by: 2) { sum += Int(header[index]) << 8 | Int(header[index + 1]) }
  while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
  header.replaceSubrange(10..<12, with: big(~sum))
  return header + payload
}

func ipv6(_ next: UInt8, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
  hex("60000000") + big(length ?? payload.count) + [next, 63] + client6.bytes + server6.bytes + payload
}

func tcp(_ payload: [UInt8] = [], from source: Int = 40000, to destination: Int = 443) -> [UInt8] {
  big(source) + big(destination) + hex("01020304 05060708 5018 faf0 0000 0000") + payload
}

func udp(_ payload: [UInt8] = [], from source: Int = 40000, to destination: Int = 53) -> [UInt8] {
  big(source) + big(destination) + big(8 + payload.count) + [0, 0] + payload
}

/// The packet that most tests carry: TCP over IPv4 with three bytes of payload.
let innerIPv4 = ipv4(6, tcp([0x61, 0x62, 0x63]))
let innerIPv6 = ipv6(6, tcp([0x61, 0x62, 0x63]))

/// Expects `packet` to be `innerIPv4` or `innerIPv6`.
func expectInner(_ packet: Packet?, sourceLocation: SourceLocation = #_sourceLocation) {
  let isV4 = packet?.source.family == .v4
  #expect(packet?.source == (isV4 ? client : client6), sourceLocation: sourceLocation)
  #expect(packet?.destination == (isV4 ? server : server6), sourceLocation: sourceLocation)
  #expect(packet?.transport == .tcp, sourceLocation: sourceLocation)
  #expect(packet?.sourcePort == 40000, sourceLocation: sourceLocation)
  #expect(packet?.destinationPort == 443, sourceLocation: sourceLocation)
  #expect(packet?.payloadLength == 3, sourceLocation: sourceLocation)
  #expect(packet?.payloadCaptured == 3, sourceLocation: sourceLocation)
}
