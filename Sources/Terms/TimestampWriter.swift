// Writes times one after the other: those of one second share their text.

import Bytes

/// Appends RFC 3339 texts with nine digits of fraction. The calendar is asked once a second of packet time.
public struct TimestampWriter: Sendable {
  private var second = Int64.min
  /// `YYYY-MM-DDThh:mm:ss.` of `second`.
  private var head = TextChunk()

  /// Bytes of a text.
  public static let length = 30
  /// Free capacity that `append` needs.
  public static let capacity = TextChunk.capacity + length

  public init() {}

  @inline(__always)
  @_lifetime(out: copy out)
  public mutating func append(_ time: Timestamp, to out: inout OutputSpan<UInt8>) {
    var seconds = time.nanoseconds / 1_000_000_000
    var fraction = time.nanoseconds % 1_000_000_000
    if fraction < 0 {
      fraction += 1_000_000_000
      seconds -= 1
    }
    if seconds != second { prepare(seconds) }
    out.append(head)
    let (first, rest) = UInt64(fraction.magnitude).quotientAndRemainder(dividingBy: 100_000_000)
    out.append(0x30 &+ UInt8(truncatingIfNeeded: first))
    out.append(eightDigits: rest)
    out.append(0x5a)
  }

  private mutating func prepare(_ seconds: Int64) {
    second = seconds
    var text: [UInt8] = []
    // A second too early or late for nanoseconds cannot come from them.
    Timestamp(nanoseconds: seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
      .append(to: &text, fractionDigits: 0)
    head = TextChunk()
    for byte in text { head.append(byte == 0x5a ? 0x2e : byte) }
  }
}
