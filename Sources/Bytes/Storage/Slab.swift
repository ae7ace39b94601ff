// Elements addressed by small numbers: appended, given back, used again. Addresses never move, so growing copies nothing.

public import CVeilMemory

/// An append-and-reuse store of elements, addressed by `UInt32`.
///
/// It grows by chunks and never shrinks. A released slot keeps its element (stale, but whole) until `insert` fills it
/// again, so every index below `count` is always an initialised element.
@safe
@frozen
public struct Slab<Element: ~Copyable>: ~Copyable {
  /// Elements a chunk, as a power of two: at 200 bytes each a chunk is 800 KiB, which the allocator maps when touched.
  @inlinable static var chunkShift: UInt32 { @inline(__always) get { 12 } }
  @inlinable static var chunkSize: Int { @inline(__always) get { 4_096 } }

  /// The chunks' addresses: `chunkCount` of them are valid, and all but the last are full.
  @usableFromInline var chunks: UnsafeMutablePointer<UnsafeMutablePointer<Element>>
  @usableFromInline var chunkCount = 0
  @usableFromInline var chunkCapacity = 64
  @usableFromInline var free: [UInt32] = []
  /// Slots ever made; valid indices lie below.
  public private(set) var count: UInt32 = 0

  public init() {
    // Sound: plain allocation; nothing is read before it is written (`chunkCount`).
    unsafe chunks = .allocate(capacity: chunkCapacity)
  }

  deinit {
    // Sound: exactly the first `count` elements are initialised, and nothing refers to them after the slab.
    for chunk in 0..<chunkCount {
      let filled = min(Int(count) &- chunk &* Self.chunkSize, Self.chunkSize)
      unsafe chunks[chunk].deinitialize(count: max(filled, 0))
      unsafe chunks[chunk].deallocate()
    }
    unsafe chunks.deallocate()
  }

  /// Slots in use.
  public var liveCount: Int { Int(count) &- free.count }

  /// Puts the element in a new slot at the end.
  @inlinable
  public mutating func append(_ element: consuming Element) -> UInt32 {
    let index = count
    precondition(index < UInt32.max, "slab is full")
    if Int(index >> Self.chunkShift) == chunkCount { addChunk() }
    // Sound: the slot lies in an allocated chunk and, at `count`, is not yet initialised.
    unsafe (chunks[Int(index >> Self.chunkShift)] + Int(index) & (Self.chunkSize &- 1)).initialize(to: element)
    grew()
    return index
  }

  /// Puts the element in a released slot, else in a new one.
  @inlinable
  public mutating func insert(_ element: consuming Element) -> UInt32 {
    guard let index = free.popLast() else { return append(element) }
    self[index] = element
    return index
  }

  /// Takes a released slot with the element that it holds; nil where there is none.
  @inlinable
  public mutating func reuse() -> UInt32? { free.popLast() }

  /// Gives the slot back for the next `insert`; its element stays until then. Releasing a slot twice is a fault of the
  /// caller and gives two owners to one slot, never memory outside the slab.
  @inlinable
  public mutating func release(_ index: UInt32) {
    precondition(index < count, "no such slot")
    free.append(index)
  }

  @inlinable
  public subscript(index: UInt32) -> Element {
    @inline(__always)
    unsafeAddress {
      precondition(index < count, "no such slot")
      // Sound: every slot below `count` is initialised, and chunks never move.
      return unsafe UnsafePointer(chunks[Int(index >> Self.chunkShift)] + Int(index) & (Self.chunkSize &- 1))
    }
    @inline(__always)
    unsafeMutableAddress {
      precondition(index < count, "no such slot")
      // Sound: as above; the access is exclusive because the slab's is.
      return unsafe chunks[Int(index >> Self.chunkShift)] + Int(index) & (Self.chunkSize &- 1)
    }
  }

  /// Begins to bring an element into the cache, for who will want several of different slabs at once: each then waits
  /// for memory while the others do.
  @inlinable @inline(__always)
  public func prefetch(_ index: UInt32) {
    guard index < count else { return }
    // Sound: the slot is allocated, and a prefetch reads nothing.
    let element = unsafe UnsafeRawPointer(chunks[Int(index >> Self.chunkShift)] + Int(index) & (Self.chunkSize &- 1))
    var offset = 0
    while offset < MemoryLayout<Element>.size {
      unsafe veil_prefetch(element + offset)
      offset &+= 64
    }
  }

  @usableFromInline
  mutating func grew() { count &+= 1 }

  @usableFromInline
  mutating func addChunk() {
    // Sound: the directory is grown before it is written past its end, and its old addresses are moved over.
    if chunkCount == chunkCapacity {
      let larger = UnsafeMutablePointer<UnsafeMutablePointer<Element>>.allocate(capacity: chunkCapacity &* 2)
      unsafe larger.moveInitialize(from: chunks, count: chunkCount)
      unsafe chunks.deallocate()
      unsafe chunks = larger
      chunkCapacity &*= 2
    }
    unsafe (chunks + chunkCount).initialize(to: .allocate(capacity: Self.chunkSize))
    chunkCount &+= 1
  }
}
