// The JSON Schema (2020-12) of the warrant's document, made from the declarations that check it.

import JSON

public enum WarrantSchema {
  /// The schema's bytes, indented, with a line feed at the end: Documentation/schema/warrant.schema.json.
  public static func document() -> [UInt8] {
    var writer = SchemaWriter()
    writer.object { writer in
      writer.member("$schema", "https://json-schema.org/draft/2020-12/schema")
      writer.member("title", "Veilscope warrant, format version 1")
      writer.member(
        "description",
        "A document that this schema accepts may still be refused: order of times, digests of evidence and other rules"
          + " between fields are checked by the program.")
      writer.shape(WarrantFields.document)
      writer.key("allOf")
      writer.array { writer in
        writer.item { $0.object { $0.evidenceRule() } }
        writer.item { $0.object { $0.exhibitRule() } }
      }
    }
    return writer.bytes + [0x0a]
  }
}

/// Writes indented JSON: the schema is read by people too.
private struct SchemaWriter {
  var bytes: [UInt8] = []
  private var depth = 0
  private var isFirst = true

  mutating func object(_ body: (inout SchemaWriter) -> Void) { block(0x7b, 0x7d, body) }
  mutating func array(_ body: (inout SchemaWriter) -> Void) { block(0x5b, 0x5d, body) }

  private mutating func block(_ open: UInt8, _ close: UInt8, _ body: (inout SchemaWriter) -> Void) {
    bytes.append(open)
    depth += 1
    isFirst = true
    body(&self)
    depth -= 1
    if !isFirst { line() }
    bytes.append(close)
    isFirst = false
  }

  private mutating func line() {
    bytes.append(0x0a)
    bytes.append(contentsOf: repeatElement(0x20, count: depth * 2))
  }

  private mutating func next() {
    if !isFirst { bytes.append(0x2c) }
    line()
    isFirst = false
  }

  mutating func key(_ name: String) {
    next()
    scalar { $0.string(name) }
    bytes.append(contentsOf: [0x3a, 0x20])
  }

  mutating func item(_ body: (inout SchemaWriter) -> Void) {
    next()
    body(&self)
  }

  mutating func scalar(_ body: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    body(&writer)
    bytes.append(contentsOf: writer.bytes)
  }

  mutating func member(_ name: String, _ value: String) {
    key(name)
    scalar { $0.string(value) }
  }

  mutating func member(_ name: String, _ value: Int64) {
    key(name)
    scalar { $0.integer(value) }
  }

  mutating func member(_ name: String, _ value: Bool) {
    key(name)
    scalar { $0.boolean(value) }
  }

  mutating func member(_ name: String, _ values: [String]) {
    key(name)
    scalar {
      $0.beginArray()
      for value in values { $0.string(value) }
      $0.endArray()
    }
  }

  // MARK: - Declarations

  /// The members of a shape's schema. The recursion goes down the declarations.
  mutating func shape(_ shape: FieldShape) {
    switch shape {
    case .text(let format):
      member("type", "string")
      if let pattern = format.pattern { member("pattern", pattern) }
      if let length = format.maximumLength { member("maxLength", Int64(length)) }
    case .integer(let range):
      if range.lowerBound == range.upperBound {
        member("const", range.lowerBound)
      } else {
        member("type", "integer")
        member("minimum", range.lowerBound)
        member("maximum", range.upperBound)
      }
    case .boolean: member("type", "boolean")
    case .yes: member("const", true)
    case .word(let words): member("enum", words)
    case .list(let element, let distinct):
      member("type", "array")
      member("minItems", 1)
      if distinct { member("uniqueItems", true) }
      key("items")
      object { $0.shape(element) }
    case .object(let fields, let rules): object(fields, rules)
    }
  }

  private mutating func object(_ fields: [FieldDeclaration], _ rules: [ObjectRule]) {
    member("type", "object")
    key("properties")
    object {
      for field in fields {
        $0.key(field.name)
        $0.object {
          $0.member("description", field.meaning)
          $0.shape(field.shape)
        }
      }
    }
    let required = fields.filter(\.isRequired).map(\.name)
    if !required.isEmpty { member("required", required) }
    member("additionalProperties", false)
    for rule in rules {
      switch rule {
      case .anyOf(let keys, _): alternatives("anyOf", keys)
      case .oneOf(let keys): alternatives("oneOf", keys)
      case .needs, .excludes: break
      }
    }
    dependencies(rules)
  }

  private mutating func alternatives(_ keyword: String, _ keys: [String]) {
    key(keyword)
    array {
      for name in keys { $0.item { $0.object { $0.member("required", [name]) } } }
    }
  }

  private mutating func dependencies(_ rules: [ObjectRule]) {
    let needs = rules.compactMap { if case .needs(let key, let other) = $0 { (key, other) } else { nil } }
    if !needs.isEmpty {
      key("dependentRequired")
      object { writer in
        for (key, other) in needs { writer.member(key, [other]) }
      }
    }
    let excludes = rules.compactMap { if case .excludes(let key, let others, _) = $0 { (key, others) } else { nil } }
    if !excludes.isEmpty {
      key("dependentSchemas")
      object { writer in
        for (key, others) in excludes {
          writer.key(key)
          writer.object {
            $0.key("not")
            $0.object { $0.alternatives("anyOf", others) }
          }
        }
      }
    }
  }

  // MARK: - Rules of the document

  /// Unless it is training, a warrant for recorded evidence has `data`, `exhibits` or both.
  mutating func evidenceRule() {
    key("if")
    object {
      $0.key("properties")
      $0.object {
        $0.key("covers")
        $0.object {
          $0.key("contains")
          $0.object { $0.member("const", "recorded") }
        }
        $0.key("training")
        $0.object { $0.member("const", false) }
      }
      $0.member("required", ["covers"])
    }
    key("then")
    object { $0.alternatives("anyOf", ["data", "exhibits"]) }
  }

  /// Unless it is training, each exhibit has its digest.
  mutating func exhibitRule() {
    key("if")
    object {
      $0.key("properties")
      $0.object {
        $0.key("training")
        $0.object { $0.member("const", false) }
      }
    }
    key("then")
    object {
      $0.key("properties")
      $0.object {
        $0.key("exhibits")
        $0.object {
          $0.key("items")
          $0.object { $0.member("required", ["sha256"]) }
        }
      }
    }
  }
}
