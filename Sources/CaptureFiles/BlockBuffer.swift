// The one block of memory that a capture is read into, again and again.
//
//     0        headRoom                 cursor        end          capacity
//     | head room | ... frames given out | not yet read | free        |
//
// A record over the block's edge is moved to the end of the head room, and the next block is read behind it.

import Bytes

/// A window on a byte stream that moves forward.
// Safe: the storage is owned, never handed out, and every access to it is checked against `end` or `capacity`.
@safe struct BlockBuffer: ~Copyable {
  private var storage: UnsafeMutableRawPointer
  private var capacity: Int
  /// Next byte to read, as an index into the storage.
  private(set) var cursor: Int
  /// End of the bytes that are there.
  private(set) var end: Int
  /// Offset in the stream of the storage's first byte (negative at first: the stream begins behind the head room).
  private var base: Int
  private let source: any ByteSource
  private let limits: CaptureLimits
  /// Why the source stopped early; nil while it has not.
  private(set) var failure: SourceFailure?
  private var isAtEnd = false

  init(_ source: any ByteSource, limits: CaptureLimits) {
    self.source = source
    self.limits = limits
    capacity = max(limits.firstBlockSize, 64)
    // Sound: owned from here on; given back in deinit, or where it is replaced.
    unsafe storage = .allocate(byteCount: capacity, alignment: 64)
    cursor = 0
    end = 0
    base = 0
  }

  deinit { unsafe storage.deallocate() }

  /// Bytes that are there from the cursor on.
  var available: Int {
    @inline(__always) get { end &- cursor }
  }

  /// The cursor's offset in the stream.
  var offset: Int {
    @inline(__always) get { base &+ cursor }
  }

  var bytesRead: UInt64 { source.bytesRead }

  /// The bytes from the cursor on that are there.
  var ahead: RawSpan {
    @_lifetime(borrow self)
    @inline(__always)
    get {
      // Sound: cursor <= end <= capacity always holds; the span borrows self, so nothing moves while it lives.
      let span = unsafe RawSpan(_unsafeStart: storage + cursor, byteCount: end &- cursor)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The integer `offset` bytes behind the cursor, which must be there.
  @inline(__always)
  func u16(_ offset: Int, bigEndian: Bool) -> UInt16 { ahead.u16(offset, bigEndian: bigEndian) }

  @inline(__always)
  func u32(_ offset: Int, bigEndian: Bool) -> UInt32 { ahead.u32(offset, bigEndian: bigEndian) }

  /// The 16 bytes from `offset` behind the cursor on, which must be there, as two little-endian integers, with one
  /// check for both.
  @inline(__always)
  func twoWords(at offset: Int = 0) -> (UInt64, UInt64) {
    precondition(offset >= 0 && available &- offset >= 16)
    // Sound: the 16 bytes are there by the line above; any bits are an integer, and no alignment is asked for.
    return unsafe (
      UInt64(littleEndian: (storage + cursor + offset).loadUnaligned(as: UInt64.self)),
      UInt64(littleEndian: (storage + cursor + offset + 8).loadUnaligned(as: UInt64.self))
    )
  }

  /// Where the bytes at the cursor stand; valid until the next call that reads.
  var address: UnsafeRawPointer {
    @inline(__always) get { unsafe UnsafeRawPointer(storage + cursor) }
  }

  /// Moves over `count` bytes that are there.
  @inline(__always)
  mutating func consume(_ count: Int) {
    cursor = cursor &+ count
    assert(cursor <= end)
  }

  /// Whether `count` bytes are there from the cursor on, after reading on where they were not. False at the end of the
  /// stream: then `available` bytes are left. Invalidates indices into the storage.
  @inline(__always)
  mutating func require(_ count: Int) -> Bool {
    available >= count ? true : fill(count)
  }

  /// Moves over `count` bytes, read or not. Returns how many were not there any more: 0 unless the stream ended.
  mutating func skip(_ count: Int) -> Int {
    var left = count
    while left > available {
      left &-= available
      cursor = end
      guard require(1) else { return left }
    }
    cursor = cursor &+ left
    return 0
  }

  /// Gives the memory back; nothing can be read any more.
  mutating func release() {
    isAtEnd = true
    base = offset
    cursor = 0
    end = 0
    unsafe storage.deallocate()
    capacity = 64
    unsafe storage = .allocate(byteCount: capacity, alignment: 64)
  }

  @inline(never)
  private mutating func fill(_ count: Int) -> Bool {
    while available < count {
      if isAtEnd { return false }
      makeRoom()
      do throws(SourceFailure) {
        // Sound: end <= capacity, and `makeRoom` left at least one byte between them.
        let free = unsafe UnsafeMutableRawBufferPointer(start: storage + end, count: capacity - end)
        let read = unsafe try source.read(into: free)
        // A source that claims more than it was given room for would be a defect of this room.
        precondition(read >= 0 && read <= capacity - end)
        if read == 0 { isAtEnd = true }
        end += read
      } catch {
        failure = error
        isAtEnd = true
      }
    }
    return true
  }

  /// Makes room behind `end`: at the first call by taking the full size, then by moving what is not yet read to the
  /// front. A record longer than the block makes the storage grow, twofold and only as its bytes come in, so that a
  /// length alone, which may be a lie, takes no memory. Callers bound the records they ask for.
  private mutating func makeRoom() {
    let full = limits.headRoom + limits.blockSize
    // The very first read goes into the small storage.
    if end == 0, base == 0 { return }
    let left = available
    if capacity < full {
      move(to: max(limits.headRoom - left, 0), capacity: max(full, left * 2))
    } else if left == 0 {
      move(to: limits.headRoom, capacity: capacity)
    } else if capacity - end < max(limits.blockSize / 4, 1) {
      if left <= limits.headRoom {
        move(to: limits.headRoom - left, capacity: capacity)
      } else {
        move(to: 0, capacity: left > capacity / 2 ? capacity * 2 : capacity)
      }
    }
  }

  /// Moves the unread bytes to `target`, in new storage where the capacity changes.
  private mutating func move(to target: Int, capacity newCapacity: Int) {
    let left = available
    precondition(target >= 0 && target + left < newCapacity)
    if newCapacity == capacity {
      // Sound: both ranges lie in the storage (line above); memmove semantics allow overlap.
      unsafe (storage + target).copyMemory(from: storage + cursor, byteCount: left)
    } else {
      let bigger = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 64)
      // Sound: the new storage holds target + left bytes (line above); the old one is given back once, here.
      unsafe (bigger + target).copyMemory(from: storage + cursor, byteCount: left)
      unsafe storage.deallocate()
      unsafe storage = bigger
      capacity = newCapacity
    }
    base = base &+ cursor &- target
    cursor = target
    end = target + left
  }
}
