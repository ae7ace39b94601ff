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
    if let labels = known.labels(of: print) { return start(of: labels, in: name) }
    let labels = count(in: name)
    known.note(print, labels)
    return start(of: labels, in: name)
  }

  /// Where the last `labels` labels begin.
  private static func start(of labels: Int, in name: RawSpan) -> Int {
    var at = name.byteCount
    var points = 0
    while at > 0 {
      if name.u8(at &- 1) == 0x2e {
        points &+= 1
        if points == labels { return at }
      }
      at &-= 1
    }
    return 0
  }

  /// Labels of the registrable domain; all of the name's where it has none.
  private static func count(in name: RawSpan) -> Int {
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
    var labels = 1
    for index in min(max(start, 0), length)..<length where name.u8(index) == 0x2e { labels &+= 1 }
    return labels
  }

  /// What was asked before. The library takes some 10,000 instructions a name, and most names come again.
  private static let known = KnownNames()
}

/// How many labels the registrable domains of recent names have, by the names' fingerprints. It changes no answer, and
/// may be asked by several threads.
private final class KnownNames: Sendable {
  private static let size = 4_096
  /// The upper 56 bits of a fingerprint and the number of labels (at most 127, RFC 1035 section 2.3.4).
  private let slots = InlineArray<4_096, Atomic<UInt64>> { _ in Atomic(0) }

  private static func slot(_ print: UInt64) -> Int { Int(print & 0xfff) }

  func labels(of print: UInt64) -> Int? {
    let held = slots[Self.slot(print)].load(ordering: .relaxed)
    return held != 0 && (held ^ print) >> 8 == 0 ? Int(held & 0xff) : nil
  }

  func note(_ print: UInt64, _ labels: Int) {
    slots[Self.slot(print)].store(print & ~0xff | UInt64(min(labels, 0xff)), ordering: .relaxed)
  }
}
