// Finds out by its first bytes what a source holds: gzip, zstd or neither, then pcap, pcapng or no capture.
//
//     gzip    1f 8b                                       RFC 1952 section 2.3.1
//     zstd    28 b5 2f fd, or a skippable frame 5x 2a 4d 18   RFC 8878 sections 3.1.1 and 3.1.2
//     pcap    a1b2c3d4, a1b23c4d, a1b2cd34 in either byte order
//     pcapng  0a 0d 0d 0a, at 8 the byte-order magic 1a2b3c4d in either byte order

import Bytes
import Platform

/// A source of which the format is known; nothing of the capture is consumed yet.
struct Opening: ~Copyable {
  var buffer: BlockBuffer
  let compression: Compression
  let isPcapng: Bool

  init(_ source: any ByteSource, limits: CaptureLimits) throws(CaptureError) {
    var buffer = BlockBuffer(source, limits: limits)
    try Opening.readStart(of: &buffer, compression: .none, packed: [])
    let compression = Opening.compression(buffer.ahead)
    if compression != .none {
      let packed = buffer.ahead.array
      let unpacked: any ByteSource =
        switch compression {
        case .gzip: GzipSource(source, begun: packed)
        default: ZstdSource(source, begun: packed, windowLog: limits.zstdWindowLog)
        }
      buffer = BlockBuffer(unpacked, limits: limits)
      try Opening.readStart(of: &buffer, compression: compression, packed: packed)
    }
    let isPcap = PcapLayout.isMagic(buffer.ahead)
    let isPcapng = isPcap ? false : Opening.isPcapng(&buffer)
    guard isPcap || isPcapng else {
      throw .notACapture(firstBytes: buffer.ahead.slice(0, 8).array, compression: compression)
    }
    self.compression = compression
    self.isPcapng = isPcapng
    self.buffer = buffer
  }

  /// Reads at least four bytes, or as many as there are.
  private static func readStart(
    of buffer: inout BlockBuffer, compression: Compression, packed: [UInt8]
  ) throws(CaptureError) {
    if buffer.require(4) { return }
    switch buffer.failure {
    case .system(let error): throw .unreadable(error)
    case .some(let failure):
      throw .cannotUnpack(firstBytes: Array(packed.prefix(8)), compression: compression, reason: failure.reason)
    case nil: if buffer.available == 0 { throw .empty(compression) }
    }
  }

  private static func compression(_ start: RawSpan) -> Compression {
    guard let word = start.u32IfPresent(0) else { return .none }
    if word >> 16 == 0x1f8b { return .gzip }
    if word == 0x28b5_2ffd || word & 0xf0ff_ffff == 0x502a_4d18 { return .zstd }
    return .none
  }

  /// Whether a section header begins here. One that is cut before its byte-order magic counts: it is a damaged capture.
  private static func isPcapng(_ buffer: inout BlockBuffer) -> Bool {
    guard buffer.ahead.u32IfPresent(0) == PcapngBlock.sectionHeader else { return false }
    guard buffer.require(12) else { return true }
    return PcapngState.isBigEndian(magic: buffer.ahead.u32(8)) != nil
  }
}
