// The packet blocks of pcapng: enhanced, simple and obsolete (draft-ietf-opsawg-pcapng, sections 4.3, 4.4 and A).

import Bytes
import Terms

// Enhanced Packet Block; the obsolete one differs in the first four bytes: interface (2), drops (2)
private let interfaceField = 8  // 4
private let obsoleteDropsField = 10  // 2
private let ticksHighField = 12  // 4
private let ticksLowField = 16  // 4
private let capturedField = 20  // 4
private let originalField = 24  // 4
private let packetData = 28
/// Drops field of an obsolete packet block that does not know.
private let dropsNotKnown: UInt16 = 0xffff

// Simple Packet Block
private let simpleOriginalField = 8  // 4
private let simplePacketData = 12

// Options of the enhanced packet block
private let flagsOption: UInt16 = 2
private let dropCountOption: UInt16 = 4
/// Bits 5 to 8 of the flags: length of the FCS in bytes, 0 where not given.
private let fcsShift: UInt32 = 5
private let fcsMask: UInt32 = 0x0f

extension CaptureReader {
  /// To the next packet of a pcapng file where that is simple: an enhanced packet block without options, whole in the
  /// buffer and right in all its parts, in a little-endian section. False where it is not; then nothing has changed.
  ///
  /// Nearly every block of nearly every file goes this way.
  @inline(__always)
  mutating func advancePlainPacketBlock() -> Bool {
    let left = buffer.available
    guard isPlainSection, left >= packetData &+ blockTrailerLength else { return false }
    let (start, interfaceAndHigh) = buffer.twoWords()
    let length = Int(start >> 32)
    guard UInt32(truncatingIfNeeded: start) == PcapngBlock.enhancedPacket, length <= left else { return false }
    let (lowAndCaptured, _) = buffer.twoWords(at: ticksLowField)
    let captured = UInt32(truncatingIfNeeded: lowAndCaptured >> 32)
    let id = Int(UInt32(truncatingIfNeeded: interfaceAndHigh))
    guard id < pcapng.interfaces.count else { return false }
    let ticks = interfaceAndHigh & 0xffff_ffff_0000_0000 | lowAndCaptured & 0xffff_ffff
    guard captured <= pcapng.interfaces[id].longest,
      length == packetData &+ (Int(captured) &+ 3) & ~3 &+ blockTrailerLength,
      buffer.u32(length &- blockTrailerLength, bigEndian: false) == UInt32(truncatingIfNeeded: length),
      ticks != 0, let time = pcapng.interfaces[id].clock.time(ticks)
    else { return false }
    number &+= 1
    header.reference = FrameReference(number: number, offset: Int64(buffer.offset), evidence: evidence)
    header.hasTime = true
    header.time = time
    header.linkType = pcapng.interfaces[id].linkType
    header.fcsLength = pcapng.interfaces[id].fcsLength
    header.capturedLength = captured
    header.originalLength = buffer.u32(originalField, bigEndian: false)
    header.interface = UInt32(truncatingIfNeeded: pcapng.interfacesBefore &+ UInt64(id))
    setFrame(from: packetData, count: Int(captured))
    buffer.consume(length)
    return true
  }

  /// Reads an enhanced or obsolete packet block that is in the buffer. False where it holds no readable packet: the record keeps its number, and reading goes on behind it.
  @inline(__always)
  mutating func readPacket(_ block: BlockExtent) -> Bool {
    number &+= 1
    let big = pcapng.isBigEndian
    guard block.total >= packetData &+ blockTrailerLength else {
      return unreadable(block, "a packet block of \(block.total) bytes, expected at least 32")
    }
    let isObsolete = block.type == PcapngBlock.obsoletePacket
    let id =
      isObsolete ? UInt32(buffer.u16(interfaceField, bigEndian: big)) : buffer.u32(interfaceField, bigEndian: big)
    guard Int(id) < pcapng.interfaces.count else {
      return unreadable(
        block, "a packet block names interface \(id), but the section has described \(pcapng.interfaces.count)")
    }
    let interface = pcapng.interfaces[Int(id)]
    let captured = buffer.u32(capturedField, bigEndian: big)
    let room = block.total &- packetData &- blockTrailerLength
    guard Int(captured) <= room, captured <= interface.longest else {
      return unreadable(
        block,
        "a packet block of \(block.total) bytes claims \(captured) captured bytes; \(room) fit, and its link"
          + " type allows \(interface.longest)")
    }
    header.reference = FrameReference(number: number, offset: Int64(block.offset), evidence: evidence)
    let ticks =
      UInt64(buffer.u32(ticksHighField, bigEndian: big)) << 32
      | UInt64(buffer.u32(ticksLowField, bigEndian: big))
    // A time of zero is what writers put that have none.
    let time = ticks == 0 ? nil : interface.clock.time(ticks)
    header.hasTime = time != nil
    if let time { header.time = time }
    header.linkType = interface.linkType
    header.fcsLength = interface.fcsLength
    header.capturedLength = captured
    header.originalLength = buffer.u32(originalField, bigEndian: big)
    header.interface = UInt32(truncatingIfNeeded: pcapng.interfacesBefore) &+ id
    setFrame(from: packetData, count: Int(captured))
    let optionsStart = packetData &+ (Int(captured) &+ 3) & ~3
    if optionsStart < block.total &- blockTrailerLength, !isObsolete {
      readPacketOptions(from: optionsStart, block)
    } else if isObsolete {
      let drops = buffer.u16(obsoleteDropsField, bigEndian: big)
      if drops != dropsNotKnown { countDrops(UInt64(drops)) }
    }
    return true
  }

  /// Reads a simple packet block that is in the buffer; otherwise as `readPacket`. It has no time and belongs to the
  /// section's first interface, whose snap length bounds what was captured.
  mutating func readSimplePacket(_ block: BlockExtent) -> Bool {
    number &+= 1
    guard block.total >= simplePacketData &+ blockTrailerLength else {
      return unreadable(block, "a simple packet block of \(block.total) bytes, expected at least 16")
    }
    guard let interface = pcapng.interfaces.first else {
      return unreadable(block, "a simple packet block before any interface of its section is described")
    }
    let original = buffer.u32(simpleOriginalField, bigEndian: pcapng.isBigEndian)
    let captured = interface.snapLength == 0 ? original : min(original, interface.snapLength)
    let room = block.total &- simplePacketData &- blockTrailerLength
    guard Int(captured) <= room, captured <= interface.longest else {
      return unreadable(
        block, "a simple packet block of \(block.total) bytes claims \(captured) captured bytes; \(room) fit")
    }
    header.reference = FrameReference(number: number, offset: Int64(block.offset), evidence: evidence)
    header.hasTime = false
    header.linkType = interface.linkType
    header.fcsLength = interface.fcsLength
    header.capturedLength = captured
    header.originalLength = original
    header.interface = UInt32(truncatingIfNeeded: pcapng.interfacesBefore)
    setFrame(from: simplePacketData, count: Int(captured))
    return true
  }

  private mutating func unreadable(_ block: BlockExtent, _ message: String) -> Bool {
    passedOver &+= 1
    notices.add(.damage, "capture.block", message, frame: number, offset: block.offset)
    return false
  }

  /// The options behind a packet: lost packets are counted, a frame check sequence of its own is heeded. Options that
  /// do not fit leave the packet readable.
  @inline(never)
  private mutating func readPacketOptions(from start: Int, _ block: BlockExtent) {
    var drops: UInt64?
    var fcsLength: UInt8?
    var isDamaged = false
    do {
      let bytes = buffer.ahead.extracting(start..<(block.total &- blockTrailerLength))
      var options = PcapngOptions(bytes, bigEndian: pcapng.isBigEndian)
      while let code = options.next() {
        if code == dropCountOption, let value = options.valueU64 {
          drops = value
        } else if code == flagsOption, let flags = options.valueU32, flags >> fcsShift & fcsMask != 0 {
          fcsLength = UInt8(flags >> fcsShift & fcsMask)
        }
      }
      isDamaged = options.isDamaged
    }
    if let drops { countDrops(drops) }
    if let fcsLength { header.fcsLength = fcsLength }
    if isDamaged { noteDamagedOptions(block, frame: number) }
  }

  mutating func noteDamagedOptions(_ block: BlockExtent, frame: UInt64? = nil) {
    notices.add(
      .damage, "capture.options", "a block's options do not fit in it; those behind were not read", frame: frame,
      offset: block.offset)
  }

  /// Adds to the losses of the current packet's interface.
  private mutating func countDrops(_ count: UInt64) {
    let index = Int(header.interface)
    guard index < pcapng.described.count else { return }
    let sum = (pcapng.described[index].dropped.byRecords ?? 0).addingReportingOverflow(count)
    pcapng.described[index].dropped.byRecords = sum.overflow ? .max : sum.partialValue
  }
}
