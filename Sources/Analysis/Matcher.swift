// Which plugins' constants a payload holds: those of its first eight bytes by bit tables, one look-up a byte for all of
// them; the few that stand further on, or are looked for at a port only, one by one.

import Bytes
import PluginKit

/// A set of up to 128 plugins or constants.
struct BitSet128: Equatable, Sendable, BitwiseCopyable {
  var low: UInt64 = 0
  var high: UInt64 = 0

  static let empty = BitSet128()
  var isEmpty: Bool { low | high == 0 }

  mutating func insert(_ bit: Int) {
    if bit < 64 { low |= 1 << UInt64(bit) } else { high |= 1 << UInt64(bit - 64) }
  }
  mutating func remove(_ bit: Int) {
    if bit < 64 { low &= ~(1 << UInt64(bit)) } else { high &= ~(1 << UInt64(bit - 64)) }
  }
  func contains(_ bit: Int) -> Bool {
    bit < 64 ? low >> UInt64(bit) & 1 == 1 : high >> UInt64(bit - 64) & 1 == 1
  }
  /// Removes and gives the lowest member.
  mutating func popFirst() -> Int? {
    if low != 0 {
      let bit = low.trailingZeroBitCount
      low &= low &- 1
      return bit
    }
    guard high != 0 else { return nil }
    let bit = high.trailingZeroBitCount
    high &= high &- 1
    return bit &+ 64
  }

  static func & (left: BitSet128, right: BitSet128) -> BitSet128 {
    BitSet128(low: left.low & right.low, high: left.high & right.high)
  }
  static func | (left: BitSet128, right: BitSet128) -> BitSet128 {
    BitSet128(low: left.low | right.low, high: left.high | right.high)
  }
  func subtracting(_ other: BitSet128) -> BitSet128 {
    BitSet128(low: low & ~other.low, high: high & ~other.high)
  }
}

/// The constants of one transport's plugins.
struct Matcher: Sendable {
  private static let width = 8

  private struct Row: Sendable {
    let constant: Constant
    let plugin: Int
    /// Leading bytes that the mask reaches to.
    let reach: Int
  }

  /// A constant that is compared by itself, as plain numbers: the comparison is made for each datagram looked at.
  private struct Single: Sendable, BitwiseCopyable {
    let value: UInt64
    let mask: UInt64
    let offset: Int
    let lengths: (shortest: Int, longest: Int)
    /// 0 for any.
    let port: UInt16
    /// A bit for each side.
    let sides: UInt8
    let plugin: Int

    init(_ constant: Constant, plugin: Int) {
      value = constant.value
      mask = constant.mask
      offset = constant.offset
      // All eight bytes must be there.
      let lengths = constant.lengths ?? 0...Int.max
      self.lengths = (max(lengths.lowerBound, constant.offset &+ Matcher.width), lengths.upperBound)
      port = constant.port ?? 0
      sides = constant.side.map { 1 << $0.rawValue } ?? 0b11
      self.plugin = plugin
    }
  }

  private var rows: [Row] = []
  private var singles: [Single] = []
  /// For each of eight positions, 256 sets: the constants that this byte does not rule out.
  private var tables: [BitSet128] = []
  /// For each payload length from 0 to 8: constants that reach no further.
  private var fitting: [BitSet128] = []
  private var ofSide: [BitSet128] = [.empty, .empty]

  /// - Parameter constants: each with the index of its plugin; no more than a catalog holds.
  init(_ constants: [(plugin: Int, constant: Constant)]) {
    for (plugin, constant) in constants where constant.mask != 0 {
      let reach = 8 - constant.mask.trailingZeroBitCount / 8
      if constant.offset == 0, constant.port == nil {
        rows.append(Row(constant: constant, plugin: plugin, reach: reach))
      } else {
        singles.append(Single(constant, plugin: plugin))
      }
    }
    guard !rows.isEmpty else { return }
    tables = Array(repeating: .empty, count: Matcher.width * 256)
    fitting = Array(repeating: .empty, count: Matcher.width + 1)
    for (bit, row) in rows.enumerated() {
      for position in 0..<Matcher.width {
        let shift = UInt64(56 - 8 * position)
        let mask = UInt8(truncatingIfNeeded: row.constant.mask >> shift)
        let value = UInt8(truncatingIfNeeded: row.constant.value >> shift)
        for byte in 0..<256 where UInt8(byte) & mask == value {
          tables[position * 256 + byte].insert(bit)
        }
      }
      for length in row.reach...Matcher.width { fitting[length].insert(bit) }
      if row.constant.side != .server { ofSide[0].insert(bit) }
      if row.constant.side != .client { ofSide[1].insert(bit) }
    }
  }

  var isEmpty: Bool { rows.isEmpty && singles.isEmpty }

  /// The plugins one of whose constants `bytes` hold.
  ///
  /// - Parameters:
  ///   - length: payload length on the wire, for constants with lengths; nil for streams.
  ///   - ports: those of a datagram.
  func plugins(_ bytes: RawSpan, side: Side, length: Int?, ports: (UInt16, UInt16) = (0, 0)) -> BitSet128 {
    var plugins = BitSet128.empty
    if let length, !singles.isEmpty { addSingles(bytes, side, length, ports, to: &plugins) }
    guard !rows.isEmpty else { return plugins }
    let count = min(bytes.byteCount, Matcher.width)
    var alive = fitting[count] & ofSide[Int(side.rawValue)]
    var position = 0
    while position < count, !alive.isEmpty {
      alive = alive & tables[position &* 256 &+ Int(bytes.u8(position))]
      position &+= 1
    }
    while let bit = alive.popFirst() {
      let row = rows[bit]
      if let length, let lengths = row.constant.lengths, !lengths.contains(length) { continue }
      plugins.insert(row.plugin)
    }
    return plugins
  }

  /// Adds the plugins of constants that are compared one by one.
  private func addSingles(
    _ bytes: RawSpan, _ side: Side, _ length: Int, _ ports: (UInt16, UInt16), to plugins: inout BitSet128
  ) {
    let count = bytes.byteCount
    let side: UInt8 = 1 << side.rawValue
    for index in singles.indices {
      let single = singles[index]
      guard length >= single.lengths.shortest, length <= single.lengths.longest,
        count >= single.offset &+ Matcher.width, bytes.u64(single.offset) & single.mask == single.value,
        single.port == 0 || single.port == ports.0 || single.port == ports.1, single.sides & side != 0
      else { continue }
      plugins.insert(single.plugin)
    }
  }

  /// Whether a constant that `bytes` (fewer than eight) does not rule out reaches beyond them: more bytes can decide.
  func mayStillMatch(_ bytes: RawSpan, side: Side) -> Bool {
    guard !rows.isEmpty, bytes.byteCount < Matcher.width else { return false }
    var alive = ofSide[Int(side.rawValue)].subtracting(fitting[bytes.byteCount])
    var position = 0
    while position < bytes.byteCount, !alive.isEmpty {
      alive = alive & tables[position &* 256 &+ Int(bytes.u8(position))]
      position &+= 1
    }
    return !alive.isEmpty
  }
}
