// An immutable typed fact read from one message.

import JSON
import Terms

/// A fact that a plugin read. Plugins subscribe to facts by their type; the flow record shows them.
///
/// Several types of observation may share one object of the flow record (a client's and a server's hello are both
/// `tls`): their fields stand side by side there, and so must have different names. A type that is seen again in one
/// flow begins the next object; the record then holds an array.
public protocol Observation: Sendable {
  /// The key of the flow record's object, e.g. `tls`.
  static var record: StaticString { get }
  static var fields: [FieldDeclaration] { get }
  func write(to record: inout FieldWriter)
}

/// A fact that other plugins hear and that no record shows.
public protocol SilentObservation: Observation {}

extension SilentObservation {
  public static var record: StaticString { "" }
  public static var fields: [FieldDeclaration] { [] }
  public func write(to record: inout FieldWriter) {}
}

/// What documentation and schema need of an observation's type.
public struct ObservationDeclaration: Sendable {
  public let record: String
  public let fields: [FieldDeclaration]

  public init<O: Observation>(_ type: O.Type) {
    record = O.record.description
    fields = O.fields
  }
}
