// The digest of evidence, made beside the analysis from the same descriptor.

import Bytes
import Cryptography
import Platform
import Synchronization
import Terms

/// What a pass over evidence gave.
public enum DigestOutcome: Equatable, Sendable {
  case digest(Digest, size: UInt64)
  /// Somebody wrote to the file meanwhile: size, modification time or the bytes read do not agree.
  case changed
  /// It could not be read to its end.
  case failed(SystemError)
  /// libcrypto has no SHA-256 here.
  case unavailable
}

/// A SHA-256 (FIPS 180-4) over a whole file, on a thread of its own.
public final class EvidenceDigest: Sendable {
  private let thread: SystemThread
  private let result: Result

  private final class Result: Sendable {
    let outcome = Mutex<DigestOutcome?>(nil)
    let isCancelled = Atomic<Bool>(false)
  }

  /// Begins at once. Reads by offset: the position that a worker reads from stays where it is.
  public init(of file: InputFile) throws(SystemError) {
    let result = Result()
    self.result = result
    thread = try SystemThread {
      let outcome = EvidenceDigest.pass(over: file, isCancelled: result.isCancelled)
      result.outcome.withLock { $0 = outcome }
    }
  }

  /// Waits for the end and gives what came of it.
  public func outcome() -> DigestOutcome {
    thread.join()
    return result.outcome.withLock { $0 } ?? .unavailable
  }

  /// Makes `outcome` come soon, with nothing in it. For runs that have failed.
  public func cancel() { result.isCancelled.store(true, ordering: .relaxed) }

  /// The digest of the file, on this thread.
  public static func compute(_ file: InputFile) -> DigestOutcome { pass(over: file, isCancelled: never) }

  private static let never = Atomic<Bool>(false)
  /// Large enough that the calls vanish, small enough to stay in the second-level cache with what the worker holds.
  private static let readSize = 1024 * 1024

  private static func pass(over file: InputFile, isCancelled: borrowing Atomic<Bool>) -> DigestOutcome {
    do throws(SystemError) {
      guard try file.currentIdentity().hasSameContents(as: file.identity) else { return .changed }
      guard var running = RunningDigest() else { return .unavailable }
      var buffer = [UInt8](repeating: 0, count: readSize)
      while true {
        if isCancelled.load(ordering: .relaxed) { return .unavailable }
        let count = try file.read(at: running.size, into: &buffer)
        if count == 0 { break }
        buffer.withRawSpan { running.update($0.extracting(0..<count)) }
      }
      guard running.size == file.identity.size, try file.currentIdentity().hasSameContents(as: file.identity) else {
        return .changed
      }
      let size = running.size
      return .digest(running.finish(), size: size)
    } catch { return .failed(error) }
  }
}

/// A SHA-256 that counts what it has seen.
struct RunningDigest: ~Copyable {
  private(set) var size: UInt64 = 0
  private var context: DigestContext

  init?() {
    guard let context = try? DigestContext(.sha256) else { return nil }
    self.context = context
  }

  mutating func update(_ bytes: RawSpan) {
    context.update(bytes)
    size &+= UInt64(bytes.byteCount)
  }

  consuming func finish() -> Digest {
    context.finish()
    return Digest(.sha256, context.digest.array)
  }
}
