// Captures in memory: of packets that a script made, or a file's.

import Bytes
import Platform
import PluginKit
import Terms

/// A capture to be played: the bytes of a file that Veilscope reads.
public struct Capture: Sendable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// The file at `path`.
  public init(path: String) throws(SystemError) {
    let file = try InputFile(path: path)
    var bytes = [UInt8](repeating: 0, count: Int(clamping: file.identity.size))
    let count = try file.read(at: 0, into: &bytes)
    self.bytes = Array(bytes.prefix(count))
  }
}

/// The packets of one play, as records of a pcap file: with the address and the times still to be set.
struct PacketRecords {
  private struct Frame {
    /// Where the record's header begins.
    let start: Int
    let time: Int64
    /// Where the last three bytes of the client's address stand.
    let address: Int
    /// Where the IPv4 header's checksum stands, and the sum of the header without it and those three bytes.
    let checksum: (place: Int, sum: UInt32)?
  }

  private(set) var bytes: [UInt8] = []
  private var frames: [Frame] = []
  /// Where each stretch of a message stands in `bytes`.
  private var payloads: [(message: Int, offset: Int, place: Int, count: Int)] = []
  /// Nanoseconds from the first packet to the last.
  private(set) var duration: Int64 = 0

  private let exchange: Exchange

  init(_ exchange: Exchange, _ segments: [Segment]) {
    self.exchange = exchange
    for segment in segments where exchange.seen == nil || exchange.seen == segment.side { append(segment) }
    duration = segments.last?.time ?? 0
  }

  /// Where a byte of a message stands in `bytes`; nil where the capture does not hold it.
  func place(ofByte byte: Int, message: Int) -> Int? {
    for payload in payloads where payload.message == message {
      let at = byte - payload.offset
      if at >= 0, at < payload.count { return payload.place + at }
    }
    return nil
  }

  /// Appends the records to a capture, from the client whose address ends in `client`, beginning at `time`.
  func append(to capture: inout [UInt8], client: Int, at time: Int64) {
    let base = capture.count
    capture.append(contentsOf: bytes)
    let high = UInt8(truncatingIfNeeded: client >> 16)
    let middle = UInt8(truncatingIfNeeded: client >> 8)
    let low = UInt8(truncatingIfNeeded: client)
    for frame in frames {
      let stamp = time + frame.time
      capture.set32le(UInt32(truncatingIfNeeded: stamp / 1_000_000_000), at: base + frame.start)
      capture.set32le(UInt32(truncatingIfNeeded: stamp % 1_000_000_000), at: base + frame.start + 4)
      capture[base + frame.address] = high
      capture[base + frame.address + 1] = middle
      capture[base + frame.address + 2] = low
      if let checksum = frame.checksum {
        var sum = checksum.sum + UInt32(high) + UInt32(middle) << 8 + UInt32(low)
        sum = sum & 0xffff + sum >> 16
        sum = sum & 0xffff + sum >> 16
        capture[base + checksum.place] = ~UInt8(truncatingIfNeeded: sum >> 8)
        capture[base + checksum.place + 1] = ~UInt8(truncatingIfNeeded: sum)
      }
    }
  }

  /// A pcap file's header: times in nanoseconds, Ethernet, least significant byte first.
  static let fileHeader: [UInt8] = [
    0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
  ]

  // MARK: - A packet

  private var protocolNumber: UInt8 {
    switch exchange.carriage {
    case .tcp: 6
    case .udp: 17
    case .icmp: isV6 ? 58 : 1
    case .ip(let number): number
    }
  }

  private var isV6: Bool { exchange.clientEnd.address.family == .v6 }

  private mutating func append(_ segment: Segment) {
    let sender = segment.side == .client ? exchange.clientEnd : exchange.serverEnd
    let receiver = segment.side == .client ? exchange.serverEnd : exchange.clientEnd
    let transport = transportHeader(segment, sender.port, receiver.port)
    let payload = transport.count + segment.payload.count
    let start = bytes.count
    let header = 14 + (isV6 ? 40 : 20) + transport.count
    bytes.append(contentsOf: [0, 0, 0, 0, 0, 0, 0, 0])
    bytes.append32le(UInt32(header + segment.captured))
    bytes.append32le(UInt32(header + segment.payload.count))
    // Ethernet: locally administered addresses, the last byte tells the side.
    let sides: [UInt8] = segment.side == .client ? [2, 1] : [1, 2]
    bytes.append(contentsOf: [2, 0, 0, 0, 0, sides[0], 2, 0, 0, 0, 0, sides[1]])
    let network = bytes.count + 2
    var checksum: (place: Int, sum: UInt32)?
    if isV6 {
      bytes.append(contentsOf: [0x86, 0xdd, 0x60, 0, 0, 0])
      bytes.append16(UInt16(truncatingIfNeeded: payload))
      bytes.append(contentsOf: [protocolNumber, 64])
    } else {
      bytes.append(contentsOf: [0x08, 0x00, 0x45, 0])
      bytes.append16(UInt16(truncatingIfNeeded: payload + 20))
      // An identification of its own, so that no two packets pass for one seen twice.
      bytes.append16(UInt16(truncatingIfNeeded: frames.count % 0xffff + 1))
      bytes.append(contentsOf: [0x40, 0, 64, protocolNumber, 0, 0])
    }
    let source = bytes.count
    bytes.append(contentsOf: sender.address.bytes)
    let destination = bytes.count
    bytes.append(contentsOf: receiver.address.bytes)
    let address = (segment.side == .client ? destination : bytes.count) - 3
    if !isV6 {
      bytes[address] = 0
      bytes[address + 1] = 0
      bytes[address + 2] = 0
      var sum: UInt32 = 0
      for word in stride(from: network, to: destination + 4, by: 2) {
        sum += UInt32(bytes[word]) << 8 | UInt32(bytes[word + 1])
      }
      checksum = (source - 2, sum)
    }
    bytes.append(contentsOf: transport)
    if let origin = segment.origin {
      payloads.append((origin.message, origin.offset, bytes.count, segment.captured))
    }
    bytes.append(contentsOf: segment.payload.prefix(segment.captured))
    frames.append(Frame(start: start, time: segment.time, address: address, checksum: checksum))
  }

  private func transportHeader(_ segment: Segment, _ source: UInt16, _ destination: UInt16) -> [UInt8] {
    var header: [UInt8] = []
    switch exchange.carriage {
    case .tcp:
      header.append16(source)
      header.append16(destination)
      header.append32(segment.sequence)
      header.append32(segment.acknowledgment)
      // Five words, flags, a window, no checksum (as when the network card fills it in), no urgent pointer.
      header.append(contentsOf: [0x50, segment.flags, 0xff, 0xff, 0, 0, 0, 0])
    case .udp:
      header.append16(source)
      header.append16(destination)
      header.append16(UInt16(truncatingIfNeeded: segment.payload.count + 8))
      header.append16(0)
    case .icmp, .ip:
      break
    }
    return header
  }
}

extension [UInt8] {
  fileprivate mutating func append16(_ value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }
  fileprivate mutating func append32(_ value: UInt32) {
    append16(UInt16(truncatingIfNeeded: value >> 16))
    append16(UInt16(truncatingIfNeeded: value))
  }
  fileprivate mutating func append32le(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
  fileprivate mutating func set32le(_ value: UInt32, at place: Int) {
    for index in 0..<4 { self[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }
}
