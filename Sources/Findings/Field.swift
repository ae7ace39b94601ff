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

/// What stands in a field: a value or a list of them, an object or a list of them.
public protocol FieldForm: Sendable {
  static var shape: Shape { get }
  /// As in `FieldDeclaration`.
  static var category: Category? { get }
}

/// A field: its name, what it is, when it is there, and by its type the form of what stands in it.
public struct DeclaredField<Form: FieldForm>: Sendable {
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
    FieldDeclaration(name.description, Form.shape, Form.category, note.description, when: presence.description)
  }
}

/// A field with one value of type `Value`.
public typealias Field<Value: FieldType> = DeclaredField<OneValue<Value>>
/// A field with a list of values of type `Value`.
public typealias ListField<Value: FieldType> = DeclaredField<ValueList<Value>>
/// A field with one object.
public typealias ObjectField<Object: FieldGroup> = DeclaredField<OneObject<Object>>
/// A field with a list of objects.
public typealias ObjectListField<Object: FieldGroup> = DeclaredField<ObjectList<Object>>

public enum OneValue<Value: FieldType>: FieldForm {
  public static var shape: Shape { Value.shape }
  public static var category: Category? { Value.isAlwaysAllowed ? nil : Value.category }
}

public enum ValueList<Value: FieldType>: FieldForm {
  public static var shape: Shape { .list(Value.shape) }
  public static var category: Category? { OneValue<Value>.category }
}

public enum OneObject<Object: FieldGroup>: FieldForm {
  public static var shape: Shape { .object(Object.fields) }
  public static var category: Category? { nil }
}

public enum ObjectList<Object: FieldGroup>: FieldForm {
  public static var shape: Shape { .list(.object(Object.fields)) }
  public static var category: Category? { nil }
}

/// The members of an object inside a record.
public protocol FieldGroup: Sendable {
  static var fields: [FieldDeclaration] { get }
}

/// An object inside a record, or one of a list of them, that writes its fields.
public protocol FieldObject: FieldGroup {
  func write(to record: inout FieldWriter)
}
