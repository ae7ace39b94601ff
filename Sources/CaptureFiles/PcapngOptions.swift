// The options at the end of a pcapng block: code (2), length (2), value padded to four bytes; code 0 ends the list.
// draft-ietf-opsawg-pcapng, section 3.5.

import Bytes

/// Walks over the options of one block.
struct PcapngOptions: ~Escapable {
  private let bytes: RawSpan
  private let bigEndian: Bool
  private var position = 0
  /// Whether an option did not fit in the block; `next` ends before it.
  private(set) var isDamaged = false

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, bigEndian: Bool) {
    self.bytes = bytes
    self.bigEndian = bigEndian
  }

  /// The next option's code; its value is then `value`. Nil at the end.
  @_lifetime(self: copy self)
  mutating func next() -> UInt16? {
    let left = bytes.byteCount &- position
    guard left >= 4 else {
      if left > 0 { isDamaged = true }
      return nil
    }
    let code = bytes.u16(position, bigEndian: bigEndian)
    let length = Int(bytes.u16(position &+ 2, bigEndian: bigEndian))
    guard code != 0 else { return nil }
    guard length <= left &- 4 else {
      isDamaged = true
      return nil
    }
    valueStart = position &+ 4
    valueLength = length
    position = min(position &+ 4 &+ (length &+ 3) & ~3, bytes.byteCount)
    return code
  }

  private var valueStart = 0
  private var valueLength = 0

  /// The value of the option that `next` last gave.
  var value: RawSpan {
    @_lifetime(copy self)
    get { bytes.extracting(valueStart..<(valueStart &+ valueLength)) }
  }

  var valueU8: UInt8? { valueLength == 1 ? value.u8(0) : nil }
  var valueU32: UInt32? { valueLength == 4 ? value.u32(0, bigEndian: bigEndian) : nil }
  var valueU64: UInt64? { valueLength == 8 ? value.u64(0, bigEndian: bigEndian) : nil }
}
