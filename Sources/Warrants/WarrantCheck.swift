// Holds a value against a declaration and lists all that does not fit.
// The recursion goes down the declarations, whose depth is fixed, never down the input.

import JSON
import Terms

struct WarrantCheck {
  private(set) var problems: [WarrantProblem] = []
  private var unlisted = 0

  /// A mebibyte of nonsense has half a million problems; nobody reads so many.
  static let limit = 1000

  mutating func report(_ path: String, found: String, expected: String) {
    if problems.count < WarrantCheck.limit {
      problems.append(WarrantProblem(path, found: found, expected: expected))
    } else {
      unlisted += 1
    }
  }

  /// Throws what was found, if anything was.
  func finish() throws(WarrantProblems) {
    guard !problems.isEmpty else { return }
    let rest =
      unlisted == 0 ? [] : [WarrantProblem("", found: "\(unlisted) problems more than are listed", expected: "none")]
    throw WarrantProblems(problems: problems + rest)
  }

  /// Checks `value`, found at `path`.
  mutating func check(_ value: JSONValue, _ shape: FieldShape, at path: String) {
    switch (shape, value) {
    case (.text(let format), .string(let text)):
      if let wanted = format.objection(to: text) { report(path, found: value.shown, expected: wanted) }
    case (.integer(let range), .integer(let number)) where range.contains(number): break
    case (.boolean, .boolean), (.yes, .boolean(true)): break
    case (.word(let words), .string(let text)):
      guard !words.contains(text) else { return }
      let nearest = Spelling.nearest(text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
      report(path, found: value.shown, expected: shape.expectation + nearest)
    case (.object(let fields, let rules), .object(let object)):
      check(object, fields, at: path)
      for rule in rules { check(object, rule, at: path) }
    case (.list(let element, let distinct), .array(let elements)):
      check(elements, element, distinct: distinct, at: path)
    default: report(path, found: value.shown, expected: shape.expectation)
    }
  }

  private mutating func check(_ object: JSONObject, _ fields: [FieldDeclaration], at path: String) {
    for member in object.members {
      if let field = fields.first(where: { $0.name == member.key }) {
        check(member.value, field.shape, at: path.member(member.key))
      } else {
        let known = fields.map(\.name)
        let expected =
          Spelling.nearest(member.key, among: known).map { "\"\($0)\"" }
          ?? "one of the keys " + known.joined(separator: ", ")
        report(path.member(member.key.shortened), found: "an unknown key", expected: expected)
      }
    }
    for field in fields where field.isRequired && object[field.name] == nil {
      report(path.member(field.name), found: "nothing", expected: field.shape.expectation)
    }
  }

  private mutating func check(_ object: JSONObject, _ rule: ObjectRule, at path: String) {
    switch rule {
    case .anyOf(let keys, let why):
      guard !keys.contains(where: { object[$0] != nil }) else { return }
      let there = object.keys.prefix(8).map(\.shortened).joined(separator: ", ")
      report(
        path, found: there.isEmpty ? "an empty object" : "only \(there)",
        expected: "at least one of \(keys.joined(separator: ", ")): \(why)")
    case .oneOf(let keys):
      let there = keys.filter { object[$0] != nil }
      guard there.count != 1 else { return }
      report(
        path, found: there.isEmpty ? "none of \(keys.joined(separator: ", "))" : there.joined(separator: " and "),
        expected: "exactly one of \(keys.joined(separator: ", "))")
    case .needs(let key, let other):
      guard object[key] != nil, object[other] == nil else { return }
      report(path.member(other), found: "nothing", expected: "\"\(other)\" beside \"\(key)\"")
    case .excludes(let key, let others, let why):
      guard object[key] != nil else { return }
      let there = others.filter { object[$0] != nil }
      guard !there.isEmpty else { return }
      report(path, found: "\(key) with \(there.joined(separator: ", "))", expected: "\"\(key)\" without them: \(why)")
    }
  }

  private mutating func check(_ elements: [JSONValue], _ shape: FieldShape, distinct: Bool, at path: String) {
    if elements.isEmpty {
      report(path, found: "an empty array", expected: "at least one element; leave an optional key out instead")
    }
    for (index, element) in elements.enumerated() { check(element, shape, at: "\(path)[\(index)]") }
    guard distinct else { return }
    var seen: [[UInt8]: Int] = [:]
    for (index, element) in elements.enumerated() {
      var writer = JSONWriter()
      writer.value(element)
      if let first = seen[writer.bytes] {
        report("\(path)[\(index)]", found: element.shown, expected: "each element once; it equals \(path)[\(first)]")
      } else {
        seen[writer.bytes] = index
      }
    }
  }
}

extension String {
  /// The path of a member of what stands at this path.
  func member(_ key: String) -> String { isEmpty ? key : "\(self).\(key)" }

  /// At most 60 characters, escaped where a terminal would act on them.
  var shortened: String {
    var out = ""
    for scalar in unicodeScalars.prefix(60) {
      // Formatting characters can turn the order of a line around.
      let isFormat = scalar.properties.generalCategory == .format
      out += scalar.escaped(asASCII: isFormat)
    }
    return unicodeScalars.count > 60 ? out + "…" : out
  }
}

extension JSONValue {
  /// The value for a message: short, on one line.
  var shown: String {
    switch self {
    case .null: return "null"
    case .boolean(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    case .decimal(let text): return text.shortened
    case .string(let text): return "\"\(text.shortened)\""
    case .array(let elements): return "an array of \(elements.count)"
    case .object(let object):
      let keys = object.keys.prefix(4).map(\.shortened).joined(separator: ", ")
      return keys.isEmpty ? "an empty object" : "an object with \(keys)"
    }
  }
}
