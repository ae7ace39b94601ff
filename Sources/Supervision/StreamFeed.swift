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
/// decompressor needs the bytes before, and the supervisor unpacks no evidence. It is kept from its beginning, for another
/// pass, as long as that fits in memory: on a disk it has no place, since most of it may lie outside the warrant. Behind
/// that a fault ends the item where it happened.
final class StreamFeed: Sendable {
  private static let readSize = 256 * 1024

  private struct State {
    /// Bytes of the stream from `keptFrom` on.
    var kept: [UInt8] = []
    var keptFrom: UInt64 = 0
    /// Whether the worker's offsets are the stream's: it has found no compression.
    var isPlain = false
    /// What the current worker got before the stream, and from which offset of the stream on it got that.
    var preamble: [UInt8] = []
    var start: UInt64 = 0
    /// What is behind the worker is given back in steps of so many bytes: each moves what stays, some two mebibytes.
    var step = 0
    /// More than this is never kept: a worker that does not say where it is is not waited for.
    var most = 0
    /// Whether what a next worker needs is all there.
    var isKept = true
    /// The worker gets the preamble and nothing else.
    var isOver = false
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

  init(_ input: InputFile, takesDigest: Bool, step: Int, most: Int) {
    self.input = input
    var state = State()
    state.step = max(step, 1)
    state.most = most
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
    let (preamble, isOver, backlog) = state.withLock { state in
      (state.preamble, state.isOver, Array(state.kept.dropFirst(Int(clamping: state.start - state.keptFrom))))
    }
    guard pump.write(preamble), !isOver, pump.write(backlog) else { return }
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
        if state.kept.count > state.most {
          state.isKept = false
          state.keptFrom = state.end
          state.kept = []
        }
      }
      guard pump.write(piece) else { return }
    }
  }

  /// The worker's offsets are those of the stream.
  func isPlain() { state.withLock { $0.isPlain = true } }

  /// Whether everything is still there from the first byte on.
  var canBeRepeated: Bool {
    state.withLock { $0.isKept && $0.start == 0 && $0.preamble.isEmpty && $0.keptFrom == 0 }
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

  /// The next worker gets `preamble`, and then the end: it says what there was. Of a compressed stream, of which `offset`
  /// bytes were unpacked. Gives what that worker adds to its offsets.
  func end(behind offset: UInt64, preamble: [UInt8]) -> Int64 {
    state.withLock { state in
      state.isOver = true
      state.start = state.keptFrom
      state.preamble = preamble
      return Int64(clamping: offset) - Int64(preamble.count)
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
