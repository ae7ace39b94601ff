// Values that were made of byte strings before: where the same bytes come again and again, and making is dear.

/// Remembers what was made of bytes, in a table of fixed size. A value must depend on its bytes alone: then remembering
/// changes no result.
///
/// Each place of the table holds four keys; a newcomer takes that of the oldest. Bytes are compared whole, so that none
/// can be given the value of others.
public struct ByteMemo<Value>: ~Copyable {
  @usableFromInline
  struct Entry {
    @usableFromInline let key: [UInt8]
    @usableFromInline let value: Value

    @inlinable
    init(key: [UInt8], value: Value) {
      self.key = key
      self.value = value
    }
  }

  @usableFromInline static var ways: Int { 4 }
  @usableFromInline let longestKey: Int
  @usableFromInline let areEndsEnough: Bool
  @usableFromInline let mask: Int
  /// For each place its keys' fingerprints, the newest first; zero where there is none.
  @usableFromInline var fingerprints: [UInt64]
  @usableFromInline var entries: [Entry?]

  /// - Parameters:
  ///   - places: how many, for four keys each; rounded up to a power of two.
  ///   - longestKey: longer byte strings are not kept.
  ///   - areEndsEnough: keys mostly differ in their first or last 32 bytes: they are looked for by those.
  @inlinable
  public init(places: Int, longestKey: Int, areEndsEnough: Bool = false) {
    self.areEndsEnough = areEndsEnough
    var size = 1
    while size < places { size &*= 2 }
    mask = size &- 1
    self.longestKey = longestKey
    fingerprints = Array(repeating: 0, count: size &* Self.ways)
    entries = Array(repeating: nil, count: size &* Self.ways)
  }

  /// What was made of these bytes; nil where it is not known (any more).
  @inlinable
  public func value(of bytes: RawSpan) -> Value? {
    guard bytes.byteCount <= longestKey else { return nil }
    let fingerprint = fingerprint(bytes)
    let first = place(fingerprint)
    for index in first..<(first &+ Self.ways) where fingerprints[index] == fingerprint {
      if let entry = entries[index], bytes.holds(entry.key) { return entry.value }
    }
    return nil
  }

  /// Remembers a value that is not known.
  @inlinable
  public mutating func keep(_ value: Value, of bytes: RawSpan) {
    guard bytes.byteCount <= longestKey else { return }
    let fingerprint = fingerprint(bytes)
    let first = place(fingerprint)
    for index in stride(from: first &+ Self.ways &- 1, to: first, by: -1) {
      fingerprints[index] = fingerprints[index &- 1]
      entries[index] = entries[index &- 1]
    }
    fingerprints[first] = fingerprint
    entries[first] = Entry(key: bytes.array, value: value)
  }

  @inlinable
  func fingerprint(_ bytes: RawSpan) -> UInt64 { areEndsEnough ? bytes.fingerprintOfEnds() : bytes.fingerprint() }

  @inlinable
  func place(_ fingerprint: UInt64) -> Int { Self.ways &* (Int(truncatingIfNeeded: fingerprint) & mask) }
}
