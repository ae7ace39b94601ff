// The registrable domain of a name, by the public suffix list (publicsuffix.org) as libpsl has it built in: the same for
// every run with one version of the library, and nothing is read from a disk.

import Bytes
import CVeilPsl
import Synchronization

public enum PublicSuffixes {
  /// The library's version and the digest of the list in it.
  public static var version: String {
    // Sound: both functions give constant texts of the library that end with a zero.
    let version = unsafe psl_get_version().map { unsafe String(cString: $0) } ?? ""
    let digest = unsafe psl_builtin_sha1sum().map { unsafe String(cString: $0) } ?? ""
    return "\(version), list \(digest)"
  }

  /// Where the registrable domain begins in a name: the public suffix and one label. 0 where the whole name is one, and
  /// for what stands above one (a suffix, a single label): there is nothing below it to be cut.
  ///
  /// - Parameter name: lower case, ASCII without zero bytes, points between the labels only and none at the end.
  public static func registrable(in name: RawSpan) -> Int {
    let print = name.fingerprint()
    if let start = known.start(of: print), start <= name.byteCount { return start }
    let tail = self.tail(of: name)
    let start = tail &+ find(in: name.slice(tail))
    known.note(print, start)
    return start
  }

  /// Where the last labels begin on which the list can decide: no rule of it has more than six, and one stands before.
  private static func tail(of name: RawSpan) -> Int {
    var at = name.byteCount
    var points = 0
    while at > 0 {
      if name.u8(at &- 1) == 0x2e {
        points &+= 1
        if points == mostLabels { return at }
      }
      at &-= 1
    }
    return 0
  }

  private static let mostLabels = 8

  /// Asks the library. 0 where the name has no registrable domain.
  private static func find(in name: RawSpan) -> Int {
    let length = name.byteCount
    // Sound: the memory is used within the closure only, and holds the name and the zero that ends it. The library only
    // reads it, and gives a place in it. `psl_builtin` is a constant of the library.
    let start = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: length &+ 1) { text -> Int in
      for index in 0..<length { unsafe text[index] = CChar(bitPattern: name.u8(index)) }
      unsafe text[length] = 0
      guard let begin = text.baseAddress, let list = unsafe psl_builtin(),
        let found = unsafe psl_registrable_domain(list, begin)
      else { return 0 }
      return unsafe UnsafePointer(begin).distance(to: found)
    }
    return min(max(start, 0), length)
  }

  /// What was asked before. The library takes some 10,000 instructions a name, and most names come again.
  private static let known = KnownNames()
}

/// Where the registrable domains of recent names begin, by the names' fingerprints. It changes no answer, and may be asked
/// by several threads.
private final class KnownNames: Sendable {
  /// The upper 54 bits of a fingerprint and, plus one, where the domain begins (in at most 1,016 characters, as escaped).
  private let slots = InlineArray<4_096, Atomic<UInt64>> { _ in Atomic(0) }

  private static func slot(_ print: UInt64) -> Int { Int(print & 0xfff) }

  func start(of print: UInt64) -> Int? {
    let held = slots[Self.slot(print)].load(ordering: .relaxed)
    return held & 0x3ff != 0 && (held ^ print) >> 10 == 0 ? Int(held & 0x3ff) &- 1 : nil
  }

  func note(_ print: UInt64, _ start: Int) {
    guard start < 0x3ff else { return }
    slots[Self.slot(print)].store(print & ~0x3ff | UInt64(start &+ 1), ordering: .relaxed)
  }
}
