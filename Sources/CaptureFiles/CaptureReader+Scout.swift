// A look at frames that come next, for whoever can make use of the time until then.

import Platform
import Terms

extension CaptureReader {
  /// How far the look goes: this many frames after the current one.
  @usableFromInline static let scoutDistance: UInt64 = 2

  /// Looks at one frame more, `scoutDistance` frames ahead at most; false where none is to be seen there: at the end of
  /// what was read, and in files whose records are not of pcap's commonest form. Reads nothing from the source.
  @inline(__always)
  public mutating func scout() -> Bool {
    if scoutNumber < number {
      scoutNumber = number
      scoutOffset = buffer.offset
    }
    guard scoutNumber < number &+ Self.scoutDistance else { return false }
    let at = scoutOffset &- buffer.offset
    let left = buffer.available &- at
    guard left >= PcapLayout.plainHeader else { return false }
    let captured = Int(UInt32(truncatingIfNeeded: buffer.twoWords(at: at).1))
    guard captured <= longestPlain, captured <= left &- PcapLayout.plainHeader else { return false }
    // Sound: the line above has seen that the bytes are there.
    unsafe scoutStart = buffer.address + (at &+ PcapLayout.plainHeader)
    scoutLength = captured
    scoutOffset = scoutOffset &+ PcapLayout.plainHeader &+ captured
    scoutNumber &+= 1
    return true
  }

  /// The bytes of the frame that `scout` came to; valid until the next `advance`.
  @inlinable
  public var scouted: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: as with `bytes`.
      let span = unsafe RawSpan(_unsafeStart: scoutStart, byteCount: scoutLength)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }
}
