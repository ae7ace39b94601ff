// Text as bytes and bytes as text, without a detour over arrays.

extension String {
  /// Lends the text's UTF-8 bytes.
  @inlinable
  public func withRawSpan<Result>(_ body: (RawSpan) -> Result) -> Result {
    var text = self
    // Sound: the span is used within the closure only. (`utf8Span` would do, but Swift 6.3 lends a short text's bytes
    // from a place on the stack that is gone by then.)
    return text.withUTF8 { unsafe body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer($0))) }
  }

  /// The text that `bytes` are in UTF-8; nil where they are not well-formed.
  public init?(utf8 bytes: RawSpan) {
    guard bytes.isUTF8 else { return nil }
    // Sound: the buffer is used within the closure only.
    self = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension StaticString {
  /// Whether both are the same text.
  public func isSame(as other: StaticString) -> Bool {
    let count = utf8CodeUnitCount
    guard count == other.utf8CodeUnitCount else { return false }
    // Sound: a StaticString with a pointer representation keeps its bytes for ever; `count` is that of both.
    let left = unsafe utf8Start
    let right = unsafe other.utf8Start
    if unsafe left == right { return true }
    for index in 0..<count where unsafe left[index] != right[index] { return false }
    return true
  }
}
