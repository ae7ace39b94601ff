// A short text that is written often: copied in whole words, without a call and without a loop over its bytes.

/// Up to 64 bytes.
@frozen
public struct TextChunk: Sendable, BitwiseCopyable {
  /// The longest text that a chunk can hold; appending one needs that much free capacity, however short the text is.
  @inlinable public static var capacity: Int { 64 }

  @usableFromInline var words = InlineArray<8, UInt64>(repeating: 0)
  public private(set) var count = 0

  public init() {}

  /// The parts, one behind the other. Traps where they are longer than a chunk: they are constants of the program.
  public init(_ parts: [StaticString]) {
    for part in parts {
      // Sound: a StaticString keeps its bytes for ever; the count is its own.
      for index in 0..<part.utf8CodeUnitCount { append(unsafe part.utf8Start[index]) }
    }
  }

  /// Adds a byte. Traps where the chunk is full.
  public mutating func append(_ byte: UInt8) {
    precondition(count < Self.capacity)
    words[count / 8] |= UInt64(byte) << UInt64(8 * (count % 8))
    count += 1
  }
}

extension OutputSpan where Element == UInt8 {
  /// Appends the chunk's text. Needs free capacity for a whole chunk, and traps where it is not there.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(_ chunk: TextChunk) {
    precondition(freeCapacity >= TextChunk.capacity)
    // Sound: the capacity was checked; the words are stored in the order of their bytes, and what lies behind `count` is
    // written but not counted. `storeBytes` asks for no alignment.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      let target = unsafe UnsafeMutableRawPointer(start + initialized)
      for index in 0..<4 {
        unsafe target.storeBytes(of: chunk.words[index].littleEndian, toByteOffset: 8 * index, as: UInt64.self)
      }
      if chunk.count > 32 {
        for index in 4..<8 {
          unsafe target.storeBytes(of: chunk.words[index].littleEndian, toByteOffset: 8 * index, as: UInt64.self)
        }
      }
      initialized &+= chunk.count
    }
  }

  /// Appends the array's bytes. Traps where the capacity does not hold them.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func append(_ bytes: [UInt8]) {
    precondition(bytes.count <= freeCapacity)
    // Sound: both buffers are used within the closures only; the capacity was checked.
    unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      unsafe bytes.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress else { return }
        unsafe (target + initialized).initialize(from: start, count: source.count)
      }
      initialized &+= bytes.count
    }
  }
}
