// How a field of the document is declared. The check of a document and its JSON Schema are made from the declarations.

/// What a value may be.
indirect enum FieldShape: Sendable {
  case text(TextFormat)
  case integer(ClosedRange<Int64>)
  case boolean
  /// The boolean true and nothing else: the field is left out otherwise.
  case yes
  case word([String])
  case object([FieldDeclaration], [ObjectRule])
  /// Not empty; with `distinct`, no element twice.
  case list(FieldShape, distinct: Bool)

  /// What was expected, for a value of another kind.
  var expectation: String {
    switch self {
    case .text(let format): format.expectation
    case .integer(let range):
      range.lowerBound == range.upperBound
        ? "the number \(range.lowerBound)" : "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .boolean: "true or false"
    case .yes: "true, or that the key is left out"
    case .word(let words):
      words.count == 1 ? "\"\(words[0])\"" : "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
    case .object(let fields, _): FieldShape.expectation(fields)
    case .list(let element, _): "an array, each element " + element.expectation
    }
  }

  private static func expectation(_ fields: [FieldDeclaration]) -> String {
    let required = fields.filter(\.isRequired).map(\.name)
    let optional = fields.filter { !$0.isRequired }.map(\.name).joined(separator: ", ")
    if required.isEmpty { return "an object with some of the keys \(optional)" }
    return "an object with the key\(required.count == 1 ? "" : "s") \(required.joined(separator: ", "))"
      + (optional.isEmpty ? "" : " (optional: \(optional))")
  }
}

/// One key of an object.
struct FieldDeclaration: Sendable {
  let name: String
  let isRequired: Bool
  let shape: FieldShape
  /// What it means, for the schema.
  let meaning: String

  static func required(_ name: String, _ shape: FieldShape, _ meaning: String) -> FieldDeclaration {
    FieldDeclaration(name: name, isRequired: true, shape: shape, meaning: meaning)
  }

  static func optional(_ name: String, _ shape: FieldShape, _ meaning: String) -> FieldDeclaration {
    FieldDeclaration(name: name, isRequired: false, shape: shape, meaning: meaning)
  }
}

/// What must hold among the keys of one object.
enum ObjectRule: Sendable {
  /// At least one of the keys is there; the text says why.
  case anyOf([String], why: String)
  /// Exactly one of the keys is there.
  case oneOf([String])
  /// Where `key` is there, `other` is too.
  case needs(key: String, other: String)
  /// Where `key` is there, none of `others` is; the text says why.
  case excludes(key: String, others: [String], why: String)
}
