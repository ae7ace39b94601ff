// What inputs cost: nanoseconds of this thread, the least of some repetitions.

import Bytes
import FuzzTargets
import Glibc

enum Cost {
  private static let repetitions = 7

  /// Prints, for each file named in `list` (a line each): its bytes, the cost of reading it, and the cost of reading
  /// it twice in one input.
  static func report(of target: FuzzTarget, _ list: String) {
    for path in list.split(separator: "\n") {
      let bytes = contents(String(path))
      let once = cost(of: bytes, target)
      let twice = cost(of: bytes + bytes, target)
      print(bytes.count, once, twice, path)
    }
  }

  private static func cost(of bytes: [UInt8], _ target: FuzzTarget) -> Int {
    var least = Int.max
    var sum: UInt64 = 0
    for _ in 0..<repetitions {
      let before = now()
      bytes.withRawSpan { sum &+= target.read($0) }
      least = min(least, now() - before)
    }
    precondition(sum != .max, "used, so that it is done")
    return least
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  private static func contents(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&block, 1, block.count, file)
      if count == 0 { return bytes }
      bytes.append(contentsOf: block[..<count])
    }
  }
}
