// What the analysis pulls frames from: one file, or several that are one timeline.

import Terms

/// Gives frames one after the other.
///
///     while source.advance() {
///       use(source.header, source.bytes)
///     }
///
/// Damage never throws: the frames before it are given, then `advance` returns false and `notices` say why.
public protocol FrameSource: ~Copyable {
  /// Moves to the next frame; false at the end, and ever after.
  mutating func advance() -> Bool
  /// What the capture says of the current frame. Valid after `advance` returned true.
  var header: FrameHeader { get }
  /// The current frame's bytes, valid until the next `advance`.
  var bytes: RawSpan { @_lifetime(borrow self) get }
}
