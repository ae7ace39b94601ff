// What the strict reader says of a document that it does not take.

/// Why, where by line and column, and where in the document.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Equatable, Sendable {
    case tooLarge(bytes: Int, limit: Int)
    case tooDeep(limit: Int)
    case byteOrderMark
    case notUTF8
    case nul
    case empty
    case cut
    /// Something else than what the grammar wants here.
    case unexpected(found: String, expected: String)
    case duplicateKey(String)
    case trailingBytes(found: String)
    case badNumber
    case numberTooLarge(limit: Int64)
    case badEscape
    case loneSurrogate
    case controlCharacter
  }

  public let kind: Kind
  /// Byte offset in the document.
  public let offset: Int
  /// 1-based.
  public let line: Int
  /// 1-based, counted in characters (Unicode scalars) of the line.
  public let column: Int
  /// Names and indices down to the value: `targets[2].address`; empty for the document itself.
  public let path: String

  /// What is wrong and what was expected, without the place.
  public var reason: String {
    switch kind {
    case .tooLarge(let bytes, let limit): "the document has \(bytes) bytes; at most \(limit) are read"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .byteOrderMark: "begins with a byte order mark; expected UTF-8 without one"
    case .notUTF8: "not UTF-8"
    case .nul: "holds a NUL character; none is allowed"
    case .empty: "the document is empty; expected a JSON value"
    case .cut: "the document ends in the middle of a value"
    case .unexpected(let found, let expected): "found \(found); expected \(expected)"
    case .duplicateKey(let key): "the key \"\(key)\" is there twice; each may occur once"
    case .trailingBytes(let found): "found \(found) after the end of the document; expected nothing"
    case .badNumber: "not a JSON number (RFC 8259 section 6)"
    case .numberTooLarge(let limit): "a number beyond \(limit); write larger ones as strings"
    case .badEscape: "not a JSON escape; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"
    case .loneSurrogate: "half of a surrogate pair; expected both halves"
    case .controlCharacter: "a control character in a string; write it as an escape"
    }
  }

  public var description: String {
    "line \(line), column \(column)\(path.isEmpty ? "" : ", at \(path)"): \(reason)"
  }
}
