// The one buffer that puts pieces in order: TCP segments, IP fragments, any bytes that come with an offset.
// One policy holds everywhere: a byte that arrived first stays; what comes later at its place is compared and counted.

/// Bytes from offset 0 on, collected from pieces in any order, up to a limit.
///
/// A piece may be longer than what the capture holds of it: it then covers its whole length, and the bytes from the
/// first missing one on are never given out (`cut`).
@safe
public struct RangeBuffer: ~Copyable {
  /// Pieces waiting beyond a hole, at most. A sender's window holds more segments, but they join one another; only
  /// hostile input makes many islands.
  public static let maximumIslands = 64

  /// What became of one piece. Lengths count bytes of the piece.
  public struct Insertion: Equatable, Sendable {
    /// Bytes that were new here, captured or not.
    public var added = 0
    /// Bytes whose place was taken.
    public var overlapping = 0
    /// Bytes outside the limit, below offset 0, or refused because too many islands wait.
    public var refused = 0
    /// Whether an overlapping byte differed from the one that stays.
    public var contradicts = false

    public init(added: Int = 0, overlapping: Int = 0, refused: Int = 0, contradicts: Bool = false) {
      self.added = added
      self.overlapping = overlapping
      self.refused = refused
      self.contradicts = contradicts
    }
  }

  /// Offsets at or beyond this are refused.
  public let limit: Int
  /// Bytes from 0 on that pieces cover without a hole, captured or not.
  public private(set) var covered = 0
  /// The first offset that a piece covers and the capture does not hold; `Int.max` where there is none.
  public private(set) var cut = Int.max
  /// One more than the highest offset that a piece covers.
  public private(set) var highest = 0

  /// The lowest offset at which a later byte differed from the one that stays; nil where none did.
  public private(set) var contradiction: Int?

  private var storage: UnsafeMutableRawPointer?
  /// Bytes of memory held.
  public private(set) var capacity = 0
  /// Bytes of memory from offset 0 on that were written: with pieces, or with zeros where a hole is left behind.
  private var initialised = 0
  /// Covered ranges beyond the first hole, in order, not touching one another.
  private var islands: [Range<Int>] = []

  public init(limit: Int) {
    self.limit = max(limit, 0)
    // Sound: no memory yet.
    unsafe storage = nil
  }

  deinit {
    // Sound: allocated here, given out only as spans that borrow self.
    unsafe storage?.deallocate()
  }

  /// How many bytes `bytes` has.
  public var count: Int { min(covered, cut) }

  /// Whether something waits beyond a hole.
  public var hasIslands: Bool { !islands.isEmpty }

  /// The bytes from offset 0 up to the first hole or cut.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: the first `count` bytes were written, and the storage changes only in mutating calls.
      let buffer = unsafe UnsafeRawBufferPointer(start: storage, count: count)
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: buffer), borrowing: self)
    }
  }

  /// The memory that a piece ending at `end` would make this buffer hold.
  public func capacity(for end: Int) -> Int {
    let needed = min(end, limit)
    return needed <= capacity ? capacity : min(max(needed, capacity &* 2, Self.smallest), limit)
  }

  /// A first allocation: most streams that matter are decided within it.
  private static let smallest = 512

  /// Puts a piece at its offset. `length` is its length on the wire where the capture holds less than that.
  @discardableResult
  public mutating func insert(_ piece: RawSpan, at offset: Int, length: Int? = nil) -> Insertion {
    var result = Insertion()
    let total = max(length ?? piece.byteCount, piece.byteCount)
    let (end, overflow) = offset.addingReportingOverflow(total)
    let start = max(offset, 0)
    let stop = overflow ? limit : min(end, limit)
    guard start < stop else {
      result.refused = total
      return result
    }
    result.refused = total &- (stop &- start)
    if start == covered, islands.isEmpty {
      fill(piece, at: offset, start..<stop)
      covered = stop
      highest = stop
      result.added = stop &- start
      return result
    }
    insertOutOfOrder(piece, at: offset, start..<stop, &result)
    return result
  }

  /// Drops the bytes and their memory; the buffer is as new.
  public mutating func removeAll() {
    // Sound: nothing borrows the storage during a mutating call.
    unsafe storage?.deallocate()
    unsafe storage = nil
    capacity = 0
    initialised = 0
    covered = 0
    cut = Int.max
    highest = 0
    islands = []
    contradiction = nil
  }

  /// Forgets what waits beyond the first hole; offsets up to `highest` stay known.
  public mutating func dropIslands() { islands = [] }

  // MARK: - Out of order

  private mutating func insertOutOfOrder(
    _ piece: RawSpan, at offset: Int, _ range: Range<Int>, _ result: inout Insertion
  ) {
    // The first island that ends at or beyond the range's start; islands are few.
    var index = 0
    while index < islands.count, islands[index].upperBound < range.lowerBound { index &+= 1 }
    let joins = range.lowerBound <= covered || (index < islands.count && islands[index].lowerBound <= range.upperBound)
    guard joins || islands.count < Self.maximumIslands else {
      result.refused &+= range.count
      return
    }
    highest = max(highest, range.upperBound)

    // Compare what is there, fill what is not.
    var at = range.lowerBound
    if at < covered {
      let stop = min(covered, range.upperBound)
      compare(piece, at: offset, at..<stop, &result)
      at = stop
    }
    var low = range.lowerBound
    var high = range.upperBound
    var next = index
    while next < islands.count, islands[next].lowerBound <= range.upperBound {
      let island = islands[next]
      if at < island.lowerBound {
        fill(piece, at: offset, at..<island.lowerBound)
        result.added &+= island.lowerBound &- at
        at = island.lowerBound
      }
      let stop = min(island.upperBound, range.upperBound)
      if at < stop {
        compare(piece, at: offset, at..<stop, &result)
        at = stop
      }
      low = min(low, island.lowerBound)
      high = max(high, island.upperBound)
      next &+= 1
    }
    if at < range.upperBound {
      fill(piece, at: offset, at..<range.upperBound)
      result.added &+= range.upperBound &- at
    }

    if low <= covered {
      covered = max(covered, high)
      if index < next { islands.removeSubrange(index..<next) }
    } else {
      islands.replaceSubrange(index..<next, with: CollectionOfOne(low..<high))
    }
  }

  /// Copies the piece's bytes for `range`; what the capture does not hold of it becomes a cut.
  private mutating func fill(_ piece: RawSpan, at offset: Int, _ range: Range<Int>) {
    let held = min(range.upperBound, offset &+ piece.byteCount)
    if held < range.upperBound { cut = min(cut, max(held, range.lowerBound)) }
    guard range.lowerBound < held else { return }
    reserve(held)
    let source = piece.extracting((range.lowerBound &- offset)..<(held &- offset))
    // Sound: `reserve` made room for `held` bytes, and the span lends exactly as many as are copied. What lies between
    // these and the bytes written before is filled too: nothing below `initialised` is left as it came.
    unsafe source.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let storage = unsafe storage else { return }
      if range.lowerBound > initialised {
        let hole = unsafe storage + initialised
        unsafe hole.initializeMemory(as: UInt8.self, repeating: 0, count: range.lowerBound &- initialised)
      }
      unsafe (storage + range.lowerBound).copyMemory(from: base, byteCount: bytes.count)
    }
    initialised = max(initialised, held)
  }

  private mutating func compare(_ piece: RawSpan, at offset: Int, _ range: Range<Int>, _ result: inout Insertion) {
    result.overlapping &+= range.count
    let held = min(range.upperBound, offset &+ piece.byteCount, cut, initialised)
    guard range.lowerBound < held, let storage = unsafe storage else { return }
    var same = range.lowerBound
    while held &- same >= 8 {
      // Sound: eight bytes below `initialised`; the piece's load is checked.
      let word = unsafe storage.loadUnaligned(fromByteOffset: same, as: UInt64.self)
      if UInt64(littleEndian: word) != piece.u64le(same &- offset) { break }
      same &+= 8
    }
    for place in same..<held {
      // Sound: `place` lies below `initialised`.
      if unsafe storage.load(fromByteOffset: place, as: UInt8.self) != piece.u8(place &- offset) {
        result.contradicts = true
        contradiction = min(contradiction ?? place, place)
        return
      }
    }
  }

  private mutating func reserve(_ end: Int) {
    guard end > capacity else { return }
    let larger = capacity(for: end)
    // Sound: the old bytes are copied before they are freed; the new ones are written before `initialised` covers them.
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
    if let old = unsafe storage {
      unsafe moved.copyMemory(from: old, byteCount: initialised)
      unsafe old.deallocate()
    }
    unsafe storage = moved
    capacity = larger
  }
}
