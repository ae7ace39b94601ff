// ESP and AH: security parameters indexes and sequence numbers. RFC 4303 section 2, RFC 4302 section 2, RFC 3948
// section 2.

import Bytes
import PluginKit
import Terms

// Layout of ESP: SPI (4), sequence number (4), ciphertext and integrity check. Of AH: next header (1), length in words
// less two (1), reserved (2), SPI (4), sequence number (4), integrity check.
struct ProtectedPacket: Equatable, Sendable {
  let spi: UInt32
  let sequence: UInt32

  /// 1 to 255 are reserved (RFC 4303 section 2.1), though some use them by hand; 0 never leaves a host.
  static let firstUsual: UInt32 = 256
  /// In UDP and TCP: header, and the shortest ciphertext with its check. In IP the protocol's number says what it is.
  static let shortest = 16

  init(esp reader: inout ByteReader, length: Int, shortest: Int = 0) throws(ReadError) {
    guard length >= shortest else { throw reader.invalid() }
    spi = try reader.u32()
    sequence = try reader.u32()
    guard spi != 0 else { throw reader.invalid() }
  }

  /// Gives the next header too, and leaves the reader behind the integrity check.
  init(ah reader: inout ByteReader, nextHeader: inout UInt8) throws(ReadError) {
    nextHeader = try reader.u8()
    let length = (Int(try reader.u8()) &+ 2) &* 4
    guard length >= 12, try reader.u16() == 0 else { throw reader.invalid() }
    spi = try reader.u32()
    sequence = try reader.u32()
    guard spi != 0 else { throw reader.invalid() }
    if reader.remaining >= length &- 12 { try reader.skip(length &- 12) } else { _ = reader.rest() }
  }
}

/// How one direction's packets are numbered.
struct ProtectedDirection: Sendable {
  private(set) var packets = 0
  /// Packets whose number was greater than the one before under the same SPI, by no more than loss explains.
  private(set) var rises = 0
  /// SPIs in the order of their first packets, with the last number of each.
  private var counters: [(spi: UInt32, last: UInt32)] = []
  private(set) var first: FrameReference?
  private(set) var latest: FrameReference?

  private static let longestStep: UInt32 = 1_024
  /// SPIs that are told of one direction: some gateways have several associations at a time.
  private static let mostSPIs = 8

  mutating func take(_ packet: ProtectedPacket, _ frame: FrameReference) {
    packets += 1
    if first == nil { first = frame }
    latest = frame
    if let index = counters.firstIndex(where: { $0.spi == packet.spi }) {
      let last = counters[index].last
      if packet.sequence > last, packet.sequence &- last <= Self.longestStep { rises += 1 }
      counters[index].last = packet.sequence
    } else if counters.count < Self.mostSPIs {
      counters.append((packet.spi, packet.sequence))
    }
  }

  var all: [UInt32] { counters.map(\.spi) }
  /// The latest one.
  var spi: UInt32 { counters.last?.spi ?? 0 }

  var frames: [FrameReference] {
    guard let first, let latest else { return [] }
    return first == latest ? [first] : [first, latest]
  }

  /// Several packets that count up under few SPIs.
  var counts: Bool { rises >= 2 && rises * 2 >= packets - all.count && all.count * 2 <= packets }
}

/// Both directions.
struct ProtectedFlow: Sendable {
  var client = ProtectedDirection()
  var server = ProtectedDirection()

  subscript(side: Side) -> ProtectedDirection {
    _read { if side == .client { yield client } else { yield server } }
    _modify { if side == .client { yield &client } else { yield &server } }
  }

  var packets: Int { client.packets + server.packets }
  /// Both directions count under SPIs of their own.
  var agrees: Bool { client.counts && server.counts && client.spi != server.spi }
}
