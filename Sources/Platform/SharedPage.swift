// The page that supervisor and worker share: where the worker is, so that its last place is known when it dies.
//
//   word 0   note: frame number (high 48 bits), plugin (low 16 bits; 0: none, the engine's own code)
//   word 1   resume: offset just after the frame in hand, in the evidence as it is read
//   word 2   frames done
//   word 3   flow that is being ended, by its id, from 1; 0: none, the frame's own flow is at hand
//   word 4   flows begun, those of earlier workers included: the last id given
//   word 5   third parties named, those of earlier workers included: the last ordinal given

import Synchronization

/// Where a worker is.
public struct WorkerPlace: Equatable, Sendable {
  /// Ordinal of the frame in hand, from 1; 0 before the first.
  public var frame: UInt64
  /// The plugin that was called, from 1 in the catalog's order; 0 outside plugins.
  public var plugin: UInt16
  /// The flow that was being ended, by its id; 0 where the frame's own flow was at hand.
  public var flow: UInt64

  public init(frame: UInt64, plugin: UInt16, flow: UInt64 = 0) {
    self.frame = frame
    self.plugin = plugin
    self.flow = flow
  }

  init(word: UInt64, flow: UInt64) {
    self.init(frame: word >> 16, plugin: UInt16(truncatingIfNeeded: word), flow: flow)
  }
}

/// The worker's pen: relaxed stores of one word each, a few instructions. The reader sees each word whole.
@frozen @safe
public struct PlaceNotes: Sendable {
  // Sound: points to six words that live as long as the process (a worker's page), or as the `SharedPage`.
  @usableFromInline nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>

  init(words: UnsafeMutablePointer<Atomic<UInt64>>) { unsafe self.words = unsafe words }

  /// A frame is taken up; no plugin is at work.
  @inlinable @inline(__always)
  public func takeUp(frame: UInt64) {
    // Sound, here and below: one of the six words of the page, by the initialiser's promise.
    unsafe words[0].store(frame &<< 16, ordering: .relaxed)
  }

  /// A plugin is about to be called for a frame. `plugin` counts from 1; 0 says that it has returned.
  @inlinable @inline(__always)
  public func call(plugin: UInt16, frame: UInt64) {
    unsafe words[0].store(frame &<< 16 | UInt64(plugin), ordering: .relaxed)
  }

  /// How far the evidence has been read, and how many frames are done. Once a block is often enough for the progress
  /// line; once a frame where evidence cannot be read twice.
  @inlinable @inline(__always)
  public func progress(offset: UInt64, frames: UInt64) {
    // Sound: as in `takeUp`.
    unsafe words[1].store(offset, ordering: .relaxed)
    unsafe words[2].store(frames, ordering: .relaxed)
  }

  /// A flow is about to be ended, by its id; 0 says that the frame's own flow is at hand again.
  public func end(flow: UInt64) {
    // Sound: as in `takeUp`.
    unsafe words[3].store(flow, ordering: .relaxed)
  }

  /// The last flow id and the last third party's ordinal that were given. Only where evidence cannot be read twice: the
  /// next worker counts on from them.
  public func counted(flows: UInt64, thirdParties: UInt64) {
    // Sound: as in `takeUp`.
    unsafe words[4].store(flows, ordering: .relaxed)
    unsafe words[5].store(thirdParties, ordering: .relaxed)
  }
}

/// One page of shared memory behind a descriptor that a child can be given.
@safe
public final class SharedPage: Sendable {
  // The memory is only touched through atomic words.
  private let memory: SharedMemory
  /// Close-on-exec; valid as long as this object lives.
  public var descriptor: Int32 { memory.descriptor }

  private static let byteCount = 4096
  private static let wordCount = 6

  /// A new page, all zero.
  public init() throws(SystemError) {
    memory = try SharedMemory("veilscope-page", byteCount: SharedPage.byteCount, subject: "a shared page")
  }

  /// The pen over this page, which must not outlive it. For tests and for analysis without a process.
  public var notes: PlaceNotes { unsafe PlaceNotes(words: words) }

  /// In a child: maps the page that it was given, for as long as the process lives. The descriptor can be closed then.
  public static func notes(mapping descriptor: Int32) throws(SystemError) -> PlaceNotes {
    let base = unsafe try SharedMemory.map(given: descriptor, byteCount: byteCount, subject: "the shared page")
    // Sound: mapped, aligned and larger than the words; Atomic<UInt64> is a plain word.
    return unsafe PlaceNotes(words: base.bindMemory(to: Atomic<UInt64>.self, capacity: wordCount))
  }

  public var place: WorkerPlace { WorkerPlace(word: word(0), flow: word(3)) }
  /// The offset up to which evidence has been taken up.
  public var offset: UInt64 { word(1) }
  public var framesDone: UInt64 { word(2) }
  public var flowsBegun: UInt64 { word(4) }
  public var thirdPartiesNamed: UInt64 { word(5) }
  /// The words that show life. Two equal values: the worker stood still between them.
  public var pulse: SIMD4<UInt64> { SIMD4(word(0), word(1), word(2), word(3)) }

  /// Back to all zero, for the next attempt.
  public func clear() {
    // Sound, here and below: six words, see `words`.
    for index in 0..<SharedPage.wordCount { unsafe words[index].store(0, ordering: .relaxed) }
  }

  private func word(_ index: Int) -> UInt64 { unsafe words[index].load(ordering: .relaxed) }

  private var words: UnsafeMutablePointer<Atomic<UInt64>> {
    // Sound: the page is mapped, aligned and larger than six words; Atomic<UInt64> is a plain word.
    unsafe memory.base.bindMemory(to: Atomic<UInt64>.self, capacity: SharedPage.wordCount)
  }
}
