// Labels of domain names as text, many bytes at a time.

extension OutputSpan where Element == UInt8 {
  /// Appends the bytes, letters of ASCII in lower case. Traps where the capacity does not hold them.
  ///
  /// - Returns: whether all of them stand for themselves in the text of a domain name (RFC 1035 section 5.1): visible
  ///   ASCII but the point and the backslash.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func append(domainLabel bytes: RawSpan) -> Bool {
    precondition(bytes.byteCount <= freeCapacity)
    // Sound: both buffers are used within the closures only; the capacity was checked.
    return unsafe withUnsafeMutableBufferPointer { buffer, initialized in
      guard let base = buffer.baseAddress else { return true }
      let target = unsafe base + initialized
      let isPlain = unsafe bytes.withUnsafeBytes { source in
        var others: UInt8 = 0
        for index in 0..<source.count {
          let byte = unsafe source[index]
          others |= byte &- 0x21 < 0x5e && byte != 0x2e && byte != 0x5c ? 0 : 1
          unsafe (target + index).initialize(to: byte &- 0x41 < 26 ? byte | 0x20 : byte)
        }
        return others == 0
      }
      initialized &+= bytes.byteCount
      return isPlain
    }
  }
}
