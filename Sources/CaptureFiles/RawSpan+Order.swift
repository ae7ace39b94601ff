// Integers in the byte order that a file declares.

import Bytes

extension RawSpan {
  /// Traps outside the span: check `byteCount` first.
  @inline(__always)
  func u16(_ offset: Int, bigEndian: Bool) -> UInt16 { bigEndian ? u16(offset) : u16le(offset) }

  @inline(__always)
  func u32(_ offset: Int, bigEndian: Bool) -> UInt32 { bigEndian ? u32(offset) : u32le(offset) }

  @inline(__always)
  func u64(_ offset: Int, bigEndian: Bool) -> UInt64 { bigEndian ? u64(offset) : u64le(offset) }
}
