// Values that were made of byte strings before: where the same bytes come again and again, and making is dear.

/// Remembers what was made of bytes, in a table of fixed size. A value must depend on its bytes alone: then remembering
/// changes no result.
///
/// Each place of the table holds two keys; a newcomer takes that of the older one. Bytes are compared whole, so that
/// none can be given the value of others.
public struct ByteMemo<Value>: ~Copyable {
  private struct Entry {
    let key: [UInt8]
    let value: Value
  }

  private let longestKey: Int
  private let mask: Int
  /// Two a place, the newer first.
  private var entries: [Entry?]

  /// - Parameters:
  ///   - places: how many; rounded up to a power of two.
  ///   - longestKey: longer byte strings are not kept.
  public init(places: Int, longestKey: Int) {
    var size = 1
    while size < places { size &*= 2 }
    mask = size &- 1
    self.longestKey = longestKey
    entries = Array(repeating: nil, count: 2 &* size)
  }

  private func place(_ bytes: RawSpan) -> Int {
    2 &* (Int(truncatingIfNeeded: bytes.fingerprint()) & mask)
  }

  /// What was made of these bytes; nil where it is not known (any more).
  public func value(of bytes: RawSpan) -> Value? {
    guard bytes.byteCount <= longestKey else { return nil }
    let place = place(bytes)
    if let entry = entries[place], bytes.holds(entry.key) { return entry.value }
    if let entry = entries[place &+ 1], bytes.holds(entry.key) { return entry.value }
    return nil
  }

  /// Remembers a value that is not known.
  public mutating func keep(_ value: Value, of bytes: RawSpan) {
    guard bytes.byteCount <= longestKey else { return }
    let place = place(bytes)
    entries[place &+ 1] = entries[place]
    entries[place] = Entry(key: bytes.array, value: value)
  }
}
