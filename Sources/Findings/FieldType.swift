// What the value of a field may be. The type of a value decides its data category, wherever the value turns up.

import JSON
import Terms

/// A value that a field can hold.
public protocol FieldType: Sendable {
  /// The data category that a warrant must allow for values of this type.
  static var category: Category { get }
  /// True for the program's own words and for addresses that were named before: nothing a warrant could withhold.
  static var isAlwaysAllowed: Bool { get }
  /// The JSON form of such a value.
  static var shape: Shape { get }
  /// Whether an address stands in the value that the warrant may withhold on its own, whatever field it turns up in.
  var holdsAddress: Bool { get }
  func write(to json: inout JSONWriter)
}

extension FieldType {
  @inlinable public static var isAlwaysAllowed: Bool { false }
  @inlinable public var holdsAddress: Bool { false }
}

/// A text whose characters may be anything; the conforming type gives its category.
public protocol TextField: FieldType {
  var text: String { get }
}

extension TextField {
  public static var shape: Shape { .text() }
  public var holdsAddress: Bool { Address.stands(in: text) }
  public func write(to json: inout JSONWriter) { json.string(text) }
}

// MARK: - Texts

/// A name that a client asks a server for: TLS SNI.
public struct ServerName: TextField, Hashable {
  public static let category = Category.serverName
  public let text: String
  public init(_ text: String) { self.text = text }
}

/// A fingerprint of a handshake: JA3, JA3S, JA4.
public struct Fingerprint: TextField, Hashable {
  public static let category = Category.fingerprint
  public let text: String
  public init(_ text: String) { self.text = text }
}

/// A registered name or a constant of a protocol: a version, a cipher suite, a message type.
public struct ProtocolText: TextField, Hashable {
  public static let category = Category.protocolMetadata
  public let text: String
  public init(_ text: String) { self.text = text }
}

/// A program's name or version as it announces itself.
public struct SoftwareVersion: TextField, Hashable {
  public static let category = Category.softwareVersion
  public let text: String
  public init(_ text: String) { self.text = text }
}

/// Text of an X.509 certificate: a name, a serial number, a digest.
public struct CertificateText: TextField, Hashable {
  public static let category = Category.certificate
  public let text: String
  public init(_ text: String) { self.text = text }
}

/// A constant text of the program itself, which says nothing of the evidence.
public struct Label: FieldType, Hashable {
  public static let category = Category.flow
  @inlinable public static var isAlwaysAllowed: Bool { true }
  public static let shape = Shape.text()
  public let text: String
  public init(_ text: String) { self.text = text }
  public func write(to json: inout JSONWriter) { json.string(text) }
}

/// A flow's Community ID: whoever has it can try out the addresses.
public struct CommunityIDText: TextField, Hashable {
  public static let category = Category.addressesOfThirdParties
  public let text: String
  public init(_ text: String) { self.text = text }
}

/// A Wireshark display filter: numbers of frames, or addresses and ports of a flow. Where those of third parties are not
/// allowed it must be made of frames alone.
public struct DisplayFilterText: TextField, Hashable {
  public static let category = Category.flow
  public let text: String
  public init(_ text: String) { self.text = text }
}

// MARK: - Times

/// A time of the evidence, RFC 3339, UTC.
public struct PacketTime: FieldType, Hashable {
  public static let category = Category.flow
  public static let shape = Shape.time
  public let time: Timestamp
  public init(_ time: Timestamp) { self.time = time }
  @inlinable
  public func write(to json: inout JSONWriter) { json.string { time.append(to: &$0, fractionDigits: 9) } }
}

// MARK: - Numbers and flags

/// A count or size of packets, frames or bytes.
public struct Count: FieldType, Hashable {
  public static let category = Category.flow
  public static let shape = Shape.integer(minimum: 0)
  public let value: Int64
  @inlinable public init(_ value: some FixedWidthInteger) { self.value = Int64(clamping: value) }
  @inlinable
  public func write(to json: inout JSONWriter) { json.integer(value) }
}

/// A number read from a protocol's messages.
public struct ProtocolNumber: FieldType, Hashable {
  public static let category = Category.protocolMetadata
  public static let shape = Shape.integer(minimum: nil)
  public let value: Int64
  @inlinable public init(_ value: some FixedWidthInteger) { self.value = Int64(clamping: value) }
  public func write(to json: inout JSONWriter) { json.integer(value) }
}

/// A yes or no read from a protocol's messages.
public struct ProtocolFlag: FieldType, Hashable {
  public static let category = Category.protocolMetadata
  public static let shape = Shape.boolean
  public let value: Bool
  public init(_ value: Bool) { self.value = value }
  /// True, or nothing: for fields that are there only when they hold.
  public init?(ifTrue value: Bool) {
    guard value else { return nil }
    self.init(true)
  }
  public func write(to json: inout JSONWriter) { json.boolean(value) }
}

extension FieldType {
  /// The value as JSON.
  public var json: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }
}
