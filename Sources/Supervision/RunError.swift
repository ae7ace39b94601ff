// Why a run could not be carried through: nothing of it is published then.

import Platform
import Synchronization

/// A run that had to be given up.
public enum RunError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An output could not be written whole.
  case output(OutputError)
  /// The system refused what every worker needs: a process, a pipe, memory.
  case system(SystemError)

  /// Whoever watched it could not go on, in words.
  case watcher(String)

  public var description: String {
    switch self {
    case .output(let error): error.description
    case .system(let error): error.description
    case .watcher(let reason): reason
    }
  }
}

/// Calls `body`; its error becomes a run's.
func system<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(RunError) -> Value {
  do throws(SystemError) { return try body() } catch { throw .system(error) }
}

/// Calls `body`, which writes scratch space or an output; its error becomes a run's.
func writing<Value>(_ body: () throws(SystemError) -> Value) throws(RunError) -> Value {
  do throws(SystemError) { return try body() } catch { throw .output(.system(error)) }
}

/// Calls `body`; its error becomes a run's.
func output<Value>(_ body: () throws(OutputError) -> Value) throws(RunError) -> Value {
  do throws(OutputError) { return try body() } catch { throw .output(error) }
}

/// Says to all threads of a run that it is given up, and why.
final class StopFlag: Sendable {
  private let flag = Atomic<Bool>(false)
  private let first = Mutex<RunError?>(nil)

  var isSet: Bool { flag.load(ordering: .relaxed) }
  /// What the run was given up for.
  var error: RunError? { first.withLock { $0 } }

  func set(_ error: RunError) {
    first.withLock { if $0 == nil { $0 = error } }
    flag.store(true, ordering: .relaxed)
  }
}
