// The pcap file format (draft-ietf-opsawg-pcap, "PCAP Capture File Format") and its record loop.

import Bytes
import Terms

// File header
private let magicField = 0  // 4: gives byte order, unit of the fraction and form of the record header
private let majorField = 4  // 2
private let minorField = 6  // 2, then 8 bytes that are not used
private let snapLengthField = 16  // 4
private let linkTypeField = 20  // 4: FCS length (4 bits), f, reserved (11 bits), link type (16 bits)
private let fileHeaderLength = 24

// Record header
private let secondsField = 0  // 4, unsigned
private let fractionField = 4  // 4: microseconds or nanoseconds
private let capturedField = 8  // 4
private let originalField = 12  // 4
private let recordHeaderLength = 16
/// Alexey Kuznetzov's patch to libpcap adds interface index (4), protocol (2), packet type (1) and padding (1).
private let modifiedHeaderLength = 24
/// The patch's version of 15 September 1999 has two processor numbers and three bytes of padding more.
private let modifiedHeaderLength1999 = 28

/// Set where the FCS length of the link type field is meant to be read; the length is in units of two bytes.
private let fcsIsGiven: UInt32 = 1 << 26
private let reservedLinkTypeBits: UInt32 = 0x03ff_0000

/// How the records of one pcap file are laid out.
struct PcapLayout {
  var isBigEndian = false
  var recordHeader = recordHeaderLength
  /// Nanoseconds of one unit of the fraction.
  var fractionUnit: Int64 = 1000
  /// The two length fields change places: always before version 2.3 and in DG/UX's 543, in 2.3 where captured would
  /// be longer than original (as Wireshark reads them).
  var lengths = Lengths.asNamed
  /// Records longer than this leave the fast path.
  var longest: UInt32 = 0
  var format = CaptureFormat.pcap
  var described: [CaptureInterface] = []

  /// Bytes of today's record header.
  static let plainHeader = recordHeaderLength

  enum Lengths { case asNamed, swapped, swappedWhereLonger }

  /// Whether a file header with a known magic number begins here.
  static func isMagic(_ start: RawSpan) -> Bool {
    guard let word = start.u32IfPresent(magicField) else { return false }
    return PcapLayout(magic: word) != nil || PcapLayout(magic: word.byteSwapped) != nil
  }

  init() {}

  private init?(magic: UInt32) {
    switch magic {
    case 0xa1b2_c3d4: break
    case 0xa1b2_3c4d:
      fractionUnit = 1
      format = .pcapNanoseconds
    case 0xa1b2_cd34:
      recordHeader = modifiedHeaderLength
      format = .pcapModified
    default: return nil
    }
  }

  /// From the first four bytes, in either byte order.
  init?(start word: UInt32) {
    if let layout = PcapLayout(magic: word) {
      self = layout
      isBigEndian = true
    } else if let layout = PcapLayout(magic: word.byteSwapped) {
      self = layout
    } else {
      return nil
    }
  }
}

extension CaptureReader {
  /// Reads the file header, whose magic number is known to be right.
  mutating func readPcapHeader() {
    guard let layout = buffer.ahead.u32IfPresent(magicField).flatMap({ PcapLayout(start: $0) }) else { return }
    pcap = layout
    guard buffer.require(fileHeaderLength) else {
      return endOfStream(in: "file header", wanted: fileHeaderLength, found: buffer.available, at: 0)
    }
    let big = layout.isBigEndian
    let major = buffer.u16(majorField, bigEndian: big)
    let minor = buffer.u16(minorField, bigEndian: big)
    let snapLength = buffer.u32(snapLengthField, bigEndian: big)
    let link = buffer.u32(linkTypeField, bigEndian: big)
    guard major >= 2 else {
      return end("capture.version", "pcap version \(major).\(minor) is not known, expected 2.4", at: majorField)
    }
    guard link & reservedLinkTypeBits == 0 else {
      let message = "the link type field holds \(link): its reserved bits are set, so that no link type is known"
      return end("capture.link-type", message, at: linkTypeField)
    }
    if major == 543 || (major == 2 && minor < 3) {
      pcap.lengths = .swapped
    } else if major == 2 && minor == 3 {
      pcap.lengths = .swappedWhereLonger
    }
    let linkType = LinkType(UInt16(truncatingIfNeeded: link))
    let fcsLength = link & fcsIsGiven != 0 ? UInt8(link >> 28) * 2 : 0
    checkSnapLength(snapLength, at: snapLengthField)
    pcap.longest = min(linkType.maximumCapturedLength, UInt32(clamping: limits.longestRecord))
    pcap.described = [
      CaptureInterface(name: nil, linkType: linkType, snapLength: snapLength, fcsLength: fcsLength, dropped: Drops())
    ]
    header.linkType = linkType
    header.fcsLength = fcsLength
    preamble = buffer.ahead.extracting(0..<fileHeaderLength).array
    buffer.consume(fileHeaderLength)
    if layout.format == .pcapModified { findModifiedHeaderLength() }
    if !big, pcap.lengths == .asNamed, pcap.recordHeader == recordHeaderLength { longestPlain = Int(pcap.longest) }
  }

  /// Which of the two forms of the modified header the records have: the one behind whose first record another that
  /// can be one begins. Waits for the second record; no program that still runs writes this format.
  private mutating func findModifiedHeaderLength() {
    guard buffer.require(recordHeaderLength) else { return }
    let captured = Int(min(buffer.u32(capturedField, bigEndian: pcap.isBigEndian), pcap.longest))
    _ = buffer.require(modifiedHeaderLength1999 + captured + recordHeaderLength)
    let canBeShort = canBeRecord(at: modifiedHeaderLength + captured)
    if !canBeShort, canBeRecord(at: modifiedHeaderLength1999 + captured) {
      pcap.recordHeader = modifiedHeaderLength1999
    }
  }

  private func canBeRecord(at start: Int) -> Bool {
    guard buffer.available >= start + recordHeaderLength else { return false }
    let captured = buffer.u32(start + capturedField, bigEndian: pcap.isBigEndian)
    return captured <= pcap.longest && captured <= buffer.u32(start + originalField, bigEndian: pcap.isBigEndian)
      && buffer.u32(start + fractionField, bigEndian: pcap.isBigEndian) < 1_000_000
  }

  /// To the next record of a pcap file where that is simple: the record is whole in the buffer, and the file
  /// little-endian with the record header of today. False where it is not; then nothing has changed.
  ///
  /// Nearly every record of nearly every file goes this way. It calls nothing, so that nothing is saved and restored.
  @inline(__always)
  mutating func advancePlainPcap() -> Bool {
    let left = buffer.available
    guard left >= recordHeaderLength else { return false }
    let (times, lengths) = buffer.twoWords()
    let captured = Int(UInt32(truncatingIfNeeded: lengths))
    guard captured <= longestPlain, captured <= left &- recordHeaderLength else { return false }
    take(
      seconds: UInt32(truncatingIfNeeded: times), fraction: UInt32(truncatingIfNeeded: times >> 32),
      captured: UInt32(truncatingIfNeeded: lengths), original: UInt32(truncatingIfNeeded: lengths >> 32),
      total: recordHeaderLength &+ captured)
    return true
  }

  /// To the next record of a pcap file of any form.
  @inline(never)
  mutating func advancePcap() -> Bool {
    while true {
      let headerLength = pcap.recordHeader
      guard buffer.require(headerLength) else {
        endOfStream(in: "record header", wanted: headerLength, found: buffer.available, at: buffer.offset)
        return false
      }
      let big = pcap.isBigEndian
      var captured = buffer.u32(capturedField, bigEndian: big)
      var original = buffer.u32(originalField, bigEndian: big)
      if pcap.lengths != .asNamed, pcap.lengths == .swapped || captured > original {
        swap(&captured, &original)
      }
      if captured > pcap.longest {
        guard passOverLongRecord(captured) else { return false }
        continue
      }
      let total = headerLength &+ Int(captured)
      guard buffer.require(total) else {
        endOfStream(in: "record", wanted: total, found: buffer.available, at: buffer.offset)
        return false
      }
      take(
        seconds: buffer.u32(secondsField, bigEndian: big), fraction: buffer.u32(fractionField, bigEndian: big),
        captured: captured, original: original, total: total)
      return true
    }
  }

  /// Makes the record at the cursor, which is whole in the buffer, the current frame.
  @inline(__always)
  private mutating func take(seconds: UInt32, fraction: UInt32, captured: UInt32, original: UInt32, total: Int) {
    number &+= 1
    header.reference = FrameReference(number: number, offset: Int64(buffer.offset), evidence: evidence)
    header.hasTime = seconds | fraction != 0
    if header.hasTime {
      // Fits: 2^32 seconds and 2^32 fractions of at most 1000 ns are below 2^63 ns.
      header.time.nanoseconds = Int64(seconds) &* 1_000_000_000 &+ Int64(fraction) &* pcap.fractionUnit
    }
    header.capturedLength = captured
    header.originalLength = original
    frameLength = Int(captured)
    // Sound: both callers have seen that all `total` bytes of the record are there.
    unsafe frameStart = buffer.address + (total &- frameLength)
    buffer.consume(total)
  }

  /// A record longer than its link type allows is a wrong length: nothing behind it can be found. One that is allowed,
  /// but too long for this program's memory, is numbered and passed over. False at the end.
  private mutating func passOverLongRecord(_ captured: UInt32) -> Bool {
    let offset = buffer.offset
    let allowed = header.linkType.maximumCapturedLength
    guard captured <= allowed else {
      let message =
        "a record claims \(captured) captured bytes, more than the \(allowed) that its link type allows;"
        + " nothing behind it can be read"
      end("capture.record-length", message, at: offset)
      return false
    }
    let total = pcap.recordHeader + Int(captured)
    let missing = buffer.skip(total)
    guard missing == 0 else {
      endOfStream(in: "record", wanted: total, found: total - missing, at: offset)
      return false
    }
    passOverForLimit(at: offset)
    return true
  }

  /// Numbers a record that is too long to be held.
  mutating func passOverForLimit(at offset: Int) {
    number &+= 1
    passedOver &+= 1
    notices.add(
      .limit, "capture.record-limit", "a record longer than \(limits.longestRecord) bytes was passed over",
      frame: number, offset: offset)
  }
}
