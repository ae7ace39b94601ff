// Builds pcap and pcapng bytes field by field, in either byte order, right or wrong.

import Bytes
import Platform
import Terms

@testable import CaptureFiles

/// Bytes in a byte order.
struct Fields {
  var bytes: [UInt8] = []
  var bigEndian = false

  mutating func u16(_ value: UInt16) { append(value) }
  mutating func u32(_ value: UInt32) { append(value) }
  mutating func u64(_ value: UInt64) { append(value) }
  mutating func raw(_ value: [UInt8]) { bytes += value }

  private mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
    let little = (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    bytes += bigEndian ? little.reversed() : little
  }

  /// Zero bytes up to a multiple of four.
  mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }
}

/// A pcap file.
struct PcapFile {
  var fields: Fields
  /// Bytes between the 16 of the record header of today and the packet.
  var extra: [UInt8] = []

  init(
    magic: UInt32 = 0xa1b2_c3d4, version: (UInt16, UInt16) = (2, 4), snapLength: UInt32 = 65_535, link: UInt32 = 1,
    bigEndian: Bool = false
  ) {
    fields = Fields(bigEndian: bigEndian)
    fields.u32(magic)
    fields.u16(version.0)
    fields.u16(version.1)
    fields.u64(0)
    fields.u32(snapLength)
    fields.u32(link)
  }

  mutating func record(
    _ packet: [UInt8], seconds: UInt32 = 1_600_000_000, fraction: UInt32 = 5, captured: UInt32? = nil,
    original: UInt32? = nil
  ) {
    fields.u32(seconds)
    fields.u32(fraction)
    fields.u32(captured ?? UInt32(packet.count))
    fields.u32(original ?? UInt32(packet.count))
    fields.raw(extra)
    fields.raw(packet)
  }

  var bytes: [UInt8] { fields.bytes }
}

/// A pcapng file, section by section.
struct PcapngFile {
  var fields: Fields

  init(bigEndian: Bool = false) { fields = Fields(bigEndian: bigEndian) }

  var bytes: [UInt8] { fields.bytes }
  var count: Int { fields.bytes.count }

  /// A block of any type; `second` is the length at its end.
  mutating func block(_ type: UInt32, second: UInt32? = nil, _ body: (inout Fields) -> Void) {
    var inner = Fields(bigEndian: fields.bigEndian)
    body(&inner)
    inner.pad()
    let length = UInt32(inner.bytes.count + 12)
    fields.u32(type)
    fields.u32(length)
    fields.raw(inner.bytes)
    fields.u32(second ?? length)
  }

  mutating func section(bigEndian: Bool? = nil, version: (UInt16, UInt16) = (1, 0), length: UInt64 = .max) {
    if let bigEndian { fields.bigEndian = bigEndian }
    block(0x0a0d_0d0a) {
      $0.u32(0x1a2b_3c4d)
      $0.u16(version.0)
      $0.u16(version.1)
      $0.u64(length)
    }
  }

  mutating func interface(link: UInt16 = 1, snapLength: UInt32 = 0, options: (inout Fields) -> Void = { _ in }) {
    block(1) {
      $0.u16(link)
      $0.u16(0)
      $0.u32(snapLength)
      options(&$0)
    }
  }

  mutating func enhanced(
    _ packet: [UInt8], interface: UInt32 = 0, ticks: UInt64 = 1_600_000_000_000_005, captured: UInt32? = nil,
    original: UInt32? = nil, options: (inout Fields) -> Void = { _ in }
  ) {
    block(6) {
      $0.u32(interface)
      $0.u32(UInt32(ticks >> 32))
      $0.u32(UInt32(truncatingIfNeeded: ticks))
      $0.u32(captured ?? UInt32(packet.count))
      $0.u32(original ?? UInt32(packet.count))
      $0.raw(packet)
      $0.pad()
      options(&$0)
    }
  }

  mutating func simple(_ packet: [UInt8], original: UInt32? = nil) {
    block(3) {
      $0.u32(original ?? UInt32(packet.count))
      $0.raw(packet)
    }
  }

  mutating func obsolete(_ packet: [UInt8], interface: UInt16 = 0, drops: UInt16 = 0, ticks: UInt64 = 7) {
    block(2) {
      $0.u16(interface)
      $0.u16(drops)
      $0.u32(UInt32(ticks >> 32))
      $0.u32(UInt32(truncatingIfNeeded: ticks))
      $0.u32(UInt32(packet.count))
      $0.u32(UInt32(packet.count))
      $0.raw(packet)
    }
  }

  /// A section with one Ethernet interface.
  static func begun(bigEndian: Bool = false) -> PcapngFile {
    var file = PcapngFile(bigEndian: bigEndian)
    file.section()
    file.interface()
    return file
  }
}

extension Fields {
  mutating func option(_ code: UInt16, _ value: [UInt8]) {
    u16(code)
    u16(UInt16(value.count))
    raw(value)
    pad()
  }

  mutating func option(_ code: UInt16, _ value: UInt64) {
    u16(code)
    u16(8)
    u64(value)
  }

  mutating func option(_ code: UInt16, _ value: UInt32) {
    u16(code)
    u16(4)
    u32(value)
  }
}

/// A packet of `count` bytes that differs from those of other seeds.
func packet(_ count: Int, seed: Int = 1) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) } }

/// A frame as it was given out.
struct GivenFrame: Equatable {
  var number: UInt64
  var offset: Int64
  var nanoseconds: Int64?
  var captured: UInt32
  var original: UInt32
  var link: UInt16
  var interface: UInt32
  var bytes: [UInt8]
}

/// Everything a reader gave.
struct Reading {
  var frames: [GivenFrame] = []
  var facts: CaptureFacts

  var codes: [String] { facts.notices.map(\.code) }
  var damage: [Notice] { facts.notices.filter { $0.kind == .damage } }
}

func readAll(_ reader: inout CaptureReader) -> Reading {
  var frames: [GivenFrame] = []
  while reader.advance() {
    let header = reader.header
    frames.append(
      GivenFrame(
        number: header.reference.number, offset: header.reference.offset,
        nanoseconds: header.hasTime ? header.time.nanoseconds : nil, captured: header.capturedLength,
        original: header.originalLength, link: header.linkType.number, interface: header.interface,
        bytes: reader.bytes.array))
  }
  return Reading(frames: frames, facts: reader.facts)
}

/// Reads a capture in memory, `portion` bytes at a time.
func read(
  _ bytes: [UInt8], portion: Int = .max, limits: CaptureLimits = CaptureLimits()
) throws(CaptureError) -> Reading {
  var reader = try CaptureReader(MemorySource(bytes, portion: portion), limits: limits)
  return readAll(&reader)
}

/// The error of a source that is no capture; nil where it is one.
func error(_ bytes: [UInt8]) -> CaptureError? {
  do throws(CaptureError) {
    _ = try read(bytes)
    return nil
  } catch {
    return error
  }
}
