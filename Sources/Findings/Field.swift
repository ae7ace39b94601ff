// A field of a record: declared once, beside what it belongs to.

import JSON
import Terms

/// The JSON form of a value, as the schema says it.
public indirect enum Shape: Sendable {
  /// A string; with `values`, one of them; with `pattern`, matching it (ECMA 262).
  case text(values: [String] = [], pattern: String? = nil)
  /// RFC 3339, UTC, with a `Z`.
  case time
  case integer(minimum: Int64?)
  case boolean
  case list(Shape)
  case object([FieldDeclaration])
  /// Any one of several shapes.
  case either([Shape])
}

/// What documentation and schema say of a field.
public struct FieldDeclaration: Sendable {
  public let name: String
  public let shape: Shape
  /// The category that decides whether the field is put out; nil for an object, whose members decide for themselves.
  public let category: Category?
  /// What the value is, and its unit.
  public let note: String
  /// When the field is there; empty where it always is.
  public let presence: String

  public init(_ name: String, _ shape: Shape, _ category: Category?, _ note: String, when presence: String = "") {
    self.name = name
    self.shape = shape
    self.category = category
    self.note = note
    self.presence = presence
  }

  /// A field without a condition is in every record (where its category is allowed).
  public var isAlwaysThere: Bool { presence.isEmpty }
}

/// A field with one value of type `Value`.
public struct Field<Value: FieldType>: Sendable {
  public let name: StaticString
  public let note: StaticString
  public let presence: StaticString

  /// - Parameters:
  ///   - name: the key, lower case with underscores.
  ///   - note: what the value is, with its unit.
  ///   - presence: when it is there; empty where always.
  public init(_ name: StaticString, _ note: StaticString, when presence: StaticString = "") {
    self.name = name
    self.note = note
    self.presence = presence
  }

  public var declaration: FieldDeclaration {
    FieldDeclaration(
      name.description, Value.shape, Value.isAlwaysAllowed ? nil : Value.category, note.description,
      when: presence.description)
  }
}

/// A field with a list of values of type `Value`.
public struct ListField<Value: FieldType>: Sendable {
  public let name: StaticString
  public let note: StaticString
  public let presence: StaticString

  public init(_ name: StaticString, _ note: StaticString, when presence: StaticString = "") {
    self.name = name
    self.note = note
    self.presence = presence
  }

  public var declaration: FieldDeclaration {
    FieldDeclaration(
      name.description, .list(Value.shape), Value.isAlwaysAllowed ? nil : Value.category, note.description,
      when: presence.description)
  }
}

/// An object inside a record, or a list of them, with fields of its own.
public protocol FieldObject: Sendable {
  static var fields: [FieldDeclaration] { get }
  func write(to record: inout FieldWriter)
}

/// A field with a list of objects.
public struct ObjectListField<Object: FieldObject>: Sendable {
  public let name: StaticString
  public let note: StaticString
  public let presence: StaticString

  public init(_ name: StaticString, _ note: StaticString, when presence: StaticString = "") {
    self.name = name
    self.note = note
    self.presence = presence
  }

  public var declaration: FieldDeclaration {
    FieldDeclaration(
      name.description, .list(.object(Object.fields)), nil, note.description, when: presence.description)
  }
}

/// A field with one object.
public struct ObjectField<Object: FieldObject>: Sendable {
  public let name: StaticString
  public let note: StaticString
  public let presence: StaticString

  public init(_ name: StaticString, _ note: StaticString, when presence: StaticString = "") {
    self.name = name
    self.note = note
    self.presence = presence
  }

  public var declaration: FieldDeclaration {
    FieldDeclaration(name.description, .object(Object.fields), nil, note.description, when: presence.description)
  }
}
