// The one strict JSON reader (RFC 8259): what it takes has one meaning only, and hostile input costs it little.
// The open arrays and objects stand on a stack of its own, so no input can exhaust the thread's.

import Bytes

/// How much a document may hold.
public struct JSONLimits: Equatable, Sendable {
  /// Size of the document in bytes.
  public let bytes: Int
  /// Arrays and objects inside each other. At most 512, since values are released level by level.
  public let depth: Int
  /// Greatest magnitude of an integer.
  public let integer: Int64

  /// 2^53: beyond it readers that keep numbers as IEEE 754 doubles lose digits (RFC 8259 section 6).
  public static let exactInDouble: Int64 = 1 << 53

  public init(bytes: Int, depth: Int, integer: Int64 = JSONLimits.exactInDouble) {
    self.bytes = bytes
    self.depth = min(depth, 512)
    self.integer = integer
  }

  /// For documents that this program wrote itself: 64-bit times, large files.
  public static let output = JSONLimits(bytes: 1 << 30, depth: 64, integer: .max)
}

/// Reads one document.
public struct JSONReader {
  private enum Container {
    case array([JSONValue])
    case object(JSONObject, names: Set<String>, key: String)
  }

  /// What the grammar allows next.
  private enum Expectation {
    case value, firstElement, firstKey, key, separator
  }

  private let bytes: [UInt8]
  private let limits: JSONLimits
  private var at = 0
  private var stack: [Container] = []

  private init(_ bytes: [UInt8], _ limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// Reads a whole document: UTF-8 without a byte order mark, one value, white space around it and nothing else.
  public static func read(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes, limits)
    return try reader.document()
  }

  private mutating func document() throws(JSONError) -> JSONValue {
    guard bytes.count <= limits.bytes else { throw error(.tooLarge(bytes: bytes.count, limit: limits.bytes)) }
    guard !bytes.starts(with: [0xef, 0xbb, 0xbf]) else { throw error(.byteOrderMark) }
    try checkCharacters()
    var expectation = Expectation.value
    while true {
      skipSpace()
      guard at < bytes.count else { throw error(at == 0 || stack.isEmpty ? .empty : .cut) }
      switch expectation {
      case .firstKey where bytes[at] == Character.closeBrace, .separator where bytes[at] == Character.closeBrace,
        .firstElement where bytes[at] == Character.closeBracket, .separator where bytes[at] == Character.closeBracket:
        let value = try close()
        if try finish(value) { return value }
        expectation = .separator
      case .separator:
        guard bytes[at] == Character.comma else { throw unexpected(separatorsWanted) }
        at += 1
        if case .object = stack.last { expectation = .key } else { expectation = .value }
      case .firstKey, .key:
        try key(expectation == .firstKey)
        expectation = .value
      case .firstElement, .value:
        if bytes[at] == Character.openBrace || bytes[at] == Character.openBracket {
          expectation = try open()
        } else {
          let value = try scalar()
          if try finish(value) { return value }
          expectation = .separator
        }
      }
    }
  }

  /// Puts a finished value into its container; true where it is the document's.
  private mutating func finish(_ value: JSONValue) throws(JSONError) -> Bool {
    switch stack.popLast() {
    case .none:
      skipSpace()
      guard at == bytes.count else { throw error(.trailingBytes(found: found)) }
      return true
    case .array(var elements):
      elements.append(value)
      stack.append(.array(elements))
    case .object(var object, let names, let key):
      object.members.append(.init(key: key, value: value))
      stack.append(.object(object, names: names, key: key))
    }
    return false
  }

  private mutating func open() throws(JSONError) -> Expectation {
    guard stack.count < limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
    let isObject = bytes[at] == Character.openBrace
    at += 1
    stack.append(isObject ? .object(JSONObject(), names: [], key: "") : .array([]))
    return isObject ? .firstKey : .firstElement
  }

  private mutating func close() throws(JSONError) -> JSONValue {
    let isBrace = bytes[at] == Character.closeBrace
    switch stack.last {
    case .array(let elements) where !isBrace:
      stack.removeLast()
      at += 1
      return .array(elements)
    case .object(let object, _, _) where isBrace:
      stack.removeLast()
      at += 1
      return .object(object)
    default: throw unexpected(separatorsWanted)
    }
  }

  private var separatorsWanted: String {
    if case .object = stack.last { "a comma or }" } else { "a comma or ]" }
  }

  /// Reads a member's name and its colon.
  private mutating func key(_ first: Bool) throws(JSONError) {
    guard bytes[at] == Character.quote else { throw unexpected(first ? "a key in quotes or }" : "a key in quotes") }
    let start = at
    let name = try text()
    guard case .object(let object, var names, _) = stack.popLast() else { return }
    guard names.insert(name).inserted else {
      stack.append(.object(object, names: names, key: name))
      throw error(.duplicateKey(name), at: start)
    }
    stack.append(.object(object, names: names, key: name))
    skipSpace()
    guard at < bytes.count else { throw error(.cut) }
    guard bytes[at] == Character.colon else { throw unexpected("a colon after the key") }
    at += 1
  }

  private mutating func scalar() throws(JSONError) -> JSONValue {
    switch bytes[at] {
    case Character.quote: return .string(try text())
    case 0x2d, 0x30...0x39: return try number()
    default: break
    }
    for (word, value) in [("true", JSONValue.boolean(true)), ("false", .boolean(false)), ("null", .null)] {
      guard bytes[at...].starts(with: word.utf8) else { continue }
      at += word.utf8.count
      return value
    }
    throw bytes[at...].allSatisfy { $0 >= 0x61 && $0 <= 0x7a } ? error(.cut) : unexpected("a value")
  }

  // MARK: - Numbers

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    if bytes[at] == 0x2d { at += 1 }
    let leadingZero = at < bytes.count && bytes[at] == 0x30
    let whole = digits()
    guard whole > 0, !(leadingZero && whole > 1) else { throw error(.badNumber, at: start) }
    var isInteger = true
    if at < bytes.count, bytes[at] == 0x2e {
      isInteger = false
      at += 1
      guard digits() > 0 else { throw error(.badNumber, at: start) }
    }
    if at < bytes.count, bytes[at] | 0x20 == 0x65 {
      isInteger = false
      at += 1
      if at < bytes.count, bytes[at] == 0x2b || bytes[at] == 0x2d { at += 1 }
      guard digits() > 0 else { throw error(.badNumber, at: start) }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    guard isInteger else { return .decimal(text) }
    guard let value = Int64(text), value.magnitude <= limits.integer.magnitude else {
      throw error(.numberTooLarge(limit: limits.integer), at: start)
    }
    return .integer(value)
  }

  private mutating func digits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 { at += 1 }
    return at - start
  }

  // MARK: - Strings

  private mutating func text() throws(JSONError) -> String {
    at += 1
    var out: [UInt8] = []
    while at < bytes.count {
      switch bytes[at] {
      case Character.quote:
        at += 1
        return String(decoding: out, as: UTF8.self)
      case 0x5c:
        out.append(contentsOf: UTF8.encode(try escape()).map { Array($0) } ?? [])
      case 0x00...0x1f: throw error(.controlCharacter)
      default:
        out.append(bytes[at])
        at += 1
      }
    }
    throw error(.cut)
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    let start = at
    guard at + 1 < bytes.count else { throw error(.cut) }
    at += 2
    switch bytes[at - 1] {
    case 0x22: return "\""
    case 0x5c: return "\\"
    case 0x2f: return "/"
    case 0x62: return "\u{08}"
    case 0x66: return "\u{0c}"
    case 0x6e: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: break
    default: throw error(.badEscape, at: start)
    }
    var value = try hexadecimal(start)
    if value & 0xfc00 == 0xd800, at + 1 < bytes.count, bytes[at] == 0x5c, bytes[at + 1] == 0x75 {
      at += 2
      let low = try hexadecimal(start)
      guard low & 0xfc00 == 0xdc00 else { throw error(.loneSurrogate, at: start) }
      value = 0x10000 + (value & 0x3ff) << 10 + low & 0x3ff
    }
    guard let scalar = Unicode.Scalar(value) else { throw error(.loneSurrogate, at: start) }
    guard value != 0 else { throw error(.nul, at: start) }
    return scalar
  }

  private mutating func hexadecimal(_ start: Int) throws(JSONError) -> UInt32 {
    guard at + 4 <= bytes.count else { throw error(.cut) }
    var value: UInt32 = 0
    for byte in bytes[at..<(at + 4)] {
      guard let digit = Character.hexadecimalValue(byte) else { throw error(.badEscape, at: start) }
      value = value << 4 | digit
    }
    at += 4
    return value
  }

  // MARK: - Characters and places

  /// No NUL anywhere, and UTF-8 throughout (RFC 8259 section 8.1).
  private func checkCharacters() throws(JSONError) {
    if let nul = bytes.firstIndex(of: 0) { throw error(.nul, at: nul) }
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    // Where: the first byte at which the text so far, put right by the decoder, no longer equals the input.
    var good = 0
    var rest = bytes.makeIterator()
    var decoder = UTF8()
    while case .scalarValue(let scalar) = decoder.decode(&rest) { good += UTF8.width(scalar) }
    throw error(.notUTF8, at: good)
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
  }

  private var found: String {
    guard at < bytes.count else { return "the end" }
    let byte = bytes[at]
    if byte > 0x20, byte < 0x7f { return "'\(Unicode.Scalar(byte))'" }
    return byte < 0x80 ? "the byte 0x\(Hex.text([byte]))" : "a character outside ASCII"
  }

  private func unexpected(_ expected: String) -> JSONError { error(.unexpected(found: found, expected: expected)) }

  private func error(_ kind: JSONError.Kind, at place: Int? = nil) -> JSONError {
    let offset = min(place ?? at, bytes.count)
    let before = bytes[..<offset]
    let lineStart = (before.lastIndex(of: 0x0a) ?? -1) + 1
    return JSONError(
      kind: kind, offset: offset, line: before.count { $0 == 0x0a } + 1,
      // A scalar has one byte that is no continuation byte (10xxxxxx).
      column: bytes[lineStart..<offset].count { $0 & 0xc0 != 0x80 } + 1, path: path)
  }

  private var path: String {
    var path = ""
    for container in stack {
      switch container {
      case .array(let elements): path += "[\(elements.count)]"
      case .object(_, _, let key): path += key.isEmpty ? "" : path.isEmpty ? key : ".\(key)"
      }
    }
    return path
  }

  private enum Character {
    static let quote: UInt8 = 0x22
    static let comma: UInt8 = 0x2c
    static let colon: UInt8 = 0x3a
    static let openBracket: UInt8 = 0x5b
    static let closeBracket: UInt8 = 0x5d
    static let openBrace: UInt8 = 0x7b
    static let closeBrace: UInt8 = 0x7d

    static func hexadecimalValue(_ byte: UInt8) -> UInt32? {
      switch byte {
      case 0x30...0x39: UInt32(byte - 0x30)
      case 0x41...0x46: UInt32(byte - 0x41 + 10)
      case 0x61...0x66: UInt32(byte - 0x61 + 10)
      default: nil
      }
    }
  }
}
