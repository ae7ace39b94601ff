// A JSON document as plain values, as the strict reader gives it.

import Bytes

/// A JSON value.
public enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// A number without fraction and exponent, within the reader's limit.
  case integer(Int64)
  /// Any other number, as it was written.
  case decimal(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// What kind of value this is, with its article: "an object".
  public var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .decimal: "a number that is no integer"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The member named `key`, where this is an object that has one.
  public subscript(_ key: String) -> JSONValue? { object?[key] }

  /// The `index`th element, where this is an array that has one.
  public subscript(_ index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
}

/// The members of a JSON object in the order of the document; no name occurs twice.
public struct JSONObject: Equatable, Sendable {
  public struct Member: Equatable, Sendable {
    public let key: String
    public let value: JSONValue
    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  public internal(set) var members: [Member] = []

  public init() {}

  /// An object of `members`, of which no two have one key.
  public init(_ members: [Member]) { self.members = members }

  /// The value of `key`. Names are compared by their bytes: `==` on strings would take characters for equal that Unicode
  /// calls equivalent, such as the Kelvin sign and K.
  public subscript(_ key: String) -> JSONValue? {
    members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  public var keys: [String] { members.map(\.key) }
}

extension JSONWriter {
  /// Writes a value. Its depth is that of a document that was read, and so bounded by the reader's limit.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .boolean(let value): boolean(value)
    case .integer(let value): integer(value)
    case .decimal(let text): fragment(Array(text.utf8))
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for member in object.members {
        key(member.key)
        self.value(member.value)
      }
      endObject()
    }
  }
}
