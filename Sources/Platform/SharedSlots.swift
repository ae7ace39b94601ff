// Memory through which a worker hands large payloads to its supervisor: slots that are used one after the other.
//
//   page 0        word 0   slots that the supervisor has emptied, since the worker began
//   from 4,096    slot 0, slot 1, …
//
// A pipe carries the same bytes through pages that the kernel takes and gives back, under a lock on which the reader
// spins while the writer copies (measured: a tenth of all processor time where much is written). Slots are written again
// and again. What is sent through the pipe is which slot and how long; where no slot is free, the payload itself.

import Bytes
import Synchronization

/// The supervisor's end.
@safe
public final class SharedSlots: Sendable {
  public static let count = 8
  /// Bytes of a slot: a batch of lines and the rest of its last one.
  public static let size = 320 * 1024

  // Word 0 is only touched as an atomic, and slots are only copied from.
  private let memory: SharedMemory
  /// Close-on-exec; valid as long as this object lives.
  public var descriptor: Int32 { memory.descriptor }

  fileprivate static let firstSlot = 4_096
  fileprivate static let byteCount = firstSlot + count * size
  fileprivate static let subject = "shared memory"

  public init() throws(SystemError) {
    memory = try SharedMemory("veilscope-slots", byteCount: SharedSlots.byteCount, subject: SharedSlots.subject)
  }

  /// All slots are free: for the next worker, once the last one has ended.
  public func clear() {
    // Sound: word 0 of the mapping, which lives as long as self.
    unsafe SharedSlots.emptied(memory.base).pointee.store(0, ordering: .relaxed)
  }

  /// Copies a slot's first `length` bytes in place of what `bytes` holds, and gives the slot back. The worker may write
  /// to it at any time: whatever is to be checked is checked on the copy. False where there is no such slot.
  public func take(slot: Int, length: Int, into bytes: inout [UInt8]) -> Bool {
    guard slot >= 0, slot < SharedSlots.count, length >= 0, length <= SharedSlots.size else { return false }
    bytes.removeAll(keepingCapacity: true)
    // Sound: the range lies in the mapping by the line above; bytes that change meanwhile are bytes all the same.
    unsafe bytes.append(
      contentsOf: UnsafeRawBufferPointer(
        start: memory.base + SharedSlots.firstSlot + slot * SharedSlots.size, count: length))
    unsafe SharedSlots.emptied(memory.base).pointee.wrappingAdd(1, ordering: .releasing)
    return true
  }

  fileprivate static func emptied(_ base: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<UInt64>> {
    // Sound: the page is mapped and aligned; Atomic<UInt64> is a plain word.
    unsafe base.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
  }
}

/// The worker's end. Used by one thread.
@safe
public final class SlotWriter {
  // Sound: mapped for as long as the process lives.
  private let base: UnsafeMutableRawPointer
  /// Slots filled so far.
  private var filled: UInt64 = 0

  /// Maps what the worker was given; the descriptor can be closed then.
  public init(mapping descriptor: Int32) throws(SystemError) {
    unsafe base = try SharedMemory.map(
      given: descriptor, byteCount: SharedSlots.byteCount, subject: SharedSlots.subject)
  }

  /// Fills the next slot; nil where none is free, or the payload is too long for one.
  public func fill(_ payload: RawSpan) -> Int? {
    let emptied = unsafe SharedSlots.emptied(base).pointee.load(ordering: .acquiring)
    guard payload.byteCount <= SharedSlots.size, filled &- emptied < UInt64(SharedSlots.count) else { return nil }
    let slot = Int(filled % UInt64(SharedSlots.count))
    filled &+= 1
    // Sound: the slot lies in the mapping and is long enough; the supervisor has emptied it, and reads it no more.
    unsafe payload.withUnsafeBytes {
      guard let start = $0.baseAddress else { return }
      unsafe (base + SharedSlots.firstSlot + slot * SharedSlots.size).copyMemory(from: start, byteCount: $0.count)
    }
    return slot
  }
}
