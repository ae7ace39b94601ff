// The pcapng file format: blocks in sections (draft-ietf-opsawg-pcapng, "PCAP Now Generic (pcapng) Capture File Format").
//
//     block: type (4), total length (4), body padded to four bytes, total length again (4)

import Bytes
import Terms

/// Block types (section 11.1 of the draft, and those that Wireshark numbers).
enum PcapngBlock {
  static let sectionHeader: UInt32 = 0x0a0d_0d0a
  static let interfaceDescription: UInt32 = 1
  static let obsoletePacket: UInt32 = 2
  static let simplePacket: UInt32 = 3
  static let interfaceStatistics: UInt32 = 5
  static let enhancedPacket: UInt32 = 6
  static let decryptionSecrets: UInt32 = 0x0a

  /// Whether Wireshark gives a record that holds no packet a frame number (tried on tshark 4.0): the systemd journal
  /// export block, both custom blocks, and Sysdig's event blocks without flags.
  static func isNumbered(_ type: UInt32) -> Bool {
    switch type {
    case 0x0000_0009, 0x0000_0bad, 0x4000_0bad, 0x0204, 0x0216, 0x0221: true
    default: false
    }
  }
}

// Block header, for any type
let blockTypeField = 0
let blockLengthField = 4
let blockTrailerLength = 4
let shortestBlock = 12

// Section Header Block, section 4.1
private let byteOrderMagicField = 8  // 4
private let sectionMajorField = 12  // 2
private let sectionMinorField = 14  // 2, then section length (8), which is not relied on
private let shortestSectionHeader = 28
private let byteOrderMagic: UInt32 = 0x1a2b_3c4d

/// The current section and what is kept of all.
struct PcapngState {
  var isBigEndian = false
  /// Interfaces of the current section, by their ids.
  var interfaces: [PcapngInterface] = []
  /// Interfaces of all sections before the current one.
  var interfacesBefore: UInt64 = 0
  /// Interfaces of all sections, the first `CaptureLimits.describedInterfaces` of them.
  var described: [CaptureInterface] = []

  var interfaceCount: UInt64 { interfacesBefore &+ UInt64(interfaces.count) }

  /// The byte order that a byte-order magic (read as big-endian) stands for; nil where it is none.
  static func isBigEndian(magic: UInt32) -> Bool? {
    magic == byteOrderMagic ? true : magic == byteOrderMagic.byteSwapped ? false : nil
  }
}

/// A block whose header is read and whose length can be right.
struct BlockExtent {
  let type: UInt32
  /// As the file says it.
  let length: UInt32
  /// With padding: some writers leave it out of the length.
  let total: Int
  /// Where it begins in the stream.
  let offset: Int
}

extension CaptureReader {
  /// To the next packet of a pcapng file.
  mutating func advancePcapng() -> Bool {
    while true {
      guard let block = readBlockHeader() else { return false }
      switch block.type {
      case PcapngBlock.enhancedPacket, PcapngBlock.obsoletePacket, PcapngBlock.simplePacket:
        guard block.total <= limits.longestRecord else {
          guard passOver(block) else { return false }
          passOverForLimit(at: block.offset)
          continue
        }
        guard hold(block) else { return false }
        let isPacket = block.type == PcapngBlock.simplePacket ? readSimplePacket(block) : readPacket(block)
        buffer.consume(block.total)
        if isPacket { return true }
      case PcapngBlock.sectionHeader:
        guard beginSection(block) else { return false }
      case PcapngBlock.interfaceDescription:
        guard block.total <= limits.longestRecord else {
          end(
            "capture.block-limit",
            "an interface description longer than \(limits.longestRecord) bytes; the packets behind it name interfaces"
              + " that are not known", at: block.offset, kind: .limit)
          return false
        }
        guard hold(block), readInterface(block) else { return false }
        keepInPreamble(block)
        buffer.consume(block.total)
      case PcapngBlock.interfaceStatistics where block.total <= limits.longestRecord:
        guard hold(block) else { return false }
        readStatistics(block)
        buffer.consume(block.total)
      default:
        guard passOver(block) else { return false }
        noteOther(block)
      }
    }
  }

  /// The header of the block at the cursor; nil at the end, in whichever way it came.
  private mutating func readBlockHeader() -> BlockExtent? {
    let offset = buffer.offset
    guard buffer.require(shortestBlock) else {
      endOfStream(in: "block header", wanted: shortestBlock, found: buffer.available, at: offset)
      return nil
    }
    // The section header's type reads the same in both byte orders; it tells the order of what follows.
    if buffer.u32(blockTypeField, bigEndian: true) == PcapngBlock.sectionHeader {
      let found = buffer.u32(byteOrderMagicField, bigEndian: true)
      guard let bigEndian = PcapngState.isBigEndian(magic: found) else {
        end("capture.block", "a section header's byte-order magic is \(found), expected 439041101", at: offset)
        return nil
      }
      pcapng.isBigEndian = bigEndian
    }
    let type = buffer.u32(blockTypeField, bigEndian: pcapng.isBigEndian)
    let length = buffer.u32(blockLengthField, bigEndian: pcapng.isBigEndian)
    guard length >= shortestBlock else {
      let message =
        "a block claims a length of \(length) bytes, less than the 12 of an empty one; nothing behind it"
        + " can be read"
      end("capture.block-length", message, at: offset)
      return nil
    }
    return BlockExtent(type: type, length: length, total: (Int(length) &+ 3) & ~3, offset: offset)
  }

  /// Whether the whole block is in the buffer, from the cursor on, and its two lengths agree. The block is at its end
  /// in any other case.
  private mutating func hold(_ block: BlockExtent) -> Bool {
    guard buffer.require(block.total) else {
      endOfStream(in: "block", wanted: block.total, found: buffer.available, at: block.offset)
      return false
    }
    let second = buffer.u32(block.total &- blockTrailerLength, bigEndian: pcapng.isBigEndian)
    return agrees(second, block)
  }

  /// Moves over the whole block; otherwise as `hold`.
  private mutating func passOver(_ block: BlockExtent) -> Bool {
    let missing = buffer.skip(block.total &- blockTrailerLength)
    guard missing == 0, buffer.require(blockTrailerLength) else {
      let found = block.total &- blockTrailerLength &- missing &+ buffer.available
      endOfStream(in: "block", wanted: block.total, found: found, at: block.offset)
      return false
    }
    let second = buffer.u32(0, bigEndian: pcapng.isBigEndian)
    buffer.consume(blockTrailerLength)
    return agrees(second, block)
  }

  private mutating func agrees(_ second: UInt32, _ block: BlockExtent) -> Bool {
    if second == block.length || Int(second) == block.total { return true }
    let message =
      "a block's two lengths differ: \(block.length) at its start, \(second) at its end; nothing behind it"
      + " can be read"
    end("capture.block-length", message, at: block.offset)
    return false
  }

  /// Begins a section: other byte order, other interfaces.
  private mutating func beginSection(_ block: BlockExtent) -> Bool {
    guard block.total >= shortestSectionHeader else {
      return endInBlock(block, "a section header of \(block.total) bytes, expected at least 28")
    }
    guard buffer.require(shortestSectionHeader) else {
      endOfStream(in: "section header", wanted: shortestSectionHeader, found: buffer.available, at: block.offset)
      return false
    }
    let major = buffer.u16(sectionMajorField, bigEndian: pcapng.isBigEndian)
    let minor = buffer.u16(sectionMinorField, bigEndian: pcapng.isBigEndian)
    // Section 4.1: 1.0; readers take 1.2 as the same.
    guard major == 1, minor == 0 || minor == 2 else {
      let message = "a section has pcapng version \(major).\(minor), expected 1.0; it cannot be read"
      end("capture.version", message, at: block.offset)
      return false
    }
    isPlainSection = !pcapng.isBigEndian
    pcapng.interfacesBefore &+= UInt64(pcapng.interfaces.count)
    pcapng.interfaces.removeAll(keepingCapacity: true)
    beginPreamble()
    return passOver(block)
  }

  /// The shortest section header of the same byte order: its options say nothing of packets.
  private mutating func beginPreamble() {
    let length: [UInt8] = pcapng.isBigEndian ? [0, 0, 0, 28] : [28, 0, 0, 0]
    let fixed = buffer.ahead
    preamble = fixed.extracting(0..<4).array + length
    preamble += fixed.extracting(8..<16).array
    // Section length -1: not given (draft-ietf-opsawg-pcapng section 4.1).
    preamble += Array(repeating: 0xff, count: 8) + length
  }

  /// Keeps an interface's description, which packets name by its place.
  private mutating func keepInPreamble(_ block: BlockExtent) {
    guard !preamble.isEmpty else { return }
    guard preamble.count + block.total <= CaptureReader.longestPreamble else {
      preamble = []
      return
    }
    preamble.append(buffer.ahead.extracting(0..<block.total))
  }

  /// Ends at a block that others depend on and that cannot be right.
  mutating func endInBlock(_ block: BlockExtent, _ message: String) -> Bool {
    end("capture.block", message, at: block.offset)
    return false
  }

  /// What a block that was passed over means for the numbering and the user.
  private mutating func noteOther(_ block: BlockExtent) {
    if block.type == PcapngBlock.decryptionSecrets {
      notices.add(
        .information, "capture.secrets", "the file holds keys of encrypted traffic; they are not read and never used",
        offset: block.offset)
    }
    if PcapngBlock.isNumbered(block.type) {
      number &+= 1
      passedOver &+= 1
      notices.add(
        .information, "capture.no-packet-record",
        "the file has records that hold no packet; they are numbered as Wireshark numbers them and not read",
        frame: number, offset: block.offset)
    }
  }
}
