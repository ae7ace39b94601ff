// Writes the fields of a record, each checked against the categories that the warrant allows.

import JSON
import Terms

/// Counts of values withheld, by category.
public struct Withheld: Equatable, Sendable {
  public private(set) var counts: [UInt64] = Array(repeating: 0, count: Category.allCases.count)
  /// Whether nothing was counted.
  public private(set) var isEmpty = true
  public init() {}

  public mutating func note(_ category: Category, _ count: UInt64 = 1) {
    isEmpty = isEmpty && count == 0
    counts[Int(category.rawValue)] &+= count
  }

  public mutating func add(_ other: Withheld) {
    isEmpty = isEmpty && other.isEmpty
    for index in counts.indices { counts[index] &+= other.counts[index] }
  }

  /// Starts again from nothing.
  mutating func clear() {
    guard !isEmpty else { return }
    for index in counts.indices { counts[index] = 0 }
    isEmpty = true
  }

  public subscript(category: Category) -> UInt64 { counts[Int(category.rawValue)] }
}

/// Appends declared fields to a JSON object. A field whose category is not allowed is left out and counted.
public struct FieldWriter: Sendable {
  public var json: JSONWriter
  public private(set) var allowed: Categories
  public private(set) var withheld = Withheld()

  public init(_ json: JSONWriter = JSONWriter(), allowing allowed: Categories) {
    self.json = json
    self.allowed = allowed
  }

  /// Whether values of this category go out; a refusal is counted.
  @inlinable
  public mutating func permits(_ category: Category) -> Bool {
    if allowed.holds(category) { return true }
    refuse(category)
    return false
  }

  /// Counts values that the caller left out because their category is not allowed.
  public mutating func withhold(_ category: Category, _ count: UInt64) { withheld.note(category, count) }

  @usableFromInline
  mutating func refuse(_ category: Category) { withheld.note(category) }

  /// Writes `value`, unless it is nil or its category is not allowed.
  @inlinable
  public mutating func put<Value: FieldType>(_ field: Field<Value>, _ value: Value?) {
    guard let value, Value.isAlwaysAllowed || permits(Value.category), showsAddress(in: value) else { return }
    json.key(field.name)
    value.write(to: &json)
  }

  /// Writes the list, unless it is nil or its category is not allowed. An empty list is written as such.
  @inlinable
  public mutating func put<Value: FieldType>(_ field: ListField<Value>, _ values: [Value]?) {
    guard let values, Value.isAlwaysAllowed || permits(Value.category) else { return }
    json.key(field.name)
    json.beginArray()
    for value in values where showsAddress(in: value) { value.write(to: &json) }
    json.endArray()
  }

  /// Whether the value holds no address, or third parties' addresses may go out; a refusal is counted.
  @inlinable @inline(__always)
  mutating func showsAddress<Value: FieldType>(in value: Value) -> Bool {
    allowed.holds(.addressesOfThirdParties) || !value.holdsAddress || permits(.addressesOfThirdParties)
  }

  /// Writes the values of the list for which `isShown` holds, unless there are none or their category is not allowed.
  @inlinable
  public mutating func put<Value: FieldType>(
    _ field: ListField<Value>, anyOf values: [Value], where isShown: (Value) -> Bool
  ) {
    guard values.contains(where: isShown), Value.isAlwaysAllowed || permits(Value.category) else { return }
    json.key(field.name)
    json.beginArray()
    for value in values where isShown(value) && showsAddress(in: value) { value.write(to: &json) }
    json.endArray()
  }

  @inlinable
  public mutating func put<Object: FieldObject>(_ field: ObjectListField<Object>, _ objects: [Object]?) {
    guard let objects else { return }
    json.key(field.name)
    json.beginArray()
    for object in objects {
      json.beginObject()
      object.write(to: &self)
      json.endObject()
    }
    json.endArray()
  }

  @inlinable
  public mutating func put<Object: FieldObject>(_ field: ObjectField<Object>, _ object: Object?) {
    guard let object else { return }
    json.key(field.name)
    json.beginObject()
    object.write(to: &self)
    json.endObject()
  }

  /// Begins another record behind what was written. What was withheld stays counted.
  public mutating func beginRecord(allowing allowed: Categories) {
    json.beginAnew()
    self.allowed = allowed
  }

  /// Adds what was withheld so far to `sum`, and starts again from nothing.
  public mutating func moveWithheld(to sum: inout Withheld) {
    guard !withheld.isEmpty else { return }
    sum.add(withheld)
    withheld.clear()
  }

  /// Forgets what was withheld so far.
  public mutating func forgetWithheld() { withheld.clear() }
}
