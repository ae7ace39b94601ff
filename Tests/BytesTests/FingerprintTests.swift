// The fingerprint of bytes.

import Bytes
import Testing

@Suite struct FingerprintTests {
  private func fingerprint(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    bytes.withRawSpan { $0.fingerprint(seed: seed) }
  }

  @Test("every length, every changed byte and every seed gives another fingerprint")
  func differs() {
    var seen: Set<UInt64> = []
    var made = 0
    for length in 0...200 {
      var bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      seen.insert(fingerprint(bytes))
      seen.insert(fingerprint(bytes, seed: 1))
      made += 2
      for index in 0..<length {
        bytes[index] ^= 0x40
        seen.insert(fingerprint(bytes))
        made += 1
        bytes[index] ^= 0x40
      }
    }
    #expect(seen.count == made)
  }

  @Test("equal bytes have equal fingerprints wherever they lie")
  func equal() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for length in [0, 1, 5, 8, 15, 16, 17, 64, 65, 128, 200] {
      let moved = [1, 2, 3] + bytes.prefix(length) + [4]
      let whole = fingerprint(Array(bytes.prefix(length)))
      #expect(moved.withRawSpan { $0.slice(3, length).fingerprint() } == whole)
    }
  }
}
