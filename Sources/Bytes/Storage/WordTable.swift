// A zeroed array of words whose length is a power of two: what an open-addressing table probes.

public import CVeilMemory

/// A fixed number of 64-bit words, all zero at first. Positions wrap around its length, so none can lie outside.
@safe
@frozen
public struct WordTable: ~Copyable {
  @usableFromInline let words: UnsafeMutablePointer<UInt64>
  /// The length less one; the length is a power of two.
  public let mask: Int

  /// At least `capacity` words.
  public init(atLeast capacity: Int) {
    var length = 1
    while length < capacity { length <<= 1 }
    mask = length &- 1
    // Sound: allocated and initialised as a whole, freed once.
    unsafe words = .allocate(capacity: length)
    unsafe words.initialize(repeating: 0, count: length)
  }

  deinit {
    // Sound: a word needs no deinitialisation.
    unsafe words.deallocate()
  }

  public var count: Int { mask &+ 1 }

  /// Begins to bring the word at `position` into the cache.
  @inlinable @inline(__always)
  public func prefetch(_ position: Int) {
    // Sound: a prefetch reads nothing.
    unsafe veil_prefetch(words + position & mask)
  }

  /// The word at `position`, taken modulo the length.
  @inlinable
  public subscript(position: Int) -> UInt64 {
    @inline(__always) get {
      // Sound: the mask keeps the position inside.
      unsafe words[position & mask]
    }
    @inline(__always) set {
      // Sound: the mask keeps the position inside.
      unsafe words[position & mask] = newValue
    }
  }
}
