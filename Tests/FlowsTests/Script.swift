// Packets as a test writes them down, and a table that takes them.

import Bytes
import Flows
import Packets
import Terms

/// One end of a conversation.
struct End {
  let address: Address
  let port: UInt16

  /// 10.0.0.`host`.
  static func v4(_ host: UInt32, _ port: UInt16 = 0) -> End {
    End(address: Address(v4: 0x0a00_0000 | host), port: port)
  }
  static func v6(_ host: UInt64, _ port: UInt16 = 0) -> End {
    End(address: Address(v6: 0x2001_0db8_0000_0000, host), port: port)
  }
  var endpoint: Endpoint { Endpoint(address, port: port) }
}

/// A packet and its bytes: transport header and payload, no IP header.
struct Sample {
  var packet: Packet
  var bytes: [UInt8]
  var seconds: Double? = 0
  var interface: UInt32 = 0

  private init(_ from: End, _ to: End, _ transport: Transport, _ number: UInt8, header: [UInt8], payload: [UInt8]) {
    bytes = header + payload
    packet = Packet(source: from.address, destination: to.address)
    packet.sourcePort = from.port
    packet.destinationPort = to.port
    packet.transport = transport
    packet.protocolNumber = number
    packet.timeToLive = 64
    packet.hasTransportHeader = true
    packet.ipPayloadLength = Int32(bytes.count)
    packet.ipPayloadCaptured = Int32(bytes.count)
    packet.payloadOffset = Int32(header.count)
    packet.payloadLength = Int32(payload.count)
    packet.payloadCaptured = Int32(payload.count)
    packet.ipLength = Int32(bytes.count) + (from.address.family == .v4 ? 20 : 40)
  }

  private static func ports(_ from: End, _ to: End) -> [UInt8] {
    [UInt8(from.port >> 8), UInt8(from.port & 255), UInt8(to.port >> 8), UInt8(to.port & 255)]
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
  }

  static func tcp(
    _ from: End, _ to: End, _ flags: TCPFlags, seq: UInt32 = 0, ack: UInt32 = 0, _ payload: [UInt8] = []
  ) -> Sample {
    let header = ports(from, to) + big(seq) + big(ack) + [0x50, flags.rawValue, 0, 0, 0, 0, 0, 0]
    var sample = Sample(from, to, .tcp, 6, header: header, payload: payload)
    sample.packet.tcpFlags = flags
    sample.packet.tcpSequence = seq
    sample.packet.tcpAcknowledgment = ack
    return sample
  }

  static func udp(_ from: End, _ to: End, _ payload: [UInt8] = [1, 2, 3]) -> Sample {
    Sample(from, to, .udp, 17, header: ports(from, to) + [0, UInt8(8 + payload.count), 0, 0], payload: payload)
  }

  static func icmp(_ from: End, _ to: End, type: UInt8, code: UInt8 = 0) -> Sample {
    let isV6 = from.address.family == .v6
    var sample = Sample(
      from, to, isV6 ? .icmpv6 : .icmp, isV6 ? 58 : 1, header: [type, code, 0, 0, 0, 0, 0, 0], payload: [])
    sample.packet.icmpType = type
    sample.packet.icmpCode = code
    return sample
  }

  static func ip(_ from: End, _ to: End, protocolNumber: UInt8) -> Sample {
    Sample(from, to, protocolNumber == 132 ? .sctp : .other, protocolNumber, header: [], payload: [9, 9])
  }

  /// A copy with the change made.
  func with(_ change: (inout Packet) -> Void) -> Sample {
    var copy = self
    change(&copy.packet)
    return copy
  }

  func at(_ seconds: Double?) -> Sample {
    var copy = self
    copy.seconds = seconds
    return copy
  }

  func on(_ interface: UInt32) -> Sample {
    var copy = self
    copy.interface = interface
    return copy
  }

  /// Cut by a snap length that leaves so many payload bytes.
  func cut(to payload: Int) -> Sample {
    var copy = self
    copy.bytes.removeLast(Int(packet.payloadLength) - payload)
    copy.packet.payloadCaptured = Int32(payload)
    copy.packet.ipPayloadCaptured = Int32(copy.bytes.count)
    return copy
  }
}

/// A table that is given samples, one a frame, and notes which flows ended.
struct Script: ~Copyable {
  var table: FlowTable
  var frame: UInt64 = 0
  /// Ordinals and reasons of ended flows, in order.
  var ended: [(ordinal: UInt64, reason: EndReason)] = []
  /// Their entries.
  var entries: [FlowEntry] = []
  var annexes: [FlowAnnex] = []
  var prefixBytes = 0

  init(_ change: (inout FlowLimits) -> Void = { _ in }) {
    var limits = FlowLimits()
    change(&limits)
    table = FlowTable(limits: limits)
  }

  func header(_ sample: Sample) -> FrameHeader {
    FrameHeader(
      reference: FrameReference(number: frame, offset: Int64(frame) * 100),
      time: Timestamp(nanoseconds: Int64(((sample.seconds ?? 0) * 1e9).rounded())), hasTime: sample.seconds != nil,
      linkType: LinkType(1), capturedLength: 0, originalLength: 0, interface: sample.interface)
  }

  @discardableResult
  mutating func play(_ sample: Sample, carrier: FlowIndex? = nil) -> Accounting {
    frame += 1
    let header = header(sample)
    var packet = sample.packet
    let accounting = sample.bytes.withRawSpan {
      table.account(&packet, header: header, bytes: $0, carrier: carrier)
    }
    if prefixBytes > 0 {
      if accounting.isNew { table.wantsPrefix(accounting.flow, bytesPerDirection: prefixBytes) }
      sample.bytes.withRawSpan { _ = table.extendPrefix(accounting, &packet, header: header, bytes: $0) }
    }
    if accounting.hasEnded { drain() }
    return accounting
  }

  mutating func drain() {
    while let flow = table.nextEnded() {
      let entry = table[flow.flow]
      ended.append((entry.ordinal, flow.reason))
      entries.append(entry)
      annexes.append(table.annex(of: flow.flow))
      table.release(flow.flow)
    }
  }

  mutating func end() {
    table.endAll()
    drain()
  }

  /// The reasons of the ended flows, in order.
  var reasons: [EndReason] { ended.map(\.reason) }
}
