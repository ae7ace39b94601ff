// What a pcapng interface says of its packets: link type, time unit, length of the frame check sequence.

import Bytes
import Terms

/// What reading a packet record needs of its interface.
struct PcapngInterface {
  let linkType: LinkType
  /// Longest captured length that the link type allows.
  let longest: UInt32
  let snapLength: UInt32
  var fcsLength: UInt8 = 0
  var clock = PcapngClock()

  init(linkType: LinkType, snapLength: UInt32) {
    self.linkType = linkType
    self.snapLength = snapLength
    longest = linkType.maximumCapturedLength
  }
}

/// From the ticks of a pcapng time stamp to nanoseconds since 1970.
struct PcapngClock {
  /// Nanoseconds of a tick, where that is a whole number; 0 otherwise.
  private var nanosecondsPerTick: UInt64 = 1000
  /// Ticks of a nanosecond, for decimal resolutions finer than one; else 0.
  private var ticksPerNanosecond: UInt64 = 0
  /// Binary resolution: a tick is 2^-shift seconds.
  private var shift: UInt64 = 0
  /// `if_tsoffset`, in nanoseconds; nil where it lies beyond what 64 bits of nanoseconds hold.
  private var offset: Int64? = 0

  init() {}

  /// `if_tsresol`: the low seven bits are the negative power, of 10 or (highest bit) of 2. Powers finer than 64 bits can
  /// hold a second's ticks of (10^19, 2^63) are taken as the finest that they can, as Wireshark does.
  mutating func setResolution(_ value: UInt8) {
    let power = UInt64(value & 0x7f)
    nanosecondsPerTick = 0
    ticksPerNanosecond = 0
    shift = 0
    if value & 0x80 != 0 {
      shift = min(power, 63)
      if shift == 0 { nanosecondsPerTick = 1_000_000_000 }
    } else if power <= 9 {
      nanosecondsPerTick = PcapngClock.powerOfTen(9 - power)
    } else {
      ticksPerNanosecond = PcapngClock.powerOfTen(min(power, 19) - 9)
    }
  }

  /// `if_tsoffset`: seconds to add to each time.
  mutating func setOffset(seconds: Int64) {
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    offset = overflow ? nil : nanoseconds
  }

  /// The time of `ticks`; nil where 64 bits of nanoseconds (the years 1678 to 2262) do not hold it.
  @inline(__always)
  func time(_ ticks: UInt64) -> Timestamp? {
    guard let offset else { return nil }
    let nanoseconds: UInt64
    if nanosecondsPerTick != 0 {
      let (product, overflow) = ticks.multipliedReportingOverflow(by: nanosecondsPerTick)
      guard !overflow else { return nil }
      nanoseconds = product
    } else {
      guard let value = nanosecondsOfFineTicks(ticks) else { return nil }
      nanoseconds = value
    }
    guard let signed = Int64(exactly: nanoseconds) else { return nil }
    let (sum, overflow) = signed.addingReportingOverflow(offset)
    return overflow ? nil : Timestamp(nanoseconds: sum)
  }

  private func nanosecondsOfFineTicks(_ ticks: UInt64) -> UInt64? {
    if ticksPerNanosecond != 0 { return ticks / ticksPerNanosecond }
    let (seconds, overflow) = (ticks >> shift).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    // Below one second: (2^shift - 1) * 10^9 / 2^shift, over 128 bits.
    let part = (ticks & (1 << shift &- 1)).multipliedFullWidth(by: 1_000_000_000)
    let fraction = part.high << (64 - shift) | part.low >> shift
    let (sum, carry) = seconds.addingReportingOverflow(fraction)
    return carry ? nil : sum
  }

  private static func powerOfTen(_ power: UInt64) -> UInt64 { (0..<power).reduce(1) { product, _ in product * 10 } }
}
