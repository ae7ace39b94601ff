// JSON Schema (2020-12) and the field table, made from the field declarations.

import JSON
import Terms

/// Writes JSON Schema for objects whose fields are declared.
public struct SchemaWriter {
  public private(set) var json = JSONWriter(reserving: 65_536)

  public init() {}

  /// RFC 3339, UTC, up to nine digits of fraction. Validators differ in checking `date-time`, so the pattern says it.
  public static let timePattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$"

  /// A whole schema document for one object.
  public static func document(title: String, identifier: String, note: String, fields: [FieldDeclaration]) -> [UInt8] {
    var writer = SchemaWriter()
    writer.json.beginObject()
    writer.member("$schema", "https://json-schema.org/draft/2020-12/schema")
    writer.member("$id", identifier)
    writer.member("title", title)
    writer.member("description", note)
    writer.objectMembers(fields)
    writer.json.endObject()
    return PrettyJSON.indented(writer.json.bytes)
  }

  private mutating func member(_ name: StaticString, _ text: String) {
    json.key(name)
    json.string(text)
  }

  private mutating func objectMembers(_ fields: [FieldDeclaration]) {
    member("type", "object")
    json.key("additionalProperties")
    json.boolean(false)
    // A field that a warrant may withhold cannot be required.
    let required = fields.filter { $0.isAlwaysThere && $0.category == nil }
    if !required.isEmpty {
      json.key("required")
      json.beginArray()
      for field in required { json.string(field.name) }
      json.endArray()
    }
    json.key("properties")
    json.beginObject()
    for field in fields {
      json.key(field.name)
      json.beginObject()
      member("description", SchemaWriter.description(field))
      shape(field.shape)
      json.endObject()
    }
    json.endObject()
  }

  static func description(_ field: FieldDeclaration) -> String {
    var text = field.note
    if !field.presence.isEmpty { text += " (present when: \(field.presence))" }
    if let category = field.category { text += " [data_category: \(category.name)]" }
    return text
  }

  private mutating func shape(_ shape: Shape) {
    switch shape {
    case .text(let values, let pattern):
      member("type", "string")
      if !values.isEmpty {
        json.key("enum")
        json.beginArray()
        for value in values { json.string(value) }
        json.endArray()
      }
      if let pattern { member("pattern", pattern) }
    case .time:
      member("type", "string")
      member("format", "date-time")
      member("pattern", SchemaWriter.timePattern)
    case .integer(let minimum):
      member("type", "integer")
      if let minimum {
        json.key("minimum")
        json.integer(minimum)
      }
    case .boolean: member("type", "boolean")
    case .list(let element):
      member("type", "array")
      json.key("items")
      json.beginObject()
      self.shape(element)
      json.endObject()
    case .object(let fields): objectMembers(fields)
    case .either(let shapes):
      json.key("anyOf")
      json.beginArray()
      for each in shapes {
        json.beginObject()
        self.shape(each)
        json.endObject()
      }
      json.endArray()
    }
  }
}

/// Lays compact JSON out over lines, two spaces a level.
public enum PrettyJSON {
  /// - Parameter bytes: JSON as `JSONWriter` writes it, without spaces between its parts.
  public static func indented(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 2)
    var depth = 0
    var isInString = false
    var isEscaped = false
    func lineEnd() {
      out.append(0x0a)
      for _ in 0..<depth { out.append(contentsOf: [0x20, 0x20]) }
    }
    for (index, byte) in bytes.enumerated() {
      if isInString {
        out.append(byte)
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5c {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
        }
        continue
      }
      switch byte {
      case 0x22:
        isInString = true
        out.append(byte)
      case 0x7b, 0x5b:
        out.append(byte)
        let isEmpty = index + 1 < bytes.count && (bytes[index + 1] == 0x7d || bytes[index + 1] == 0x5d)
        depth += 1
        if !isEmpty { lineEnd() }
      case 0x7d, 0x5d:
        depth -= 1
        let wasOpened = index > 0 && (bytes[index - 1] == 0x7b || bytes[index - 1] == 0x5b)
        if !wasOpened { lineEnd() }
        out.append(byte)
      case 0x2c:
        out.append(byte)
        lineEnd()
      case 0x3a:
        out.append(contentsOf: [0x3a, 0x20])
      default:
        out.append(byte)
      }
    }
    out.append(0x0a)
    return out
  }
}

/// A table of fields in Markdown: name, type, data category, when present, meaning.
public enum FieldTable {
  public static func markdown(_ fields: [FieldDeclaration]) -> String {
    var text = "| field | type | data category | present | meaning |\n| --- | --- | --- | --- | --- |\n"
    // Objects are written out below their parent, by a work list: no recursion.
    var pending: [(path: String, field: FieldDeclaration)] = fields.reversed().map { ($0.name, $0) }
    while let (path, field) = pending.popLast() {
      let presence = field.presence.isEmpty ? "always" : "when \(field.presence)"
      let category = field.category?.name ?? ""
      text += "| `\(path)` | \(name(field.shape)) | \(category) | \(presence) | \(field.note) |\n"
      if case .object(let inner) = field.shape {
        pending += inner.reversed().map { ("\(path).\($0.name)", $0) }
      }
      if case .list(.object(let inner)) = field.shape {
        pending += inner.reversed().map { ("\(path)[].\($0.name)", $0) }
      }
    }
    return text
  }

  static func name(_ shape: Shape) -> String {
    switch shape {
    case .text(let values, _): values.isEmpty ? "text" : values.map { "`\($0)`" }.joined(separator: ", ")
    case .time: "time"
    case .integer: "integer"
    case .boolean: "true or false"
    case .list(let element):
      if case .object = element { "list of objects" } else { "list of \(name(element))" }
    case .object: "object"
    case .either: "text, integer or boolean"
    }
  }
}
