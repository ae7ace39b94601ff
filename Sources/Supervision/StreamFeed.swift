// Evidence that cannot be read twice: passed on to the worker through a pipe, digested on the way, and kept for as long
// as a next worker might need it.

import Bytes
import Platform
import Synchronization
import Terms

/// Passes a stream on to one worker after the other.
///
/// Bytes are kept until the worker has taken up the frame behind them (it notes the offset on the shared page); when it
/// dies, the next one gets the capture's preamble (headers that the worker has named) and what follows the fatal frame; or,
/// while everything is still kept, the stream from its beginning.
///
/// In a compressed stream the worker's offsets are those of what it unpacked, and nobody could go on in the middle: a
/// decompressor needs the bytes before, and the supervisor unpacks no evidence. All of it is kept, then, on the disk from
/// some size on, for another pass from the beginning; behind `mostSpooled` a fault ends the item.
final class StreamFeed: Sendable {
  /// More than pipe, blocks and the longest record together; a worker that does not say where it is is not waited for.
  private static let mostKept = 32 * 1024 * 1024
  /// What is kept of a stream before its worker has said that it is plain: a compressed one never is.
  private static let mostSpooled: UInt64 = 4 << 30
  private static let readSize = 256 * 1024

  private struct State {
    /// Bytes of the stream from `keptFrom` on. Those before are in the spool, or gone.
    var kept: [UInt8] = []
    var keptFrom: UInt64 = 0
    var spooled: UInt64 = 0
    /// Whether the worker's offsets are the stream's: it has found no compression.
    var isPlain = false
    /// What the current worker got before the stream, and from which offset of the stream on it got that.
    var preamble: [UInt8] = []
    var start: UInt64 = 0
    /// What is behind the worker is given back in steps of so many bytes: each moves what stays, some two mebibytes.
    var step = 0
    /// Whether what a next worker needs is all there.
    var isKept = true
    var isAtEnd = false
    var failure: SystemError?
    var digest: RunningDigestBox?

    var end: UInt64 { keptFrom + UInt64(kept.count) }

    /// The offset in the stream of an offset that the current worker gave, which counts its preamble.
    func offset(ofWorker offset: UInt64) -> UInt64? {
      guard offset >= UInt64(preamble.count) else { return nil }
      let (sum, overflow) = start.addingReportingOverflow(offset - UInt64(preamble.count))
      return overflow || sum > end ? nil : sum
    }

    mutating func forget(before offset: UInt64) {
      guard isPlain, offset > keptFrom, offset <= end else { return }
      let count = Int(offset - keptFrom)
      guard count >= step else { return }
      kept.removeFirst(count)
      keptFrom = offset
    }
  }

  private let input: InputFile
  private let state: Mutex<State>
  /// Touched by the thread that feeds, and between its runs.
  private let spool: SpoolFile

  init(_ input: InputFile, takesDigest: Bool, scratch: OutputFile, step: Int) {
    self.input = input
    spool = SpoolFile(beside: scratch, threshold: 0)
    var state = State()
    state.step = max(step, 1)
    state.digest = takesDigest ? RunningDigestBox() : nil
    self.state = Mutex(state)
  }

  /// Feeds a pipe on a thread of its own while `body` runs, which gets the end to read from.
  func during<Value>(page: SharedPage, _ body: (Int32) throws(RunError) -> Value) throws(RunError) -> Value {
    let pipe = try system { () throws(SystemError) in try Pipe() }
    let (reading, pump) = try system { () throws(SystemError) in
      let pump = StreamPump(from: input, to: pipe.writing)
      return (pipe.reading, pump)
    }
    let thread = try system { () throws(SystemError) in
      try SystemThread { [self] in
        feed(pump, page)
        pump.closeTarget()
      }
    }
    pipe.giveUpWriting()
    defer {
      // The worker is gone: once nobody can read, the pump ends, wherever it waits.
      pipe.closeReading()
      thread.join()
    }
    return try body(reading)
  }

  private func feed(_ pump: StreamPump, _ page: SharedPage) {
    let (preamble, isFromSpool, backlog) = state.withLock { state in
      let passed = state.start > state.keptFrom ? Int(clamping: state.start - state.keptFrom) : 0
      return (state.preamble, state.start < state.keptFrom, Array(state.kept.dropFirst(passed)))
    }
    guard pump.write(preamble), !isFromSpool || writeSpooled(pump), pump.write(backlog) else { return }
    var buffer = [UInt8](repeating: 0, count: StreamFeed.readSize)
    while !state.withLock({ $0.isAtEnd }) {
      let count: Int
      do throws(SystemError) {
        guard let read = try pump.read(into: &buffer) else { return }
        count = read
      } catch {
        state.withLock {
          $0.failure = error
          $0.isAtEnd = true
        }
        return
      }
      let piece = Array(buffer.prefix(count))
      state.withLock { state in
        if count == 0 { state.isAtEnd = true }
        state.digest?.update(piece)
        if let offset = state.offset(ofWorker: page.offset) { state.forget(before: offset) }
        state.kept += piece
      }
      makeRoom()
      guard pump.write(piece) else { return }
    }
  }

  /// Sees to it that what is kept in memory stays within its bound.
  private func makeRoom() {
    let surplus: [UInt8]? = state.withLock { state in
      guard state.kept.count > StreamFeed.mostKept else { return nil }
      let isSpooled = !state.isPlain && state.isKept && state.end <= StreamFeed.mostSpooled
      let surplus = state.kept
      state.keptFrom = state.end
      state.kept = []
      if isSpooled { state.spooled = state.end } else { state.isKept = false }
      return isSpooled ? surplus : nil
    }
    guard let surplus else { return }
    do throws(SystemError) {
      try surplus.withRawSpan { (span) throws(SystemError) in try spool.write(span) }
    } catch {
      // Without room on the disk the stream goes on all the same; only a fault in it would be the end.
      state.withLock { $0.isKept = false }
    }
  }

  /// Writes what the spool holds; false where nobody reads any more, or it cannot be read back.
  private func writeSpooled(_ pump: StreamPump) -> Bool {
    let gone = SystemError("write", "a worker", code: 0)
    return
      (try? spool.forEachPiece { (piece) throws(SystemError) in
        guard pump.write(piece.array) else { throw gone }
      }) != nil
  }

  /// The worker's offsets are those of the stream.
  func isPlain() { state.withLock { $0.isPlain = true } }

  /// Whether everything is still there from the first byte on.
  var canBeRepeated: Bool {
    state.withLock { $0.isKept && $0.start == 0 && $0.preamble.isEmpty && $0.keptFrom == $0.spooled }
  }

  /// The next worker gets everything from the first byte on, as this one did.
  func startAgain() { state.withLock { $0.isPlain = false } }

  /// Prepares the next worker's stream: the preamble, then everything behind `offset`, which the last worker gave.
  /// Gives what the new worker adds to its offsets to get the stream's; nil where the stream cannot be taken up there.
  func goOn(behind offset: UInt64, preamble: [UInt8]) -> Int64? {
    state.withLock { state in
      guard state.isKept, let start = state.offset(ofWorker: offset), start >= state.keptFrom else { return nil }
      state.start = start
      state.preamble = preamble
      return Int64(clamping: start) - Int64(preamble.count)
    }
  }

  /// Reads what no worker wanted, for the digest.
  func digestRest() throws(RunError) {
    var buffer = [UInt8](repeating: 0, count: StreamFeed.readSize)
    while !state.withLock({ $0.isAtEnd }) {
      let count = try system { () throws(SystemError) in try input.readNext(into: &buffer) }
      let piece = Array(buffer.prefix(count))
      state.withLock { state in
        state.isAtEnd = count == 0
        state.digest?.update(piece)
      }
    }
  }

  /// The digest of the whole stream.
  func digest() -> DigestOutcome {
    state.withLock { state in
      if let failure = state.failure { return .failed(failure) }
      guard state.isAtEnd, let digest = state.digest else { return .unavailable }
      state.digest = nil
      return digest.finish()
    }
  }
}

/// A digest that can stand in a struct that is copied: a reference to it.
private final class RunningDigestBox {
  private var digest: RunningDigest?

  init?() {
    guard let digest = RunningDigest() else { return nil }
    self.digest = consume digest
  }

  func update(_ bytes: [UInt8]) { bytes.withRawSpan { digest?.update($0) } }

  func finish() -> DigestOutcome {
    guard let digest = digest.take() else { return .unavailable }
    let size = digest.size
    return .digest(digest.finish(), size: size)
  }
}
