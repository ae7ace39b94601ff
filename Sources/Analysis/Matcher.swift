// Which plugins' constants a payload holds: those of its first eight bytes by bit tables, one look-up a byte for all of
// them; the few that stand further on one by one.

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

  private var rows: [Row] = []
  /// Constants of datagrams that stand further on.
  private var later: [Row] = []
  /// For each of eight positions, 256 sets: the constants that this byte does not rule out.
  private var tables: [BitSet128] = []
  /// For each payload length from 0 to 8: constants that reach no further.
  private var fitting: [BitSet128] = []
  private var ofSide: [BitSet128] = [.empty, .empty]

  /// - Parameter constants: each with the index of its plugin; no more than a catalog holds.
  init(_ constants: [(plugin: Int, constant: Constant)]) {
    for (plugin, constant) in constants where constant.mask != 0 {
      let reach = 8 - constant.mask.trailingZeroBitCount / 8
      let row = Row(constant: constant, plugin: plugin, reach: reach)
      if constant.offset == 0 { rows.append(row) } else { later.append(row) }
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

  var isEmpty: Bool { rows.isEmpty && later.isEmpty }

  /// The plugins one of whose constants stands at the start of `bytes`.
  ///
  /// - Parameter length: payload length on the wire, for constants with lengths; nil for streams.
  func plugins(_ bytes: RawSpan, side: Side, length: Int?) -> BitSet128 {
    var plugins = length.map { pluginsLater(bytes, side: side, length: $0) } ?? .empty
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

  /// The plugins one of whose constants stands further on in a datagram.
  private func pluginsLater(_ bytes: RawSpan, side: Side, length: Int) -> BitSet128 {
    var plugins = BitSet128.empty
    for row in later {
      let constant = row.constant
      guard bytes.byteCount >= constant.offset &+ Matcher.width,
        bytes.u64(constant.offset) & constant.mask == constant.value, constant.side.map({ $0 == side }) ?? true,
        constant.lengths?.contains(length) ?? true
      else { continue }
      plugins.insert(row.plugin)
    }
    return plugins
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
