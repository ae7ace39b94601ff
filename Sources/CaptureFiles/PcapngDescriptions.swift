// The blocks of pcapng that describe interfaces and count their losses (draft-ietf-opsawg-pcapng, sections 4.2 and 4.6).

import Bytes
import Terms

// Interface Description Block
private let linkTypeField = 8  // 2, then 2 that are reserved
private let snapLengthField = 12  // 4
private let descriptionOptions = 16
private let nameOption: UInt16 = 2
private let resolutionOption: UInt16 = 9
private let fcsLengthOption: UInt16 = 13
private let timeOffsetOption: UInt16 = 14
/// No link layer has a longer frame check sequence, in bytes; some writers give bits.
private let longestFCS: UInt8 = 8

// Interface Statistics Block
private let statisticsInterfaceField = 8  // 4, then a time (8)
private let statisticsOptions = 20
private let interfaceDropsOption: UInt16 = 5
private let systemDropsOption: UInt16 = 7

extension CaptureReader {
  /// Adds the interface that the block in the buffer describes. False at the end: packets name interfaces by their
  /// place, so that one that cannot be read makes all behind it wrong.
  mutating func readInterface(_ block: BlockExtent) -> Bool {
    guard block.total >= descriptionOptions + blockTrailerLength else {
      return endInBlock(block, "an interface description of \(block.total) bytes, expected at least 20")
    }
    guard pcapng.interfaces.count < limits.interfacesPerSection else {
      end(
        "capture.interface-limit",
        "a section describes more than \(limits.interfacesPerSection) interfaces; it is read up to there",
        at: block.offset, kind: .limit)
      return false
    }
    let big = pcapng.isBigEndian
    var interface = PcapngInterface(
      linkType: LinkType(buffer.u16(linkTypeField, bigEndian: big)),
      snapLength: buffer.u32(snapLengthField, bigEndian: big))
    checkSnapLength(interface.snapLength, at: block.offset)
    var name: String?
    var hasResolution = false
    var isDamaged = false
    do {
      let bytes = buffer.ahead.extracting(descriptionOptions..<(block.total - blockTrailerLength))
      var options = PcapngOptions(bytes, bigEndian: big)
      while let code = options.next() {
        switch code {
        case nameOption where name == nil:
          // Some writers end the name with a zero byte.
          name = String(decoding: options.value.slice(0, limits.interfaceName).array.prefix { $0 != 0 }, as: UTF8.self)
        case resolutionOption:
          // Given twice, the first counts (as Wireshark reads it).
          if !hasResolution, let value = options.valueU8 {
            interface.clock.setResolution(value)
            hasResolution = true
          }
        case timeOffsetOption:
          if let seconds = options.valueU64 { interface.clock.setOffset(seconds: Int64(bitPattern: seconds)) }
        case fcsLengthOption:
          if let length = options.valueU8 { interface.fcsLength = length > longestFCS ? length / 8 : length }
        default: break
        }
      }
      isDamaged = options.isDamaged
    }
    if isDamaged { noteDamagedOptions(block) }
    if pcapng.described.count < limits.describedInterfaces {
      pcapng.described.append(
        CaptureInterface(
          name: name, linkType: interface.linkType, snapLength: interface.snapLength, fcsLength: interface.fcsLength,
          dropped: Drops()))
    } else {
      notices.add(
        .limit, "capture.described-limit",
        "the file has more than \(limits.describedInterfaces) interfaces; those behind are read and not listed",
        offset: block.offset)
    }
    pcapng.interfaces.append(interface)
    return true
  }

  /// Takes the loss counters of the statistics block in the buffer. They count from the start of the capture, so that
  /// an interface's last block holds.
  mutating func readStatistics(_ block: BlockExtent) {
    let big = pcapng.isBigEndian
    guard block.total >= statisticsOptions + blockTrailerLength else {
      notices.add(
        .damage, "capture.statistics", "an interface statistics block of \(block.total) bytes, expected at least 24",
        offset: block.offset)
      return
    }
    let id = buffer.u32(statisticsInterfaceField, bigEndian: big)
    guard Int(id) < pcapng.interfaces.count else {
      notices.add(
        .damage, "capture.statistics",
        "interface statistics name interface \(id), but the section has described \(pcapng.interfaces.count)",
        offset: block.offset)
      return
    }
    var drops = Drops()
    var isDamaged = false
    do {
      let bytes = buffer.ahead.extracting(statisticsOptions..<(block.total - blockTrailerLength))
      var options = PcapngOptions(bytes, bigEndian: big)
      while let code = options.next() {
        if code == interfaceDropsOption, let value = options.valueU64 {
          drops.byInterface = value
        } else if code == systemDropsOption, let value = options.valueU64 {
          drops.bySystem = value
        }
      }
      isDamaged = options.isDamaged
    }
    if isDamaged { noteDamagedOptions(block) }
    let index = pcapng.interfacesBefore &+ UInt64(id)
    guard index < UInt64(pcapng.described.count) else { return }
    if let value = drops.byInterface { pcapng.described[Int(index)].dropped.byInterface = value }
    if let value = drops.bySystem { pcapng.described[Int(index)].dropped.bySystem = value }
  }
}
