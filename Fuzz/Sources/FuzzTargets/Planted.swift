// Faults on purpose: the harness must catch a trap, a read out of bounds and a memory that grows.

import Bytes

extension FuzzTarget {
  /// Traps on an input that begins with "trap".
  static let plantedTrap = FuzzTarget("planted-trap") { input in
    guard input.u32IfPresent(0) == 0x7472_6170 else { return 0 }
    let numbers = [1, 2, 3]
    return UInt64(numbers[input.byteCount &+ 3])
  }

  /// Reads one byte behind the input where that begins with "over".
  static let plantedOverread = FuzzTarget("planted-overread") { input in
    guard input.u32IfPresent(0) == 0x6f76_6572 else { return 0 }
    // Unsound on purpose: AddressSanitizer must see it.
    return unsafe input.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return 0 }
      return UInt64(unsafe (start + bytes.count).load(as: UInt8.self))
    }
  }

  /// Takes memory without bound where the input begins with "more".
  static let plantedHunger = FuzzTarget("planted-hunger") { input in
    guard input.u32IfPresent(0) == 0x6d6f_7265 else { return 0 }
    var kept: [[UInt8]] = []
    for count in 0..<4_096 { kept.append([UInt8](repeating: UInt8(truncatingIfNeeded: count), count: 1 << 20)) }
    return UInt64(kept.count)
  }
}
