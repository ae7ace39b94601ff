// gzip and zstd streams made by hand from the formats' documents, with their bytes stored, not compressed: every byte of
// the frame around them is known.

/// A gzip member (RFC 1952) of stored deflate blocks (RFC 1951 section 3.2.4).
func gzip(_ bytes: [UInt8], checksum: UInt32? = nil) -> [UInt8] {
  var out: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
  let blocks = stride(from: 0, to: max(bytes.count, 1), by: 65_535).map { bytes[$0..<min($0 + 65_535, bytes.count)] }
  for (index, block) in blocks.enumerated() {
    let length = UInt16(block.count)
    out.append(index == blocks.count - 1 ? 1 : 0)
    for value in [length, ~length] { out += [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }
    out += block
  }
  for value in [checksum ?? crc32(bytes), UInt32(bytes.count)] {
    out += (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
  return out
}

/// The checksum of RFC 1952 section 8.
private func crc32(_ bytes: [UInt8]) -> UInt32 {
  var sum: UInt32 = 0xffff_ffff
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 != 0 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
  }
  return ~sum
}

/// A zstd frame (RFC 8878 section 3.1.1) of raw blocks, without content size and checksum. The window is
/// 2^`windowLog` bytes.
func zstd(_ bytes: [UInt8], windowLog: UInt8 = 17) -> [UInt8] {
  var out: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3]
  let blocks = stride(from: 0, to: max(bytes.count, 1), by: 65_536).map { bytes[$0..<min($0 + 65_536, bytes.count)] }
  for (index, block) in blocks.enumerated() {
    let header = block.count << 3 | (index == blocks.count - 1 ? 1 : 0)
    out += (0..<3).map { UInt8(truncatingIfNeeded: header >> ($0 * 8)) }
    out += block
  }
  return out
}

/// A skippable frame (RFC 8878 section 3.1.2).
func skippable(_ bytes: [UInt8], kind: UInt8 = 0) -> [UInt8] {
  [0x50 | kind, 0x2a, 0x4d, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
}
