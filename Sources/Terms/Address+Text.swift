// Address text: dotted quads, and RFC 5952 for IPv6.

import Bytes

extension Address {
  /// Canonical text (RFC 5952 section 4 for IPv6: lower case, longest run of zero groups shortened, the first of equals).
  public var text: String {
    var out: [UInt8] = []
    append(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Appends the canonical text.
  public func append(to out: inout [UInt8]) {
    if family == .v4 {
      out.append(addingCapacity: Address.longestText) { (text: inout OutputSpan<UInt8>) in
        text.append(dottedQuad: UInt32(truncatingIfNeeded: lower))
      }
      return
    }
    var runStart = -1
    var runLength = 0
    var start = -1
    for index in 0...8 {
      if index < 8, group(index) == 0 {
        if start < 0 { start = index }
      } else if start >= 0 {
        if index - start > runLength {
          runStart = start
          runLength = index - start
        }
        start = -1
      }
    }
    if runLength < 2 { runStart = -1 }
    // IPv4-mapped addresses (RFC 5952 section 5) keep the dotted tail.
    let mapped = upper == 0 && lower >> 32 == 0xffff
    var index = 0
    while index < (mapped ? 6 : 8) {
      if index == runStart {
        out.append(0x3a)
        out.append(0x3a)
        index += runLength
        continue
      }
      if index > 0, index != runStart + runLength || runStart < 0 { out.append(0x3a) }
      Address.hexadecimal(group(index), &out)
      index += 1
    }
    if mapped {
      out.append(0x3a)
      Address(v4: UInt32(truncatingIfNeeded: lower)).append(to: &out)
    }
  }

  /// Longest text: 39 characters, and room for the digits' writer.
  public static let longestText = 64

  /// Appends the canonical text to a span with room for `longestText`.
  @inline(__always)
  @_lifetime(out: copy out)
  public func append(to out: inout OutputSpan<UInt8>) {
    if family == .v4 {
      out.append(dottedQuad: UInt32(truncatingIfNeeded: lower))
    } else {
      var text: [UInt8] = []
      append(to: &text)
      out.append(text)
    }
  }

  private func group(_ index: Int) -> UInt16 {
    let half = index < 4 ? upper : lower
    return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index % 4)))
  }

  private static func hexadecimal(_ value: UInt16, _ out: inout [UInt8]) {
    var shift: UInt16 = 12
    while shift > 0, value >> shift == 0 { shift -= 4 }
    while true {
      let nibble = UInt8(truncatingIfNeeded: value >> shift) & 0x0f
      out.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
      if shift == 0 { return }
      shift -= 4
    }
  }

  /// Reads a dotted quad (no leading zeros) or any IPv6 form of RFC 4291 section 2.2, without a zone id.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    if bytes.contains(0x3a) {
      guard let value = Address.sixGroups(bytes) else { return nil }
      self = value
    } else {
      guard let value = Address.quad(bytes[...]) else { return nil }
      self.init(v4: value)
    }
  }

  private static func quad(_ bytes: ArraySlice<UInt8>) -> UInt32? {
    let parts = bytes.split(separator: 0x2e, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), part.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
        part.count == 1 || part.first != 0x30
      else { return nil }
      let number = part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
      guard number < 256 else { return nil }
      value = value << 8 | UInt32(number)
    }
    return value
  }

  private static func sixGroups(_ bytes: [UInt8]) -> Address? {
    // A colon at either end is half of "::".
    guard bytes.count >= 2, bytes[0] != 0x3a || bytes[1] == 0x3a,
      bytes[bytes.count - 1] != 0x3a || bytes[bytes.count - 2] == 0x3a
    else { return nil }
    var groups: [UInt16] = []
    var gap: Int?
    var parts = bytes.split(separator: 0x3a, omittingEmptySubsequences: false)
    // A leading or trailing "::" leaves one empty part too many.
    if parts.count >= 2, parts[0].isEmpty, parts[1].isEmpty { parts.removeFirst() }
    if parts.count >= 2, parts[parts.count - 1].isEmpty, parts[parts.count - 2].isEmpty { parts.removeLast() }
    for (index, part) in parts.enumerated() {
      if part.isEmpty {
        guard gap == nil else { return nil }
        gap = groups.count
      } else if part.contains(0x2e) {
        guard index == parts.count - 1, let tail = quad(part) else { return nil }
        groups.append(UInt16(tail >> 16))
        groups.append(UInt16(truncatingIfNeeded: tail))
      } else {
        guard part.count <= 4, let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
          part.first != 0x2b, part.first != 0x2d
        else { return nil }
        groups.append(value)
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    let halves = groups.map(UInt64.init)
    return Address(
      v6: halves[0] << 48 | halves[1] << 32 | halves[2] << 16 | halves[3],
      halves[4] << 48 | halves[5] << 32 | halves[6] << 16 | halves[7])
  }
}

extension Prefix {
  /// `address/length`, canonical.
  public var text: String { "\(address.text)/\(length)" }
}
