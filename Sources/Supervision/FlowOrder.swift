// Puts the flow records of items that run side by side into one file, in the order of the command line.

import Bytes
import Platform
import Synchronization

/// The flows' output, shared by the threads that drain workers.
///
/// The item whose turn it is writes straight into the output; what it wrote can be taken back to where its attempt began.
/// Items before their turn wait in a spool each, which is appended inside the kernel when their turn comes.
final class FlowOrder: Sendable {
  private struct State {
    let output: OutputFile
    /// The item whose turn it is.
    var turn = 0
    /// Finished items that wait for their turn.
    var waiting: [Int: SpoolFile] = [:]
    /// Where the attempt of the item whose turn it is began.
    var start: UInt64 = 0
  }
  private let state: Mutex<State>

  init(_ output: OutputFile) { state = Mutex(State(output: output)) }

  /// Whether it is this item's turn: then its records go straight to the output.
  func begin(_ item: Int) -> Bool {
    state.withLock { state in
      guard state.turn == item else { return false }
      state.start = state.output.size
      return true
    }
  }

  /// A spool for an item before its turn.
  func spool() -> SpoolFile { state.withLock { SpoolFile(beside: $0.output) } }

  /// Appends a record of the item whose turn it is.
  func write(_ record: RawSpan) throws(OutputError) {
    try state.withLock { (state) throws(OutputError) in try state.output.write(record) }
  }

  /// How much has been written: for `rollBack(to:)` of the item whose turn it is.
  var size: UInt64 { state.withLock { $0.output.size } }

  /// Takes back what the item whose turn it is has written behind `size`.
  func rollBack(to size: UInt64) throws(OutputError) {
    try state.withLock { (state) throws(OutputError) in try state.output.truncate(to: max(size, state.start)) }
  }

  /// Takes back what the item whose turn it is has written.
  func rollBack() throws(OutputError) {
    try state.withLock { (state) throws(OutputError) in try state.output.truncate(to: state.start) }
  }

  /// The item is done. Its spool, and those of all items whose turn comes by it, are appended.
  func finish(_ item: Int, _ spool: SpoolFile?) throws(OutputError) {
    try state.withLock { (state) throws(OutputError) in
      state.waiting[item] = spool
      guard state.turn == item else {
        // An item without flows waits too, as an empty one.
        if spool == nil { state.waiting[item] = SpoolFile(beside: state.output) }
        return
      }
      if let spool = state.waiting.removeValue(forKey: item) { try state.output.append(spool) }
      state.turn += 1
      while let next = state.waiting.removeValue(forKey: state.turn) {
        try state.output.append(next)
        state.turn += 1
      }
    }
  }
}
